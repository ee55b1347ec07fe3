"""Is the worker there? Entering, staying and leaving a geofence, judged fix by fix with their error circles.

Inside needs standing still or silence to count as arrival (driving past does not); leaving needs the error
circle to be clear of the fence twice. Between the two presence holds: indoors phones say nothing.
"""

from __future__ import annotations

from math import cos, hypot, radians

from msgspec.structs import replace

from domain.geo import M_PER_DEG_LAT, outside_m
from projections.progress.state import Cause, Fold, Plan, Seen, Status, Transition

APPROACHING = (Status.SCHEDULED, Status.RESCHEDULED, Status.ON_THE_WAY)
PRESENT = (Status.AT_COMPOUND, Status.ARRIVED, Status.IN_SERVICE)
SPEED_WEIGHT = 0.3
"""Share of the newest leg in the running speed: about the last five fixes count."""
REST_MPS = 0.8
"""Slower than anybody walks; faster than a phone's noise makes it seem when it lies still."""
STANDING_MS = 2 * 60_000
"""So long in one place is more than a red light, on foot too."""
NEAR_ENOUGH_M = 500.0
"""Within this no jump is impossible: noise, not movement."""


def position(plan: Plan, s: Fold, f: Seen) -> Fold:
    """Fold one fix: approach, entry, stay, exit. A fix that is too vague or too far to believe changes nothing."""
    policy = plan.policy
    if f.outside_m is None or (f.accuracy_m or 0.0) > policy.worst_accuracy_m:
        return s
    if s.fix is not None and not believable(s.fix, f, policy.impossible_mps):
        if s.doubted is None or not believable(s.doubted, f, policy.impossible_mps):
            return replace(s, doubted=f)
        if f.at_ms - s.doubted.at_ms < policy.doubt_s * 1000:
            return s
        s = replace(s, fix=f, doubted=None, speed_mps=None)
    else:
        s = replace(s, fix=f, doubted=None, speed_mps=_speed(s, f))
    if f.outside_m <= 0.0:
        return _inside(plan, s, f)
    if f.outside_m - (f.accuracy_m or 0.0) > policy.exit_m:
        return _outside(plan, s, f)
    return s


def enter(s: Fold, status: Status, at_ms: int, cause: Cause, *evidence: Seen) -> Fold:
    """A transition, written down."""
    transition = Transition(status, at_ms, cause, tuple(fact.fact for fact in evidence))
    return replace(s, status=status, status_at_ms=at_ms, transitions=(*s.transitions, transition))


def at_compound(s: Fold, more: tuple[Seen, ...]) -> Fold:
    """Presence is established: it began with the first fix inside."""
    entered = s.entered
    assert entered is not None
    if s.status is not Status.NO_ACCESS:  # waiting at a closed door is not service
        s = enter(s, Status.AT_COMPOUND, entered.at_ms, Cause.FACT, entered, *more)
    return replace(s, compound_ms=entered.at_ms)


def depart(plan: Plan, s: Fold, more: tuple[Seen, ...]) -> Fold:
    """The worker has left, since the first fix outside: finished if enough was done, else stepped out."""
    assert s.left is not None
    began = next(at for at in (s.service_ms, s.door_ms, s.compound_ms) if at is not None)
    at = s.left.at_ms
    done = at - began >= plan.policy.done_share * plan.planned_s * 1000
    s = replace(enter(s, Status.FINISHED if done else Status.STEPPED_OUT, at, Cause.FACT, s.left, *more), left=None)
    return replace(s, departed_ms=at, finished_ms=at if done else None)


def come_back(s: Fold, f: Seen) -> Fold:
    """Back inside after stepping out: the service goes on."""
    status = Status.IN_SERVICE if s.service_ms is not None else Status.ARRIVED
    s = enter(s, status if s.door_ms is not None else Status.AT_COMPOUND, f.at_ms, Cause.FACT, f)
    return replace(s, departed_ms=None, left=None)


def apart_m(a: Seen, b: Seen) -> float:
    """Metres between two fixes (equirectangular). The one place that computes it, always in `math`."""
    dlat = (b.lat_e7 - a.lat_e7) * 1e-7
    dlon = ((b.lon_e7 - a.lon_e7) * 1e-7 + 540.0) % 360.0 - 180.0
    return hypot(dlat, dlon * cos(radians((a.lat_e7 + b.lat_e7) * 0.5e-7))) * M_PER_DEG_LAT


