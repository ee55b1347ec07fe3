"""The staff's hub: one look per change for all of them, one frame that everybody shares, in the order of the looks.

listener → changed → (at most one each gap) look → one frame → the queue of each client

Frames say what changed, not how everything is, so none may be skipped: who missed one is told to fetch everything
again (`reset`), with the log position from which the following frames go on.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Collection
from typing import NamedTuple, Protocol

import msgspec

from api.live.hub import LONGEST_PAUSE_S, Frame
from domain.errors import Transient
from projections.place import Moved

log_ = logging.getLogger(__name__)

QUEUE = 32
"""Frames that wait for a client: at two a second a quarter of a minute, and only references."""
MOST_VISITS = 2_000
"""Visits that one frame tells. Fetching the board again costs less than telling more."""
REST = 4.0
"""After a look it rests this many times as long as it took: a large cell is told less often, not all the time."""
START_OVER_S = 10.0
"""Everybody fetching everything costs more than any look: it is asked of them at most this often."""


class Update(NamedTuple):
    """What a look found, at which place. `data`: what changed, as JSON; None: nothing; `whole`: too much to tell."""

    generation: int
    position: int
    data: bytes | None = None
    whole: bool = False


class Feed(Protocol):
    """What the hub looks with; blocks, and remembers what was told."""

    def begin(self) -> Update:
        """Hold everything as told that is so now."""
        ...

    def changes(self, names: Collection[str] | None) -> Update:
        """What has changed since it was told; of visits only these. None: whichever changed, nobody named them."""
        ...


class StaffClient:
    """One stream. `reset` makes the frame for who has missed something."""

    def __init__(self, reset: Callable[[], Frame]) -> None:
        self.closed = False
        self._reset = reset
        self._behind = False
        self._queue: deque[Frame] = deque()
        self._ready = asyncio.Event()

    def give(self, frame: Frame) -> None:
        """Queue a frame; with the queue full, all of it gives way to one reset."""
        if len(self._queue) >= QUEUE:
            self.start_over()
        elif not self._behind:
            self._queue.append(frame)
            self._ready.set()

    def start_over(self) -> None:
        """The next frame is a reset, made when it can be sent, which covers all until then."""
        self._queue.clear()
        self._behind = True
        self._ready.set()

    def close(self) -> None:
        """No more frames; wakes whoever waits."""
        self.closed = True
        self._ready.set()

    async def next(self, timeout_s: float) -> Frame | None:
        """The next frame; None: there was none for so long, or the client is closed."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._ready.wait()
        except TimeoutError:
            return None
        frame = None
        if self._behind:
            self._behind, frame = False, self._reset()
        elif self._queue:
            frame = self._queue.popleft()
        if not self._queue and not self.closed:
            self._ready.clear()
        return frame


