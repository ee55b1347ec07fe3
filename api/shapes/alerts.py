"""Alerts in JSON. Sentences about them are made by the pages, from `rule` and `params`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec
from pydantic import BaseModel

from api.shapes.facts import AlertFact
from api.shapes.fences import FenceShape, shape_of
from api.times import At
from domain.events.alert import Verdict
from domain.geo import Fence
from projections.queries.alerts import AlertRow, ChangeRow, ContextRow, Told

State = Literal["open", "acknowledged", "resolved", "retracted"]


class AlertBrief(BaseModel, frozen=True):
    """`standing` false: later data refuted it. `state`: open (nobody took it on), acknowledged, resolved, retracted."""

    alert: UUID
    rule: str
    started_at: At
    ended_at: At | None
    standing: bool
    state: State


class Acknowledged(BaseModel, frozen=True):
    """Somebody took it on."""

    at: At
    by: str
    note: str


class Resolved(BaseModel, frozen=True):
    """It was dealt with. `verdict`: it was so, it was not, or it was and is excused."""

    at: At
    by: str
    verdict: Verdict
    note: str


class AlertContext(BaseModel, frozen=True):
    """What it is about, in names; null where unknown. Of an alert about a worker: the visit that they were at."""

    visit: str | None
    customer: str | None
    site: str | None
    service: str | None
    worker: str | None
    worker_name: str | None
    customer_name: str | None
    site_name: str | None
    window_from: At | None
    window_to: At | None
    zone: str | None


class AlertOfVisit(AlertBrief, frozen=True):
    """An alert with all that it rests on: the rule's version, its thresholds, and the facts that show it."""

    rule_version: int
    subject_kind: str
    subject: str
    worker: str | None
    params: dict[str, int | str]
    evidence: list[UUID]
    raised_known_at: At
    known_at: At
    revision: int
    acknowledged: Acknowledged | None
    resolved: Resolved | None


class AlertShape(AlertOfVisit, frozen=True):
    """An alert with what it is about."""

    context: AlertContext | None


class ChangeShape(BaseModel, frozen=True):
    """One step in an alert's life. `change`: raised, amended, retracted (with a reason), reinstated; by people:
    acknowledged (`reason`: their note), resolved (`reason`: the verdict)."""

    revision: int
    change: str
    known_at: At
    started_at: At
    ended_at: At | None
    params: dict[str, int | str]
    evidence: list[UUID]
    reason: str | None
    by: str | None


class AlertWithHistory(AlertOfVisit, frozen=True):
    """An alert of a visit and every change of it."""

    history: list[ChangeShape]


class AlertWhole(AlertShape, frozen=True):
    """An alert with every change of it, the facts that any of them rests on, and the fence of its site."""

    history: list[ChangeShape]
    facts: list[AlertFact]
    fence: FenceShape | None


class AlertPage(BaseModel, frozen=True):
    """A page of alerts, the latest start first. `next`: the cursor of the page after it."""

    items: list[AlertShape]
    next: str | None


class AlertAnswer(BaseModel, frozen=True):
    """What became of a decision, and how the alert stands now. `unchanged`: it had been decided so before.
    A read with `min_position` set to `position` sees it."""

    alert: UUID
    outcome: Literal["created", "unchanged"]
    state: State
    acknowledged: Acknowledged | None
    resolved: Resolved | None
    position: int


def state_of(standing: bool, *, acknowledged: bool, resolved: bool) -> State:
    """What is refuted needs nobody; else the last that was decided."""
    if not standing:
        return "retracted"
    return "resolved" if resolved else "acknowledged" if acknowledged else "open"


def full(told: Told) -> AlertShape:
    """For a list."""
    row, context = told
    return AlertShape(**_fields(row), context=_context(context))


def with_history(row: AlertRow, changes: Sequence[ChangeRow]) -> AlertWithHistory:
    """For a visit's page."""
    return AlertWithHistory(**_fields(row), history=[*map(_change, changes)])


def whole(told: Told, changes: Sequence[ChangeRow], facts: list[AlertFact]) -> AlertWhole:
    """For an alert's page."""
    row, context = told
    fence = None if context.fence is None else shape_of(msgspec.json.decode(context.fence, type=Fence))
    return AlertWhole(
        **_fields(row), context=_context(context), history=[*map(_change, changes)], facts=facts, fence=fence
    )


def _state(row: AlertRow) -> State:
    return state_of(row.standing, acknowledged=row.acknowledged_ms is not None, resolved=row.resolved_ms is not None)


def _context(row: ContextRow) -> AlertContext | None:
    if row.visit is None and row.worker is None:
        return None
    return AlertContext(
        visit=row.visit,
        customer=row.customer,
        site=row.site,
        service=row.service,
        worker=row.worker,
        worker_name=row.worker_name,
        customer_name=row.customer_name,
        site_name=row.site_name,
        window_from=row.window_from_ms,
        window_to=row.window_to_ms,
        zone=row.zone,
    )


def _change(change: ChangeRow) -> ChangeShape:
    return ChangeShape(
        revision=change.revision,
        change=change.change,
        known_at=change.known_ms,
        started_at=change.started_ms,
        ended_at=change.ended_ms,
        params=msgspec.json.decode(change.params),
        evidence=change.evidence,
        reason=change.reason,
        by=change.by,
    )


def _fields(row: AlertRow) -> dict[str, Any]:
    acknowledged = resolved = None
    if row.acknowledged_ms is not None:
        acknowledged = Acknowledged(
            at=row.acknowledged_ms, by=row.acknowledged_by or "", note=row.acknowledged_note or ""
        )
    if row.resolved_ms is not None and row.verdict is not None:
        resolved = Resolved.model_validate(
            {
                "at": row.resolved_ms,
                "by": row.resolved_by or "",
                "verdict": row.verdict,
                "note": row.resolved_note or "",
            }
        )
    return {
        "alert": row.alert,
        "rule": row.rule,
        "started_at": row.started_ms,
        "ended_at": row.ended_ms,
        "standing": row.standing,
        "state": _state(row),
        "rule_version": row.rule_version,
        "subject_kind": row.subject_kind,
        "subject": row.subject,
        "worker": row.worker,
        "params": msgspec.json.decode(row.params),
        "evidence": row.evidence,
        "raised_known_at": row.raised_known_ms,
        "known_at": row.known_ms,
        "revision": row.revision,
        "acknowledged": acknowledged,
        "resolved": resolved,
    }
