"""Tasmota: tag readers (PN532, RC522, RDM6300, Wiegand), iBeacon scanners, switches at doors and buttons, at
`tele/<topic>/SENSOR`, `tele/<topic>/LWT` and `stat/<topic>/RESULT`.

Read by the last part of the topic: whoever reorders FullTopic gives the device its own topic in the registry. The
formats are those of Tasmota's documentation and of what its drivers write.
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
from domain.tags import beacon_id, ble_id
from domain.time import Ms
from ingest import times
from ingest.canonical import unknown_fields
from ingest.elements import told
from ingest.facts import fact_of
from ingest.local_time import shown
from ingest.message import NOTHING, Decoded, Message
from ingest.plain_text import tag_of, will
from ingest.reading import Receipt, json_of, object_of

PREFIX = "tasmota:"
_SWITCH = {"ON": True, "OPEN": True, "OFF": False, "CLOSED": False, "CLOSE": False}
"""On is open, as in Home Assistant; a contact that is wired the other way is turned round by its SwitchMode."""

_PRESSED = {
    "SINGLE": "single",
    "TOGGLE": "single",
    "DOUBLE": "double",
    "TRIPLE": "double",
    "QUAD": "double",
    "PENTA": "double",
    "HOLD": "long",
}
"""More presses than two are two that say so in their extras; CLEAR is the release."""

_TIME = frozenset(("Time", "Epoch"))
_DATA = ("Data", "DATA")
_NO_BEACON = "0" * 32
_MILLISECONDS = 100_000_000_000
"""Numbers from here on are no seconds: the year 5138."""
_NO_TIME = 1_000_000_000_000_000


class Tasmota:
    """See `ingest.codecs.Codec`. Filters: three plain ones, as many as a session holds."""

    name = "tasmota"
    filters = ("tele/+/SENSOR", "tele/+/LWT", "stat/+/RESULT")

    def claims(self, topic: str) -> bool:
        """See Codec."""
        return topic.startswith(("tele/", "stat/"))

    def topic_of(self, device: str) -> str | None:
        """See Codec. Buttons speak at `stat/<topic>` beside it."""
        name = spelt(device.removeprefix(PREFIX))
        return f"tele/{name}" if device.startswith(PREFIX) and name and ":" not in name else None

    def decode(self, message: Message, receipt: Receipt) -> Decoded:
        """See Codec. What is retained (SensorRetain, SwitchRetain) is no fact, except the will, which says how the
        device is."""
        device, kind = device_of(message.topic)
        if not message.payload:
            return NOTHING  # what clears a retained message (MQTT 3.1.1, section 3.3.1.3)
        if kind == "LWT":
            return will(device, message, receipt)
        if message.retained:
            return NOTHING
        said = object_of(json_of(message.payload))
        if kind == "RESULT":
            return told(said.items(), lambda part: _action(device, *part, receipt))
        at_ms = time_of(said, receipt.devices.zone_of(device))
        return told(
            said.items(), lambda part: (*seen(device, *part, at_ms, receipt), *_switch(device, *part, at_ms, receipt))
        )


CODEC = Tasmota()


@lru_cache(maxsize=65_536)
def device_of(topic: str) -> tuple[str, str]:
    """The device of `tele/<topic>/<kind>` and the kind. Raises Unreadable (`unknown_topic`)."""
    prefix, _, rest = topic.partition("/")
    name, _, kind = rest.rpartition("/")
    name = re.sub(r"/(?:tele|stat)$", "", name)  # below a topic of its own: `<own>/tele/SENSOR`
    device = f"{PREFIX}{plain(name)}"
    if not (prefix in ("tele", "stat") and name and kind in ("SENSOR", "LWT", "RESULT")):
        raise Unreadable(f"{topic[:200]!r} is no topic of a Tasmota device that is read here", code="unknown_topic")
    if not REGISTERED.fullmatch(device):
        raise Unreadable(f"{topic[:200]!r} has too long a name for a device", code="unknown_topic")
    return device, kind


def time_of(said: dict[str, Any], zone: str) -> Ms | None:
    """When a message says that it was. `Time` has no zone unless SetOption52 adds its offset; by the command `Time` it
    is also a number of seconds or milliseconds, or stands beside `Epoch`. None: it says nothing, or its clock was never
    set and starts in 1970 with every boot. Raises Unreadable (`bad_time`)."""
    stated = said.get("Epoch") or said.get("Time")
    if stated is None:
        return None
    if isinstance(stated, str):
        at_ms = shown(stated, zone)
    elif isinstance(stated, int | float) and not isinstance(stated, bool) and abs(stated) < _NO_TIME:
        at_ms = times.from_wire(stated / 1_000 if abs(stated) >= _MILLISECONDS else stated)
    else:
        raise Unreadable(f"{str(stated)[:100]} is no `Time`", code="bad_time")
    return at_ms if at_ms >= times.UNSET_BEFORE_MS else None


def seen(device: str, reader: str, part: Any, at_ms: Ms | None, receipt: Receipt) -> Iterator[Fact]:
    """The tag or beacon that a reader sees: a part that has a UID, whatever reader it is called after. Raises
    Unreadable."""
    if not isinstance(part, dict):
        return
    if reader == "IBEACON":
        yield _beacon(device, part, at_ms, receipt)
    elif "UID" in part:
        extras = unknown_fields(part, frozenset(("UID", *_DATA)))
        data = part.get("Data") or part.get("DATA")
        extras |= {"data": data} if isinstance(data, str) and data else {}
        yield fact_of("scan", device, at_ms, receipt, tag=tag_of(part["UID"]), extras={"reader": reader} | extras)


def _beacon(device: str, part: dict[str, Any], at_ms: Ms | None, receipt: Receipt) -> Fact:
    """ON is a scan. OFF comes when it has not been heard for a while and testifies nothing: the reader says so of
    itself. The address of an iBeacon changes; what has no numbers of one is known by its address."""
    mac, uid = part.get("MAC"), part.get("UID")
    if isinstance(uid, str) and uid != _NO_BEACON:
        tag = beacon_id(uid, _number(part.get("MAJOR")), _number(part.get("MINOR")))
    elif isinstance(mac, str):
        tag = ble_id(mac)
    else:
        raise Unreadable("a beacon has a MAC or a UID", code="missing_field")
    # Without STATE (HM-10) an RSSI of 0 says it.
    if part.get("STATE") == "OFF" or ("STATE" not in part and part.get("RSSI") == 0):
        return fact_of("status", device, at_ms, receipt, extras={"removed": tag})
    beside = unknown_fields(part, frozenset(("UID", "MAJOR", "MINOR", "STATE")))
    return fact_of("scan", device, at_ms, receipt, tag=tag, beside=beside)


def _number(said: Any) -> int:
    """MAJOR and MINOR are four hex digits."""
    if isinstance(said, str) and re.fullmatch(r"[0-9A-Fa-f]{1,4}", said):
        return int(said, 16)
    raise Unreadable("MAJOR and MINOR of a beacon are hex digits", code="wrong_type")


def _switch(device: str, name: str, state: Any, at_ms: Ms | None, receipt: Receipt) -> Iterator[Fact]:
    """`"Switch1":"ON"`, under the name that SwitchText gives it: a contact. Said at each change (SwitchMode 15, 16)
    and with every telemetry, so it says how the contact is, not that it moved."""
    if name not in _TIME and isinstance(state, str) and state.upper() in _SWITCH:
        yield fact_of("contact", _part(device, name), at_ms, receipt, open=_SWITCH[state.upper()])


def _action(device: str, name: str, part: Any, receipt: Receipt) -> Iterator[Fact]:
    """`{"Button1":{"Action":"SINGLE"}}` (SetOption73) and `{"Switch1":{"Action":"ON"}}` (SetOption114). They bear no
    time. Answers to commands come in the same place and say nothing."""
    action = part.get("Action") if isinstance(part, dict) else None
    action = action.upper() if isinstance(action, str) else ""
    if action in _PRESSED:
        extras = {} if action in ("SINGLE", "DOUBLE", "HOLD") else {"action": action}
        yield fact_of("button", _part(device, name), None, receipt, press=_PRESSED[action], extras=extras)
    elif action in _SWITCH:
        yield fact_of("contact", _part(device, name), None, receipt, open=_SWITCH[action])


def _part(device: str, name: str) -> str:
    """Switches and buttons are devices of their own."""
    part = f"{device}:{plain(name)}"
    if not REGISTERED.fullmatch(part):
        raise Unreadable(f"{name[:200]!r} is too long a name for a switch", code="out_of_range")
    return part
