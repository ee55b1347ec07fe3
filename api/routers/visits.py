"""One visit with everything that is known of it, and links to it for its customer."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from psycopg import Cursor
from starlette.responses import Response

from api.auth import Staff
from api.deps import Here
from api.routers.answers import STAFF_PROBLEMS, Name, Reached, json, problems
from api.shapes import visits as shapes
from api.shapes.alerts import with_history
from api.shapes.requests import LinkAnswer
from domain.decide import visit_stream
from domain.errors import NotFound
from projections import place
from projections.queries import alerts, timeline, visits
from projections.unit import JUDGE

router = APIRouter(prefix="/v1/visits", tags=["visits"], responses=STAFF_PROBLEMS | problems(404, 504))


@router.get(
    "/{visit}",
    response_model=shapes.VisitShape,
    dependencies=[Reached],
    summary="A visit: promises, timeliness, steps with their evidence, facts, alerts",
)
def visit(deps: Here, by: Staff, visit: Name) -> Response:
    clock = deps.clock.shape()

    def query(cursor: Cursor[Any]) -> shapes.VisitShape:
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

    return json(deps.database.read(query))


@router.post("/{visit}/links", response_model=LinkAnswer, summary="A link for the customer of a visit")
def make_link(deps: Here, by: Staff, request: Request, visit: Name) -> Response:
    """Each call makes a link of its own; it works until `expires_at`, by the wall clock."""
    if deps.log.version(visit_stream(visit)) == 0:
        raise NotFound(f"there is no visit {visit}")
    token, link = deps.links.make(visit)
    base = (deps.options.public_url or str(request.base_url)).rstrip("/")
    return json(LinkAnswer(url=f"{base}/v/{token}", token=token, expires_at=link.expires_ms))
