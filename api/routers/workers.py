"""Workers: where they are and what they are at, and where one was."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from psycopg import Cursor
from starlette.responses import JSONResponse, Response

from api import cursors
from api.auth import Staff
from api.cursors import Limit
from api.deps import Here
from api.routers.answers import STAFF_PROBLEMS, Name, Reached, json, problems
from api.shapes.track import TrackShape, track
from api.shapes.workers import WorkerPage, shape
from api.times import LONGEST_MS, Instant
from domain.errors import NotFound, Rejected
from projections.queries import tracks, workers

router = APIRouter(prefix="/v1/workers", tags=["workers"], responses=STAFF_PROBLEMS | problems(504))


class GeoJson(JSONResponse):
    """RFC 7946, encoded already."""

    media_type = "application/geo+json"

    def render(self, content: bytes) -> bytes:
        return content


@router.get("", response_model=WorkerPage, dependencies=[Reached], summary="Workers as they are now, by key")
def list_workers(deps: Here, by: Staff, limit: Limit = 100, cursor: cursors.Cursor = None) -> Response:
    """Where each was seen last, the visit that they are at (or the next), and how many alerts wait for somebody."""
    after = None if cursor is None else cursors.read_key(cursor)
    now_ms = deps.clock.now_ms()
    rows = deps.database.read(lambda at: workers.page(at, now_ms, limit + 1, after))
    rows, more = rows[:limit], len(rows) > limit
    following = cursors.write(rows[-1].named.worker) if more else None
    return json(WorkerPage(items=[shape(row) for row in rows], next=following))


@router.get(
    "/{worker}/track",
    response_model=TrackShape,
    response_class=GeoJson,
    responses=problems(404),
    dependencies=[Reached],
    summary="A worker's positions as GeoJSON: a line for each device, a point for each fix",
)
def worker_track(
    deps: Here,
    by: Staff,
    worker: Name,
    from_ms: Annotated[Instant, Query(alias="from", description="the first instant")],
    to_ms: Annotated[Instant, Query(alias="to", description="the instant after the last, at most 31 days later")],
) -> Response:
    """Positions in [from, to), of devices while they were bound to the worker, and those that name the worker."""
    if not 0 <= from_ms < to_ms or to_ms - from_ms > LONGEST_MS:
        raise Rejected("a track is of a period of at most 31 days", code="invalid_period")

    def query(cursor: Cursor[Any]) -> dict[str, Any]:
        if not tracks.knows(cursor, worker):
            raise NotFound(f"there is no worker {worker}")
        rows, truncated = tracks.of_worker(cursor, worker, from_ms, to_ms, deps.options.track_points)
        return track(rows, truncated)

    return GeoJson(msgspec.json.encode(deps.database.read(query)))
