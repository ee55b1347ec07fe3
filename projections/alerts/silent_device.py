"""设备失联: a worker is expected soon, and nothing is heard of them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from domain.events.facts import KINDS
from projections.alerts.rule import Conclusion, Params, VisitRule, Words
from projections.progress.presence import at_rest
from projections.progress.state import Fold, Plan, Seen, Span, Spans, Status

NO_NEWS = {"status", "contact", "button"}
"""A will says that a phone is gone; doors and buttons are not the worker's."""
MOVING = (Status.ON_THE_WAY, Status.NEARBY)


class SilentDevice(VisitRule):
    """Stands from the moment silence has lasted too long until the next news. Only before the arrival: indoors phones
    say nothing, and that is well. Who sits on a bench on the way is at rest, and so is their phone.

    The last span is open: it says when the silence that goes on now becomes too long.
    """

    name = "silent_device"
    urgency = 8
    title = Words("设备失联", "Device silent")
    sentence = Words(
        "上门前已连续 {silent_s}没有任何消息[；{ended_ms} 恢复|，至今没有恢复]。",
        "Nothing was heard for {silent_s} before the visit[; heard again at {ended_ms}|, and nothing since].",
    )
    hears = frozenset(KINDS) - NO_NEWS

    def remember(self, plan: Plan, before: Fold, after: Fold, fact: Seen, spans: Spans) -> Spans:
        awaited, past = _open(plan, before, spans), _past(spans)
        if awaited is not None and awaited.from_ms < fact.at_ms:
            past = (*past, replace(awaited, to_ms=fact.at_ms, evidence=(*awaited.evidence, fact.fact)))
        if not _matters(after):
            return past
        limit_s = _limit_s(plan, after.status in MOVING and not at_rest(after))
        from_ms = max(fact.at_ms, _watch_from_ms(plan)) + limit_s * 1000
        return (*past, Span(from_ms, None, (fact.fact,), limit_s))

    def conclude(self, plan: Plan, fold: Fold, spans: Spans, now_ms: int) -> Sequence[Conclusion]:
        found = [_conclusion(span, span.to_ms) for span in _past(spans)]
        awaited = _open(plan, fold, spans)
        if awaited is not None and awaited.from_ms <= now_ms and awaited.from_ms < _end_ms(plan, fold):
            end_ms = _end_ms(plan, fold)
            found.append(_conclusion(awaited, end_ms if end_ms <= now_ms else None))
        return found

    def due_ms(self, plan: Plan, fold: Fold, spans: Spans) -> Sequence[int]:
        awaited = _open(plan, fold, spans)
        return () if awaited is None else (awaited.from_ms, _end_ms(plan, fold))


def _conclusion(span: Span, ended_ms: int | None) -> Conclusion:
    params: Params = {"silent_s": span.value}
    return Conclusion("", span.from_ms, ended_ms, params, span.evidence)


def _past(spans: Spans) -> Spans:
    return spans[:-1] if spans and spans[-1].to_ms is None else spans


def _open(plan: Plan, fold: Fold, spans: Spans) -> Span | None:
    """The silence that is awaited; of a worker who was not heard at all yet, since watching began."""
    if spans:
        return spans[-1] if spans[-1].to_ms is None else None
    if not plan.tracked or not _matters(fold):
        return None
    limit_s = _limit_s(plan, moving=False)
    return Span(_watch_from_ms(plan) + limit_s * 1000, None, (), limit_s)


def _matters(fold: Fold) -> bool:
    """Nobody is there yet, nor inside the fence where silence means arrival."""
    return fold.arrived_ms is None and fold.no_access_ms is None and fold.last_inside is None


def _watch_from_ms(plan: Plan) -> int:
    return max(plan.own_from_ms, plan.window_from_ms - plan.policy.silent_watch_s * 1000)


def _limit_s(plan: Plan, moving: bool) -> int:
    return plan.policy.silent_moving_s if moving else plan.policy.silent_resting_s


def _end_ms(plan: Plan, fold: Fold) -> int:
    """From then on silence is no longer this visit's."""
    return plan.own_to_ms if fold.closed_ms is None else min(plan.own_to_ms, fold.closed_ms)


RULE = SilentDevice()
