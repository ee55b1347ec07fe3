"""The hub: knows who watches which visit, asks once for all that changed, and gives everybody the newest whole state.

listener → changed → look (one query for all) → one frame a visit → the slot of each client

States are whole, so the newest replaces all before it: a client's queue is one slot. Who is slow skips what is past
and never costs more than a reference to the one frame that everybody shares.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from typing import Generic, NamedTuple, TypeVar

from domain.errors import Transient
from projections.place import Moved

log_ = logging.getLogger(__name__)

V = TypeVar("V")

LONGEST_PAUSE_S = 5.0
"""Between two looks that failed; the pause doubles up to this."""

_UNKNOWN = 0
"""No generation yet."""


class Frame(NamedTuple):
    """One state, encoded once for everybody. `id` is `<epoch>-<seq>`."""

    id: str
    data: bytes


class Seen(NamedTuple, Generic[V]):
    """What a look found: the projection's generation, and the views of the visits that it knows."""

    generation: int
    views: Mapping[str, V]


class Looks(NamedTuple, Generic[V]):
    """How the hub looks. `look` may block and runs in a thread; the others are quick.

    `same`: whether a page that shows one view need not be told the other. `aging`: whether the view changes by mere
    passing of time. `encode`: a view as the data of an event.
    """

    look: Callable[[Collection[str]], Seen[V]]
    same: Callable[[V, V], bool]
    aging: Callable[[V], bool]
    encode: Callable[[V], bytes]


class Client:
    """One stream. `have`: the id of the frame that it saw last."""

    def __init__(self, visit: str, have: str | None) -> None:
        self.visit = visit
        self.have = have
        self.closed = False
        self._slot: Frame | None = None
        self._ready = asyncio.Event()

    def give(self, frame: Frame) -> None:
        """Put the newest state in the slot, unless that is the one it saw last."""
        if frame.id != self.have:
            self._slot = frame
            self._ready.set()

    def close(self) -> None:
        """No more states; wakes whoever waits."""
        self.closed = True
        self._ready.set()

    async def next(self, timeout_s: float) -> Frame | None:
        """The newest state not seen yet; None: there was none for so long, or the client is closed."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._ready.wait()
        except TimeoutError:
            return None
        self._ready.clear()
        frame, self._slot = self._slot, None
        if frame is not None:
            self.have = frame.id
        return frame


class _Topic(Generic[V]):
    """A visit that is watched, and the newest of it."""

    def __init__(self) -> None:
        self.clients: set[Client] = set()
        self.view: V | None = None
        self.frame: Frame | None = None


class Hub(Generic[V]):
    """Lives in one event loop. `started`: part of the epoch, another for every process."""

    def __init__(self, looks: Looks[V], *, started: str, gap_s: float, recheck_s: float, ring: int) -> None:
        self._looks = looks
        self._started = started
        self._gap_s = gap_s
        self._recheck_s = recheck_s
        self._ring = ring
        self._topics: dict[str, _Topic[V]] = {}
        self._kept: OrderedDict[str, _Topic[V]] = OrderedDict()
        """Visits that nobody watches any more: who comes back and missed nothing is told nothing."""
        self._changed: set[str] = set()
        self._work = asyncio.Event()
        self._generation = _UNKNOWN
        self._seq = 0
        self._position = 0
        self._moved = asyncio.Event()
        self._closed = False

    # what clients do

    @property
    def clients(self) -> int:
        """How many streams there are."""
        return sum(len(topic.clients) for topic in self._topics.values())

    @property
    def frames(self) -> int:
        """How many states were encoded."""
        return self._seq

    def subscribe(self, visit: str, have: str | None) -> Client:
        """A new stream. It is given the visit's state soon, unless that is `have`."""
        client = Client(visit, have)
        topic = self._topics.get(visit)
        if topic is None:
            topic = self._topics[visit] = self._kept.pop(visit) if visit in self._kept else _Topic()
            self._note((visit,))
        elif topic.frame is not None:
            client.give(topic.frame)
        topic.clients.add(client)
        if self._closed:
            client.close()
        return client

    def unsubscribe(self, client: Client) -> None:
        """The stream has ended."""
        topic = self._topics.get(client.visit)
        if topic is None:
            return
        topic.clients.discard(client)
        if not topic.clients:
            del self._topics[client.visit]
            if topic.frame is not None:
                self._kept[client.visit] = topic
                while len(self._kept) > self._ring:
                    self._kept.popitem(last=False)

    def close(self) -> None:
        """End every stream, and those that are still to come: the process stops."""
        self._closed = True
        for topic in self._topics.values():
            for client in topic.clients:
                client.close()

    async def reached(self, position: int, within_s: float) -> bool:
        """Wait until the projection is known to have folded a log position."""
        try:
            async with asyncio.timeout(within_s):
                while self._position < position:
                    await self._moved.wait()
        except TimeoutError:
            return False
        return True

    # what the listener does

    def on_moved(self, moved: Moved) -> None:
        """A page of the projection was committed."""
        self._position = moved.position
        self._moved.set()
        self._moved = asyncio.Event()
        self._turn(moved.generation)
        self._note(self._topics if moved.visits is None else moved.visits)

    def on_gap(self) -> None:
        """Notifications may have been missed: look at everything that is watched."""
        self._note(self._topics)

    # looking

    async def run(self) -> None:
        """Look whenever something changed, until cancelled."""
        rechecking = asyncio.create_task(self._recheck())
        pause_s = self._gap_s
        try:
            while True:
                await self._work.wait()
                self._work.clear()
                asked = [visit for visit in self._changed if visit in self._topics]
                self._changed.clear()
                try:
                    seen = await asyncio.to_thread(self._looks.look, asked) if asked else None
                    pause_s = self._gap_s
                except Exception as error:  # whatever it is: one bad look must not end the streams
                    bug = None if isinstance(error, Transient) else error
                    log_.warning("the streams have to wait: %s; looking again in %.1f s", error, pause_s, exc_info=bug)
                    self._note(asked)
                    pause_s = min(max(pause_s, 0.1) * 2, LONGEST_PAUSE_S)
                else:
                    if seen is not None:
                        self._publish(seen)
                await asyncio.sleep(pause_s)
        finally:
            rechecking.cancel()

    async def _recheck(self) -> None:
        while True:
            await asyncio.sleep(self._recheck_s)
            aging = self._looks.aging
            self._note([v for v, topic in self._topics.items() if topic.view is not None and aging(topic.view)])

    def _publish(self, seen: Seen[V]) -> None:
        self._turn(seen.generation)
        for visit, view in seen.views.items():
            topic = self._topics.get(visit)
            if topic is None:
                continue
            frame = topic.frame
            if frame is None or topic.view is None or not self._looks.same(topic.view, view):
                frame = topic.frame = self._frame(view)
                topic.view = view
            for client in topic.clients:
                client.give(frame)

    def _frame(self, view: V) -> Frame:
        self._seq += 1
        id = f"{self._started}.{self._generation}-{self._seq}"
        return Frame(id, b"id: %b\nevent: progress\ndata: %b\n\n" % (id.encode(), self._looks.encode(view)))

    def _turn(self, generation: int) -> None:
        """A swap put other tables in place: a new epoch begins with a whole state for everybody."""
        known, self._generation = self._generation, generation
        if known in (generation, _UNKNOWN):
            return
        self._kept.clear()
        for topic in self._topics.values():
            topic.view = topic.frame = None
        self._note(self._topics)

    def _note(self, visits: Collection[str]) -> None:
        if visits:
            self._changed.update(visits)
            self._work.set()
