"""迟到: nobody had arrived when the promised window and its grace were over."""

from __future__ import annotations

from collections.abc import Sequence

from projections.alerts.rule import Conclusion, Params, VisitRule, Words
from projections.progress.state import Fold, Plan, Spans


def arrival_ms(plan: Plan, fold: Fold) -> int | None:
    """The arrival that lateness is measured by: the compound, or by policy the door."""
    return fold.door_ms if plan.policy.lateness_by_door else fold.arrived_ms


def deadline_ms(plan: Plan) -> int:
    """When a visit is late: the end of its promised window and its grace."""
    return plan.window_to_ms + plan.policy.late_s * 1000


class Late(VisitRule):
    """Stands from the deadline until arrival. Waits while somebody is inside the fence and may be arriving."""

    name = "late"
    urgency = 4
    title = Words("迟到", "Late")
    sentence = Words(
        "应在 {promised_ms} 前到达，宽限 {grace_s}；[晚到 {lateness_s}|仍未到达]。",
        "Due by {promised_ms} with {grace_s} of grace; [arrived {lateness_s} late|not there yet].",
    )

    def conclude(self, plan: Plan, fold: Fold, spans: Spans, now_ms: int) -> Sequence[Conclusion]:
        deadline = deadline_ms(plan)
        if now_ms < deadline or excused(plan, fold, deadline):
            return ()
        arrived = arrival_ms(plan, fold)
        if arrived is None and fold.entered is not None and fold.entered.at_ms <= deadline:
            return ()
        if arrived is not None and arrived <= deadline:
            return ()
        params: Params = {"grace_s": plan.policy.late_s, "promised_ms": plan.window_to_ms}
        if arrived is not None:
            params["lateness_s"] = (arrived - plan.window_to_ms) // 1000
        evidence = () if arrived is None else fold.evidence_at(arrived)
        return (Conclusion(f"revision {plan.revision}", deadline, arrived, params, evidence),)

    def due_ms(self, plan: Plan, fold: Fold, spans: Spans) -> Sequence[int]:
        return (deadline_ms(plan),)


def excused(plan: Plan, fold: Fold, deadline_ms: int) -> bool:
    """Called off, or nobody opened the door, before it could be late."""
    if plan.cancelled_ms is not None and plan.cancelled_ms <= deadline_ms:
        return True
    return fold.no_access_ms is not None and fold.no_access_ms <= deadline_ms


RULE = Late()
