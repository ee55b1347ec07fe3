"""Was the promise kept? One row a visit: the promises, the arrival, the lateness, the time that was served."""

from __future__ import annotations

from projections.alerts.late import arrival_ms
from projections.tables import Table, Writer
from projections.view import Case, Quiet

TIMELINESS = Table(
    name="timeliness",
    columns={
        "visit": "text",
        "worker": "text",
        "service": "text",
        "first_from": "ms",
        "first_to": "ms",
        "promised_from": "ms",
        "promised_to": "ms",
        "planned_s": "int4",
        "arrived_at": "ms",
        "lateness_s": "int4",
        "on_time": "bool",
        "early_s": "int4",
        "served_from": "ms",
        "served_to": "ms",
        "served_s": "int4",
    },
    key=("visit",),
    settled=(
        "visit",
        "worker",
        "service",
        "promised_from",
        "promised_to",
        "planned_s",
        "arrived_at",
        "lateness_s",
        "on_time",
        "early_s",
        "served_from",
        "served_to",
        "served_s",
    ),
)
"""`lateness_s`: arrival after the end of the promised window (negative: before it); `early_s`: before its beginning;
`on_time`: within the window and its graces; null while nobody has arrived."""


class Timeliness(Quiet):
    """Restated whenever the judgement is."""

    tables = (TIMELINESS,)

    def on_visit(self, case: Case, out: Writer) -> None:
        if not case.moved:
            return
        plan, fold = case.plan, case.fold
        arrived = arrival_ms(plan, fold)
        late_s = None if arrived is None else (arrived - plan.window_to_ms) // 1000
        early_s = None if arrived is None else max(0, (plan.window_from_ms - arrived) // 1000)
        began, ended = fold.service_ms, fold.departed_ms or fold.finished_ms
        on_time = None
        if late_s is not None and early_s is not None:
            on_time = late_s <= plan.policy.late_s and early_s <= plan.policy.early_s
        elif fold.missed_ms is not None:
            on_time = False
        out.put(
            TIMELINESS,
            visit=plan.visit,
            worker=plan.worker,
            service=case.promise.service,
            first_from=plan.first_from_ms,
            first_to=plan.first_to_ms,
            promised_from=plan.window_from_ms,
            promised_to=plan.window_to_ms,
            planned_s=plan.planned_s,
            arrived_at=arrived,
            lateness_s=late_s,
            on_time=on_time,
            early_s=early_s,
            served_from=began,
            served_to=ended,
            served_s=None if began is None or ended is None else (ended - began) // 1000,
        )


VIEW = Timeliness()
