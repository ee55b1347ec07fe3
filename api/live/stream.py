"""One client's stream as an ASGI response: a first state, every newer one, and a comment where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.live.hub import Frame

RETRY = b"retry: 2000\n\n"
HEARTBEAT = b":\n\n"
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class Watcher(Protocol):
    """One client of a hub."""

    @property
    def closed(self) -> bool:
        """Nothing more will come."""
        ...

    def close(self) -> None:
        """Nothing more is wanted; wakes whoever waits."""
        ...

    async def next(self, timeout_s: float) -> Frame | None:
        """The next frame; None: there was none for so long, or the client is closed."""
        ...


W = TypeVar("W", bound=Watcher)


class EventStream(Response, Generic[W]):
    """Runs until the client goes, its time is up (`left_s`), the process stops, or it does not read for `send_s`.

    `open` and `close` begin and end the subscription: a stream that never starts costs nothing.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        open: Callable[[], W],
        close: Callable[[W], None],
        *,
        left_s: Callable[[], float],
        heartbeat_s: float,
        send_s: float,
    ) -> None:
        super().__init__()
        self.raw_headers = list(HEADERS)
        self._open = open
        self._close = close
        self._left_s = left_s
        self._heartbeat_s = heartbeat_s
        self._send_s = send_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = self._open()
        leaving = asyncio.create_task(_close_when_gone(client, receive))
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await self._send(send, RETRY)
            while not client.closed and (left_s := self._left_s()) > 0:
                frame = await client.next(min(self._heartbeat_s, left_s))
                if not client.closed:
                    await self._send(send, HEARTBEAT if frame is None else frame.data)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except (OSError, TimeoutError):
            pass  # gone, or stuck: nobody reads any more
        finally:
            leaving.cancel()
            self._close(client)

    async def _send(self, send: Send, data: bytes) -> None:
        async with asyncio.timeout(self._send_s):
            await send({"type": "http.response.body", "body": data, "more_body": True})


async def _close_when_gone(client: Watcher, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    client.close()
