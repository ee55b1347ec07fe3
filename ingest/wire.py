"""The native wire format as types: one struct per kind, from which the published JSON Schema is made as well.

Strict: a number is no string and a truth value is no number. Unknown fields are not refused here; the codec keeps them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from domain.crs import Crs
from domain.events.facts import Method

Time = Annotated[datetime, Meta(tz=True)] | int | float
"""RFC 3339 with a zone, or seconds since 1970 with fractions."""

_NO_NUL = r"^[^\u0000]*$"
"""No database column of text can hold a NUL."""

Name = Annotated[str, Meta(max_length=200, pattern=_NO_NUL, description="a business key or tag")]
Number = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Text = Annotated[str, Meta(max_length=10_000, pattern=_NO_NUL, description="words of a person")]

Lat = Annotated[float, Meta(ge=-90, le=90, description="degrees")]
Lon = Annotated[float, Meta(ge=-180, le=180, description="degrees")]
Accuracy = Annotated[float, Meta(ge=-1, le=1e8, description="metres, radius; -1: unknown")]
Battery = Annotated[float, Meta(ge=-1, le=100, description="percent; -1: unknown")]
"""-1 is how phones say that they do not know (CLLocation's speed, course and accuracy, UIDevice's batteryLevel)."""


class Said(Struct, kw_only=True):
    """What every kind may carry."""

    id: Annotated[Name | Number | None, Meta(description="the sender's own id")] = None
    sent: Annotated[Time | None, Meta(description="when the phone sent it")] = None
    worker: Annotated[Name | None, Meta(description="who holds a shared phone")] = None


class Timed(Said, kw_only=True):
    """A kind whose payload must say when."""

    time: Annotated[Time, Meta(description="when it happened: RFC 3339, or seconds since 1970 with fractions")]


class Untimed(Said, kw_only=True):
    """A kind of devices that may have no clock."""

    time: Annotated[
        Time | None, Meta(description="when it happened: RFC 3339, or seconds since 1970; else its receipt")
    ] = None


class Position(Timed, kw_only=True):
    """Where a device is."""

    lat: Lat
    lon: Lon
    accuracy: Accuracy | None = None
    speed: Annotated[float, Meta(ge=-1, le=1e6, description="m/s; -1: unknown")] | None = None
    heading: Annotated[float, Meta(ge=-1, le=360, description="degrees from north, clockwise; -1: unknown")] | None = (
        None
    )
    altitude: Annotated[float, Meta(ge=-1e7, le=1e8, description="metres")] | None = None
    battery: Battery | None = None
    crs: Crs | None = None
    mock: bool | None = None
    provider: Literal["gps", "network", "fused"] | None = None


class Check(Timed, kw_only=True):
    """签到、签退"""

    method: Method | None = None
    code: Annotated[Name, Meta(description="the visit's one-time service code")] | None = None
    visit: Name | None = None
    tag: Name | None = None
    lat: Lat | None = None
    lon: Lon | None = None
    accuracy: Accuracy | None = None
    crs: Crs | None = None


class Checklist(Timed, kw_only=True):
    """One item of a visit's checklist was done, or undone."""

    visit: Name
    item: Name
    done: bool = True


class Scan(Untimed, kw_only=True):
    """A fixed reader saw a worker's tag, or a phone saw a site's tag."""

    tag: Name


class Contact(Untimed, kw_only=True):
    """A door contact opened or closed."""

    open: bool


class Button(Untimed, kw_only=True):
    """A button was pressed."""

    press: Literal["single", "double", "long"]


class Sos(Timed, kw_only=True):
    """紧急求助"""

    lat: Lat | None = None
    lon: Lon | None = None
    crs: Crs | None = None
    note: Text | None = None


class Shift(Timed, kw_only=True):
    """A worker goes on or off shift."""

    on: bool


class Report(Timed, kw_only=True):
    """A worker reports a delay, or that nobody opens the door."""

    visit: Name
    reason: Text | None = None


class Outing(Timed, kw_only=True):
    """Leaving the site is the service: it begins or ends."""

    visit: Name
    on: bool


class Status(Untimed, kw_only=True):
    """The device says how it is; also as its last will, retained."""

    online: bool | None = None
    battery: Battery | None = None
    permission: Literal["always", "while_in_use", "denied"] | None = None
    network: Name | None = None


class CellTime(Struct, kw_only=True):
    """The cell's time, published by a replay."""

    time: Time


KINDS: dict[str, type[Said]] = {
    "position": Position,
    "checkin": Check,
    "checkout": Check,
    "checklist": Checklist,
    "scan": Scan,
    "contact": Contact,
    "button": Button,
    "sos": Sos,
    "shift": Shift,
    "delay": Report,
    "no_access": Report,
    "outing": Outing,
    "status": Status,
}
"""The last part of a topic and what its payload, or each element of its array, must be."""
