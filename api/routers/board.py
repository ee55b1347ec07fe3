"""The board: a business day at a glance."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from psycopg import Cursor
from starlette.responses import Response

from api.auth import Staff
from api.deps import Here
from api.routers.answers import STAFF_PROBLEMS, Reached, encoded, problems
from api.routers.days import Day, Zone, span, today, zone_of
from api.shapes import visits as shapes
from api.shapes.lines import Json
from projections import place
from projections.queries import alerts, visits
from projections.unit import JUDGE

router = APIRouter(prefix="/v1", tags=["board"], responses=STAFF_PROBLEMS | problems(504))


@router.get("/board", response_model=shapes.Board, dependencies=[Reached], summary="A business day's visits")
def board(deps: Here, by: Staff, day: Day = None, zone: Zone = None) -> Response:
    """Visits whose window opens on the day; none: the cell's today."""
    there = zone_of(deps, zone)
    clock = deps.clock.shape()
    shown = day or today(deps, clock.now, there)
    from_ms, to_ms = span(deps, shown, there)

    def query(cursor: Cursor[Any]) -> Json:
        rows = visits.between(cursor, from_ms, to_ms)
        raised = alerts.briefs(cursor, [row.visit for row in rows])
        position = place.read(cursor, JUDGE).position
        return shapes.board(clock, shown.isoformat(), there, position, rows, raised)

    return encoded(deps.database.read(query))
