"""Workers as they are now: where they were seen last, which visit they are at, what was raised about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString

import msgspec
from psycopg import Cursor

from domain.time import DAY_MS, to_datetime
from projections.progress.state import Status
from projections.queries.alerts import OPEN
from projections.queries.carriers import carried
from projections.queries.columns import J, ms

SEEN_WITHIN_MS = DAY_MS
"""Older news of a worker does not say where they are."""
LISTED_WITHIN_MS = 35 * DAY_MS
"""Visits whose window opened longer ago are concluded (the judge's horizon)."""


class NamedRow(msgspec.Struct, frozen=True):
    """A worker's particulars."""

    worker: str
    name: str
    surname: str
    title: str


class SeenRow(msgspec.Struct, frozen=True):
    """A worker's newest position."""

    worker: str
    device: str
    at_ms: int
    lat_e7: int
    lon_e7: int
    accuracy_dm: int | None
    speed_cms: int | None
    heading_cdeg: int | None
    battery_pct: int | None


class OccupiedRow(msgspec.Struct, frozen=True):
    """The visit that a worker is at or on the way to, else the next one."""

    worker: str
    visit: str
    status: str
    window_from_ms: int
    window_to_ms: int
    site_name: str


class WorkerRow(msgspec.Struct, frozen=True):
    """A worker now. `heard_ms`: the newest fact of any kind."""

    named: NamedRow
    devices: tuple[str, ...]
    seen: SeenRow | None
    heard_ms: int | None
    visit: OccupiedRow | None
    open_alerts: int


_NAMED: LiteralString = f"SELECT worker, name, surname, title FROM {J}.workers "
_FIX: LiteralString = f"""device, {ms("t.at")}, lat_e7, lon_e7, accuracy_dm, speed_cms, heading_cdeg, battery_pct"""
# Nearly always `at` is `observed_at`, which the primary key has; where it is not, an index has the others. A shared
# phone speaks for whom it names.
_SEEN: LiteralString = f"""
    WITH held AS (SELECT * FROM unnest(%(workers)s::text[], %(devices)s::text[], %(since)s::timestamptz[])
        AS h (worker, device, since))
    SELECT h.worker, f.* FROM held h CROSS JOIN LATERAL (
        SELECT {_FIX} FROM {J}.tracks t WHERE t.device = h.device AND t.observed_at >= h.since
            AND t.at = t.observed_at AND coalesce(nullif(t.worker, ''), h.worker) = h.worker
        ORDER BY t.observed_at DESC LIMIT 1) f
    UNION ALL SELECT h.worker, f.* FROM held h CROSS JOIN LATERAL (
        SELECT {_FIX} FROM {J}.tracks t WHERE t.device = h.device AND t.at >= h.since
            AND t.at <> t.observed_at AND coalesce(nullif(t.worker, ''), h.worker) = h.worker
        ORDER BY t.at DESC LIMIT 1) f
    UNION ALL SELECT w.worker, f.* FROM unnest(%(asked)s::text[]) AS w (worker) CROSS JOIN LATERAL (
        SELECT {_FIX} FROM {J}.tracks t WHERE t.worker = w.worker AND t.at >= %(old)s
        ORDER BY t.at DESC LIMIT 1) f
"""
_HEARD: LiteralString = f"""
    SELECT h.worker, {ms("f.at")} FROM unnest(%(workers)s::text[], %(devices)s::text[], %(since)s::timestamptz[])
        AS h (worker, device, since) CROSS JOIN LATERAL (
        SELECT t.at FROM {J}.facts t WHERE t.device = h.device AND t.at >= h.since
            AND coalesce(nullif(t.worker, ''), h.worker) = h.worker ORDER BY t.at DESC LIMIT 1) f
    UNION ALL SELECT w.worker, {ms("f.at")} FROM unnest(%(asked)s::text[]) AS w (worker) CROSS JOIN LATERAL (
        SELECT t.at FROM {J}.facts t WHERE t.worker = w.worker AND t.at >= %(old)s ORDER BY t.at DESC LIMIT 1) f
"""
_OCCUPIED: LiteralString = f"""
    SELECT DISTINCT ON (v.worker)
        v.worker, v.visit, p.status, {ms("v.window_from")}, {ms("v.window_to")}, s.name
    FROM {J}.visits v JOIN {J}.progress p USING (visit) JOIN {J}.sites s USING (site)
    WHERE v.worker = ANY(%(asked)s) AND v.window_from >= %(listed)s AND NOT v.cancelled
        AND v.window_to + v.planned_s * interval '1 second' >= %(old)s
        AND NOT p.over AND NOT p.status = ANY(%(nobody)s)
    ORDER BY v.worker, p.status = ANY(%(there)s) DESC, p.status = ANY(%(coming)s) DESC, v.window_from, v.visit
"""
_OPEN: LiteralString = f"SELECT worker, count(*) FROM {J}.alerts WHERE worker = ANY(%s) AND {OPEN} GROUP BY worker"
_THERE = [Status.AT_COMPOUND, Status.ARRIVED, Status.IN_SERVICE, Status.STEPPED_OUT]
_COMING = [Status.ON_THE_WAY, Status.NEARBY]
_NOBODY = [Status.MISSED, Status.NO_ACCESS, Status.CANCELLED]


def page(cursor: Cursor[Any], now_ms: int, limit: int, after: str | None) -> list[WorkerRow]:
    """At most `limit` workers past `after`, by key."""
    where: LiteralString = "WHERE worker > %s ORDER BY worker LIMIT %s"
    return _told(cursor, now_ms, cursor.execute(_NAMED + where, (after or "", limit)).fetchall())


def everyone(cursor: Cursor[Any], now_ms: int) -> list[WorkerRow]:
    """All workers, by key."""
    return _told(cursor, now_ms, cursor.execute(_NAMED + "ORDER BY worker").fetchall())


def _told(cursor: Cursor[Any], now_ms: int, found: Sequence[tuple[Any, ...]]) -> list[WorkerRow]:
    named = [NamedRow(*row) for row in found]
    workers = [row.worker for row in named]
    held = carried(cursor, workers, now_ms)
    old_ms = now_ms - SEEN_WITHIN_MS
    asked = {
        "asked": workers,
        "workers": [carry.worker for carry in held],
        "devices": [carry.device for carry in held],
        "since": [to_datetime(max(old_ms, carry.from_ms)) for carry in held],
        "old": to_datetime(old_ms),
    }
    seen: dict[str, SeenRow] = {}
    for row in cursor.execute(_SEEN, asked).fetchall():
        fix = SeenRow(*row)
        if fix.worker not in seen or (fix.at_ms, fix.device) > (seen[fix.worker].at_ms, seen[fix.worker].device):
            seen[fix.worker] = fix
    heard = {worker: fix.at_ms for worker, fix in seen.items()}
    for worker, at_ms in cursor.execute(_HEARD, asked).fetchall():
        heard[worker] = max(at_ms, heard.get(worker, at_ms))
    devices: dict[str, list[str]] = {}
    for carry in held:
        devices.setdefault(carry.worker, []).append(carry.device)
    visits = _visits(cursor, workers, now_ms)
    alerts: dict[str, int] = dict(cursor.execute(_OPEN, (workers,)).fetchall())
    return [
        WorkerRow(
            row,
            tuple(devices.get(row.worker, ())),
            seen.get(row.worker),
            heard.get(row.worker),
            visits.get(row.worker),
            alerts.get(row.worker, 0),
        )
        for row in named
    ]


def _visits(cursor: Cursor[Any], workers: list[str], now_ms: int) -> dict[str, OccupiedRow]:
    asked = {
        "asked": workers,
        "listed": to_datetime(now_ms - LISTED_WITHIN_MS),
        "old": to_datetime(now_ms - SEEN_WITHIN_MS),
        "there": [str(status) for status in _THERE],
        "coming": [str(status) for status in _COMING],
        "nobody": [str(status) for status in _NOBODY],
    }
    return {row[0]: OccupiedRow(*row) for row in cursor.execute(_OCCUPIED, asked).fetchall()}
