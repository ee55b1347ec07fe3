"""未上门: the promised window is long over and nobody has come."""

from __future__ import annotations

from projections.alerts.rule import Conclusion
from projections.progress.state import Fold, Plan


class NoShow:
    """Stands from the deadline; ends when somebody comes after all, be it to a closed door."""

    name = "no_show"
    version = 1

    def evaluate(self, plan: Plan, fold: Fold, now_ms: int) -> Conclusion | None:
        if fold.missed_ms is None:
            return None
        params: dict[str, int | str] = {"no_show_s": plan.policy.no_show_s, "promised_ms": plan.window_to_ms}
        ended = min((at for at in (fold.arrived_ms, fold.no_access_ms) if at is not None), default=None)
        return Conclusion(f"revision {plan.revision}", fold.missed_ms, ended, params)

    def due_ms(self, plan: Plan, fold: Fold) -> int | None:
        return None  # the fold has the deadline


RULE = NoShow()
