"""What was promised and what became of it, visit by visit, for counting."""

from __future__ import annotations

from typing import Any, LiteralString, NamedTuple

from psycopg import Cursor

from projections.queries.columns import J, instant, ms


class KeptRow(NamedTuple):
    """One visit that was not called off. `missed`: nobody has come; `concluded`: nothing more is expected."""

    worker: str | None
    worker_name: str | None
    service: str
    site: str
    site_name: str
    zone: str
    window_from_ms: int
    arrived: bool
    missed: bool
    concluded: bool
    lateness_s: int | None
    on_time: bool | None
    served_s: int | None
    planned_s: int


def between(cursor: Cursor[Any], from_ms: int, to_ms: int) -> list[KeptRow]:
    """Visits whose window opens in [from_ms, to_ms), in no order."""
    statement: LiteralString = f"""
        SELECT v.worker, w.name, v.service, v.site, s.name, s.zone, {ms("v.window_from")},
            t.arrived_at IS NOT NULL, t.arrived_at IS NULL AND t.on_time IS FALSE,
            p.over OR p.status = 'no_access', t.lateness_s, t.on_time, t.served_s, v.planned_s
        FROM {J}.visits v JOIN {J}.timeliness t USING (visit) JOIN {J}.progress p USING (visit)
        JOIN {J}.sites s USING (site) LEFT JOIN {J}.workers w ON w.worker = v.worker
        WHERE v.window_from >= {instant("%s")} AND v.window_from < {instant("%s")} AND NOT v.cancelled"""
    return [KeptRow(*row) for row in cursor.execute(statement, (from_ms, to_ms)).fetchall()]
