"""Shelly devices of the second generation and later: `<shelly-id>/events/rpc` and `<shelly-id>/online`.

Inputs with a button and BLU buttons come as events, inputs with a door contact and BLU doors as states. Each is a
device of its own: `<shelly-id>:input:0`, `<shelly-id>:bthomedevice:200`. The frames are those of Shelly's API
documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from domain.errors import Unreadable
from domain.events.facts import Fact
from domain.ids import REGISTERED
from domain.names import plain, spelt
from domain.time import Ms
from ingest import times
from ingest.battery import percent
from ingest.elements import told
from ingest.facts import fact_of
from ingest.message import NOTHING, Decoded, Message
from ingest.plain_text import will
from ingest.presses import pressed
from ingest.reading import Receipt, json_of, object_of

PREFIX = "shelly:"
"""Of the ids of devices whose topic prefix a person chose."""

_OWN_NAME = re.compile(r"shelly[a-z0-9]+-[0-9a-f]{6,12}", re.IGNORECASE)
"""`shellyplus1-a8032abe54dc`: as they leave the factory, and known all over the world."""

_TOPIC = re.compile(r"(.+)/(events/rpc|online)", re.DOTALL)
OTHERS = frozenset(
    ("application", "doorstep", "esphome", "home", "msh", "osmand", "owntracks", "stat", "tele", "traccar", "v3")
) | {"zigbee2mqtt"}
"""First parts of topics of other dialects, whose devices may have any name."""

_PART = re.compile(r"(?:input|bthomedevice|bthomesensor):\d{1,5}", re.ASCII)
_STATES = ("NotifyStatus", "NotifyFullStatus")
_ONLINE = {"true": True, "false": False}


class Shelly:
    """See `ingest.codecs.Codec`."""

    name = "shelly"
    filters = ("+/events/rpc", "+/online")

    def claims(self, topic: str) -> bool:
        """See Codec."""
        parts = _TOPIC.fullmatch(topic)
        return parts is not None and parts[1].partition("/")[0] not in OTHERS

    def topic_of(self, device: str) -> str | None:
        """See Codec. What speaks through a Shelly has none."""
        if _OWN_NAME.fullmatch(device):
            return device
        name = spelt(device.removeprefix(PREFIX))
        chosen = device.startswith(PREFIX) and name and ":" not in name and name.partition("/")[0] not in OTHERS
        return name if chosen else None

    def decode(self, message: Message, receipt: Receipt) -> Decoded:
        """See Codec. Retained notifications are old ones; a retained will is for the registry."""
        device, kind = device_of(message.topic)
        if not message.payload:
            return NOTHING  # what clears a retained message (MQTT 3.1.1, section 3.3.1.3)
        if kind == "online":
            return will(device, message, receipt, _ONLINE)
        if message.retained:
            return NOTHING
        said = object_of(json_of(message.payload))
        method, params = said.get("method"), object_of(said.get("params"))
        frame = _Frame(device, _contradicts(device, said.get("src")), params.get("ts"), receipt)
        if method in _STATES:
            return told(params.items(), lambda part: frame.state(*part))
        if method == "NotifyEvent":
            events = params.get("events")
            if not isinstance(events, list):
                raise Unreadable("a NotifyEvent has a list of `events`", code="missing_field")
            return told(events, frame.event)
        raise Unreadable(f"Shelly's notifications have no method {str(method)[:100]!r}", code="unknown_value")


CODEC = Shelly()


@lru_cache(maxsize=65_536)
def device_of(topic: str) -> tuple[str, str]:
    """The device of `<prefix>/events/rpc` or `<prefix>/online`, and which. Raises Unreadable (`unknown_topic`)."""
    parts = _TOPIC.fullmatch(topic)
    prefix = parts[1] if parts else ""
    device = prefix if _OWN_NAME.fullmatch(prefix) else f"{PREFIX}{plain(prefix)}"
    if parts is None or not REGISTERED.fullmatch(device):
        raise Unreadable(f"{topic[:200]!r} is no topic of a Shelly", code="unknown_topic")
    return device, parts[2]


def _contradicts(device: str, source: Any) -> str | None:
    """Who the frame says that it is from, where its topic belongs to another Shelly."""
    if not isinstance(source, str) or not _OWN_NAME.fullmatch(device) or source.lower() == device.lower():
        return None
    return source[:200]


class _Frame:
    """What the elements of one notification have in common."""

    def __init__(self, device: str, contradicts: str | None, at_s: Any, receipt: Receipt) -> None:
        self._device = device
        self._extras = {} if contradicts is None else {"contradicts": contradicts}
        self._at_s = at_s
        self._receipt = receipt

    def event(self, event: Any) -> Iterator[Fact]:
        """A press. `btn_down` and `btn_up` are the halves of one that is told when it is known of which kind it is;
        `toggle` tells of a state that comes as one. Of a remote with several buttons `idx` says which."""
        said = object_of(event)
        part, words = said.get("component"), said.get("event")
        if not isinstance(part, str) or not isinstance(words, str):
            raise Unreadable("an event has a `component` and an `event`", code="missing_field")
        press = None if words == "toggle" else pressed(words)
        if not _PART.fullmatch(part) or press is None or press.button is not None:
            return
        index = said.get("idx")
        button = f"{part}:{index}" if type(index) is int and 0 < index < 100 else part
        action = {} if press.exact else {"action": words[:200]}
        yield self._fact("button", button, said.get("ts", self._at_s), action, press=press.press)

    def state(self, part: str, said: Any) -> Iterator[Fact]:
        """A door: on is open, as in Home Assistant and of BLU doors; an input that is wired the other way has a setting
        for it. Or a battery. A full status repeats what was told before: by the time of a BLU sensor's own packet that
        is the same fact."""
        if not isinstance(said, dict):
            return
        at_s = said.get("last_updated_ts", self._at_s)
        state = said.get("value" if part.startswith("bthomesensor:") else "state")
        if isinstance(state, bool) and _PART.fullmatch(part):
            yield self._fact("contact", part, at_s, {}, open=state)
        battery = said.get("battery")
        battery_pct = percent(battery.get("percent") if isinstance(battery, dict) else battery)
        if battery_pct is not None and part.startswith(("bthomedevice:", "devicepower:")):
            yield self._fact("status", part if _PART.fullmatch(part) else "", at_s, {}, battery_pct=battery_pct)

    def _fact(self, kind: str, part: str, at_s: Any, more: dict[str, Any], **content: Any) -> Fact:
        device = f"{self._device}:{part}" if part else self._device
        if not REGISTERED.fullmatch(device):
            raise Unreadable(f"{device[:200]!r} is too long for a device", code="out_of_range")
        return fact_of(kind, device, _at_ms(at_s), self._receipt, extras=self._extras | more, **content)


def _at_ms(at_s: Any) -> Ms | None:
    """Seconds with fractions; None before the clock is set. Raises Unreadable (`bad_time`)."""
    if at_s is None:
        return None
    if not isinstance(at_s, int | float) or isinstance(at_s, bool):
        raise Unreadable(f"`ts` is no time: {str(at_s)[:100]}", code="bad_time")
    at_ms = times.from_wire(at_s)
    return at_ms if at_ms >= times.UNSET_BEFORE_MS else None
