"""The dialects, one file each; whatever lies in this folder and has a `CODEC` is one."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache, lru_cache
from typing import Protocol

import msgspec

from domain.errors import Unreadable
from ingest.message import Decoded, Message
from ingest.reading import Receipt

TOPICS_REMEMBERED = 65_536
"""Topics whose dialect is looked up once."""

_TOPIC_MOST = 400
"""Characters of a topic that is remembered. A topic may have 65 535, and whoever publishes chooses it."""


class Codec(Protocol):
    """Reads one dialect; pure."""

    @property
    def name(self) -> str:
        """The dialect's name."""

    @property
    def filters(self) -> tuple[str, ...]:
        """The MQTT topic filters that ingest subscribes to."""

    def claims(self, topic: str) -> bool:
        """Whether a topic is this dialect's."""

    def topic_of(self, device: str) -> str | None:
        """At and below which topic a device of this dialect publishes; None where it speaks through a gateway, or where
        this can be no device of this dialect."""

    def decode(self, message: Message, receipt: Receipt) -> Decoded:
        """What a message says. Raises Unreadable where nothing at all can be read."""


@cache
def all_codecs() -> tuple[Codec, ...]:
    """Every dialect, by its name."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    codecs: list[Codec] = [module.CODEC for module in modules if hasattr(module, "CODEC")]
    return tuple(sorted(codecs, key=lambda codec: codec.name))


def codec_of(topic: str, codecs: tuple[Codec, ...] | None = None) -> Codec:
    """The dialect of a topic. Raises Unreadable (`unknown_topic`)."""
    return _remembered(topic, codecs) if len(topic) <= _TOPIC_MOST else _found(topic, codecs)


def _found(topic: str, codecs: tuple[Codec, ...] | None) -> Codec:
    for codec in all_codecs() if codecs is None else codecs:
        if codec.claims(topic):
            return codec
    raise Unreadable(f"no dialect knows the topic {topic[:200]!r}", code="unknown_topic")


_remembered = lru_cache(maxsize=TOPICS_REMEMBERED)(_found)


def read(message: Message, receipt: Receipt, codecs: tuple[Codec, ...] | None = None) -> Decoded:
    """What a message says in the dialect that the registry gives its topic, else in the one that the topic says.
    Raises Unreadable."""
    address = receipt.devices.at(message.topic)
    if address is None:
        return codec_of(message.topic, codecs).decode(message, receipt)
    codec = next((codec for codec in all_codecs() if codec.name == address.dialect), None)
    usual = None if codec is None else codec.topic_of(address.device)
    if codec is None or usual is None:
        raise Unreadable(
            f"the registry reads {address.device} as {address.dialect!r}, which has no such device",
            code="unknown_dialect",
        )
    return codec.decode(msgspec.structs.replace(message, topic=usual + address.rest), receipt)
