"""One stream as ASGI messages: what is sent first, when nothing happens, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from api.live.hub import Client, Frame
from api.live.stream import HEARTBEAT, RETRY, EventStream

LIMIT_S = 10.0
FRAME = Frame("s.1-1", b"id: s.1-1\nevent: progress\ndata: {}\n\n")


class Browser:
    """Takes what is sent; `reads` false: its window is closed for ever."""

    def __init__(self, *, reads: bool = True) -> None:
        self.sent: list[dict[str, Any]] = []
        self.gone = asyncio.Event()
        self._reads = reads

    async def send(self, message: Any) -> None:
        self.sent.append(message)
        if not self._reads and message["type"] == "http.response.body":
            await asyncio.Event().wait()

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    @property
    def bodies(self) -> list[bytes]:
        return [message["body"] for message in self.sent if message["type"] == "http.response.body"]


def stream(
    client: Client, closed: list[Client], *, left_s: Callable[[], float] = lambda: 60.0, heartbeat_s: float = 60.0
) -> EventStream:
    return EventStream(lambda: client, closed.append, left_s=left_s, heartbeat_s=heartbeat_s, send_s=0.05)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not condition():
            await asyncio.sleep(0.001)


def test_it_says_when_to_come_back_then_each_state_and_ends_when_the_client_goes() -> None:
    async def within() -> None:
        client, closed, browser = Client("v", None), [], Browser()
        client.give(FRAME)
        running = asyncio.create_task(stream(client, closed)({}, browser.receive, browser.send))
        await until(lambda: FRAME.data in browser.bodies)
        browser.gone.set()
        async with asyncio.timeout(LIMIT_S):
            await running
        assert browser.bodies[:2] == [RETRY, FRAME.data]
        assert closed == [client]
        assert browser.sent[0]["status"] == 200
        assert dict(browser.sent[0]["headers"])[b"content-type"].startswith(b"text/event-stream")

    asyncio.run(within())


def test_silence_is_broken_by_comments() -> None:
    async def within() -> None:
        client, browser = Client("v", None), Browser()
        running = asyncio.create_task(stream(client, [], heartbeat_s=0.005)({}, browser.receive, browser.send))
        await until(lambda: browser.bodies.count(HEARTBEAT) >= 3)
        client.close()
        await running

    asyncio.run(within())


def test_it_ends_when_the_link_has_expired() -> None:
    async def within() -> None:
        left = iter([0.01, 0.005, 0.0])
        client, closed, browser = Client("v", None), [], Browser()
        async with asyncio.timeout(LIMIT_S):
            await stream(client, closed, left_s=lambda: next(left))({}, browser.receive, browser.send)
        assert browser.sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
        assert closed == [client]

    asyncio.run(within())


def test_it_ends_when_the_process_stops() -> None:
    async def within() -> None:
        client, browser = Client("v", None), Browser()
        client.close()
        async with asyncio.timeout(LIMIT_S):
            await stream(client, [])({}, browser.receive, browser.send)
        assert browser.sent[-1]["more_body"] is False

    asyncio.run(within())


def test_a_client_that_does_not_read_is_cut_off() -> None:
    async def within() -> None:
        client, closed, browser = Client("v", None), [], Browser(reads=False)
        async with asyncio.timeout(LIMIT_S):
            await stream(client, closed)({}, browser.receive, browser.send)
        assert closed == [client]

    asyncio.run(within())
