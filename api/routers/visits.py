"""Visits as a list, one with everything that is known of it, and links to it for its customer."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from psycopg import Cursor
from starlette.responses import Response

from api import cursors
from api.auth import Staff
from api.cursors import Limit
from api.deps import Here
from api.routers.answers import STAFF_PROBLEMS, Name, NameQuery, Reached, encoded, json, problems
from api.routers.days import Day, Zone, span_or_all
from api.shapes import visits as shapes
from api.shapes.alerts import with_history
from api.shapes.fences import shape_of
from api.shapes.lines import Json, lines
from api.shapes.requests import LinkAnswer
from domain.decide import visit_stream
from domain.errors import NotFound
from projections import place
from projections.progress.state import Status
from projections.queries import alerts, timeline, visits
from projections.unit import JUDGE

router = APIRouter(prefix="/v1/visits", tags=["visits"], responses=STAFF_PROBLEMS)


@router.get(
    "",
    response_model=shapes.VisitPage,
    dependencies=[Reached],
    responses=problems(504),
    summary="Visits as on the board, by window",
)
def list_visits(
    deps: Here,
    by: Staff,
    day: Day = None,
    zone: Zone = None,
    worker: NameQuery = None,
    status: Annotated[Status | None, Query(description="those in this status")] = None,
    limit: Limit = 100,
    cursor: cursors.Cursor = None,
) -> Response:
    """Visits of a business day, or of all days."""
    from_ms, to_ms = span_or_all(deps, day, zone)
    after = None if cursor is None else cursors.read_time_and_key(cursor)

    def query(at: Cursor[Any]) -> Json:
        rows = visits.page(at, limit + 1, from_ms=from_ms, to_ms=to_ms, worker=worker, status=status, after=after)
        rows, more = rows[:limit], len(rows) > limit
        raised = alerts.briefs(at, [row.visit for row in rows])
        following = cursors.write(rows[-1].window_from_ms, rows[-1].visit) if more else None
        fences = {site: shape_of(fence) for site, fence in visits.fences(at, [row.site for row in rows]).items()}
        return {"items": lines(rows, raised), "fences": fences, "next": following}

    return encoded(deps.database.read(query))


@router.get(
    "/{visit}",
    response_model=shapes.VisitShape,
    dependencies=[Reached],
    responses=problems(404, 504),
    summary="A visit: promises, timeliness, steps with their evidence, facts, alerts",
)
def visit(deps: Here, by: Staff, visit: Name) -> Response:
    clock = deps.clock.shape()

    def query(cursor: Cursor[Any]) -> Json:
        row = visits.one(cursor, visit)
        if row is None:
            raise NotFound(f"there is no visit {visit}")
        steps = timeline.steps(cursor, visit)
        evidence = list({fact for step in steps for fact in step.evidence})
        raised = alerts.of_visits(cursor, [visit]).get(visit, [])
        changes = alerts.history(cursor, [alert.alert for alert in raised])
        return shapes.whole(
            clock,
            place.read(cursor, JUDGE).position,
            row,
            steps,
            timeline.facts(cursor, row),
            timeline.fixes(cursor, row, evidence),
            [with_history(alert, changes.get(alert.alert, [])) for alert in raised],
        )

    return encoded(deps.database.read(query))


@router.post(
    "/{visit}/links", response_model=LinkAnswer, responses=problems(404), summary="A link for the customer of a visit"
)
def make_link(deps: Here, by: Staff, request: Request, visit: Name) -> Response:
    """Each call makes a link of its own; it works until `expires_at`, by the wall clock."""
    if deps.log.version(visit_stream(visit)) == 0:
        raise NotFound(f"there is no visit {visit}")
    token, link = deps.links.make(visit)
    base = (deps.options.public_url or str(request.base_url)).rstrip("/")
    return json(LinkAnswer(url=f"{base}/v/{token}", token=token, expires_at=link.expires_ms))
