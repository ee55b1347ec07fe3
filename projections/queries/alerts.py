"""Alerts: of some visits, in pages of all, and everything about one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString
from uuid import UUID

import msgspec
from psycopg import Cursor

from projections.queries.columns import J, instant, ms, where_given


class AlertRow(msgspec.Struct, frozen=True):
    """An alert as it stands, or stood last, with what people decided. `params` is JSON."""

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
    acknowledged_ms: int | None
    acknowledged_by: str | None
    acknowledged_note: str | None
    resolved_ms: int | None
    resolved_by: str | None
    verdict: str | None
    resolved_note: str | None


class BriefRow(msgspec.Struct, frozen=True):
    """An alert as a line of a board shows it."""

    visit: str
    alert: UUID
    rule: str
    standing: bool
    started_ms: int
    ended_ms: int | None
    acknowledged: bool
    resolved: bool


class ContextRow(msgspec.Struct, frozen=True):
    """What an alert is about, in names; None: unknown, or there is none. `fence`: JSON of a `domain.geo.Fence`."""

    visit: str | None
    customer: str | None
    site: str | None
    service: str | None
    worker: str | None
    worker_name: str | None
    customer_name: str | None
    site_name: str | None
    window_from_ms: int | None
    window_to_ms: int | None
    zone: str | None
    fence: str | None


class ChangeRow(msgspec.Struct, frozen=True):
    """One step in an alert's life. `change`: raised, amended, retracted, reinstated, acknowledged, resolved."""

    alert: UUID
    revision: int
    change: str
    known_ms: int
    started_ms: int
    ended_ms: int | None
    params: str
    evidence: list[UUID]
    reason: str | None
    by: str | None


OPEN: LiteralString = "standing AND acknowledged_at IS NULL AND resolved_at IS NULL"
"""Nobody has taken it on."""
STATES: dict[str, LiteralString] = {
    "active": "standing AND resolved_at IS NULL",
    "open": OPEN,
    "acknowledged": "standing AND acknowledged_at IS NOT NULL AND resolved_at IS NULL",
    "resolved": "standing AND resolved_at IS NOT NULL",
    "retracted": "NOT standing",
    "all": "true",
}

_COLUMNS: LiteralString = f"""a.alert, a.rule, a.rule_version, a.subject_kind, a.subject, a.worker, a.standing,
    {ms("a.started_at")}, {ms("a.ended_at")}, a.params, a.evidence, {ms("a.raised_known_at")}, {ms("a.known_at")},
    a.revision, {ms("a.acknowledged_at")}, a.acknowledged_by, a.acknowledged_note,
    {ms("a.resolved_at")}, a.resolved_by, a.verdict, a.resolved_note"""
_COUNT = len(AlertRow.__struct_fields__)
# An alert about a worker is told with the visit that they were at: whoever helps has to know where.
_NAMES: LiteralString = f"""v.visit, v.customer, v.site, v.service, a.worker, w.name, c.name, s.name,
    {ms("v.window_from")}, {ms("v.window_to")}, s.zone, s.fence
    FROM (%s) a
    LEFT JOIN LATERAL (
        SELECT * FROM {J}.visits WHERE a.subject_kind = 'visit' AND visit = a.subject
        UNION ALL (SELECT * FROM {J}.visits WHERE a.subject_kind = 'worker' AND worker = a.subject AND NOT cancelled
            AND window_from <= a.started_at + interval '1 hour' AND window_from > a.started_at - interval '35 days'
            AND window_to + planned_s * interval '1 second' >= a.started_at
            ORDER BY window_from DESC, visit LIMIT 1)
    ) v ON true
    LEFT JOIN {J}.sites s ON s.site = v.site
    LEFT JOIN {J}.customers c ON c.customer = v.customer
    LEFT JOIN {J}.workers w ON w.worker = a.worker"""

Place = tuple[int, UUID]
"""Where a page of alerts ended: (started ms, alert)."""
Told = tuple[AlertRow, ContextRow]


def of_visits(cursor: Cursor[Any], visits: Sequence[str]) -> dict[str, list[AlertRow]]:
    """All alerts ever raised about these visits, by their start; those that were retracted too."""
    statement: LiteralString = f"""SELECT {_COLUMNS} FROM {J}.alerts a
        WHERE subject_kind = 'visit' AND subject = ANY(%s) ORDER BY started_at, alert"""
    found: dict[str, list[AlertRow]] = {}
    for row in cursor.execute(statement, (list(visits),)).fetchall():
        alert = AlertRow(*row)
        found.setdefault(alert.subject, []).append(alert)
    return found


