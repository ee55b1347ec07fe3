"""OwnTracks, as its apps for Android and iOS publish it in MQTT mode and post it in HTTP mode.

The type of a message decides what it is, not the last part of its topic. By HTTP the door hands each body on under the
topic of its device. `ingest/owntracks_*.py` read the types.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from domain.errors import Unreadable
from domain.events.device import DeviceStatusChanged
from domain.events.facts import Fact
from domain.ids import REGISTERED
from domain.names import plain, spelt
from domain.positions import Position
from ingest import owntracks_facts as facts
from ingest import owntracks_registry as registry
from ingest.message import NOTHING, Decoded, Fault, Message
from ingest.owntracks_sealed import opened
from ingest.owntracks_wire import Encrypted
from ingest.reading import Receipt, json_of, object_of, shaped

PREFIX = "owntracks/"

TESTIMONY = {
    "transition": facts.crossing,
    "status": facts.reported,
    "lwt": facts.reported,
    "steps": facts.counted,
    "beacon": facts.heard,
}
"""Types that are facts, beside `location`."""

ENTRIES = {"waypoint": registry.region, "waypoints": registry.regions, "card": registry.card}
"""Types that tell the registry something, retained or not."""

OTHERS = frozenset(("cmd", "configuration", "dump", "request", "tour", "tours"))
"""What else passes on these topics. Orders to a phone and its questions to other services are nobody's testimony, and
an app's whole configuration, with its passwords, is not to be in the log."""


class OwnTracks:
    """See `ingest.codecs.Codec`."""

    name = "owntracks"
    filters = (f"{PREFIX}#",)

    def claims(self, topic: str) -> bool:
        """See Codec."""
        return topic.startswith(PREFIX)

    def topic_of(self, device: str) -> str | None:
        """See Codec."""
        user, _, phone = device.partition(".")
        return f"{PREFIX}{spelt(user)}/{spelt(phone)}" if user and phone else None

    def decode(self, message: Message, receipt: Receipt) -> Decoded:
        """See Codec. A retained location is no fact: apps retain them by default, and the broker repeats them at each
        subscription. An empty payload clears what was retained (MQTT 3.1.1, section 3.3.1.3) or deletes a friend."""
        device = device_of(message.topic)
        if not message.payload:
            return NOTHING
        return _told(device, json_of(message.payload), message.retained, receipt)


CODEC = OwnTracks()


@lru_cache(maxsize=65_536)
def device_of(topic: str) -> str:
    """The device of `owntracks/<user>/<device>[/…]`: `<user>.<device>`, where each byte of a character outside
    [A-Za-z0-9_-] is written ~hh. Raises Unreadable (`unknown_topic`)."""
    user, _, rest = topic.removeprefix(PREFIX).partition("/")
    phone = rest.partition("/")[0]
    device = f"{plain(user)}.{plain(phone)}"
    if not (topic.startswith(PREFIX) and user and phone and REGISTERED.fullmatch(device)):
        raise Unreadable(f"{topic[:200]!r} is no topic of an OwnTracks device", code="unknown_topic")
    return device


def _told(device: str, said: Any, retained: bool, receipt: Receipt) -> Decoded:
    return _each(device, said, retained, receipt) if isinstance(said, list) else _one(device, said, retained, receipt)


def _one(device: str, message: Any, retained: bool, receipt: Receipt) -> Decoded:
    said = object_of(message)
    kind = said.get("_type")
    if kind == "encrypted":
        return _sealed(device, said, retained, receipt)
    if "topic" in said:
        said = _addressed(device, said, receipt)
    if kind == "location":
        return NOTHING if retained else Decoded(positions=(facts.position(device, said, receipt),))
    if not isinstance(kind, str):
        raise _untyped(kind)
    if kind in ENTRIES:
        return ENTRIES[kind](device, said, receipt)
    if retained:
        known = kind in ("status", "lwt")
        return Decoded(status=registry.registered(device, said, receipt)) if known else NOTHING
    if kind in TESTIMONY:
        return Decoded(facts=(TESTIMONY[kind](device, said, receipt),))
    if kind in OTHERS:
        return NOTHING
    raise _untyped(kind)


def _untyped(kind: object) -> Unreadable:
    if kind is None:
        return Unreadable("Object missing required field `_type`", code="missing_field")
    return Unreadable(f"OwnTracks has no type {str(kind)[:200]!r}", code="unknown_value")


def _sealed(device: str, said: dict[str, Any], retained: bool, receipt: Receipt) -> Decoded:
    """What a box holds. Without a key a retained one is no letter at each subscription; it was one when it was new."""
    key = receipt.devices.key_of(device)
    if retained and key is None:
        return NOTHING
    inner = json_of(opened(shaped(said, Encrypted).data, key))
    if isinstance(inner, dict) and inner.get("_type") == "encrypted":
        raise Unreadable("a box in a box", code="unknown_value")
    return _told(device, inner, retained, receipt)


def _each(device: str, messages: list[Any], retained: bool, receipt: Receipt) -> Decoded:
    """An array of messages. No app sends one today; a server may that collects. It tells the registry one thing."""
    positions: list[Position] = []
    testimony: list[Fact] = []
    faults: list[Fault] = []
    status: DeviceStatusChanged | None = None
    for index, message in enumerate(messages):
        try:
            one = _one(device, message, retained, receipt)
            if one.status is not None and status is not None:
                raise Unreadable("one array tells the registry one thing at most", code="out_of_range")
        except Unreadable as error:
            faults.append(Fault(error.code, str(error), index))
            continue
        status = one.status or status
        positions += one.positions
        testimony += one.facts
        faults += (Fault(fault.reason, fault.detail, index) for fault in one.unreadable)
    return Decoded(tuple(positions), tuple(testimony), tuple(faults), status)


def _addressed(device: str, said: dict[str, Any], receipt: Receipt) -> dict[str, Any]:
    """A message whose payload names its topic, as in HTTP mode. The same device once more says nothing, and a fix that
    comes by either way is one fact. Another one is kept and flagged: the device of the connection's topic counts."""
    topic = said["topic"]
    other = _named(topic, receipt) if isinstance(topic, str) else None
    if other is None:
        return said
    if other == device:
        return {name: value for name, value in said.items() if name != "topic"}
    return said | {"contradicts": other}


def _named(topic: str, receipt: Receipt) -> str | None:
    address = receipt.devices.at(topic)
    if address is not None:
        return address.device
    try:
        return device_of(topic)
    except Unreadable:
        return None
