"""For operators and machines: health, metrics, the clock, and the wire format's schema."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from api import health
from api.clock import ClockShape
from api.deps import Here
from api.metrics import Metrics
from api.routers.answers import json, problems
from domain.errors import NotFound

router = APIRouter(tags=["operations"])


class Alive(BaseModel, frozen=True):
    """The process is up. Whether it can do its work is `/readyz`'s to say."""

    status: Literal["ok"] = "ok"


@router.get("/healthz", response_model=Alive, summary="The process is up")
async def healthz() -> Response:
    return json(Alive())


@router.get(
    "/readyz",
    response_model=health.Readiness,
    responses={503: {"model": health.Readiness, "description": "Not ready, with the reasons"}},
    summary="Database, projector and broker, with the reasons where one keeps the cell from its work",
)
def readyz(deps: Here) -> Response:
    found = health.look(deps.database, deps.checks, deps.options.ready_behind)
    answer = json(found)
    answer.status_code = 200 if found.ready else 503
    return answer


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    summary="Counts and places, in Prometheus' text format",
)
def metrics(deps: Here, request: Request) -> Response:
    counted: Metrics = request.app.state.metrics
    return Response(counted.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/v1/clock", response_model=ClockShape, responses=problems(), summary="What time it is in the cell")
def clock(deps: Here) -> Response:
    return json(deps.clock.shape())


@router.get(
    "/v1/wire-schema",
    response_class=Response,
    responses=problems(404) | {200: {"content": {"application/schema+json": {"schema": {"type": "object"}}}}},
    summary="JSON Schema of what devices publish over MQTT",
)
async def wire_schema(deps: Here) -> Response:
    if deps.wire_schema is None:
        raise NotFound("the wire format's schema is not served here")
    return Response(deps.wire_schema, media_type="application/schema+json")
