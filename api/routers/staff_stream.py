"""The staff's live stream: what changed on the board, among the alerts and with the workers."""

from __future__ import annotations

from math import inf

from fastapi import APIRouter
from starlette.responses import Response

from api.auth import Staff
from api.deps import Here
from api.live.stream import EventStream
from api.routers.answers import STAFF_PROBLEMS, LastEventId, TooManyStreams

RESET = {"type": "object", "properties": {"position": {"type": "integer"}}, "required": ["position"]}

router = APIRouter(prefix="/v1", tags=["board"], responses=STAFF_PROBLEMS)


@router.get(
    "/stream",
    response_class=Response,
    responses={
        200: {
            "description": "Server-sent events. `changed`: a `Changed`. `reset` {position}: fetch everything again, "
            "with `min_position`; the events that follow go on from there.",
            "content": {
                "text/event-stream": {
                    "schema": {"type": "string"},
                    "x-events": {"changed": {"$ref": "#/components/schemas/Changed"}, "reset": RESET},
                }
            },
        }
    },
    summary="All that changes, as server-sent events",
)
async def staff_stream(deps: Here, by: Staff, last_event_id: LastEventId = None) -> Response:
    """Begins with `reset`, unless `Last-Event-ID` names the newest event: then nothing was missed."""
    if deps.streams >= deps.options.streams_most:
        raise TooManyStreams("too many pages are open; try again")
    return EventStream(
        lambda: deps.staff_hub.subscribe(last_event_id),
        deps.staff_hub.unsubscribe,
        left_s=lambda: inf,
        heartbeat_s=deps.options.stream_heartbeat_s,
        send_s=deps.options.stream_send_s,
    )
