"""Lines of a board as plain JSON: there may be thousands, and making a model of each took five times as long.

`api.shapes.visits.BoardVisit` says what they are; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from api.shapes.alerts import state_of
from api.shapes.degrees import degrees
from api.times import written
from projections.queries.alerts import BriefRow
from projections.queries.visits import VisitRow

Json = dict[str, Any]


def lines(rows: Sequence[VisitRow], alerts: Mapping[str, Sequence[BriefRow]]) -> list[Json]:
    """`BoardVisit`s of visits and their alerts."""
    return [line(row) | {"alerts": [brief(alert) for alert in alerts.get(row.visit, ())]} for row in rows]


def line(row: VisitRow) -> Json:
    """A `BoardVisit` without its alerts."""
    return {
        "visit": row.visit,
        "customer": {"customer": row.customer, "name": row.customer_name},
        "site": {
            "site": row.site,
            "name": row.site_name,
            "address": row.address,
            "lat": degrees(row.site_lat_e7),
            "lon": degrees(row.site_lon_e7),
        },
        "worker": None if row.worker is None else {"worker": row.worker, "name": row.worker_name},
        "service": row.service,
        "window_from": written(row.window_from_ms),
        "window_to": written(row.window_to_ms),
        "planned_s": row.planned_s,
        "status": row.status,
        "status_at": written(row.status_at_ms),
        "over": row.over,
        "eta": _eta(row),
        "position": _position(row),
        "arrived_at": None if row.arrived_ms is None else written(row.arrived_ms),
        "lateness_s": row.lateness_s,
        "on_time": row.on_time,
    }


def brief(row: BriefRow) -> Json:
    """An `AlertBrief`."""
    return {
        "alert": row.alert,
        "rule": row.rule,
        "started_at": written(row.started_ms),
        "ended_at": None if row.ended_ms is None else written(row.ended_ms),
        "standing": row.standing,
        "state": state_of(row.standing, acknowledged=row.acknowledged, resolved=row.resolved),
    }


def _eta(row: VisitRow) -> Json | None:
    if row.eta_ms is None or row.eta_early_ms is None or row.eta_late_ms is None or row.fix_ms is None:
        return None
    return {
        "at": written(row.eta_ms),
        "early": written(row.eta_early_ms),
        "late": written(row.eta_late_ms),
        "made_at": written(row.fix_ms),
        "remaining_m": row.remaining_m,
    }


def _position(row: VisitRow) -> Json | None:
    if row.fix_lat_e7 is None or row.fix_lon_e7 is None or row.fix_ms is None:
        return None
    return {
        "lat": degrees(row.fix_lat_e7),
        "lon": degrees(row.fix_lon_e7),
        "accuracy_m": None if row.fix_accuracy_dm is None else row.fix_accuracy_dm / 10,
        "at": written(row.fix_ms),
    }
