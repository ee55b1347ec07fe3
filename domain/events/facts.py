"""Facts: one event per kind of the wire format, except positions, which are packed (domain/positions.py).

A fact is never refused for what it says. Kinds that no rule uses yet are stored and shown on the timeline.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar, Literal
from uuid import UUID

from domain.events.base import Event
from domain.time import Ms


class TimeQuality(StrEnum):
    """Whether the device's own time can be judged by (SEMANTICS, Time)."""

    DEVICE = "device"
    """Plausible: kept as is."""
    AHEAD = "ahead"
    """Further ahead of receipt than the tolerance: judged at `recorded_at_ms`."""
    UNSET = "unset"
    """0, or before any such device existed: judged at `recorded_at_ms`."""
    ABSENT = "absent"
    """The payload has no time of its own: judged at `recorded_at_ms`."""


Method = Literal["app", "nfc", "qr", "ble", "code", "door", "button", "customer"]


class Fact(Event, frozen=True, kw_only=True, omit_defaults=True):
    """What every fact has.

    `observed_at_ms` is the device's claim; `sent_ms` when the phone sent it; `worker` who held a shared phone;
    `ref` the sender's own id; `extras` the fields that the wire format does not name, kept as they came.
    """

    KIND: ClassVar[str] = ""

    fact: UUID
    device: str
    observed_at_ms: Ms | None = None
    quality: TimeQuality = TimeQuality.DEVICE
    sent_ms: Ms | None = None
    worker: str | None = None
    ref: str | None = None
    extras: dict[str, Any] = {}

    @property
    def at_ms(self) -> Ms:
        """The instant that this fact is judged at."""
        if self.quality is TimeQuality.DEVICE and self.observed_at_ms is not None:
            return self.observed_at_ms
        return self.recorded_at_ms


class Witness(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A fact that testifies presence, perhaps with a position (WGS-84 degrees) and its accuracy in metres."""

    method: Method = "app"
    code: str | None = None
    visit: str | None = None
    tag: str | None = None
    lat: float | None = None
    lon: float | None = None
    accuracy_m: float | None = None


class CheckedIn(Witness, frozen=True, kw_only=True, omit_defaults=True):
    """签到"""

    TOPIC: ClassVar[str] = "doorstep.fact.checkin"
    KIND: ClassVar[str] = "checkin"


class CheckedOut(Witness, frozen=True, kw_only=True, omit_defaults=True):
    """签退"""

    TOPIC: ClassVar[str] = "doorstep.fact.checkout"
    KIND: ClassVar[str] = "checkout"


class ChecklistTicked(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """One item of a visit's checklist was done, or undone."""

    TOPIC: ClassVar[str] = "doorstep.fact.checklist"
    KIND: ClassVar[str] = "checklist"

    visit: str
    item: str
    done: bool = True


class TagScanned(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A fixed reader saw a worker's tag, or a phone saw a site's tag."""

    TOPIC: ClassVar[str] = "doorstep.fact.scan"
    KIND: ClassVar[str] = "scan"

    tag: str


class ContactChanged(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A door contact opened or closed."""

    TOPIC: ClassVar[str] = "doorstep.fact.contact"
    KIND: ClassVar[str] = "contact"

    open: bool


class ButtonPressed(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A button was pressed."""

    TOPIC: ClassVar[str] = "doorstep.fact.button"
    KIND: ClassVar[str] = "button"

    press: Literal["single", "double", "long"]


class SosRaised(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """紧急求助. Never filtered, never late, never silent."""

    TOPIC: ClassVar[str] = "doorstep.fact.sos"
    KIND: ClassVar[str] = "sos"

    lat: float | None = None
    lon: float | None = None
    note: str | None = None


class ShiftDeclared(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A worker went on or off shift."""

    TOPIC: ClassVar[str] = "doorstep.fact.shift"
    KIND: ClassVar[str] = "shift"

    on: bool


class DelayReported(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A worker says that they will be late."""

    TOPIC: ClassVar[str] = "doorstep.fact.delay"
    KIND: ClassVar[str] = "delay"

    visit: str
    reason: str | None = None


class NoAccessReported(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """Nobody opens the door (客户不在)."""

    TOPIC: ClassVar[str] = "doorstep.fact.no_access"
    KIND: ClassVar[str] = "no_access"

    visit: str
    reason: str | None = None


class OutingDeclared(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """Leaving the site is the service: shopping, accompanying a patient."""

    TOPIC: ClassVar[str] = "doorstep.fact.outing"
    KIND: ClassVar[str] = "outing"

    visit: str
    on: bool


class RegionCrossed(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The phone's own geofencing says that it entered or left a region, which it calls `place`. A witness whose drawing
    of the region we do not know: it is shown, and no status follows from it alone."""

    TOPIC: ClassVar[str] = "doorstep.fact.region"
    KIND: ClassVar[str] = "region"

    event: Literal["enter", "leave"]
    place: str | None = None
    lat: float | None = None
    lon: float | None = None
    accuracy_m: float | None = None


class StatusReported(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The device says how it is. Explains silence; a retained one updates the registry instead."""

    TOPIC: ClassVar[str] = "doorstep.fact.status"
    KIND: ClassVar[str] = "status"

    online: bool | None = None
    battery_pct: int | None = None
    permission: Literal["always", "while_in_use", "denied"] | None = None
    network: str | None = None


POSITION = "position"

KINDS: tuple[str, ...] = (
    "shift",
    "status",
    "delay",
    "outing",
    POSITION,
    "region",
    "scan",
    "contact",
    "button",
    "checkin",
    "checklist",
    "no_access",
    "checkout",
    "sos",
)
"""Every kind, in the order in which facts of one instant are folded (SEMANTICS, Identity: rank of the kind)."""

RANK: dict[str, int] = {kind: rank for rank, kind in enumerate(KINDS)}

CLASSES: dict[str, type[Fact]] = {
    cls.KIND: cls
    for cls in (
        CheckedIn,
        CheckedOut,
        ChecklistTicked,
        TagScanned,
        ContactChanged,
        ButtonPressed,
        SosRaised,
        ShiftDeclared,
        DelayReported,
        NoAccessReported,
        OutingDeclared,
        RegionCrossed,
        StatusReported,
    )
}
