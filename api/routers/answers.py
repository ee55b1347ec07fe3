"""What endpoints share: JSON out, the wait for a position, the key of a write, and names in paths."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import Depends, Header, Path, Query, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.answers import Key
from api.deps import Here
from api.health import read_lag
from api.problems import Problem
from api.shapes.encode import encode
from domain.errors import Transient

Name = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.:-]{1,64}$", description="its key")]
"""A business key in a path (domain.ids.KEY)."""
Device = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.:~-]{1,128}$", description="the device's id")]
"""A device, tag or beacon in a path (domain.ids.REGISTERED)."""
NameQuery = Annotated[str | None, Query(pattern=r"^[A-Za-z0-9_.:-]{1,64}$", description="the key of one; none: all")]

Sought = Annotated[
    str | None,
    Query(min_length=1, max_length=128, pattern=r"^[^\x00]*$", description="a part of an id or of a name; none: all"),
]
"""A text to look for in a list."""

LastEventId = Annotated[
    str | None,
    Header(alias="Last-Event-ID", description="the id of the event seen last"),
]

Responses = dict[int | str, dict[str, Any]]


def problems(*statuses: int) -> Responses:
    """What an endpoint may answer instead, for the OpenAPI; every one may answer 422, 500 and 503."""
    return {status: {"model": Problem} for status in sorted({*statuses, 422, 500, 503})}


STAFF_PROBLEMS = problems(401)


class NotYetProjected(Transient):
    """The projection has not reached the position that was asked for."""

    code = "not_yet_projected"


class TooManyStreams(Transient):
    """The process holds as many streams as it may."""

    code = "too_many_streams"


def json(shape: BaseModel) -> Response:
    """A shape as a response. Encoded here, in the endpoint's thread: the event loop belongs to the streams."""
    return Response(shape.model_dump_json(by_alias=True), media_type="application/json")


def encoded(body: dict[str, Any]) -> Response:
    """The same for plain JSON, in which shapes may stand."""
    return Response(encode(body), media_type="application/json")


def placed(answer: str, position: int) -> Response:
    """The answer of a write with the position by which it stands, which is known last."""
    whole = msgspec.json.encode({**msgspec.json.decode(answer), "position": position})
    return Response(whole, media_type="application/json")


async def _reached(
    deps: Here,
    min_position: Annotated[
        int | None, Query(ge=0, description="wait until the projection has seen this log position")
    ] = None,
) -> None:
    if min_position is None:
        return
    if await deps.hub.reached(min_position, 0):
        return
    for wait_s in (0, deps.options.min_position_wait_s):
        # Asked after the wait as well: notifications are late while the connection that listens is away.
        if wait_s and await deps.hub.reached(min_position, wait_s):
            return
        if (await run_in_threadpool(read_lag, deps.database)).position >= min_position:
            return
    raise NotYetProjected(f"the projection has not reached log position {min_position}; try again")


async def _key(
    request: Request,
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=255,
            description="the same key with the same request gets the same answer, and nothing is done twice",
        ),
    ] = None,
) -> Key | None:
    if key is None:
        return None
    path = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    return Key.of(key, request.method, path, await request.body())


Reached = Depends(_reached)
IdempotencyKey = Annotated[Key | None, Depends(_key)]
