"""The HTTP door: for phones that do not speak MQTT. One more line of the inbox; answered once it is in the log.

A 200 is the acknowledgement of MQTT: before it the phone keeps what it said, after it the log does. What cannot be read
is answered with 200 as well, because it is kept as a dead letter, and an app that hears anything else sends the same
for ever and nothing after it (Traccar Client sends in order, and goes on only after a 2xx).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

import msgspec

from domain.errors import DoorstepError, Unavailable
from ingest.door_routes import Answer, Asked, may_publish, way_of
from ingest.door_waiting import Waiting
from ingest.doorkeeper import Doorkeeper, NotAdmitted, TooOften, basic
from ingest.inbox import Inbox
from ingest.message import Message

logger = logging.getLogger(__name__)

RETRY_AFTER_S = 5
"""What is passing is usually over by then."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The settings `door_…` describe them."""

    timeout_s: float = 8.0
    waiting_most: int = 2_000
    waiting_bytes: int = 64_000_000
    body_most: int = 1_000_000


class TooLarge(DoorstepError):
    """A body larger than the limit."""

    code = "too_large"


class Slow(DoorstepError):
    """A body that did not arrive in time."""

    code = "request_timeout"


class NotYours(DoorstepError):
    """The login stands, and may not say this."""

    code = "forbidden"


_STATUSES = {
    NotAdmitted: HTTPStatus.UNAUTHORIZED,
    TooOften: HTTPStatus.TOO_MANY_REQUESTS,
    NotYours: HTTPStatus.FORBIDDEN,
    Slow: HTTPStatus.REQUEST_TIMEOUT,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}

_LEVELS = {NotAdmitted: logging.DEBUG, TooOften: logging.DEBUG, Unavailable: logging.DEBUG}
"""What anybody can cause, and what the committer tells already, does not fill the log."""


class Door:
    """An ASGI application, for one event loop."""

    def __init__(self, inbox: Inbox, keeper: Doorkeeper, limits: Limits) -> None:
        self._keeper, self._limits = keeper, limits
        self._waiting = Waiting(
            inbox, timeout_s=limits.timeout_s, most=limits.waiting_most, most_bytes=limits.waiting_bytes
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI. Errors of ours become statuses; what they say goes to nobody but the log."""
        if scope["type"] != "http":
            return
        try:
            answer = await self._answer(scope, receive)
        except DoorstepError as error:
            status = _STATUSES.get(type(error), HTTPStatus.INTERNAL_SERVER_ERROR)
            logger.log(_LEVELS.get(type(error), logging.INFO), "%s: %s", status.value, error)
            answer = Answer(status)
        await _send(answer, send)

    def close(self) -> None:
        """Nothing is committed any more: whoever waits hears so. From any thread."""
        self._waiting.close()

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        way = way_of(scope["path"])
        if way is None:
            return Answer(HTTPStatus.NOT_FOUND)
        if scope["method"] not in way.route.methods:
            return Answer(HTTPStatus.METHOD_NOT_ALLOWED)
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        shown = way.shown or basic(headers.get(b"authorization", ""))
        login = await self._keeper.admit(shown, (scope.get("client") or ("", 0))[0])
        body = await self._body(headers.get(b"content-length", ""), receive)
        asked = Asked(login, way.path, scope["query_string"], headers.get(b"content-type", ""), body)
        said = way.route.said(asked)
        if said.topic is None or not may_publish(login, said.topic):
            raise NotYours(f"{login.login} may not publish on {said.topic or 'this dialect'}")
        if said.payload:  # apps post empty bodies too, which say nothing
            await self._waiting.commit(Message(said.topic, said.payload))
        return way.route.answer

    async def _body(self, stated: str, receive: Receive) -> bytes:
        most = self._limits.body_most
        if stated.isdecimal() and int(stated) > most:
            raise TooLarge(f"{stated} bytes; the most is {most}")
        parts: list[bytes] = []
        size, more = 0, True
        try:
            async with asyncio.timeout(self._limits.timeout_s):
                while more:
                    event = await receive()
                    if event["type"] == "http.disconnect":
                        raise Slow("the client went away")
                    parts.append(event.get("body", b""))
                    size += len(parts[-1])
                    if size > most:
                        raise TooLarge(f"more than {most} bytes")
                    more = event.get("more_body", False)
        except TimeoutError:
            raise Slow(f"no whole body within {self._limits.timeout_s} s") from None
        return b"".join(parts)


async def _send(answer: Answer, send: Send) -> None:
    headers = [(b"content-length", str(len(answer.body)).encode()), (b"cache-control", b"no-store")]
    if answer.body:
        headers.append((b"content-type", answer.content_type.encode()))
    if answer.status is HTTPStatus.UNAUTHORIZED:
        headers.append((b"www-authenticate", b'Basic realm="doorstep", charset="UTF-8"'))
    if answer.status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        headers.append((b"retry-after", str(RETRY_AFTER_S).encode()))
    await send({"type": "http.response.start", "status": answer.status.value, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
