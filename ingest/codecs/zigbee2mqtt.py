"""Zigbee2MQTT: door contacts, buttons and SOS buttons, at `zigbee2mqtt/<friendly name>` and `…/availability`.

A message gives a device's whole state as Zigbee2MQTT remembers it, whatever part of it has just come in: a report of
the battery repeats the contact. So a contact says how the door is, not that it moved; an `action` is not remembered.

**Doubled messages.** With `last_seen` in milliseconds (ISO_8601, epoch) a message has a time of its own, and one that
says the same of the same instant is the same fact, whatever it says of battery and signal. With `last_seen` in whole
seconds (ISO_8601_local) or without it a message has none: two presses within a second would look like one. Each is then
a fact of its own, dated at its receipt; only what the broker delivers again is dropped.
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
from domain.time import Ms
from ingest import times
from ingest.battery import percent
from ingest.canonical import unknown_fields
from ingest.elements import told
from ingest.facts import fact_of
from ingest.local_time import shown
from ingest.message import NOTHING, Decoded, Message
from ingest.plain_text import will
from ingest.presses import pressed
from ingest.reading import Receipt, json_of, object_of

BASE = "zigbee2mqtt/"
PREFIX = "zigbee2mqtt:"
AVAILABILITY = "/availability"

SOS = ("sos", "emergency", "panic")
"""As an action (Tuya TS0215A, keypads), or as a field that is true (Heiman, older versions)."""

_NOT_SAID = re.compile(
    r"(?:^|/)bridge/(?:state|info|log|logging|devices|groups|event|definitions|extensions?|converters|health|config|"
    r"networkmap|request|response)(?:/|$)|/(?:set|get)(?:/|$)"
)
"""What the bridge says of itself, and what others ask of devices."""

Make = Callable[..., Fact]
"""A fact of a kind and a device, from its fields."""

_FRACTION = re.compile(r":\d\d\.\d+")
_APART = frozenset(("contact", "last_seen"))
_LATEST_MS = 253_402_300_800_000
"""The year 10000."""


class Zigbee2Mqtt:
    """See `ingest.codecs.Codec`."""

    name = "zigbee2mqtt"
    filters = (f"{BASE}#",)

    def claims(self, topic: str) -> bool:
        """See Codec."""
        return topic.startswith(BASE)

    def topic_of(self, device: str) -> str | None:
        """See Codec. Also of a bridge whose base topic lies below `zigbee2mqtt/`: its name stands before those of its
        devices, and it may publish for all of them."""
        name = spelt(device.removeprefix(PREFIX))
        return f"{BASE}{name}" if device.startswith(PREFIX) and name and ":" not in name else None

    def decode(self, message: Message, receipt: Receipt) -> Decoded:
        """See Codec. Retained states are no facts; a retained availability is for the registry."""
        name = message.topic.removeprefix(BASE)
        if not message.topic.startswith(BASE) or not name:
            raise Unreadable(f"{message.topic[:200]!r} is no topic of a Zigbee device", code="unknown_topic")
        if not message.payload or _NOT_SAID.search(name):
            return NOTHING
        device = device_of(name.removesuffix(AVAILABILITY))
        if name.endswith(AVAILABILITY):
            return will(device, _state_alone(message), receipt)
        if message.retained:
            return NOTHING
        return _told(device, object_of(json_of(message.payload)), receipt)


CODEC = Zigbee2Mqtt()


@lru_cache(maxsize=65_536)
def device_of(name: str) -> str:
    """The id of a friendly name, which may hold spaces, slashes and any letter. Raises Unreadable (`unknown_topic`)."""
    device = f"{PREFIX}{plain(name)}"
    if not name or not REGISTERED.fullmatch(device):
        raise Unreadable(f"{name[:200]!r} is no name of a device, or too long a one", code="unknown_topic")
    return device


def _state_alone(message: Message) -> Message:
    """`{"state":"online"}` is `online` alone in older versions."""
    if not message.payload.lstrip().startswith(b"{"):
        return message
    state = object_of(json_of(message.payload)).get("state")
    return Message(message.topic, str(state).encode(errors="replace"), retained=message.retained)


def _told(device: str, said: dict[str, Any], receipt: Receipt) -> Decoded:
    at_ms = _time(said.get("last_seen"))
    beside = unknown_fields(said, _APART)
    if at_ms is None and isinstance(said.get("last_seen"), str | int | float):
        beside["last_seen"] = said["last_seen"]
    battery_pct = percent(beside.get("battery"))
    if battery_pct is not None:
        beside["battery_pct"] = battery_pct
        del beside["battery"]

    def fact(kind: str, of: str, **content: Any) -> Fact:
        return fact_of(kind, of, at_ms, receipt, beside=beside, **content)

    events = told((_pressed, _door), lambda read: read(device, said, fact))
    if events.facts or (battery_pct is None and not beside.get("action")):
        return events
    beside.pop("battery_pct", None)
    return Decoded(facts=(fact("status", device, battery_pct=battery_pct),))


def _pressed(device: str, said: dict[str, Any], fact: Make) -> Iterator[Fact]:
    """An SOS, or a press of the device or of one of its buttons. Other actions are kept among the other fields; an
    empty one once followed each."""
    action = said.get("action")
    words = action.lower().split("_") if isinstance(action, str) else ()
    if not set(SOS).isdisjoint(words) or any(said.get(name) is True for name in SOS):
        yield fact("sos", device)
    elif isinstance(action, str) and (press := pressed(action)) is not None:
        button = device if press.button is None else f"{device}:{plain(press.button)}"
        if not REGISTERED.fullmatch(button):
            raise Unreadable(f"{action[:200]!r} has too long a name for a button", code="out_of_range")
        yield fact("button", button, press=press.press, extras={} if press.exact else {"action": action})


def _door(device: str, said: dict[str, Any], fact: Make) -> Iterator[Fact]:
    """True is closed: the two halves of the contact touch."""
    contact = said.get("contact")
    if isinstance(contact, bool):
        yield fact("contact", device, open=not contact)
    elif contact is not None:
        raise Unreadable(f"`contact` is true or false, not {str(contact)[:100]}", code="wrong_type")


def _time(last_seen: Any) -> Ms | None:
    """`last_seen` where it tells milliseconds. What is no time of theirs is none: an SOS is not lost for it."""
    if isinstance(last_seen, str):
        try:
            at_ms = shown(last_seen, "UTC") if _FRACTION.search(last_seen) else None
        except Unreadable:
            return None
    elif isinstance(last_seen, int | float) and 0 <= last_seen < _LATEST_MS:
        at_ms = Ms(int(last_seen))
    else:
        return None
    return at_ms if at_ms is not None and at_ms >= times.UNSET_BEFORE_MS else None
