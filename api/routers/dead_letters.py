"""Dead letters: what no codec could read, by its reason, with its bytes; to be read again, or dropped with a reason."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from api import cursors
from api.auth import Staff
from api.cursors import Cursor, Limit
from api.deps import Here
from api.letters import State
from api.routers.answers import STAFF_PROBLEMS, json, problems
from api.shapes.letters import (
    DropAnswer,
    DropAsk,
    FillShape,
    GroupList,
    GroupShape,
    LetterPage,
    LetterShape,
    RetryAnswer,
    WhichAsk,
    WholeLetterShape,
)
from domain.time import Ms, from_datetime, to_datetime

router = APIRouter(prefix="/v1/dead-letters", tags=["operations"], responses=STAFF_PROBLEMS | problems(404))

Key = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="the letter's key")]
Which = Annotated[State, Query(description="open, or what became of them: resolved, dropped, expired (given up)")]
Reason = Annotated[str | None, Query(max_length=64, pattern=r"^[a-z0-9_]+$", description="of this reason; none: all")]


@router.get("", response_model=LetterPage, summary="Messages that could not be read, the latest first")
def list_letters(
    deps: Here, by: Staff, state: Which = "open", reason: Reason = None, cursor: Cursor = None, limit: Limit = 100
) -> Response:
    """Without their bytes."""
    before = None
    if cursor is not None:
        at_ms, key = cursors.read_time_and_letter(cursor)
        before = (to_datetime(Ms(at_ms)), key)
    found = deps.letters.listed(state, reason, before, limit + 1)
    page = found[:limit]
    more = len(found) > limit
    place = cursors.write(from_datetime(page[-1].last_seen), page[-1].key) if more else None
    return json(LetterPage(items=[LetterShape.of(letter) for letter in page], next=place))


@router.get("/groups", response_model=GroupList, summary="The same by what is wrong with them, and how full it is")
def group_letters(deps: Here, by: Staff, state: Which = "open") -> Response:
    """`fill.warns` is the alert before the oldest letters are given up."""
    groups, fill = deps.letters.grouped(state)
    return json(GroupList(groups=[GroupShape.of(group) for group in groups], fill=FillShape.of(fill)))


@router.post(
    "/retry",
    response_model=RetryAnswer,
    summary="Read letters again, after what was wrong is mended",
    responses=problems(409),
)
def retry_letters(deps: Here, by: Staff, ask: WhichAsk) -> Response:
    """What can be read now is stored, once, and its letter resolved. Harmless to repeat; where `left` is not 0 there
    was no time for so many, and the next call begins with them."""
    done = deps.letters.retry(ask.keys, ask.reason)
    return json(RetryAnswer(stored=done.stored, unreadable=done.unreadable, left=done.left))


@router.post("/drop", response_model=DropAnswer, summary="Say why nobody needs letters")
def drop_letters(deps: Here, by: Staff, ask: DropAsk) -> Response:
    """They stay listed as dropped for a while, with who said why."""
    return json(DropAnswer(dropped=deps.letters.drop(ask.keys, ask.reason, ask.why.strip(), by)))


@router.get("/{key}", response_model=WholeLetterShape, summary="One letter with its first bytes")
def show_letter(deps: Here, by: Staff, key: Key) -> Response:
    """The bytes are gone where the letter was given up."""
    return json(WholeLetterShape.of(deps.letters.shown(key)))


@router.get(
    "/{key}/payload",
    summary="All bytes of a letter",
    response_class=Response,
    responses={
        200: {
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            "description": "as the device sent them",
        }
    },
)
def download_letter(deps: Here, by: Staff, key: Key) -> Response:
    """As a file, whatever is in it; none where the letter was given up."""
    return Response(
        deps.letters.shown(key).payload,
        media_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{key}.bin"', "X-Content-Type-Options": "nosniff"},
    )
