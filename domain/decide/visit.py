"""Visits: the promise to a customer, who is to keep it, and whether it was called off."""

from __future__ import annotations

import msgspec

from domain.decide import checks
from domain.decide.base import Command, Decider, says_the_same
from domain.errors import Conflict, NotFound, Rejected
from domain.events import Event
from domain.events.visit import VisitCancelled, VisitReassigned, VisitRescheduled, VisitScheduled
from domain.time import Ms


class ScheduleVisit(Command, frozen=True, kw_only=True):
    """Promise a visit: a worker arrives within [window_from_ms, window_to_ms] and stays for `planned_s` seconds."""

    visit: str
    site: str
    customer: str
    service: str
    worker: str | None = None
    window_from_ms: Ms
    window_to_ms: Ms
    planned_s: int
    checklist: tuple[str, ...] = ()


class RescheduleVisit(Command, frozen=True, kw_only=True):
    """Move the promise, saying who asked for it, over which channel, and when it was agreed.

    `planned_s` None: as long as promised before.
    """

    visit: str
    window_from_ms: Ms
    window_to_ms: Ms
    planned_s: int | None = None
    asked_by: str = ""
    channel: str = ""
    agreed_at_ms: Ms | None = None
    reason: str = ""


class ReassignVisit(Command, frozen=True, kw_only=True):
    """Send another worker (None: nobody yet)."""

    visit: str
    worker: str | None
    reason: str = ""


class CancelVisit(Command, frozen=True, kw_only=True):
    """Call the visit off."""

    visit: str
    reason: str = ""


VisitCommand = ScheduleVisit | RescheduleVisit | ReassignVisit | CancelVisit


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A visit on paper: as first promised, as last moved, who comes, and its cancellation."""

    scheduled: VisitScheduled
    rescheduled: VisitRescheduled | None = None
    worker: str | None = None
    cancelled: VisitCancelled | None = None

    @property
    def promise(self) -> VisitScheduled | VisitRescheduled:
        """The event whose window and duration hold now."""
        return self.rescheduled or self.scheduled


def visit_stream(visit: str) -> str:
    """The stream of a visit."""
    return f"visit/{visit}"


def decide(state: Visit | None, command: VisitCommand) -> tuple[Event, ...]:
    """What a command makes of a visit. Raises NotFound, Conflict, or Rejected `visit_cancelled` or `invalid_…`."""
    checks.key(command.visit, "visit")
    if isinstance(command, ScheduleVisit):
        return _schedule(state, command)
    if state is None:
        raise NotFound(f"there is no visit {command.visit}")
    if isinstance(command, CancelVisit):
        return _cancel(state, command)
    if state.cancelled:
        raise Rejected(f"visit {command.visit} was cancelled", code="visit_cancelled")
    if isinstance(command, RescheduleVisit):
        return _reschedule(state, command)
    return _reassign(state, command)


def _schedule(state: Visit | None, command: ScheduleVisit) -> tuple[Event, ...]:
    checks.key(command.site, "site")
    checks.key(command.customer, "customer")
    if command.worker is not None:
        checks.key(command.worker, "worker")
    checks.text(command.service, "service", needed=True)
    checks.window(command.window_from_ms, command.window_to_ms, command.planned_s)
    checks.checklist(command.checklist)
    scheduled = VisitScheduled(
        recorded_at_ms=command.at_ms,
        by=command.by,
        visit=command.visit,
        site=command.site,
        customer=command.customer,
        service=command.service,
        worker=command.worker,
        window_from_ms=command.window_from_ms,
        window_to_ms=command.window_to_ms,
        planned_s=command.planned_s,
        checklist=command.checklist,
    )
    if state is None:
        return (scheduled,)
    if says_the_same(scheduled, state.scheduled):
        return ()  # also after it was moved or cancelled: an import that runs again promises nothing new
    raise Conflict(f"visit {command.visit} was scheduled otherwise; reschedule or reassign it")


def _reschedule(state: Visit, command: RescheduleVisit) -> tuple[Event, ...]:
    planned_s = state.promise.planned_s if command.planned_s is None else command.planned_s
    checks.window(command.window_from_ms, command.window_to_ms, planned_s)
    checks.text(command.asked_by, "asked_by")
    checks.text(command.channel, "channel")
    checks.text(command.reason, "reason")
    if command.agreed_at_ms is not None:
        checks.instant(command.agreed_at_ms, "agreed_at_ms")
    rescheduled = VisitRescheduled(
        recorded_at_ms=command.at_ms,
        by=command.by,
        visit=command.visit,
        window_from_ms=command.window_from_ms,
        window_to_ms=command.window_to_ms,
        planned_s=planned_s,
        asked_by=command.asked_by,
        channel=command.channel,
        agreed_at_ms=command.agreed_at_ms,
        reason=command.reason,
    )
    if state.rescheduled:
        return () if says_the_same(rescheduled, state.rescheduled) else (rescheduled,)
    return () if _times(rescheduled) == _times(state.scheduled) else (rescheduled,)


def _times(promise: VisitScheduled | VisitRescheduled) -> tuple[int, int, int]:
    return promise.window_from_ms, promise.window_to_ms, promise.planned_s


def _reassign(state: Visit, command: ReassignVisit) -> tuple[Event, ...]:
    if command.worker is not None:
        checks.key(command.worker, "worker")
    checks.text(command.reason, "reason")
    if command.worker == state.worker:
        return ()
    reassigned = VisitReassigned(
        recorded_at_ms=command.at_ms,
        by=command.by,
        visit=command.visit,
        worker=command.worker,
        reason=command.reason,
    )
    return (reassigned,)


def _cancel(state: Visit, command: CancelVisit) -> tuple[Event, ...]:
    checks.text(command.reason, "reason")
    cancelled = VisitCancelled(recorded_at_ms=command.at_ms, by=command.by, visit=command.visit, reason=command.reason)
    if state.cancelled is None:
        return (cancelled,)
    if says_the_same(cancelled, state.cancelled):
        return ()
    raise Conflict(f"visit {command.visit} was cancelled for another reason")


def evolve(state: Visit | None, event: Event) -> Visit | None:
    """The visit after an event."""
    if isinstance(event, VisitScheduled):
        return Visit(scheduled=event, worker=event.worker)
    if state is None:
        return None
    match event:
        case VisitRescheduled():
            return msgspec.structs.replace(state, rescheduled=event)
        case VisitReassigned():
            return msgspec.structs.replace(state, worker=event.worker)
        case VisitCancelled():
            return msgspec.structs.replace(state, cancelled=event)
        case _:
            return state


DECIDER: Decider[Visit | None, VisitCommand] = Decider(
    stream=lambda command: visit_stream(command.visit), initial=None, decide=decide, evolve=evolve
)
