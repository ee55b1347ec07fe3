"""Alerts: of some visits, in pages of all, and the history of one visit's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString
from uuid import UUID

import msgspec
from psycopg import Cursor

from projections.queries.columns import J, ms


class AlertRow(msgspec.Struct, frozen=True):
    """An alert as it stands, or stood last. `params` is JSON."""

    alert: UUID
    rule: str
    rule_version: int
    subject_kind: str
    subject: str
    worker: str | None
    standing: bool
    started_ms: int
    ended_ms: int | None
    params: str
    evidence: list[UUID]
    raised_known_ms: int
    known_ms: int
    revision: int


class ChangeRow(msgspec.Struct, frozen=True):
    """One step in an alert's life. `change`: raised, amended, retracted, reinstated."""

    alert: UUID
    revision: int
    change: str
    known_ms: int
    started_ms: int
    ended_ms: int | None
    params: str
    evidence: list[UUID]
    reason: str | None


_SELECT: LiteralString = f"""
    SELECT alert, rule, rule_version, subject_kind, subject, worker, standing, {ms("started_at")}, {ms("ended_at")},
        params, evidence, {ms("raised_known_at")}, {ms("known_at")}, revision
    FROM {J}.alerts
"""

OPEN: LiteralString = "standing"
"""Nobody took it on."""

Place = tuple[int, UUID]
"""Where a page of alerts ended: (started ms, alert)."""


def of_visits(cursor: Cursor[Any], visits: Sequence[str]) -> dict[str, list[AlertRow]]:
    """All alerts ever raised about these visits, by their start; those that were retracted too."""
    where: LiteralString = "WHERE subject_kind = 'visit' AND subject = ANY(%s) ORDER BY started_at, alert"
    found: dict[str, list[AlertRow]] = {}
    for row in cursor.execute(_SELECT + where, (list(visits),)).fetchall():
        alert = AlertRow(*row)
        found.setdefault(alert.subject, []).append(alert)
    return found


def newest(
    cursor: Cursor[Any],
    limit: int,
    *,
    standing: bool | None = None,
    rule: str | None = None,
    after: Place | None = None,
) -> list[AlertRow]:
    """At most `limit` alerts, the latest start first, past `after`."""
    where: LiteralString = """
        WHERE (%(standing)s::bool IS NULL OR standing = %(standing)s) AND (%(rule)s::text IS NULL OR rule = %(rule)s)
        AND (%(ms)s::int8 IS NULL
            OR (started_at, alert) < ('epoch'::timestamptz + %(ms)s * interval '1 millisecond', %(alert)s::uuid))
        ORDER BY started_at DESC, alert DESC LIMIT %(limit)s"""
    started_ms, alert = after or (None, None)
    asked = {"standing": standing, "rule": rule, "ms": started_ms, "alert": alert, "limit": limit}
    return [AlertRow(*row) for row in cursor.execute(_SELECT + where, asked).fetchall()]


def history(cursor: Cursor[Any], alerts: Sequence[UUID]) -> dict[UUID, list[ChangeRow]]:
    """Every change of these alerts, by revision."""
    statement: LiteralString = f"""
        SELECT alert, revision, change, {ms("known_at")}, {ms("started_at")}, {ms("ended_at")}, params, evidence, reason
        FROM {J}.alert_history WHERE alert = ANY(%s) ORDER BY alert, revision"""
    found: dict[UUID, list[ChangeRow]] = {}
    for row in cursor.execute(statement, (list(alerts),)).fetchall():
        found.setdefault(row[0], []).append(ChangeRow(*row))
    return found
