"""What came in at the HTTP door and is not in the log yet: one more line of the inbox, and who waits for what."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from typing import NamedTuple

from domain.errors import Unavailable
from ingest.inbox import URGENT, Inbox, Line
from ingest.message import Message

logger = logging.getLogger(__name__)


class _Held(NamedTuple):
    """A message that the inbox has. `future` is done once the log has it."""

    key: tuple[str, bytes]
    future: asyncio.Future[None]


class Waiting:
    """Everything but `close` and the inbox's acknowledgements happens in one event loop.

    At `most` messages or `most_bytes` further ones are turned away; calls for help may be as many again, because some
    apps send theirs only once.
    """

    def __init__(self, inbox: Inbox, *, timeout_s: float, most: int, most_bytes: int) -> None:
        self._inbox, self._timeout_s, self._most, self._most_bytes = inbox, timeout_s, most, most_bytes
        self._line, self._urgent = Line(self._acknowledge), Line(self._acknowledge, urgent=True)
        inbox.add_line(self._line)
        inbox.add_line(self._urgent)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._putting = ThreadPoolExecutor(1, thread_name_prefix="door")  # the inbox may make whoever delivers wait
        self._packets = count(1)
        self._held: dict[int, _Held] = {}
        self._given_up: dict[tuple[str, bytes], list[int]] = {}
        self._bytes = 0
        self._closed = False

    async def commit(self, message: Message) -> None:
        """Returns once the log has it. Raises Unavailable: it has not, or not yet."""
        key = (message.topic, message.payload)
        packet = self._resume(key) or self._put(message)
        try:
            async with asyncio.timeout(self._timeout_s):
                await asyncio.shield(self._held[packet].future)
        except TimeoutError:
            if packet in self._held:
                self._given_up.setdefault(key, []).append(packet)
            raise Unavailable(f"not committed within {self._timeout_s} s") from None

    def close(self) -> None:
        """Nothing is committed any more: whoever waits hears so. From any thread."""
        self._closed = True
        self._putting.shutdown(wait=False, cancel_futures=True)
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._turn_away)

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
        size = len(message.payload)
        urgent = message.topic.endswith("/sos") or URGENT.search(message.payload) is not None
        more = 2 if urgent else 1
        if len(self._held) >= more * self._most or self._bytes + size > more * self._most_bytes:
            raise Unavailable(f"{len(self._held)} messages with {self._bytes} bytes wait already")
        if self._closed or (self._inbox.is_full and not urgent):
            raise Unavailable("ingest ends" if self._closed else "ingest is full")
        packet = next(self._packets)
        self._loop = asyncio.get_running_loop()
        if urgent:
            self._deliver(self._urgent, message, packet)  # which waits for no room
        else:
            try:
                self._putting.submit(self._deliver, self._line, message, packet)
            except RuntimeError:
                raise Unavailable("ingest ends") from None
        self._held[packet] = _Held((message.topic, message.payload), self._loop.create_future())
        self._bytes += size
        return packet

    def _deliver(self, line: Line, message: Message, packet: int) -> None:
        try:
            self._inbox.put(line, message, packet)
        except Exception:
            logger.exception("a message on %s could not be taken", message.topic)  # whoever waits hears 503

    def _acknowledge(self, packets: Sequence[int]) -> None:
        """Called by the committer."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended, and with it whoever waited
                self._loop.call_soon_threadsafe(self._committed, tuple(packets))

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

    def _turn_away(self) -> None:
        for held in self._held.values():
            if not held.future.done():
                held.future.set_exception(Unavailable("ingest ends"))
                held.future.exception()  # of those that nobody waits for any more
