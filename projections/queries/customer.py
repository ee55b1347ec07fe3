"""What the customers' pages stand on, for many visits at once: the live hub asks for all that changed together."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, cos, radians
from typing import Any, LiteralString

import msgspec
from psycopg import Cursor

from domain.decide.fences import MOST_REACH_M
from domain.geo import M_PER_DEG_LAT, Fence
from projections.queries.columns import J, ms


class CustomerRow(msgspec.Struct, frozen=True):
    """All of a visit that a customer's page may need; the disclosure policy decides what of it they see."""

    visit: str
    customer: str
    service: str
    window_from_ms: int
    window_to_ms: int
    planned_s: int
    revision: int
    zone: str
    locale: str | None
    worker: str | None
    surname: str | None
    title: str | None
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
    service_ms: int | None
    finished_ms: int | None
    site_name: str
    site_lat_e7: int
    site_lon_e7: int
    fence: str
    """JSON of a `domain.geo.Fence`."""


Step = tuple[str, int]
"""(status, at ms)"""

_ROWS: LiteralString = f"""
    SELECT v.visit, v.customer, v.service, {ms("v.window_from")}, {ms("v.window_to")}, v.planned_s, v.revision, s.zone,
        c.locale, v.worker, w.surname, w.title, p.status, {ms("p.status_at")}, p.over,
        p.lat_e7, p.lon_e7, p.accuracy_dm, {ms("p.fix_at")},
        {ms("p.eta_at")}, {ms("p.eta_early")}, {ms("p.eta_late")}, p.remaining_m,
        {ms("t.arrived_at")}, {ms("p.service_at")}, {ms("p.finished_at")},
        s.name, s.lat_e7, s.lon_e7, s.fence
    FROM {J}.visits v
    JOIN {J}.sites s USING (site)
    JOIN {J}.progress p USING (visit)
    JOIN {J}.timeliness t USING (visit)
    LEFT JOIN {J}.customers c ON c.customer = v.customer
    LEFT JOIN {J}.workers w ON w.worker = v.worker
    WHERE v.visit = ANY(%s)
"""
_STEPS: LiteralString = f"""
    SELECT visit, status, {ms("at")} FROM {J}.transitions
    WHERE visit = ANY(%s) AND known_to IS NULL ORDER BY visit, at, step
"""
# A circle stands at its pin; a polygon may reach far from it. The latitude goes through the index.
_NEAR: LiteralString = f"""
    SELECT f.visit, s.fence
    FROM unnest(%(visits)s::text[], %(customers)s::text[], %(lats)s::int4[], %(lons)s::int8[], %(widths)s::float8[])
        AS f (visit, customer, lat, lon, width)
    JOIN {J}.sites s ON s.customer <> f.customer AND s.lat_e7 BETWEEN f.lat - %(far)s AND f.lat + %(far)s
    CROSS JOIN LATERAL (SELECT CASE WHEN s.fence LIKE '%%"shape":"circle"%%' THEN %(near)s ELSE %(far)s END) r (reach)
    WHERE abs(s.lat_e7 - f.lat) <= reach
        AND least(abs(s.lon_e7 - f.lon), 3600000000 - abs(s.lon_e7 - f.lon)) <= reach * f.width
"""

_SPARE = 1.01
"""The box is a little wider than the distance: it only preselects."""
_POLE = 1e-3


def rows(cursor: Cursor[Any], visits: Sequence[str]) -> dict[str, CustomerRow]:
    """The visits that the projection knows, by name."""
    return {row[0]: CustomerRow(*row) for row in cursor.execute(_ROWS, (list(visits),)).fetchall()}


def steps(cursor: Cursor[Any], visits: Sequence[str]) -> dict[str, list[Step]]:
    """The steps that stand, in order of time."""
    found: dict[str, list[Step]] = {}
    for visit, status, at_ms in cursor.execute(_STEPS, (list(visits),)).fetchall():
        found.setdefault(visit, []).append((status, at_ms))
    return found


def others_near(cursor: Cursor[Any], fixes: Sequence[CustomerRow], within_m: float) -> dict[str, list[Fence]]:
    """By visit: fences of other customers' sites that may lie within a distance of its fix. Rather too many."""
    seen = [row for row in fixes if row.fix_lat_e7 is not None and row.fix_lon_e7 is not None]
    if not seen:
        return {}
    near = ceil(within_m * _SPARE / M_PER_DEG_LAT * 1e7)
    asked = {
        "visits": [row.visit for row in seen],
        "customers": [row.customer for row in seen],
        "lats": [row.fix_lat_e7 for row in seen],
        "lons": [row.fix_lon_e7 for row in seen],
        "widths": [1.0 / max(cos(radians((row.fix_lat_e7 or 0) * 1e-7)), _POLE) for row in seen],
        "near": near,
        "far": near + ceil(2 * MOST_REACH_M * _SPARE / M_PER_DEG_LAT * 1e7),
    }
    found: dict[str, list[Fence]] = {}
    for visit, fence in cursor.execute(_NEAR, asked).fetchall():
        found.setdefault(visit, []).append(msgspec.json.decode(fence, type=Fence))
    return found
