"""Bluetooth gateways, OpenMQTTGateway and Theengs Gateway: what they hear, at `home/<gateway>/BTtoMQTT/<address>`, and
whether they are there, at `home/<gateway>/LWT`. The fields are those of the Theengs decoder.

A door contact or a button is a device of its own. Everything else is a scan: the gateway heard it. An iBeacon is known
by its UUID and numbers, for its address changes; other things by their address. Adverts that no decoder knows and those
of phones, which hide behind changing addresses, are strangers passing by, and say nothing.

There is no time in any of it, and a beacon is heard up to once a second: everything that says how it was heard (signal,
distance, changing address) is kept beside the fact, so that what is heard again says the same again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from domain.errors import Unreadable
from domain.events.facts import Fact
from domain.ids import REGISTERED
from domain.names import plain, spelt
from domain.tags import beacon_id, ble_id
from ingest.battery import percent
from ingest.canonical import unknown_fields
from ingest.elements import told
from ingest.facts import fact_of
from ingest.message import NOTHING, Decoded, Message
from ingest.plain_text import will
from ingest.presses import Kind
from ingest.reading import Receipt, json_of, object_of

BASE = "home/"
PREFIX = "theengs:"

_TOPIC = re.compile(rf"{BASE}(.+)/(?:LWT|BTtoMQTT/(.+))", re.DOTALL)

_PASSERS_BY = "RMAC"
"""The decoder's type of devices that change their address at random."""

_PRESSES: dict[int, tuple[Kind, str | None]] = {
    1: ("single", None),
    2: ("double", None),
    3: ("double", "triple"),
    4: ("double", "quadruple"),
    5: ("double", "quintuple"),
    9: ("long", None),
    11: ("long", "hold"),
}
"""The decoder's numbers of presses (Shelly BLU, NodOn NIU). 0 is no press, 10 the end of a long one."""
_BUTTONS = ("button", "button1", "button2", "button3", "button4")

Make = Callable[..., Fact]
"""A fact of a kind and a device, from what more was said and its fields."""

_APART = frozenset(("packet", "uuid", "major", "minor", *_BUTTONS))


class Theengs:
    """See `ingest.codecs.Codec`."""

    name = "theengs"
    filters = (f"{BASE}+/BTtoMQTT/+", f"{BASE}+/LWT")

    def claims(self, topic: str) -> bool:
        """See Codec."""
        return _TOPIC.fullmatch(topic) is not None

    def topic_of(self, device: str) -> str | None:
        """See Codec. What a gateway hears has none."""
        name = spelt(device.removeprefix(PREFIX))
        return f"{BASE}{name}" if device.startswith(PREFIX) and name else None

    def decode(self, message: Message, receipt: Receipt) -> Decoded:
        """See Codec. What is retained was heard some time ago."""
        gateway, heard = address_of(message.topic)
        if not message.payload:
            return NOTHING  # what clears a retained message (MQTT 3.1.1, section 3.3.1.3)
        if heard is None:
            return will(gateway, message, receipt)
        if message.retained:
            return NOTHING
        said = object_of(json_of(message.payload))
        return _told(gateway, heard, said, receipt)


CODEC = Theengs()


@lru_cache(maxsize=65_536)
def address_of(topic: str) -> tuple[str, str | None]:
    """The gateway of `home/<gateway>/BTtoMQTT/<address>` and the address; None at its will. Raises Unreadable
    (`unknown_topic`)."""
    parts = _TOPIC.fullmatch(topic)
    gateway = f"{PREFIX}{plain(parts[1])}" if parts else ""
    if parts is None or not REGISTERED.fullmatch(gateway):
        raise Unreadable(f"{topic[:200]!r} is no topic of a Bluetooth gateway", code="unknown_topic")
    return gateway, parts[2]


def _told(gateway: str, heard: str, said: dict[str, Any], receipt: Receipt) -> Decoded:
    """Doors and presses of things, else that the gateway heard the thing."""
    if not isinstance(said.get("model_id"), str) or said.get("type") == _PASSERS_BY:
        return NOTHING
    beside = unknown_fields(said, _APART)
    battery_pct = percent(beside.get("batt"))
    if battery_pct is not None:
        beside["battery_pct"] = battery_pct
        del beside["batt"]
    if "uuid" in said and "major" in said:
        tag = beacon_id(_text(said, "uuid"), _number(said, "major"), _number(said, "minor"))
        return Decoded(facts=(fact_of("scan", gateway, None, receipt, tag=tag, beside=beside),))
    thing, contradicts = _thing(heard, said)
    extras = {} if contradicts is None else {"contradicts": contradicts}
    # The number of the packet is part of what was said: by it two gateways heard one press.
    packet = {"packet": said["packet"]} if type(said.get("packet")) is int else {}

    def fact(kind: str, device: str, more: dict[str, Any], **content: Any) -> Fact:
        of = {"gateway": gateway} | beside
        return fact_of(kind, device, None, receipt, extras=extras | packet | more, beside=of, **content)

    events = told(said.items(), lambda part: _events(thing, *part, fact))
    if events.facts:
        return events
    return Decoded(facts=(fact_of("scan", gateway, None, receipt, tag=thing, extras=extras, beside=beside),))


def _events(thing: str, name: str, value: Any, fact: Make) -> Iterator[Fact]:
    """A door, but no blind, which says in percent how far it is open. Of several buttons each is a device of its own;
    one message tells of all, with 0 of those that were not pressed."""
    if name == "open" and isinstance(value, bool):
        yield fact("contact", thing, {}, open=value)
    elif name in _BUTTONS:
        if type(value) is not int:
            raise Unreadable(f"`{name}` is a number, not {str(value)[:100]}", code="wrong_type")
        if value in _PRESSES:
            press, words = _PRESSES[value]
            button = thing if name == "button" else f"{thing}:{name}"
            yield fact("button", button, {} if words is None else {"action": words}, press=press)


def _thing(heard: str, said: dict[str, Any]) -> tuple[str, str | None]:
    """What was heard, by the address in the topic, and the other one where the payload names another. Where the topic
    has none (a gateway can be told to use other names there), by the payload's."""
    by_topic, by_payload = _ble(heard), _ble(said.get("mac", said.get("id")))
    thing = by_topic or by_payload
    if thing is None:
        raise Unreadable(f"neither the topic nor the payload names an address: {heard[:100]!r}", code="missing_field")
    return thing, by_payload if by_payload not in (None, thing) else None


def _ble(address: Any) -> str | None:
    try:
        return ble_id(address) if isinstance(address, str) else None
    except Unreadable:
        return None


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str):
        raise Unreadable(f"`{name}` is a text, not {str(value)[:100]}", code="wrong_type")
    return value


def _number(said: dict[str, Any], name: str) -> int:
    value = said.get(name)
    if type(value) is not int:
        raise Unreadable(f"`{name}` is a number, not {str(value)[:100]}", code="wrong_type")
    return value
