"""One visit as a pure fold: facts in fold order, and between them the deadlines that silence lets pass.

    judge(plan, facts, now) = begin → (advance to each fact → step) … → advance to now

Whatever order facts arrive in, the state is this function of the set of them, the plan and the time. The
incremental path (`step`, `advance`) is the same fold continued; `continues` and `needs_again` say when it cannot be:
then fold again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from projections.progress import presence
from projections.progress.presence import PRESENT, enter
from projections.progress.state import Cause, Fold, Key, Plan, Seen, Status

Remember = Callable[[Plan, Fold, Fold, Seen], Fold]
"""What else is kept of each fact: (plan, before, after, fact) → after, with what alert rules remember."""


def judge(plan: Plan, facts: Iterable[Seen], now_ms: int, remember: Remember) -> Fold:
    """The state of a visit by all its facts (in fold order, each once) at `now_ms`."""
    state = begin(plan)
    for fact in facts:
        state = remember(plan, state, step(plan, state, fact, now_ms), fact)
    return advance(plan, state, now_ms)


def begin(plan: Plan) -> Fold:
    """A visit of which nothing has been heard."""
    last = plan.steps[-1]
    return Fold(status=last.status, status_at_ms=last.at_ms, transitions=plan.steps)


def continues(state: Fold, key: Key) -> bool:
    """Whether a fact can be folded onto this state; False: it came late, fold again. `needs_again` first."""
    return (state.cursor is None or key > state.cursor) and key[0] > state.fired_ms


def step(plan: Plan, state: Fold, fact: Seen, now_ms: int) -> Fold:
    """Fold one fact that `continues` the state, after the deadlines before it."""
    state = _pass(plan, state, fact.at_ms - 1, now_ms)
    if not state.over or fact.kind == "checkout":
        state = _STEPS.get(fact.kind, _noted)(plan, state, fact)
    return replace(state, cursor=fact.key)


def advance(plan: Plan, state: Fold, now_ms: int) -> Fold:
    """Conclude what silence allows up to now. `needs_again` first: a skipped deadline cannot be advanced over."""
    return _pass(plan, state, now_ms, now_ms)


def needs_again(state: Fold, now_ms: int) -> bool:
    """Time has reached a deadline that a fact from the future had jumped over."""
    return state.skipped_ms is not None and state.skipped_ms <= now_ms


def due_ms(plan: Plan, state: Fold) -> int | None:
    """When this visit must be looked at again if nothing is heard."""
    nearest = _next(plan, state)
    if nearest is None:
        return state.skipped_ms
    return nearest[0] if state.skipped_ms is None else min(nearest[0], state.skipped_ms)


# deadlines ---------------------------------------------------------------------------------------------------

Conclude = Callable[[Plan, Fold, int], Fold]
Deadline = tuple[int, Conclude]


def _pass(plan: Plan, state: Fold, until_ms: int, now_ms: int) -> Fold:
    """Fire the deadlines up to `until_ms`, in order. One beyond now is not due yet: it is remembered as skipped."""
    while (nearest := _next(plan, state)) is not None and nearest[0] <= until_ms:
        at, conclude = nearest
        if at > now_ms:
            skipped = at if state.skipped_ms is None else min(at, state.skipped_ms)
            return replace(state, skipped_ms=skipped)
        state = replace(conclude(plan, state, at), fired_ms=max(at, state.fired_ms))
    return state


def _next(plan: Plan, s: Fold) -> Deadline | None:
    """The nearest deadline of a visit in this state, with what to conclude there; of equal ones the first here."""
    if s.over:
        return None
    p, arrived = plan.policy, s.arrived_ms
    nearest: Deadline = (plan.close_ms, _close)
    if arrived is None:
        if s.last_inside is not None:
            silent_ms = max(s.last_inside.at_ms + p.silence_s * 1000, plan.present_from_ms)
            nearest = _sooner(nearest, silent_ms, _silent_inside)
        elif s.missed_ms is None and s.no_access_ms is None:  # whoever is inside may be arriving: not missed yet
            nearest = _sooner(nearest, plan.window_to_ms + p.no_show_s * 1000, _missed)
    elif s.status is Status.STEPPED_OUT:
        if s.departed_ms is not None and not s.outing:
            nearest = _sooner(nearest, s.departed_ms + p.away_s * 1000, _stayed_away)
    elif s.status in PRESENT:
        if s.left is not None:  # whoever seems to have left is not walking in
            nearest = _sooner(nearest, s.left.at_ms + p.exit_silence_s * 1000, _silent_outside)
        elif s.door_ms is None:
            nearest = _sooner(nearest, s.status_at_ms + p.walk_in_s * 1000, _walked_in)
        elif s.service_ms is None:
            nearest = _sooner(nearest, s.status_at_ms + p.settle_in_s * 1000, _settled_in)
    return nearest


def _sooner(nearest: Deadline, at: int, conclude: Conclude) -> Deadline:
    return (at, conclude) if at < nearest[0] else nearest


def _close(plan: Plan, s: Fold, at: int) -> Fold:
    if plan.cancelled_ms is not None and at == plan.cancelled_ms:
        return replace(enter(s, Status.CANCELLED, at, Cause.PLAN), closed_ms=at)
    if s.arrived_ms is None or s.status is Status.NO_ACCESS:
        return replace(s, closed_ms=at)  # it stays missed, or nobody home; only nothing more is awaited
    return replace(enter(s, Status.FINISHED, at, Cause.ABSENCE), finished_ms=at, closed_ms=at)


def _missed(plan: Plan, s: Fold, at: int) -> Fold:
    return replace(enter(s, Status.MISSED, at, Cause.ABSENCE), missed_ms=at)


def _silent_inside(plan: Plan, s: Fold, at: int) -> Fold:
    return presence.at_compound(s, ())


def _walked_in(plan: Plan, s: Fold, at: int) -> Fold:
    return replace(enter(s, Status.ARRIVED, at, Cause.ABSENCE), door_ms=at)


def _settled_in(plan: Plan, s: Fold, at: int) -> Fold:
    return replace(enter(s, Status.IN_SERVICE, at, Cause.ABSENCE), service_ms=at)


def _silent_outside(plan: Plan, s: Fold, at: int) -> Fold:
    return presence.depart(plan, s, ())


def _stayed_away(plan: Plan, s: Fold, at: int) -> Fold:
    return replace(enter(s, Status.FINISHED, at, Cause.ABSENCE), finished_ms=at)


# facts -------------------------------------------------------------------------------------------------------


def _checked_in(plan: Plan, s: Fold, f: Seen) -> Fold:
    """签到 proves the door and starts the service, unless its tag, or where it has none its own coordinates, say that
    it was made elsewhere."""
    s = s if s.checked_in_ms is not None else replace(s, checked_in_ms=f.at_ms)
    away_m = 0.0 if f.outside_m is None else f.outside_m - (f.accuracy_m or 0.0)
    if f.here is False or (f.here is None and away_m > plan.policy.check_in_away_m):
        return s
    if s.compound_ms is None and s.door_ms is None and s.entered is not None:
        s = presence.at_compound(s, (f,))
    if s.door_ms is None:
        s = replace(enter(s, Status.ARRIVED, f.at_ms, Cause.FACT, f), door_ms=f.at_ms)
    if s.service_ms is None:
        s = replace(enter(s, Status.IN_SERVICE, f.at_ms, Cause.FACT, f), service_ms=f.at_ms)
    elif s.status is Status.STEPPED_OUT:
        s = presence.come_back(s, f)
    return s


def _checked_out(plan: Plan, s: Fold, f: Seen) -> Fold:
    """签退 ends the visit; after an exit that ended it already, it is only noted."""
    s = s if s.checked_out_ms is not None else replace(s, checked_out_ms=f.at_ms)
    if s.over:
        return s
    departed = f.at_ms if s.departed_ms is None else s.departed_ms
    return replace(enter(s, Status.FINISHED, f.at_ms, Cause.FACT, f), finished_ms=f.at_ms, departed_ms=departed)


def _no_access(plan: Plan, s: Fold, f: Seen) -> Fold:
    """客户不在. It refutes a service that nothing but silence spoke for; after a check-in it is only noted."""
    if s.no_access_ms is not None or s.checked_in_ms is not None:
        return s
    believed = tuple(t for t in s.transitions if t.status is not Status.IN_SERVICE or t.cause is not Cause.ABSENCE)
    s = enter(replace(s, transitions=believed, service_ms=None), Status.NO_ACCESS, f.at_ms, Cause.FACT, f)
    return replace(s, no_access_ms=f.at_ms)


def _scanned(plan: Plan, s: Fold, f: Seen) -> Fold:
    """A tag read at this site proves the door, like a check-in; when the service starts it does not say. Who waits at a
    closed door may read it too, and who came by long before came for something else."""
    if not f.here or f.at_ms < plan.present_from_ms or s.status is Status.NO_ACCESS:
        return s
    if s.compound_ms is None and s.door_ms is None and s.entered is not None:
        s = presence.at_compound(s, (f,))
    if s.door_ms is None:
        return replace(enter(s, Status.ARRIVED, f.at_ms, Cause.FACT, f), door_ms=f.at_ms, left=None)
    if s.status is Status.STEPPED_OUT:
        return presence.come_back(s, f)
    return replace(s, left=None)


def _outing(plan: Plan, s: Fold, f: Seen) -> Fold:
    """Leaving the site is the service: an exit during it is neither stepping out nor the end."""
    return replace(s, outing=bool(f.on), left=None)


def _noted(plan: Plan, s: Fold, f: Seen) -> Fold:
    """A kind that no step rests on yet: it stands on the timeline."""
    return s


_STEPS: dict[str, Callable[[Plan, Fold, Seen], Fold]] = {
    "position": presence.position,
    "checkin": _checked_in,
    "checkout": _checked_out,
    "no_access": _no_access,
    "outing": _outing,
    "scan": _scanned,
}
