"""For operators and machines: health, metrics, the clock, the base map, and the wire format's schema."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import FileResponse, Response

from api import health
from api.clock import ClockShape
from api.deps import Here
from api.metrics import Metrics
from api.routers.answers import json, problems
from domain.errors import NotFound

router = APIRouter(tags=["operations"])

TILES = "/v1/map/tiles.pmtiles"


class Alive(BaseModel, frozen=True):
    """The process is up. Whether it can do its work is `/readyz`'s to say."""

    status: Literal["ok"] = "ok"


class MapShape(BaseModel, frozen=True):
    """What lies below the markers. `url`: of the raster tiles `{z}/{x}/{y}`, or of the PMTiles file."""

    kind: Literal["pmtiles", "raster", "none"]
    url: str | None


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


@router.get("/v1/map", response_model=MapShape, summary="What lies below the markers on the pages' maps")
async def base_map(deps: Here) -> Response:
    kind, url = deps.options.base_map, deps.options.base_map_url
    if kind == "pmtiles" and url is not None and not urlsplit(url).scheme:
        url = TILES
    return json(MapShape(kind=kind, url=url if kind != "none" else None))


@router.get(TILES, include_in_schema=False)
def tiles(deps: Here) -> Response:
    options = deps.options
    if options.base_map != "pmtiles" or not options.base_map_url or not Path(options.base_map_url).is_file():
        raise NotFound("this cell has no base map of its own")
    return FileResponse(
        options.base_map_url, media_type="application/octet-stream", headers={"Cache-Control": "public, max-age=3600"}
    )


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