class StaffHub:
    """Lives in one event loop. `started`: part of the epoch, another for every process."""

    def __init__(self, feed: Feed, *, started: str, gap_s: float, start_over_s: float = START_OVER_S) -> None:
        self._feed = feed
        self._started = started
        self._gap_s = gap_s
        self._start_over_s = start_over_s
        self._whole = False
        self._clients: set[StaffClient] = set()
        self._new: set[StaffClient] = set()
        """Those that wait for the first look."""
        self._visits: set[str] = set()
        self._unnamed = False
        """More visits changed than notifications could name."""
        self._lost = True
        """What changed is not known by name: begin again, and everybody with us."""
        self._work = asyncio.Event()
        self._generation = 0
        self._position = 0
        self._seq = 0
        self._closed = False

    # what clients do

    @property
    def clients(self) -> int:
        """How many streams there are."""
        return len(self._clients)

    @property
    def frames(self) -> int:
        """How many frames were encoded."""
        return self._seq

    def subscribe(self, have: str | None) -> StaffClient:
        """A new stream. It begins with a reset, unless `have` is the id of the newest frame: nothing was missed."""
        client = StaffClient(self._reset)
        if have is None or have != self._id():
            if not self._clients:
                self._lose()  # nobody was told what changed since the last one left: begin here
            if self._lost:
                self._new.add(client)
            else:
                client.start_over()
        self._clients.add(client)
        self._work.set()
        if self._closed:
            client.close()
        return client

    def unsubscribe(self, client: StaffClient) -> None:
        """The stream has ended."""
        self._clients.discard(client)
        self._new.discard(client)

    def close(self) -> None:
        """End every stream, and those that are still to come: the process stops."""
        self._closed = True
        for client in self._clients:
            client.close()

    # what the listener does

    def on_moved(self, moved: Moved) -> None:
        """A page of the projection was committed."""
        if not self._lost:
            if moved.generation != self._generation:
                self._lose()
            elif moved.visits is None or len(self._visits) > MOST_VISITS:
                self._unnamed = True
            else:
                self._visits.update(moved.visits)
        self._work.set()

    def on_gap(self) -> None:
        """Notifications may have been missed."""
        self._lose()
        self._work.set()

    # looking

    async def run(self) -> None:
        """Look whenever something changed and somebody watches, until cancelled."""
        failing_s = self._gap_s
        while True:
            await self._work.wait()
            self._work.clear()
            if not self._clients:
                continue
            began = time.monotonic()
            try:
                await self._look()
                failing_s = self._gap_s
                pause_s = max(self._gap_s, REST * (time.monotonic() - began), self._too_much_s())
            except Exception as error:  # whatever it is: one bad look must not end the streams
                pause_s = failing_s = min(max(failing_s, 0.1) * 2, LONGEST_PAUSE_S)
                bug = None if isinstance(error, Transient) else error
                log_.warning("the staff's streams wait: %s; looking again in %.1f s", error, pause_s, exc_info=bug)
                self._work.set()
            await asyncio.sleep(pause_s)

    async def _look(self) -> None:
        visits, self._visits = self._visits, set()
        unnamed, self._unnamed = self._unnamed, False
        beginning, self._lost = self._lost, False
        try:
            if beginning:
                update = await asyncio.to_thread(self._feed.begin)
            else:
                update = await asyncio.to_thread(self._feed.changes, None if unnamed else visits)
        except BaseException:
            self._visits |= visits
            self._unnamed |= unnamed
            self._lost |= beginning
            raise
        if beginning:
            self._begin(update)
        elif update.whole or update.generation != self._generation:
            self._whole = update.whole
            self._lose()
            self._work.set()
        else:
            self._tell(update)

    def _too_much_s(self) -> float:
        """A pause after more changed than a frame tells."""
        whole, self._whole = self._whole, False
        return self._start_over_s if whole else 0.0

    def _begin(self, update: Update) -> None:
        """Everybody starts over, unless nothing has moved since the last look; the new ones do in any case."""
        moved = (self._generation, self._position) != (update.generation, update.position)
        self._generation, self._position = update.generation, update.position
        if moved or self._seq == 0:
            self._seq += 1
        for client in list(self._clients if moved else self._new):
            client.start_over()
        self._new.clear()

    def _tell(self, update: Update) -> None:
        self._position = update.position
        if update.data is not None:
            self._seq += 1
            id = self._id()
            frame = Frame(id, b"id: %b\nevent: changed\ndata: %b\n\n" % (id.encode(), update.data))
            for client in self._clients:
                client.give(frame)

    def _reset(self) -> Frame:
        id = self._id()
        data = msgspec.json.encode({"position": self._position})
        return Frame(id, b"id: %b\nevent: reset\ndata: %b\n\n" % (id.encode(), data))

    def _id(self) -> str:
        return f"{self._started}.{self._generation}-{self._seq}"

    def _lose(self) -> None:
        self._lost = True
        self._unnamed = False
        self._visits.clear()
