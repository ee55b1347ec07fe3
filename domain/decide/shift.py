"""Planned shifts. One that was cancelled stays so; another is planned under a key of its own."""

from __future__ import annotations

import msgspec

from domain.decide import checks
from domain.decide.base import Command, Decider, says_the_same
from domain.errors import Conflict, NotFound, Rejected
from domain.events import Event
from domain.events.shift import ShiftCancelled, ShiftPlanned
from domain.time import Ms


class PlanShift(Command, frozen=True, kw_only=True):
    """Plan a worker's shift from `from_ms` until `until_ms` (exclusive), or restate its hours."""

    shift: str
    worker: str
    from_ms: Ms
    until_ms: Ms


class CancelShift(Command, frozen=True, kw_only=True):
    """Call a planned shift off."""

    shift: str


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """A shift as last planned, and whether it was called off."""

    planned: ShiftPlanned
    cancelled: bool = False


def shift_stream(shift: str) -> str:
    """The stream of a planned shift."""
    return f"shift/{shift}"


def decide(state: Shift | None, command: PlanShift | CancelShift) -> tuple[Event, ...]:
    """Hours may be restated; the worker of a shift may not change."""
    checks.key(command.shift, "shift")
    if isinstance(command, PlanShift):
        return _plan(state, command)
    if state is None:
        raise NotFound(f"there is no shift {command.shift}")
    if state.cancelled:
        return ()
    cancelled = ShiftCancelled(
        recorded_at_ms=command.at_ms, by=command.by, shift=command.shift, worker=state.planned.worker
    )
    return (cancelled,)


def _plan(state: Shift | None, command: PlanShift) -> tuple[Event, ...]:
    checks.key(command.worker, "worker")
    checks.period(command.from_ms, command.until_ms)
    planned = ShiftPlanned(
        recorded_at_ms=command.at_ms,
        by=command.by,
        shift=command.shift,
        worker=command.worker,
        from_ms=command.from_ms,
        until_ms=command.until_ms,
    )
    if state is None:
        return (planned,)
    if says_the_same(planned, state.planned):
        return ()
    if state.cancelled:
        raise Rejected(f"shift {command.shift} was cancelled", code="shift_cancelled")
    if command.worker != state.planned.worker:
        raise Conflict(f"shift {command.shift} belongs to worker {state.planned.worker}")
    return (planned,)


def evolve(state: Shift | None, event: Event) -> Shift | None:
    """The shift after an event."""
    match event:
        case ShiftPlanned():
            return Shift(planned=event)
        case ShiftCancelled() if state:
            return msgspec.structs.replace(state, cancelled=True)
        case _:
            return state


DECIDER: Decider[Shift | None, PlanShift | CancelShift] = Decider(
    stream=lambda command: shift_stream(command.shift), initial=None, decide=decide, evolve=evolve
)
