"""可能迟到: as things go the visit will be late, and there is still time to do something about it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from domain.events.facts import POSITION
from projections.alerts.late import arrival_ms, deadline_ms, excused
from projections.alerts.rule import Conclusion, Params, VisitRule, Words
from projections.progress.eta import estimate, travel_ms
from projections.progress.presence import at_rest
from projections.progress.state import Fold, Plan, Seen, Span, Spans, Status

ON_THE_WAY = (Status.ON_THE_WAY, Status.NEARBY)


class AtRisk(VisitRule):
    """Stands from the first instant that showed it until arrival, recovery, or the deadline that makes it lateness.

    On the move each fix has its estimate. Who has not set out, or rests on the way, is at risk once the way from their
    last fix takes longer than there is time, and who fell silent when there is next to none left: the last span is
    open and says when. One alert a promise.
    """

    name = "at_risk"
    urgency = 3
    title = Words("可能迟到", "At risk")
    sentence = Words(
        "[照 {started_ms} 的情况，约 {expected_ms} 才能到达|到 {started_ms} 仍没有位置]；约定最晚 "
        "{promised_ms}，宽限 {grace_s}。",
        "[As things stood at {started_ms}, not there before {expected_ms}|No "
        "position by {started_ms}]; promised by {promised_ms} with {grace_s} of grace.",
    )
    hears = frozenset({POSITION})
    own_span = False  # whoever still works at the visit before may be late for this one

    def remember(self, plan: Plan, before: Fold, after: Fold, fact: Seen, spans: Spans) -> Spans:
        if after.fix != fact or not _matters(plan, after) or fact.at_ms < plan.approach_from_ms:
            return spans
        deadline, policy = deadline_ms(plan), plan.policy
        eta = estimate(plan, after)
        if eta is None or at_rest(after):
            way_ms = travel_ms(max(fact.outside_m or 0.0, 0.0))
            expected_ms = fact.at_ms + way_ms  # at best
            risk_from_ms = max(deadline - way_ms, fact.at_ms)
        else:
            expected_ms = eta.at_ms
            risk_from_ms = fact.at_ms if expected_ms > deadline else deadline - policy.recovered_s * 1000
        tail = spans[-1] if spans and spans[-1].to_ms is None else None
        if tail is not None and tail.from_ms <= fact.at_ms:
            if expected_ms > deadline - policy.recovered_s * 1000:
                return spans
            spans = (*spans[:-1], replace(tail, to_ms=fact.at_ms))
        elif tail is not None:
            spans = spans[:-1]
        return (*spans, Span(risk_from_ms, None, (fact.fact,), expected_ms + risk_from_ms - fact.at_ms))

    def conclude(self, plan: Plan, fold: Fold, spans: Spans, now_ms: int) -> Sequence[Conclusion]:
        deadline = deadline_ms(plan)
        end_ms = _end_ms(plan, fold, deadline)
        stood = [span for span in _known(plan, spans) if span.from_ms <= now_ms and span.from_ms < end_ms]
        if not stood or excused(plan, fold, stood[0].from_ms):
            return ()
        first, last_ms = stood[0], stood[-1].to_ms
        ended_ms = end_ms if last_ms is None else min(last_ms, end_ms)
        params: Params = {"grace_s": plan.policy.late_s, "promised_ms": plan.window_to_ms}
        if first.evidence:
            params["expected_ms"] = first.value
        return (
            Conclusion(
                f"revision {plan.revision}",
                first.from_ms,
                ended_ms if ended_ms <= now_ms else None,
                params,
                first.evidence,
            ),
        )

    def due_ms(self, plan: Plan, fold: Fold, spans: Spans) -> Sequence[int]:
        known = _known(plan, spans)
        times = [at for span in known for at in (span.from_ms, span.to_ms) if at is not None]
        return (*times, _end_ms(plan, fold, deadline_ms(plan))) if known else ()


def _known(plan: Plan, spans: Spans) -> Spans:
    """What is remembered; of a worker who was not heard lately, only that ways take some time."""
    if spans or not plan.tracked:
        return spans
    return (Span(deadline_ms(plan) - plan.policy.travel_unknown_s * 1000),)


def _matters(plan: Plan, fold: Fold) -> bool:
    """Nobody is there yet, or may just be arriving."""
    return arrival_ms(plan, fold) is None and fold.no_access_ms is None and fold.entered is None


def _end_ms(plan: Plan, fold: Fold, deadline_ms: int) -> int:
    """When it was no longer a risk: somebody came (or is inside and may be arriving), or it is late now."""
    arrived_ms = arrival_ms(plan, fold)
    if arrived_ms is None and fold.entered is not None:
        arrived_ms = fold.entered.at_ms
    ends = (deadline_ms, arrived_ms, fold.no_access_ms, plan.cancelled_ms)
    return min(at for at in ends if at is not None)


RULE = AtRisk()
