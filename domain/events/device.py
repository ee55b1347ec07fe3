"""A device: who carries it, or where it hangs, and since when."""

from __future__ import annotations

from typing import Any, ClassVar

from domain.device_settings import DeviceSettings
from domain.events.base import Decision, Event
from domain.time import Ms


class DeviceBound(Decision, frozen=True, kw_only=True, omit_defaults=True):
    """From `from_ms` until `until_ms` (exclusive; absent: until bound otherwise) the device speaks for one
    worker or one site. A binding with a past date is a late fact: what it covers is judged again."""

    TOPIC: ClassVar[str] = "doorstep.device.bound"

    device: str
    worker: str | None = None
    site: str | None = None
    from_ms: Ms
    until_ms: Ms | None = None


class DeviceUnbound(Decision, frozen=True, kw_only=True, omit_defaults=True):
    """The bindings that hold at `at_ms` or start later end then."""

    TOPIC: ClassVar[str] = "doorstep.device.unbound"

    device: str
    at_ms: Ms


class DeviceConfigured(Decision, frozen=True, kw_only=True, omit_defaults=True):
    """From now on the device's messages are read by these settings; what was stored stays as it was read."""

    TOPIC: ClassVar[str] = "doorstep.device.configured"

    device: str
    settings: DeviceSettings


class DeviceClockCorrected(Decision, frozen=True, kw_only=True, omit_defaults=True):
    """What the device dates within [from_ms, until_ms) of its own clock (`until_ms` absent: from then on) happened
    `offset_ms` later than it says: negative where the clock ran ahead, 0 takes a correction back. What it covers is
    judged again; the device's claim stays in the log."""

    TOPIC: ClassVar[str] = "doorstep.device.clock_corrected"

    device: str
    offset_ms: int
    from_ms: Ms
    until_ms: Ms | None = None
    reason: str = ""


class DeviceNumbered(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The positions writer gave a device the small number that packed batches use instead of its name."""

    TOPIC: ClassVar[str] = "doorstep.device.numbered"

    device: str
    number: int


class DeviceStatusChanged(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A retained status or last will said something new about the device, or the device told what else it is set to.
    Registry, not a fact. `about`: which part of the entry is told, whole; empty: how the device is."""

    TOPIC: ClassVar[str] = "doorstep.device.status_changed"

    device: str
    observed_at_ms: Ms | None = None
    status: dict[str, Any]
    about: str = ""
