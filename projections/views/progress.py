"""Where each visit stands, and every step it took, with what was known when."""

from __future__ import annotations

from projections.progress.eta import estimate
from projections.progress.state import Cause, Transition
from projections.tables import Table, Writer
from projections.view import Case, Quiet

PROGRESS = Table(
    name="progress",
    columns={
        "visit": "text",
        "worker": "text",
        "status": "text",
        "status_at": "ms",
        "over": "bool",
        "compound_at": "ms",
        "door_at": "ms",
        "service_at": "ms",
        "checked_in_at": "ms",
        "checked_out_at": "ms",
        "departed_at": "ms",
        "finished_at": "ms",
        "no_access_at": "ms",
        "missed_at": "ms",
        "lat_e7": "int4",
        "lon_e7": "int4",
        "accuracy_dm": "int4",
        "fix_at": "ms",
        "eta_at": "ms",
        "eta_early": "ms",
        "eta_late": "ms",
        "remaining_m": "int4",
        "known_at": "ms",
    },
    key=("visit",),
    settled=(
        "visit",
        "worker",
        "status",
        "over",
        "compound_at",
        "door_at",
        "service_at",
        "checked_in_at",
        "checked_out_at",
        "departed_at",
        "finished_at",
        "no_access_at",
        "missed_at",
    ),
)
"""`lat_e7 … fix_at`: the newest believed fix while the visit listens; `eta_*` only on the way."""

TRANSITIONS = Table(
    name="transitions",
    columns={
        "visit": "text",
        "step": "int4",
        "known_from": "ms",
        "known_to": "ms",
        "status": "text",
        "at": "ms",
        "cause": "text",
        "evidence": "facts",
    },
    key=("visit", "step", "known_from"),
    settled=("visit", "step", "status", "at", "cause", "evidence"),
    settled_where=f"known_to IS NULL AND cause <> '{Cause.PLAN.value}'",
)
"""Two times: `at` is when it was true, [known_from, known_to) when we held it so. `known_to` null: we still do."""


class Progress(Quiet):
    """One row a visit, and the steps with their amendments."""

    tables = (PROGRESS, TRANSITIONS)

    def on_visit(self, case: Case, out: Writer) -> None:
        fold, fix, eta = case.fold, case.fold.fix, estimate(case.plan, case.fold)
        vague = fix is None or fix.accuracy_m is None
        out.put(
            PROGRESS,
            visit=case.promise.visit,
            worker=case.promise.worker,
            status=fold.status.value,
            status_at=fold.status_at_ms,
            over=fold.over,
            compound_at=fold.compound_ms,
            door_at=fold.door_ms,
            service_at=fold.service_ms,
            checked_in_at=fold.checked_in_ms,
            checked_out_at=fold.checked_out_ms,
            departed_at=fold.departed_ms,
            finished_at=fold.finished_ms,
            no_access_at=fold.no_access_ms,
            missed_at=fold.missed_ms,
            lat_e7=fix.lat_e7 if fix else None,
            lon_e7=fix.lon_e7 if fix else None,
            accuracy_dm=None if vague else round((fix.accuracy_m or 0.0) * 10) if fix else None,
            fix_at=fix.at_ms if fix else None,
            eta_at=eta.at_ms if eta else None,
            eta_early=eta.early_ms if eta else None,
            eta_late=eta.late_ms if eta else None,
            remaining_m=eta.remaining_m if eta else None,
            known_at=case.known_ms,
        )
        self._amend(case, out)

    @staticmethod
    def _amend(case: Case, out: Writer) -> None:
        """Close the steps that no longer stand and write those that are new."""
        before, after = case.before, case.after
        if before is not None and (before.known_ms, before.fold.transitions) == (
            after.known_ms,
            after.fold.transitions,
        ):
            return
        old = list(zip(case.before.fold.transitions, case.before.known_ms, strict=True)) if case.before else []
        new = list(zip(case.fold.transitions, case.after.known_ms, strict=True))

        def write(step: int, transition: Transition, known_from: int, known_to: int | None) -> None:
            out.put(
                TRANSITIONS,
                visit=case.promise.visit,
                step=step,
                known_from=known_from,
                known_to=known_to,
                status=transition.status.value,
                at=transition.at_ms,
                cause=transition.cause.value,
                evidence=transition.evidence,
            )

        for step, (transition, known_from) in enumerate(old):
            if step >= len(new) or new[step] != (transition, known_from):
                write(step, transition, known_from, case.known_ms)
        for step, (transition, known_from) in enumerate(new):
            if step >= len(old) or old[step] != (transition, known_from):
                write(step, transition, known_from, None)


VIEW = Progress()