def briefs(cursor: Cursor[Any], visits: Sequence[str]) -> dict[str, list[BriefRow]]:
    """The same alerts, as much of each as a board shows: it may hold thousands."""
    statement: LiteralString = f"""SELECT subject, alert, rule, standing, {ms("started_at")}, {ms("ended_at")},
        acknowledged_at IS NOT NULL, resolved_at IS NOT NULL FROM {J}.alerts
        WHERE subject_kind = 'visit' AND subject = ANY(%s) ORDER BY started_at, alert"""
    found: dict[str, list[BriefRow]] = {}
    for row in cursor.execute(statement, (list(visits),)).fetchall():
        found.setdefault(row[0], []).append(BriefRow(*row))
    return found


def newest(
    cursor: Cursor[Any],
    limit: int,
    *,
    state: str = "all",
    rule: str | None = None,
    worker: str | None = None,
    visit: str | None = None,
    from_ms: int | None = None,
    to_ms: int | None = None,
    after: Place | None = None,
) -> list[Told]:
    """At most `limit` alerts in a state (`STATES`), the latest start first, past `after`."""
    started_ms, alert = after or (None, None)
    asked = {
        "state": state,
        "rule": rule,
        "worker": worker,
        "visit": visit,
        "from": from_ms,
        "to": to_ms,
        "ms": started_ms,
        "alert": alert,
        "limit": limit,
    }
    where = where_given(
        asked,
        {
            "state": STATES[state],
            "rule": "rule = %(rule)s",
            "worker": "worker = %(worker)s",
            "visit": "subject_kind = 'visit' AND subject = %(visit)s",
            "from": f"started_at >= {instant('%(from)s')}",
            "to": f"started_at < {instant('%(to)s')}",
            "ms": f"(started_at, alert) < ({instant('%(ms)s')}, %(alert)s)",
        },
    )
    order: LiteralString = " ORDER BY started_at DESC, alert DESC"
    statement = _told(f"SELECT * FROM {J}.alerts " + where + order + " LIMIT %(limit)s") + order
    return _rows(cursor, statement, asked)


def one(cursor: Cursor[Any], alert: UUID) -> Told | None:
    """One alert; None: the projection knows none of that id."""
    return next(iter(_rows(cursor, _told(f"SELECT * FROM {J}.alerts WHERE alert = %(alert)s"), {"alert": alert})), None)


def changed(cursor: Cursor[Any], since_ms: int, limit: int) -> list[Told]:
    """At most `limit` alerts that something has become known about since, in the order in which it did."""
    order: LiteralString = " ORDER BY known_at, alert"
    inner: LiteralString = f"SELECT * FROM {J}.alerts WHERE known_at >= {instant('%(since)s')}"
    return _rows(cursor, _told(inner + order + " LIMIT %(limit)s") + order, {"since": since_ms, "limit": limit})


def revisions(cursor: Cursor[Any], since_ms: int) -> dict[UUID, int]:
    """The revisions of the alerts that something has become known about since."""
    statement: LiteralString = f"SELECT alert, revision FROM {J}.alerts WHERE known_at >= {instant('%s')}"
    return dict(cursor.execute(statement, (since_ms,)).fetchall())


def history(cursor: Cursor[Any], alerts: Sequence[UUID]) -> dict[UUID, list[ChangeRow]]:
    """Every change of these alerts, by revision."""
    statement: LiteralString = f"""
        SELECT alert, revision, change, {ms("known_at")}, {ms("started_at")}, {ms("ended_at")}, params, evidence,
            reason, "by"
        FROM {J}.alert_history WHERE alert = ANY(%s) ORDER BY alert, revision"""
    found: dict[UUID, list[ChangeRow]] = {}
    for row in cursor.execute(statement, (list(alerts),)).fetchall():
        found.setdefault(row[0], []).append(ChangeRow(*row))
    return found


def _told(inner: LiteralString) -> LiteralString:
    return f"SELECT {_COLUMNS}, " + _NAMES.replace("(%s)", "(" + inner + ")")


def _rows(cursor: Cursor[Any], statement: LiteralString, asked: dict[str, Any]) -> list[Told]:
    rows = cursor.execute(statement, asked).fetchall()
    return [(AlertRow(*row[:_COUNT]), ContextRow(*row[_COUNT:])) for row in rows]
