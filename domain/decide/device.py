"""Devices: whom each speaks for (domain/bindings.py), and where its clock is corrected (domain/clocks.py)."""

from __future__ import annotations

import msgspec

from domain import bindings, clocks
from domain.bindings import Binding, Bindings
from domain.clocks import ClockPeriods
from domain.decide import checks
from domain.decide.base import Command, Decider
from domain.errors import NotFound
from domain.events import Event
from domain.events.device import DeviceBound, DeviceClockCorrected, DeviceUnbound
from domain.time import Ms


class BindDevice(Command, frozen=True, kw_only=True):
    """From `from_ms` until `until_ms` (exclusive; None: until bound otherwise) the device speaks for one worker or
    one site. The last word wins for the period it covers; dates may lie in the past. `needed_ms`: say so only where
    the device does not speak for them at this instant."""

    device: str
    worker: str | None = None
    site: str | None = None
    from_ms: Ms
    until_ms: Ms | None = None
    needed_ms: Ms | None = None


class UnbindDevice(Command, frozen=True, kw_only=True):
    """From `from_ms` on the device speaks for nobody."""

    device: str
    from_ms: Ms


class CorrectDeviceClock(Command, frozen=True, kw_only=True):
    """What the device dates within [from_ms, until_ms) of its own clock (None: without end) happened `offset_ms` later
    than it says; 0 takes corrections of that period back. The last word wins for each instant that it covers. A person
    says why: what this moves may be somebody's lateness."""

    device: str
    offset_ms: int
    from_ms: Ms
    until_ms: Ms | None = None
    reason: str


class Device(msgspec.Struct, frozen=True):
    """A device that was heard of, its bindings, and the corrections of its clock."""

    bindings: Bindings = Bindings()
    clock: ClockPeriods = ClockPeriods()


DeviceCommand = BindDevice | UnbindDevice | CorrectDeviceClock


def device_stream(device: str) -> str:
    """The stream of a device."""
    return f"device/{device}"


def decide(state: Device | None, command: DeviceCommand) -> tuple[Event, ...]:
    """A binding is news unless exactly it stands. Unbinding is news where something is bound from then on, a correction
    where it changes the offset of any instant."""
    checks.device(command.device)
    match command:
        case BindDevice():
            return _bind(state or Device(), command)
        case UnbindDevice():
            return _unbind(state, command)
        case _:
            return _correct(state or Device(), command)


def _bind(state: Device, command: BindDevice) -> tuple[Event, ...]:
    if (command.worker is None) == (command.site is None):
        checks.invalid("binding", "a device is bound to one worker or to one site")
    if command.worker is not None:
        checks.key(command.worker, "worker")
    if command.site is not None:
        checks.key(command.site, "site")
    checks.period(command.from_ms, command.until_ms)
    asked = Binding(from_ms=command.from_ms, until_ms=command.until_ms, worker=command.worker, site=command.site)
    if asked in state.bindings.periods:
        return ()
    holds = None if command.needed_ms is None else state.bindings.at(command.needed_ms)
    if holds is not None and (holds.worker, holds.site) == (command.worker, command.site):
        return ()
    bound = DeviceBound(
        recorded_at_ms=command.at_ms,
        by=command.by,
        device=command.device,
        worker=command.worker,
        site=command.site,
        from_ms=command.from_ms,
        until_ms=command.until_ms,
    )
    return (bound,)


def _unbind(state: Device | None, command: UnbindDevice) -> tuple[Event, ...]:
    checks.instant(command.from_ms, "from_ms")
    if state is None:
        raise NotFound(f"device {command.device} was never bound nor heard")
    unbound = DeviceUnbound(recorded_at_ms=command.at_ms, by=command.by, device=command.device, at_ms=command.from_ms)
    return () if bindings.evolve(state.bindings, unbound) == state.bindings else (unbound,)


def _correct(state: Device, command: CorrectDeviceClock) -> tuple[Event, ...]:
    checks.period(command.from_ms, command.until_ms)
    checks.text(command.reason, "reason", needed=True)
    if abs(command.offset_ms) > clocks.MOST_OFFSET_MS:
        checks.invalid("offset", f"offset_ms {command.offset_ms} is more than {clocks.MOST_OFFSET_MS} (39 years)")
    corrected = DeviceClockCorrected(
        recorded_at_ms=command.at_ms,
        by=command.by,
        device=command.device,
        offset_ms=command.offset_ms,
        from_ms=command.from_ms,
        until_ms=command.until_ms,
        reason=command.reason,
    )
    return () if clocks.evolve(state.clock, corrected) == state.clock else (corrected,)


def evolve(state: Device | None, event: Event) -> Device:
    """The bindings and the clock after an event; any event makes the device known."""
    known = state or Device()
    return Device(bindings.evolve(known.bindings, event), clocks.evolve(known.clock, event))


DECIDER: Decider[Device | None, DeviceCommand] = Decider(
    stream=lambda command: device_stream(command.device), initial=None, decide=decide, evolve=evolve
)
