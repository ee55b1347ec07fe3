"""The native wire format, written as a phone's programmer would from its description alone.

It shares nothing with the codec that reads it, so a mistake in either shows. A field that is None is left out.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import ClassVar, Literal, NamedTuple

import msgspec

TOPIC = "doorstep/v1/{device}/{kind}"
CLOCK_TOPIC = "doorstep/v1/_clock/time"

Time = float | str
"""Epoch seconds or RFC 3339: a phone may say either."""

Method = Literal["app", "nfc", "qr", "ble", "code", "door", "button", "customer"]


class Message(NamedTuple):
    """What goes to the broker."""

    topic: str
    payload: bytes


class Lost(NamedTuple):
    """Instead of a message: a device is gone without a word, such as a phone with a flat battery."""

    connection: str


class Report(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every kind may carry: `id` the phone's own number of it, `sent` when it left, `worker` who holds it."""

    KIND: ClassVar[str]

    id: str | None = None
    sent: Time | None = None
    worker: str | None = None


class Timed(Report, frozen=True, kw_only=True, omit_defaults=True):
    """Something that happened at a time."""

    time: Time


class Position(Timed, frozen=True, kw_only=True, omit_defaults=True):
    """A fix: degrees, metres, m/s, battery in percent."""

    KIND: ClassVar[str] = "position"

    lat: float
    lon: float
    accuracy: float | None = None
    speed: float | None = None
    heading: float | None = None
    altitude: float | None = None
    battery: int | None = None
    crs: Literal["wgs84", "gcj02", "bd09"] | None = None
    mock: bool | None = None
    provider: Literal["gps", "network", "fused"] | None = None


class Witnessed(Timed, frozen=True, kw_only=True, omit_defaults=True):
    """What a check-in and a check-out have in common."""

    method: Method | None = None
    code: str | None = None
    visit: str | None = None
    tag: str | None = None
    lat: float | None = None
    lon: float | None = None
    accuracy: float | None = None
    crs: Literal["wgs84", "gcj02", "bd09"] | None = None


class CheckIn(Witnessed, frozen=True, kw_only=True, omit_defaults=True):
    """签到"""

    KIND: ClassVar[str] = "checkin"


class CheckOut(Witnessed, frozen=True, kw_only=True, omit_defaults=True):
    """签退"""

    KIND: ClassVar[str] = "checkout"


class ChecklistItem(Timed, frozen=True, kw_only=True, omit_defaults=True):
    """An item of the visit's checklist."""

    KIND: ClassVar[str] = "checklist"

    visit: str
    item: str
    done: bool | None = None


class Scan(Report, frozen=True, kw_only=True, omit_defaults=True):
    """A tag was read."""

    KIND: ClassVar[str] = "scan"

    tag: str
    time: Time | None = None


class Contact(Report, frozen=True, kw_only=True, omit_defaults=True):
    """A door."""

    KIND: ClassVar[str] = "contact"

    open: bool
    time: Time | None = None


class Button(Report, frozen=True, kw_only=True, omit_defaults=True):
    """A button at the door."""

    KIND: ClassVar[str] = "button"

    press: Literal["single", "double", "long"]
    time: Time | None = None


class Sos(Timed, frozen=True, kw_only=True, omit_defaults=True):
    """紧急求助"""

    KIND: ClassVar[str] = "sos"

    lat: float | None = None
    lon: float | None = None
    note: str | None = None


class Shift(Timed, frozen=True, kw_only=True, omit_defaults=True):
    """On or off shift."""

    KIND: ClassVar[str] = "shift"

    on: bool


class Delay(Timed, frozen=True, kw_only=True, omit_defaults=True):
    """The worker will be late."""

    KIND: ClassVar[str] = "delay"

    visit: str
    reason: str | None = None


class NoAccess(Timed, frozen=True, kw_only=True, omit_defaults=True):
    """Nobody opens."""

    KIND: ClassVar[str] = "no_access"

    visit: str
    reason: str | None = None


class Outing(Timed, frozen=True, kw_only=True, omit_defaults=True):
    """Out with or for the customer."""

    KIND: ClassVar[str] = "outing"

    visit: str
    on: bool


class Status(Report, frozen=True, kw_only=True, omit_defaults=True):
    """How the device is."""

    KIND: ClassVar[str] = "status"

    time: Time | None = None
    online: bool | None = None
    battery: int | None = None
    permission: Literal["always", "while_in_use", "denied"] | None = None
    network: str | None = None


def encode(device: str, report: Report) -> Message:
    """One report of a device."""
    return Message(TOPIC.format(device=device, kind=report.KIND), msgspec.json.encode(report))


def encode_backlog(device: str, reports: list[Report]) -> Message:
    """Reports of one kind that a phone kept while it was offline, as one array."""
    (kind,) = {report.KIND for report in reports}
    return Message(TOPIC.format(device=device, kind=kind), msgspec.json.encode(reports))


def clock(at_ms: int) -> Message:
    """It is this time in the cell: only a cell in clock mode `followed` listens."""
    return Message(CLOCK_TOPIC, msgspec.json.encode({"time": rfc3339(at_ms)}))


def rfc3339(at_ms: int, utc_offset_h: int = 0) -> str:
    """An instant with milliseconds, e.g. `2026-11-21T09:02:03.004+08:00`; at offset 0 with `Z`."""
    zone = timezone(timedelta(hours=utc_offset_h))
    at = datetime(1970, 1, 1, tzinfo=zone) + timedelta(milliseconds=at_ms, hours=utc_offset_h)
    text = at.isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
