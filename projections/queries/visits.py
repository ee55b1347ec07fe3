"""Visits with all that a list or a page shows of each: the promise, who and where, and where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString

import msgspec
from psycopg import Cursor

from domain.geo import Fence
from projections.queries.columns import J, instant, ms, where_given


class VisitRow(msgspec.Struct, frozen=True):
    """One visit. Times are epoch ms; degrees are 1e-7 integers; `fix_*` is the newest believed fix."""

    visit: str
    customer: str
    customer_name: str | None
    site: str
    site_name: str
    address: str
    zone: str
    site_lat_e7: int
    site_lon_e7: int
    worker: str | None
    worker_name: str | None
    service: str
    window_from_ms: int
    window_to_ms: int
    planned_s: int
    checklist: str
    revision: int
    first_from_ms: int
    first_to_ms: int
    status: str
    status_at_ms: int
    over: bool
    fix_lat_e7: int | None
    fix_lon_e7: int | None
    fix_accuracy_dm: int | None
    fix_ms: int | None
    eta_ms: int | None
    eta_early_ms: int | None
    eta_late_ms: int | None
    remaining_m: int | None
    arrived_ms: int | None
    lateness_s: int | None
    on_time: bool | None
    early_s: int | None
    served_from_ms: int | None
    served_to_ms: int | None
    served_s: int | None


_SELECT: LiteralString = f"""
    SELECT v.visit, v.customer, c.name, v.site, s.name, s.address, s.zone, s.lat_e7, s.lon_e7, v.worker, w.name,
        v.service, {ms("v.window_from")}, {ms("v.window_to")}, v.planned_s, v.checklist, v.revision,
        {ms("v.first_from")}, {ms("v.first_to")}, p.status, {ms("p.status_at")}, p.over,
        p.lat_e7, p.lon_e7, p.accuracy_dm, {ms("p.fix_at")},
        {ms("p.eta_at")}, {ms("p.eta_early")}, {ms("p.eta_late")}, p.remaining_m,
        {ms("t.arrived_at")}, t.lateness_s, t.on_time, t.early_s,
        {ms("t.served_from")}, {ms("t.served_to")}, t.served_s
    FROM {J}.visits v
    JOIN {J}.sites s USING (site)
    JOIN {J}.progress p USING (visit)
    JOIN {J}.timeliness t USING (visit)
    LEFT JOIN {J}.customers c ON c.customer = v.customer
    LEFT JOIN {J}.workers w ON w.worker = v.worker
"""


Place = tuple[int, str]
"""Where a page of visits ended: (window_from ms, visit)."""


def between(cursor: Cursor[Any], from_ms: int, to_ms: int) -> list[VisitRow]:
    """Visits whose promised window opens in [from_ms, to_ms), by that time."""
    where: LiteralString = f"""WHERE v.window_from >= {instant("%s")} AND v.window_from < {instant("%s")}
        ORDER BY v.window_from, v.visit"""
    return [VisitRow(*row) for row in cursor.execute(_SELECT + where, (from_ms, to_ms)).fetchall()]


def page(
    cursor: Cursor[Any],
    limit: int,
    *,
    from_ms: int | None = None,
    to_ms: int | None = None,
    worker: str | None = None,
    status: str | None = None,
    after: Place | None = None,
) -> list[VisitRow]:
    """At most `limit` visits past `after`, by their window; of those in [from_ms, to_ms), of a worker, in a status."""
    ms, visit = after or (None, None)
    asked = {"from": from_ms, "to": to_ms, "worker": worker, "status": status, "ms": ms, "visit": visit, "limit": limit}
    where = where_given(
        asked,
        {
            "from": f"v.window_from >= {instant('%(from)s')}",
            "to": f"v.window_from < {instant('%(to)s')}",
            "worker": "v.worker = %(worker)s",
            "status": "p.status = %(status)s",
            "ms": f"(v.window_from, v.visit) > ({instant('%(ms)s')}, %(visit)s)",
        },
    )
    rows = cursor.execute(_SELECT + where + " ORDER BY v.window_from, v.visit LIMIT %(limit)s", asked).fetchall()
    return [VisitRow(*row) for row in rows]


def some(cursor: Cursor[Any], visits: Sequence[str]) -> list[VisitRow]:
    """These visits, as far as the projection knows them, by their window."""
    where: LiteralString = "WHERE v.visit = ANY(%s) ORDER BY v.window_from, v.visit"
    return [VisitRow(*row) for row in cursor.execute(_SELECT + where, (list(visits),)).fetchall()]


def judged_since(cursor: Cursor[Any], known_ms: int, limit: int) -> list[str]:
    """At most `limit` visits that were judged anew with what has become known since. Reads all: for when the
    notifications named none."""
    statement: LiteralString = f"SELECT visit FROM {J}.progress WHERE known_at >= {instant('%s')} LIMIT %s"
    return [row[0] for row in cursor.execute(statement, (known_ms, limit)).fetchall()]


def fences(cursor: Cursor[Any], sites: Sequence[str]) -> dict[str, Fence]:
    """The fences of these sites, by site."""
    rows = cursor.execute(f"SELECT site, fence FROM {J}.sites WHERE site = ANY(%s)", (list(set(sites)),)).fetchall()
    return {site: msgspec.json.decode(fence, type=Fence) for site, fence in rows}


def one(cursor: Cursor[Any], visit: str) -> VisitRow | None:
    """One visit; None: the projection knows none of that name."""
    row = cursor.execute(_SELECT + "WHERE v.visit = %s", (visit,)).fetchone()
    return None if row is None else VisitRow(*row)
