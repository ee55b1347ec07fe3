"""The HTTP door: for phones that do not speak MQTT. One more line of the inbox; answered once it is in the log.

A 200 is the acknowledgement of MQTT: before it the phone keeps what it said, after it the log does. What cannot be read
is answered with 200 as well, because it is kept as a dead letter, and an app that hears anything else sends the same
for ever and nothing after it (Traccar Client sends in order, and goes on only after a 2xx).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from itertools import count
from typing import Any, NamedTuple

import msgspec

from domain.errors import DoorstepError, Unavailable
from ingest.door_routes import Answer, Asked, Way, may_publish, way_of
from ingest.doorkeeper import Doorkeeper, NotAdmitted, TooOften, basic
from ingest.inbox import Inbox, Line
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


class _Held(NamedTuple):
    """What is in the inbox and not in the log yet."""

    key: tuple[str, bytes]
    future: asyncio.Future[None]


class Door:
    """An ASGI application. Everything but `close` and the inbox's acknowledgements happens in its event loop."""

    def __init__(self, inbox: Inbox, keeper: Doorkeeper, limits: Limits) -> None:
        self._inbox, self._keeper, self._limits = inbox, keeper, limits
        self._line = Line(self._acknowledge)
        inbox.add_line(self._line)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._putting = ThreadPoolExecutor(1, thread_name_prefix="door")  # the inbox may make whoever delivers wait
        self._packets = count(1)
        self._held: dict[int, _Held] = {}
        self._given_up: dict[tuple[str, bytes], list[int]] = {}
        self._bytes = 0
        self._closed = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI. Errors of ours become statuses; what they say goes to nobody but the log."""
        if scope["type"] != "http":
            return
        self._loop = asyncio.get_running_loop()
        try:
            answer = await self._answer(scope, receive)
        except DoorstepError as error:
            status = _STATUSES.get(type(error), HTTPStatus.INTERNAL_SERVER_ERROR)
            logger.log(_LEVELS.get(type(error), logging.INFO), "%s: %s", status.value, error)
            answer = Answer(status)
        await _send(answer, send)

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
        await self._commit(way, asked)
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

    async def _commit(self, way: Way, asked: Asked) -> None:
        """Returns once what was said is in the log, or at once where nothing was: apps post empty bodies too."""
        said = way.route.said(asked)
        if said.topic is None or not may_publish(asked.login, said.topic):
            raise NotYours(f"{asked.login.login} may not publish on {said.topic or 'this dialect'}")
        if not said.payload:
            return
        key = (said.topic, said.payload)
        packet = self._resume(key) or self._put(Message(*key))
        try:
            async with asyncio.timeout(self._limits.timeout_s):
                await asyncio.shield(self._held[packet].future)
        except TimeoutError:
            if packet in self._held:
                self._given_up.setdefault(key, []).append(packet)
            raise Unavailable(f"not committed within {self._limits.timeout_s} s") from None

    def _resume(self, key: tuple[str, bytes]) -> int | None:
        """The packet of the same message whose client has given up, if it still waits: this is the client again. So an
        outage holds each message once, however often it is sent."""
        packets = self._given_up.get(key)
        if not packets:
            return None
        packet = packets.pop()
        if not packets:
            del self._given_up[key]
        return packet

    def _put(self, message: Message) -> int:
        """Raises Unavailable where too much waits already."""
        size, limits = len(message.payload), self._limits
        if self._closed:
            raise Unavailable("ingest ends")
        if len(self._held) >= limits.waiting_most or self._bytes + size > limits.waiting_bytes:
            raise Unavailable(f"{len(self._held)} messages with {self._bytes} bytes wait already")
        if getattr(self._inbox, "is_full", False):
            raise Unavailable("ingest is full")
        packet = next(self._packets)
        held = _Held((message.topic, message.payload), asyncio.get_running_loop().create_future())
        try:
            self._putting.submit(self._deliver, message, packet)
        except RuntimeError:
            raise Unavailable("ingest ends") from None
        self._held[packet] = held
        self._bytes += size
        return packet

    def _deliver(self, message: Message, packet: int) -> None:
        try:
            self._inbox.put(self._line, message, packet)
        except Exception:
            logger.exception("a message on %s could not be taken", message.topic)  # whoever waits hears 503

    def _acknowledge(self, packets: int | Sequence[int]) -> None:
        """Called by the committer."""
        ids = (packets,) if isinstance(packets, int) else tuple(packets)
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._committed, ids)

    def _committed(self, packets: Sequence[int]) -> None:
        for packet in packets:
            held = self._held.pop(packet)
            self._bytes -= len(held.key[1])
            if not held.future.done():
                held.future.set_result(None)
            given_up = self._given_up.get(held.key, [])
            if packet in given_up:
                given_up.remove(packet)
                if not given_up:
                    del self._given_up[held.key]

    def close(self) -> None:
        """Nothing is committed any more: whoever waits hears so. From any thread."""
        self._closed = True
        self._putting.shutdown(wait=False, cancel_futures=True)
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._turn_away)

    def _turn_away(self) -> None:
        for held in self._held.values():
            if not held.future.done():
                held.future.set_exception(Unavailable("ingest ends"))
                held.future.exception()  # of those that nobody waits for any more


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
