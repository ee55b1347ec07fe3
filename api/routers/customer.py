"""The customer's side of one visit: state, stream and page. The signed link in the address is the only key."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.deps import Here
from api.disclosure import CustomerView
from api.live.hub import Client
from api.live.stream import EventStream
from api.routers.answers import LastEventId, TooManyStreams, json, problems
from domain.errors import Unavailable

router = APIRouter(prefix="/v1/track", tags=["customer"], responses=problems(404, 410))


Token = Annotated[str, Path(description="from the customer's link")]


@router.get("/{token}", response_model=CustomerView, summary="What the customer may see of their visit, now")
def progress(deps: Here, token: Token) -> Response:
    visit = deps.links.open(token).visit
    view = deps.views.of([visit]).views.get(visit)
    if view is None:
        raise Unavailable("the visit is still being computed")
    return json(view)


@router.get(
    "/{token}/stream",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
    summary="The same as server-sent events: event `progress`, each with the whole state",
)
async def stream(deps: Here, token: Token, last_event_id: LastEventId = None) -> Response:
    """The first event is the whole state, unless `Last-Event-ID` names it already. Ends when the link expires."""
    link = await run_in_threadpool(deps.links.open, token)
    if deps.streams >= deps.options.streams_most:
        raise TooManyStreams("too many pages are open; try again")

    def subscribe() -> Client:
        return deps.hub.subscribe(link.visit, last_event_id)

    return EventStream(
        subscribe,
        deps.hub.unsubscribe,
        left_s=lambda: deps.links.left_s(link),
        heartbeat_s=deps.options.stream_heartbeat_s,
        send_s=deps.options.stream_send_s,
    )
