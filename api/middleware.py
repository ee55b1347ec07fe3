"""Around every request: a bound on its body, headers that keep browsers careful, and the counts for `/metrics`.

Plain ASGI, so that streams pass through untouched.
"""

from __future__ import annotations

import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import Metrics

_HEADERS = {
    # The customer's token stands in the address: it must not leave with a referrer, nor stay in a cache.
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Careful:
    """Adds the headers that an answer did not choose itself, and observes it."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def send_careful(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, send_careful)
        finally:
            route = getattr(scope.get("route"), "path", "unknown")
            self._metrics.observe(scope["method"], route, status, time.perf_counter() - began)


class Bounded:
    """Refuses bodies beyond a size, by what they say of themselves or by what comes."""

    def __init__(self, app: ASGIApp, most_bytes: int) -> None:
        self._app = app
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        said = Headers(scope=scope).get("content-length", "")
        came = 0

        async def receive_bounded() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if max(came, int(said) if said.isdecimal() else 0) > self._most_bytes:
                raise HTTPException(413, f"a body has at most {self._most_bytes} bytes")
            return message

        await self._app(scope, receive_bounded, send)
