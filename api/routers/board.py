"""The board: a business day at a glance."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from psycopg import Cursor
from starlette.responses import Response

from api.auth import Staff
from api.deps import Here
from api.routers.answers import STAFF_PROBLEMS, Reached, json, problems
from api.shapes import visits as shapes
from api.times import business_day, business_day_of
from domain.errors import Rejected
from domain.zones import names
from projections import place
from projections.queries import alerts, visits
from projections.unit import JUDGE

router = APIRouter(prefix="/v1", tags=["board"], responses=STAFF_PROBLEMS | problems(504))


@router.get("/board", response_model=shapes.Board, dependencies=[Reached], summary="A business day's visits")
def board(
    deps: Here,
    by: Staff,
    day: Annotated[date | None, Query(description="the business day; none: the cell's today")] = None,
    zone: Annotated[str | None, Query(description="IANA zone that the day is of; none: the cell's")] = None,
) -> Response:
    """Visits whose window opens on the day, which begins at a local hour (a setting, 04:00)."""
    zone = zone or deps.options.zone
    if zone not in names():
        raise Rejected(f"there is no time zone {zone!r}", code="invalid_zone")
    clock = deps.clock.shape()
    hour = deps.options.business_day_hour
    shown = day or business_day_of(clock.now, zone, hour)
    if not date(1970, 1, 2) <= shown < date(2200, 1, 1):
        raise Rejected(f"{shown} is not a day between 1970 and 2200", code="invalid_day")
    from_ms, to_ms = business_day(shown, zone, hour)

    def query(cursor: Cursor[Any]) -> shapes.Board:
        rows = visits.between(cursor, from_ms, to_ms)
        raised = alerts.of_visits(cursor, [row.visit for row in rows])
        position = place.read(cursor, JUDGE).position
        return shapes.board(clock, shown.isoformat(), zone, position, rows, raised)

    return json(deps.database.read(query))
