"""The facts that an alert rests on, positions too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Cursor

from domain.time import DAY_MS, to_datetime
from projections.queries.alerts import AlertRow
from projections.queries.columns import J, ms
from projections.queries.hands import phones_of
from projections.queries.timeline import FactRow
from projections.queries.tracks import FixRow, named

AROUND_MS = DAY_MS
"""A rule rests on facts that are at most this far from what it concludes; the track is read by device and time."""


def facts(cursor: Cursor[Any], wanted: Sequence[UUID]) -> list[FactRow]:
    """Those of these facts that are no positions."""
    statement: LiteralString = f"""SELECT fact, kind, {ms("at")}, device, worker, visit, {ms("known_at")}, body
        FROM {J}.facts WHERE fact = ANY(%s)"""
    return [FactRow(*row) for row in cursor.execute(statement, (list(wanted),)).fetchall()]


def fixes(cursor: Cursor[Any], alert: AlertRow, wanted: Sequence[UUID]) -> list[FixRow]:
    """Those of these facts that are positions of the alert's worker, or of the device that it is about."""
    if not wanted:
        return []
    from_ms, to_ms = alert.started_ms - AROUND_MS, (alert.ended_ms or alert.started_ms) + AROUND_MS
    if alert.worker is None:
        devices = {alert.subject} if alert.subject_kind == "device" else set()
    else:
        shared: LiteralString = f"SELECT DISTINCT device FROM {J}.tracks WHERE worker = %s AND at >= %s AND at < %s"
        rows = cursor.execute(shared, (alert.worker, to_datetime(from_ms), to_datetime(to_ms))).fetchall()
        devices = {*phones_of(cursor, alert.worker, from_ms, to_ms), *(row[0] for row in rows)}
    return named(cursor, list(wanted), sorted(devices), from_ms, to_ms)
