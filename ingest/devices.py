"""What the registry says of devices at one moment, as codecs need it: immutable, so that a codec stays pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from domain.device_settings import AS_IT_SAYS, DeviceSettings


class Address(NamedTuple):
    """Which device publishes at a topic of its own, and what reads it there. `rest` is what follows in the topic, with
    its slash; empty at the topic itself."""

    device: str
    dialect: str
    rest: str


class Devices:
    """`settings` by device, `keys` of those that encrypt, and the `zone` of times that state none."""

    def __init__(
        self,
        settings: Mapping[str, DeviceSettings] | None = None,
        keys: Mapping[str, bytes] | None = None,
        *,
        zone: str = "UTC",
    ) -> None:
        self._settings = dict(settings or {})
        self._keys = dict(keys or {})
        self._zone = zone
        self._own_topics = {
            said.topic: (device, said.dialect)
            for device, said in self._settings.items()
            if said.topic is not None and said.dialect is not None
        }
        self._lengths = sorted({len(topic) for topic in self._own_topics}, reverse=True)

    def of(self, device: str) -> DeviceSettings:
        """How a device is to be read."""
        return self._settings.get(device, AS_IT_SAYS)

    def zone_of(self, device: str) -> str:
        """The IANA zone of the device's times that state none."""
        return self.of(device).zone or self._zone

    def key_of(self, device: str) -> bytes | None:
        """The secret that the device encrypts with."""
        return self._keys.get(device)

    @property
    def own_topics(self) -> tuple[str, ...]:
        """The topics at and below which devices publish that are given a dialect there."""
        return tuple(self._own_topics)

    def at(self, topic: str) -> Address | None:
        """Whose own topic a message came in on."""
        if not self._own_topics:
            return None
        for end in self._lengths:  # not each level of the topic: whoever publishes may make thousands
            if topic[end : end + 1] in ("", "/") and (found := self._own_topics.get(topic[:end])) is not None:
                return Address(*found, topic[end:])
        return None


UNREGISTERED = Devices()
"""An empty registry."""
