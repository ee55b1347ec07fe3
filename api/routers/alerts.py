"""All alerts, newest first."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from psycopg import Cursor
from starlette.responses import Response

from api.auth import Staff
from api.deps import Here
from api.routers.answers import STAFF_PROBLEMS, Reached, json, problems
from api.shapes.alerts import AlertPage, full
from domain.errors import Rejected
from projections.queries import alerts

router = APIRouter(prefix="/v1", tags=["alerts"], responses=STAFF_PROBLEMS | problems(504))


@router.get("/alerts", response_model=AlertPage, dependencies=[Reached], summary="Alerts, the latest start first")
def list_alerts(
    deps: Here,
    by: Staff,
    standing: Annotated[
        Literal["true", "false", "all"], Query(description="those that stand, those that were refuted, or all")
    ] = "true",
    rule: Annotated[str | None, Query(pattern=r"^[a-z0-9_]{1,64}$")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> Response:
    after = None if cursor is None else _read_cursor(cursor)
    wanted = {"true": True, "false": False, "all": None}[standing]

    def query(at: Cursor[Any]) -> list[alerts.AlertRow]:
        return alerts.newest(at, limit + 1, standing=wanted, rule=rule, after=after)

    rows = deps.database.read(query)
    more = len(rows) > limit
    rows = rows[:limit]
    return json(AlertPage(items=[full(row) for row in rows], next=_write_cursor(rows[-1]) if more else None))


def _write_cursor(row: alerts.AlertRow) -> str:
    return base64.urlsafe_b64encode(f"{row.started_ms}/{row.alert}".encode()).decode().rstrip("=")


def _read_cursor(text: str) -> alerts.Place:
    try:
        started, _, alert = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition("/")
        place = int(started), UUID(alert)
    except (ValueError, binascii.Error):
        raise Rejected("this cursor was not made here", code="invalid_cursor") from None
    if not -(2**53) < place[0] < 2**53:
        raise Rejected("this cursor was not made here", code="invalid_cursor")
    return place
