"""The alert book: compares what rules conclude with what stood before, and writes the difference down.

Raised, amended, retracted, reinstated: a rule never says these words; they are what changed between two entries
of the log. An alert's id is minted at its first raise from (rule, subject, anchor) and is the same ever after. What
people decided about an alert is written beside it, and found again when a rule has changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid5

import msgspec
from msgspec.structs import replace

from domain.events.alert import AlertAcknowledged, AlertDecision, AlertResolved
from domain.events.facts import Fact
from projections.alerts import FactRule, Rule, VisitRule, rules
from projections.alerts.overlap import attach, nearest
from projections.alerts.rule import Conclusion
from projections.progress.state import Fold, Plan, Seen
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
        "acknowledged_at": "ms",
        "acknowledged_by": "text",
        "acknowledged_note": "text",
        "resolved_at": "ms",
        "resolved_by": "text",
        "resolved_note": "text",
        "verdict": "text",
    },
    key=("alert",),
    settled=(
        "rule",
        "rule_version",
        "subject_kind",
        "subject",
        "worker",
        "started_at",
        "ended_at",
        "params",
        "evidence",
    ),
    settled_where="standing",
    indexes=("(started_at)", "(subject_kind, subject)", "(known_at)"),
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
        "by": "text",
    },
    key=("alert", "revision"),
)
"""Every change of an alert: `raised`, `amended`, `retracted` (with a reason), `reinstated`; and of people, `by` whom:
`acknowledged` (`reason`: their note), `resolved` (`reason`: the verdict)."""
DECISIONS = Table(
    name="alert_decisions",
    columns={
        "place": "int8",
        "alert": "uuid",
        "attached": "uuid",
        "rule": "text",
        "subject": "text",
        "change": "text",
        "known_at": "ms",
        "by": "text",
    },
    key=("place",),
    places=("place",),
    indexes=("(known_at) WHERE attached IS NULL",),
)
"""Every decision about an alert, and the alert that it is attached to now: null where a changed rule concludes nothing
like it any more."""


class Decided(msgspec.Struct, frozen=True, array_like=True):
    """What people decided about an alert: who took it on, and what it was in the end. The last word holds."""

    acknowledged_ms: int | None = None
    acknowledged_by: str | None = None
    acknowledged_note: str | None = None
    resolved_ms: int | None = None
    resolved_by: str | None = None
    resolved_note: str | None = None
    verdict: str | None = None


class Standing(msgspec.Struct, frozen=True, array_like=True):
    """An alert as it was last written. `conclusion` is the last that stood; `standing` whether it still does."""

    alert: UUID
    subject_kind: str
    subject: str
    conclusion: Conclusion
    worker: str | None
    raised_known_ms: int
    revision: int
    standing: bool
    decided: Decided = Decided()


class Waiting(msgspec.Struct, frozen=True, array_like=True):
    """A decision about an alert that nothing concludes: it attaches when something does."""

    place: int
    resolved: bool
    decision: bytes


Page = dict[str, Standing]
_NONE: dict[str, Page] = {}


class Book(msgspec.Struct):
    """All alerts ever raised, by visit or fact, rule and anchor; part of the judge's snapshot. `waiting` by rule and
    subject."""

    pages: dict[str, dict[str, Page]] = {}
    waiting: dict[str, list[Waiting]] = {}


class Clerk:
    """Keeps the book of one cell. `namespace` is the cell's."""

    tables = (ALERTS, HISTORY, DECISIONS)

    def __init__(self, namespace: UUID) -> None:
        self._namespace = namespace
        self._rules = {rule.name: rule for rule in rules()}
        self.visit_rules = tuple(rule for rule in self._rules.values() if isinstance(rule, VisitRule))
        self.fact_rules = tuple(rule for rule in self._rules.values() if isinstance(rule, FactRule))
        self._hearing: dict[str, list[VisitRule]] = {}
        for rule in self.visit_rules:
            for kind in rule.hears:
                self._hearing.setdefault(kind, []).append(rule)

    def remember(self, plan: Plan, before: Fold, after: Fold, fact: Seen) -> Fold:
        """A visit's fold with what the rules remember of its newest fact."""
        rules = self._hearing.get(fact.kind)
        if rules is None or after.over:
            return after
        # a check-in is heard by one visit alone, wherever its time lies
        own = fact.kind in ("checkin", "checkout") or plan.own_from_ms <= fact.at_ms < plan.own_to_ms
        spans = after.spans
        for rule in rules:
            if own or not rule.own_span:
                old = spans.get(rule.name, ())
                new = rule.remember(plan, before, after, fact, old)
                if new is not old:
                    spans = {**spans, rule.name: new}
        return after if spans is after.spans else replace(after, spans=spans)

    def on_visit(self, book: Book, case: Case, out: Writer) -> bool:
        """Evaluate every visit rule for a visit that was judged anew; whether an alert was written."""
        visit, plan, fold, wrote = case.promise.visit, case.plan, case.fold, False
        known = book.pages.get(visit, _NONE)
        for rule in self.visit_rules:
            found = rule.conclude(plan, fold, fold.spans.get(rule.name, ()), case.now_ms)
            if found or rule.name in known:
                wrote |= self._note(book, visit, rule, "visit", visit, case.promise.worker, found, case.known_ms, out)
        return wrote

    def on_fact(self, book: Book, fact: Fact, worker: str | None, known_ms: int, out: Writer) -> bool:
        """Evaluate the fact rules of a fact's kind; the subject is its worker, or its device while nobody holds it."""
        wrote = False
        subject = ("device", fact.device) if worker is None else ("worker", worker)
        for rule in self.fact_rules:
            if rule.kind == fact.KIND:
                conclusion = rule.conclude(fact)
                found = () if conclusion is None else (conclusion,)
                wrote |= self._note(book, str(fact.fact), rule, *subject, worker, found, known_ms, out)
        return wrote

    def on_decision(self, book: Book, decision: AlertDecision, place: int, known_ms: int, out: Writer) -> bool:
        """Write a person's decision beside its alert; whether an alert was written."""
        resolved = isinstance(decision, AlertResolved)
        for about in self._about(decision):
            page = book.pages.get(about, _NONE).get(decision.rule, {})
            anchor = _find(page, decision)
            if anchor is not None:
                self._decide(page, anchor, decision, known_ms, out)
                self._list(decision, place, page[anchor].alert, known_ms, out)
                return True
        self._list(decision, place, None, known_ms, out)
        waiting = Waiting(place, resolved, msgspec.msgpack.encode(decision))
        for about in self._about(decision)[:1]:
            book.waiting.setdefault(f"{decision.rule}|{about}", []).append(waiting)
        return False

    def due_ms(self, case: Case) -> int | None:
        """The next instant after now at which a visit rule may change its mind about a silent visit."""
        plan, fold, now = case.plan, case.fold, case.now_ms
        times = (at for rule in self.visit_rules for at in rule.due_ms(plan, fold, fold.spans.get(rule.name, ())))
        return min((at for at in times if at > now), default=None)

    # the difference

    def _note(
        self,
        book: Book,
        about: str,
        rule: Rule,
        subject_kind: str,
        subject: str,
        worker: str | None,
        found: Sequence[Conclusion],
        known_ms: int,
        out: Writer,
    ) -> bool:
        page, wrote = book.pages.setdefault(about, {}).setdefault(rule.name, {}), False
        concluded = attach(found, {anchor: alert.conclusion for anchor, alert in page.items()})
        for anchor, old in page.items():
            if anchor not in concluded and old.standing:
                stood = _until(old.conclusion, known_ms)
                page[anchor] = replace(old, conclusion=stood, standing=False, revision=old.revision + 1)
                self._write(page[anchor], rule, "retracted", known_ms, out, reason="refuted")
                wrote = True
        for anchor, conclusion in concluded.items():
            known = page.get(anchor)
            if known is None:
                alert = uuid5(self._namespace, f"alert/{rule.name}/{subject}/{anchor}")
                new = Standing(alert, subject_kind, subject, conclusion, worker, known_ms, 1, True)
                change = "raised"
            elif known.standing and (known.conclusion, known.worker, known.subject) == (conclusion, worker, subject):
                continue
            else:
                new = replace(
                    known,
                    subject_kind=subject_kind,
                    subject=subject,
                    conclusion=conclusion,
                    worker=worker,
                    revision=known.revision + 1,
                    standing=True,
                )
                change = "amended" if known.standing else "reinstated"
            page[anchor], wrote = new, True
            self._write(new, rule, change, known_ms, out)
        if wrote and book.waiting:
            self._reattach(book, f"{rule.name}|{about}", page, known_ms, out)
        return wrote

    # decisions

    def _about(self, decision: AlertDecision) -> list[str]:
        """Where the alert may stand: with its visit, or with one of the facts that are its evidence."""
        if isinstance(self._rules.get(decision.rule), FactRule):
            return [str(fact) for fact in decision.evidence]
        return [decision.subject]

    def _decide(self, page: Page, anchor: str, decision: AlertDecision, known_ms: int, out: Writer) -> None:
        """The first to take it on has it, the last verdict holds: also where a decision comes to its alert late."""
        old, at, by, note = page[anchor], decision.recorded_at_ms, decision.by, decision.note
        known = old.decided
        if isinstance(decision, AlertResolved):
            if known.resolved_ms is not None and known.resolved_ms > at:
                return
            verdict, change = decision.verdict, "resolved"
            decided = replace(
                old.decided, resolved_ms=at, resolved_by=by, resolved_note=note, verdict=str(decision.verdict)
            )
        else:
            if known.acknowledged_ms is not None and known.acknowledged_ms <= at:
                return
            verdict, change = None, "acknowledged"
            decided = replace(old.decided, acknowledged_ms=at, acknowledged_by=by, acknowledged_note=note)
        page[anchor] = replace(old, decided=decided, revision=old.revision + 1)
        self._write(page[anchor], self._rules[decision.rule], change, known_ms, out, reason=verdict or note, by=by)

    def _reattach(self, book: Book, key: str, page: Page, known_ms: int, out: Writer) -> None:
        """Decisions that found nothing look again, in their order."""
        left = []
        for waiting in book.waiting.pop(key, ()):
            kind = AlertResolved if waiting.resolved else AlertAcknowledged
            decision = msgspec.msgpack.decode(waiting.decision, type=kind)
            anchor = _find(page, decision)
            if anchor is None:
                left.append(waiting)
            else:
                self._decide(page, anchor, decision, known_ms, out)
                self._list(decision, waiting.place, page[anchor].alert, known_ms, out)
        if left:
            book.waiting[key] = left

    @staticmethod
    def _list(decision: AlertDecision, place: int, attached: UUID | None, known_ms: int, out: Writer) -> None:
        out.put(
            DECISIONS,
            place=place,
            alert=decision.alert,
            attached=attached,
            rule=decision.rule,
            subject=decision.subject,
            change="resolved" if isinstance(decision, AlertResolved) else "acknowledged",
            known_at=known_ms,
            by=decision.by,
        )

    @staticmethod
    def _write(
        alert: Standing, rule: Rule, change: str, known_ms: int, out: Writer, *, reason: str | None = None, by: str = ""
    ) -> None:
        conclusion, decided = alert.conclusion, alert.decided
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
            subject_kind=alert.subject_kind,
            subject=alert.subject,
            worker=alert.worker,
            anchor=conclusion.anchor,
            standing=alert.standing,
            raised_known_at=alert.raised_known_ms,
            acknowledged_at=decided.acknowledged_ms,
            acknowledged_by=decided.acknowledged_by,
            acknowledged_note=decided.acknowledged_note,
            resolved_at=decided.resolved_ms,
            resolved_by=decided.resolved_by,
            resolved_note=decided.resolved_note,
            verdict=decided.verdict,
        )
        out.put(HISTORY, **shared, change=change, reason=reason or None, by=by or None)


def _until(conclusion: Conclusion, known_ms: int) -> Conclusion:
    """A conclusion that is held no longer: what comes to stand after that is another alert, undecided."""
    if conclusion.ended_ms is not None:
        return conclusion
    return replace(conclusion, ended_ms=max(conclusion.started_ms, known_ms))


def _find(page: Page, decision: AlertDecision) -> str | None:
    """The anchor of the alert that a decision is about: the one it names, else the nearest in time."""
    named = (anchor for anchor, alert in page.items() if alert.alert == decision.alert)
    return next(named, None) or nearest(
        decision.started_ms, decision.ended_ms, {anchor: alert.conclusion for anchor, alert in page.items()}
    )
