"""异地签到: a check-in whose own coordinates say that it was made elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from projections.alerts.rule import Conclusion, VisitRule, Words
from projections.progress.state import Fold, Plan, Seen, Span, Spans


class CheckInAway(VisitRule):
    """Stands for the moment of the check-in, for good; tried again soon after, it is the same alert."""

    name = "check_in_away"
    urgency = 6
    title = Words("异地签到", "Check-in away")
    sentence = Words(
        "{started_ms} 签到的位置在围栏外 {outside_m}；扣除定位误差后超过 {check_in_away_m}即提醒。",
        "The check-in at {started_ms} was made {outside_m} outside the fence; "
        "the limit is {check_in_away_m} beyond its accuracy.",
    )
    hears = frozenset({"checkin"})

    def remember(self, plan: Plan, before: Fold, after: Fold, fact: Seen, spans: Spans) -> Spans:
        if fact.outside_m is None or fact.outside_m - (fact.accuracy_m or 0.0) <= plan.policy.check_in_away_m:
            return spans
        away_m, last = round(fact.outside_m), spans[-1] if spans else None
        if last is not None and last.to_ms is not None and fact.at_ms - last.to_ms <= plan.policy.again_s * 1000:
            again = replace(last, to_ms=fact.at_ms, evidence=(*last.evidence, fact.fact), value=max(last.value, away_m))
            return (*spans[:-1], again)
        return (*spans, Span(fact.at_ms, fact.at_ms, (fact.fact,), away_m))

    def conclude(self, plan: Plan, fold: Fold, spans: Spans, now_ms: int) -> Sequence[Conclusion]:
        limit_m = round(plan.policy.check_in_away_m)
        return [
            Conclusion("", s.from_ms, s.to_ms, {"outside_m": s.value, "check_in_away_m": limit_m}, s.evidence)
            for s in spans
        ]


RULE = CheckInAway()
