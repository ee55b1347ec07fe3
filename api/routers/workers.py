"""Where a worker was."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from psycopg import Cursor
from starlette.responses import Response

from api.auth import Staff
from api.deps import Here
from api.routers.answers import STAFF_PROBLEMS, Name, Reached, problems
from api.shapes.track import TrackShape, track
from api.times import LONGEST_MS, Instant
from domain.errors import NotFound, Rejected
from projections.queries import tracks

router = APIRouter(prefix="/v1/workers", tags=["workers"], responses=STAFF_PROBLEMS | problems(404, 504))


class GeoJson(Response):
    """RFC 7946."""

    media_type = "application/geo+json"


@router.get(
    "/{worker}/track",
    response_model=TrackShape,
    response_class=GeoJson,
    dependencies=[Reached],
    summary="A worker's positions as GeoJSON: a line for each device, a point for each fix",
)
def worker_track(
    deps: Here,
    by: Staff,
    worker: Name,
    from_ms: Annotated[Instant, Query(alias="from")],
    to_ms: Annotated[Instant, Query(alias="to")],
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
