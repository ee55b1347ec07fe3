"""Alerts in JSON. Sentences about them are made by the pages, from `rule` and `params`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from pydantic import BaseModel

from api.times import At
from projections.queries.alerts import AlertRow, ChangeRow


class AlertBrief(BaseModel, frozen=True):
    """`standing` false: later data refuted it."""

    alert: UUID
    rule: str
    started_at: At
    ended_at: At | None
    standing: bool


class AlertShape(AlertBrief, frozen=True):
    """An alert with all that it rests on: the rule's version, its thresholds, and the facts that show it."""

    rule_version: int
    subject_kind: str
    subject: str
    worker: str | None
    params: dict[str, Any]
    evidence: list[UUID]
    raised_known_at: At
    known_at: At
    revision: int


class ChangeShape(BaseModel, frozen=True):
    """One step in an alert's life. `change`: raised, amended, retracted (with a reason), reinstated."""

    revision: int
    change: str
    known_at: At
    started_at: At
    ended_at: At | None
    params: dict[str, Any]
    evidence: list[UUID]
    reason: str | None


class AlertWithHistory(AlertShape, frozen=True):
    """An alert and every change of it."""

    history: list[ChangeShape]


class AlertPage(BaseModel, frozen=True):
    """A page of alerts, the latest start first. `next`: the cursor of the page after it."""

    items: list[AlertShape]
    next: str | None


def brief(row: AlertRow) -> AlertBrief:
    """For a board."""
    return AlertBrief(
        alert=row.alert, rule=row.rule, started_at=row.started_ms, ended_at=row.ended_ms, standing=row.standing
    )


def full(row: AlertRow) -> AlertShape:
    """For a list."""
    return AlertShape(**_fields(row))


def with_history(row: AlertRow, changes: list[ChangeRow]) -> AlertWithHistory:
    """For a visit's page."""
    history = [
        ChangeShape(
            revision=change.revision,
            change=change.change,
            known_at=change.known_ms,
            started_at=change.started_ms,
            ended_at=change.ended_ms,
            params=msgspec.json.decode(change.params),
            evidence=change.evidence,
            reason=change.reason,
        )
        for change in changes
    ]
    return AlertWithHistory(**_fields(row), history=history)


def _fields(row: AlertRow) -> dict[str, Any]:
    return {
        "alert": row.alert,
        "rule": row.rule,
        "started_at": row.started_ms,
        "ended_at": row.ended_ms,
        "standing": row.standing,
        "rule_version": row.rule_version,
        "subject_kind": row.subject_kind,
        "subject": row.subject,
        "worker": row.worker,
        "params": msgspec.json.decode(row.params),
        "evidence": row.evidence,
        "raised_known_at": row.raised_known_ms,
        "known_at": row.known_ms,
        "revision": row.revision,
    }
