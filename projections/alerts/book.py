"""The alert book: compares what rules conclude with what stood before, and writes the difference down.

Raised, amended, retracted, reinstated: a rule never says these words; they are what changed between two entries
of the log. An alert's id is minted at its first raise from (rule, subject, anchor) and is the same ever after.
"""

from __future__ import annotations

from uuid import UUID, uuid5

import msgspec
from msgspec.structs import replace

from domain.events.facts import Fact
from projections.alerts import FactRule, VisitRule, rules
from projections.alerts.rule import Conclusion
from projections.tables import Table, Writer
from projections.view import Case

ALERTS = Table(
    name="alerts",
    columns={
        "alert": "uuid",
        "rule": "text",
        "rule_version": "int4",
        "subject_kind": "text",
        "subject": "text",
        "worker": "text",
        "anchor": "text",
        "standing": "bool",
        "started_at": "ms",
        "ended_at": "ms",
        "params": "text",
        "evidence": "facts",
        "raised_known_at": "ms",
        "known_at": "ms",
        "revision": "int4",
    },
    key=("alert",),
    settled=(
        "rule",
        "rule_version",
        "subject_kind",
        "subject",
        "worker",
        "anchor",
        "started_at",
        "ended_at",
        "params",
        "evidence",
    ),
    settled_where="standing",
    indexes=("(started_at)", "(subject_kind, subject)"),
)
HISTORY = Table(
    name="alert_history",
    columns={
        "alert": "uuid",
        "revision": "int4",
        "change": "text",
        "known_at": "ms",
        "started_at": "ms",
        "ended_at": "ms",
        "params": "text",
        "evidence": "facts",
        "reason": "text",
    },
    key=("alert", "revision"),
)
"""Every change of an alert: `raised`, `amended`, `retracted` (with a reason), `reinstated`."""


class Standing(msgspec.Struct, frozen=True, array_like=True):
    """An alert as it was last written. `conclusion` is the last that stood; `standing` whether it still does."""

    alert: UUID
    conclusion: Conclusion
    worker: str | None
    raised_known_ms: int
    revision: int
    standing: bool


Book = dict[str, dict[str, Standing]]
"""All alerts ever raised: by `rule|subject`, then by anchor; part of the judge's snapshot."""


class Clerk:
    """Keeps the book of one cell. `namespace` is the cell's."""

    tables = (ALERTS, HISTORY)

    def __init__(self, namespace: UUID) -> None:
        self._namespace = namespace
        self.visit_rules = tuple(rule for rule in rules() if isinstance(rule, VisitRule))
        self.fact_rules = tuple(rule for rule in rules() if isinstance(rule, FactRule))

    def on_visit(self, book: Book, case: Case, out: Writer) -> bool:
        """Evaluate every visit rule for a visit that was judged anew; whether an alert was written."""
        visit, worker, wrote = case.promise.visit, case.promise.worker, False
        for rule in self.visit_rules:
            conclusion = rule.evaluate(case.plan, case.fold, case.now_ms)
            page = book.setdefault(f"{rule.name}|{visit}", {})
            wrote |= self._note(page, rule, "visit", visit, worker, conclusion, case.known_ms, out)
        return wrote

    def on_fact(self, book: Book, fact: Fact, worker: str | None, known_ms: int, out: Writer) -> bool:
        """Evaluate the fact rules of a fact's kind; the subject is its worker, or its device while nobody holds it."""
        wrote = False
        for rule in self.fact_rules:
            if rule.kind == fact.KIND:
                conclusion = rule.conclude(fact)
                page = book.setdefault(f"{rule.name}|{fact.fact}", {})
                subject = ("device", fact.device) if worker is None else ("worker", worker)
                wrote |= self._note(page, rule, *subject, worker, conclusion, known_ms, out)
        return wrote

    def due_ms(self, case: Case) -> int | None:
        """The next instant after now at which a visit rule may change its mind about a silent visit."""
        times = [rule.due_ms(case.plan, case.fold) for rule in self.visit_rules]
        return min((at for at in times if at is not None and at > case.now_ms), default=None)

    def _note(
        self,
        page: dict[str, Standing],
        rule: VisitRule | FactRule,
        subject_kind: str,
        subject: str,
        worker: str | None,
        conclusion: Conclusion | None,
        known_ms: int,
        out: Writer,
    ) -> bool:
        anchor, wrote = None if conclusion is None else conclusion.anchor, False
        for other, standing in page.items():
            if other != anchor and standing.standing:
                page[other] = replace(standing, standing=False, revision=standing.revision + 1)
                self._write(rule, subject_kind, subject, page[other], "retracted", known_ms, out)
                wrote = True
        if conclusion is None:
            return wrote
        old = page.get(conclusion.anchor)
        if old is None:
            alert = uuid5(self._namespace, f"alert/{rule.name}/{subject}/{conclusion.anchor}")
            new, change = Standing(alert, conclusion, worker, known_ms, 1, True), "raised"
        elif old.standing and old.conclusion == conclusion and old.worker == worker:
            return wrote
        else:
            new = replace(old, conclusion=conclusion, worker=worker, revision=old.revision + 1, standing=True)
            change = "amended" if old.standing else "reinstated"
        page[conclusion.anchor] = new
        self._write(rule, subject_kind, subject, new, change, known_ms, out)
        return True

    @staticmethod
    def _write(
        rule: VisitRule | FactRule,
        subject_kind: str,
        subject: str,
        alert: Standing,
        change: str,
        known_ms: int,
        out: Writer,
    ) -> None:
        conclusion = alert.conclusion
        shared = {
            "alert": alert.alert,
            "started_at": conclusion.started_ms,
            "ended_at": conclusion.ended_ms,
            "params": msgspec.json.encode(conclusion.params, order="sorted").decode(),
            "evidence": conclusion.evidence,
            "revision": alert.revision,
            "known_at": known_ms,
        }
        out.put(
            ALERTS,
            **shared,
            rule=rule.name,
            rule_version=rule.version,
            subject_kind=subject_kind,
            subject=subject,
            worker=alert.worker,
            anchor=conclusion.anchor,
            standing=alert.standing,
            raised_known_at=alert.raised_known_ms,
        )
        out.put(HISTORY, **shared, change=change, reason="refuted" if change == "retracted" else None)
