"""中途离开: somebody who was at work has left the site, and did not say that leaving is the service."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from projections.alerts.rule import Conclusion, Params, VisitRule, Words
from projections.progress.state import Fold, Plan, Spans, Status


class LeftSite(VisitRule):
    """Stands for each time away that lasts as long as the policy minds, from leaving until they are back or it is over.

    Leaving after most of the planned time is the end of the visit, not this (policy `done_share`).
    """

    name = "left_site"
    urgency = 5
    title = Words("中途离开", "Left the site")
    sentence = Words(
        "{started_ms} 起离开服务地点[ {lasted_s}，{ended_ms} 返回或结束]，没有报备外出；离开满 {left_site_s}即提醒。",
        "Away from the site since {started_ms}[ for {lasted_s}, back or over "
        "at {ended_ms}], no outing declared; the limit is {left_site_s}.",
    )

    def conclude(self, plan: Plan, fold: Fold, spans: Spans, now_ms: int) -> Sequence[Conclusion]:
        policy = plan.policy
        params: Params = {"left_site_s": policy.left_site_s, "exit_m": round(policy.exit_m)}
        found = []
        for step, after in zip_longest(fold.transitions, fold.transitions[1:]):
            if step.status is Status.STEPPED_OUT:
                ended = None if after is None else after.at_ms
                if (now_ms if ended is None else ended) - step.at_ms >= policy.left_site_s * 1000:
                    found.append(Conclusion("", step.at_ms, ended, params, step.evidence))
        return found

    def due_ms(self, plan: Plan, fold: Fold, spans: Spans) -> Sequence[int]:
        if fold.status is not Status.STEPPED_OUT:
            return ()
        return (fold.status_at_ms + plan.policy.left_site_s * 1000,)


RULE = LeftSite()
