"""未上门: the promised window is long over and nobody has come."""

from __future__ import annotations

from collections.abc import Sequence

from projections.alerts.rule import Conclusion, Params, VisitRule, Words
from projections.progress.state import Fold, Plan, Spans


class NoShow(VisitRule):
    """Stands from the deadline; ends when somebody comes after all, be it to a closed door."""

    name = "no_show"
    urgency = 2
    title = Words("未上门", "No-show")
    sentence = Words(
        "应在 {promised_ms} 前到达，超过 {no_show_s}仍无人到达[；{ended_ms} 才有人到]。",
        "Due by {promised_ms}; nobody had come {no_show_s} after that[. Somebody came at {ended_ms}].",
    )

    def conclude(self, plan: Plan, fold: Fold, spans: Spans, now_ms: int) -> Sequence[Conclusion]:
        if fold.missed_ms is None:  # the fold has the deadline
            return ()
        params: Params = {"no_show_s": plan.policy.no_show_s, "promised_ms": plan.window_to_ms}
        ended = min((at for at in (fold.arrived_ms, fold.no_access_ms) if at is not None), default=None)
        return (Conclusion(f"revision {plan.revision}", fold.missed_ms, ended, params),)


RULE = NoShow()