def _inside(plan: Plan, s: Fold, f: Seen) -> Fold:
    policy = plan.policy
    still = s.anchor is not None and apart_m(s.anchor, f) <= policy.still_m
    s = replace(
        s,
        entered=s.entered or f,
        anchor=s.anchor if still else f,
        last_inside=f,
        left=None,
    )
    if s.status is Status.STEPPED_OUT:
        return come_back(s, f)
    if s.arrived_ms is not None or f.at_ms < plan.present_from_ms:
        return s
    if s.anchor is not None and f.at_ms - s.anchor.at_ms >= policy.dwell_s * 1000:
        return at_compound(s, (f,))
    return s


def _outside(plan: Plan, s: Fold, f: Seen) -> Fold:
    if s.arrived_ms is None:
        if s.entered is not None:
            s = replace(s, entered=None, anchor=None, last_inside=None)
        if _is_elsewhere(plan, s, f):
            return _still_elsewhere(plan, s, f)
        return _approach(plan, s if s.elsewhere is None else replace(s, elsewhere=None), f)
    if s.status not in PRESENT or s.outing:
        return s
    if s.left is None:
        return replace(s, left=f)
    if f.at_ms - s.left.at_ms >= plan.policy.exit_s * 1000:
        return depart(plan, s, (f,))
    return s


def _approach(plan: Plan, s: Fold, f: Seen) -> Fold:
    assert f.outside_m is not None
    if f.at_ms < plan.approach_from_ms or s.status not in APPROACHING:
        return s
    if s.status is not Status.ON_THE_WAY:
        if s.stands is None or apart_m(s.stands, f) > plan.policy.still_m:
            s = replace(s, stands=f, set_out=s.set_out or f)
        elif f.at_ms - s.stands.at_ms >= STANDING_MS:
            s = replace(s, set_out=None, farthest_m=0.0)
        if f.outside_m > s.farthest_m:
            s = replace(s, farthest_m=f.outside_m)
        elif s.set_out is not None and s.farthest_m - f.outside_m >= plan.policy.on_the_way_m:
            s = enter(s, Status.ON_THE_WAY, s.set_out.at_ms, Cause.FACT, s.set_out, f)
    if s.status is Status.ON_THE_WAY and f.outside_m <= plan.policy.nearby_m:
        s = enter(s, Status.NEARBY, f.at_ms, Cause.FACT, f)
    return s


def at_rest(s: Fold) -> bool:
    """Whether they stand or sit somewhere, for about as long as the running speed looks back."""
    return s.speed_mps is not None and s.speed_mps < REST_MPS


def _is_elsewhere(plan: Plan, s: Fold, f: Seen) -> bool:
    """Whether a fix lies at the visit before while this one is approached."""
    if plan.elsewhere is None or f.at_ms < plan.approach_from_ms or s.missed_ms is not None:
        return False
    if s.status not in (*APPROACHING, Status.NEARBY):
        return False
    return float(outside_m(plan.elsewhere, f.lat_e7 * 1e-7, f.lon_e7 * 1e-7)[0]) <= 0.0


def _still_elsewhere(plan: Plan, s: Fold, f: Seen) -> Fold:
    """Whoever stays at the visit before was not on the way to this one, whatever it looked like on the way there."""
    if s.elsewhere is None:
        return replace(s, elsewhere=f)
    if f.at_ms - s.elsewhere.at_ms < plan.policy.dwell_s * 1000:
        return s  # perhaps on the way past it
    believed = tuple(t for t in s.transitions if t.status not in (Status.ON_THE_WAY, Status.NEARBY))
    last = believed[-1]
    return replace(
        s, status=last.status, status_at_ms=last.at_ms, transitions=believed, farthest_m=0.0, stands=None, set_out=None
    )


def believable(a: Seen, b: Seen, impossible_mps: float) -> bool:
    """Whether somebody can have been at both fixes, given their errors and the time between them."""
    apart = apart_m(a, b) - (a.accuracy_m or 0.0) - (b.accuracy_m or 0.0)
    return apart <= NEAR_ENOUGH_M or apart <= impossible_mps * max(b.at_ms - a.at_ms, 1000) / 1000.0


def _speed(s: Fold, f: Seen) -> float | None:
    """Running speed over ground in m/s from displacement (a phone's own 0 often means unknown)."""
    if s.fix is None or f.at_ms - s.fix.at_ms < 1000:
        return s.speed_mps
    leg = apart_m(s.fix, f) / ((f.at_ms - s.fix.at_ms) / 1000.0)
    return leg if s.speed_mps is None else s.speed_mps + SPEED_WEIGHT * (leg - s.speed_mps)
