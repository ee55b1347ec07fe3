"""位置跳变: two fixes, one after the other, that nobody can have been at both of."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from domain.events.facts import POSITION
from projections.alerts.rule import Conclusion, VisitRule, Words
from projections.progress.presence import apart_m, believable
from projections.progress.state import Fold, Plan, Seen, Span, Spans

MOST_EVIDENCE = 8
"""Fixes named per alert; a phone that jumps for an hour says nothing more with hundreds."""


class ImplausibleJump(VisitRule):
    """Stands from the first fix that cannot be until the last; there and back again soon is one jump.

    Fixes are kept whatever they say; presence does not believe a single one (`progress/presence`).
    """

    name = "implausible_jump"
    urgency = 7
    title = Words("位置跳变", "Position jump")
    sentence = Words(
        "{started_ms} 相邻两次定位相距 {apart_m}，所需速度超过 {impossible_mps}，不可能是真实移动。",
        "At {started_ms} two fixes in a row lie {apart_m} apart: faster than {impossible_mps}, which nobody travels.",
    )
    hears = frozenset({POSITION})

    def remember(self, plan: Plan, before: Fold, after: Fold, fact: Seen, spans: Spans) -> Spans:
        policy = plan.policy
        if before.fix is None or fact.outside_m is None or (fact.accuracy_m or 0.0) > policy.worst_accuracy_m:
            return spans
        if believable(before.fix, fact, policy.impossible_mps):
            return spans
        away_m, last = round(apart_m(before.fix, fact)), spans[-1] if spans else None
        if last is not None and last.to_ms is not None and fact.at_ms - last.to_ms <= policy.again_s * 1000:
            evidence = (*last.evidence, fact.fact)[:MOST_EVIDENCE]
            return (*spans[:-1], replace(last, to_ms=fact.at_ms, evidence=evidence, value=max(last.value, away_m)))
        return (*spans, Span(fact.at_ms, fact.at_ms, (before.fix.fact, fact.fact), away_m))

    def conclude(self, plan: Plan, fold: Fold, spans: Spans, now_ms: int) -> Sequence[Conclusion]:
        limit_mps = round(plan.policy.impossible_mps)
        return [
            Conclusion("", s.from_ms, s.to_ms, {"apart_m": s.value, "impossible_mps": limit_mps}, s.evidence)
            for s in spans
        ]


RULE = ImplausibleJump()
