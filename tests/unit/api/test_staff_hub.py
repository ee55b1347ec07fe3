"""The staff's hub alone: one look for all, nothing skipped unless said so, resuming only where nothing was missed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Any

import msgspec
import pytest

from api.live.hub import Frame
from api.live.staff import MOST_VISITS, QUEUE, StaffClient, StaffHub, Update
from domain.errors import Unavailable
from projections.place import Moved


class Cell:
    """What the hub looks at: a position, a generation, and the names that were asked for."""

    def __init__(self) -> None:
        self.generation, self.position = 1, 10
        self.begun = 0
        self.asked: list[set[str] | None] = []
        self.whole = False
        self.failures = 0

    def begin(self) -> Update:
        self._fail()
        self.begun += 1
        return Update(self.generation, self.position)

    def changes(self, names: Collection[str] | None) -> Update:
        self._fail()
        self.asked.append(None if names is None else set(names))
        if self.whole:
            self.whole = False
            return Update(self.generation, self.position, whole=True)
        data = msgspec.json.encode(["any"] if names is None else sorted(names)) if names != set() else None
        return Update(self.generation, self.position, data)

    def moved(self, *visits: str) -> Moved:
        """The next page of the projection."""
        self.position += 1
        return Moved(self.generation, self.position, 0, 0, list(visits), False)

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise Unavailable("the database is away")


Test = Callable[[StaffHub, Cell], Awaitable[None]]


def running(test: Test) -> None:
    """Run a test beside a hub without a gap."""

    async def run() -> None:
        cell = Cell()
        hub = StaffHub(cell, started="e", gap_s=0.0, start_over_s=0.0)
        task = asyncio.create_task(hub.run())
        try:
            async with asyncio.timeout(10):
                await test(hub, cell)
        finally:
            task.cancel()

    asyncio.run(run())


async def told(client: StaffClient) -> tuple[str, Any]:
    """The kind and the data of the next frame."""
    frame = await client.next(5)
    assert frame is not None, "nothing came"
    _, kind, data = frame.data.decode().strip().split("\n")
    return kind.removeprefix("event: "), msgspec.json.decode(data.removeprefix("data: "))


async def begun(hub: StaffHub, have: str | None = None) -> StaffClient:
    """A client that was told to fetch everything."""
    client = hub.subscribe(have)
    assert (await told(client))[0] == "reset"
    return client


def test_a_stream_begins_with_the_place_from_which_it_goes_on() -> None:
    async def test(hub: StaffHub, cell: Cell) -> None:
        client = hub.subscribe(None)
        assert await told(client) == ("reset", {"position": 10})
        hub.on_moved(cell.moved("v-1"))
        assert await told(client) == ("changed", ["v-1"])

    running(test)


def test_one_look_serves_everybody_with_the_same_bytes() -> None:
    async def test(hub: StaffHub, cell: Cell) -> None:
        clients = [await begun(hub) for _ in range(5)]
        looks = cell.begun
        hub.on_moved(cell.moved("v-1"))
        frames = [await client.next(5) for client in clients]
        assert len({id(frame) for frame in frames}) == 1
        assert (cell.begun, cell.asked) == (looks, [{"v-1"}])
        assert looks == 1, "later ones begin where the first is"

    running(test)


def test_nobody_watching_costs_no_looks() -> None:
    async def test(hub: StaffHub, cell: Cell) -> None:
        for n in range(10):
            hub.on_moved(cell.moved(f"v-{n}"))
            await asyncio.sleep(0)
        client = await begun(hub)
        hub.unsubscribe(client)
        hub.on_moved(cell.moved("v-1"))
        for _ in range(20):
            await asyncio.sleep(0)
        assert (cell.begun, cell.asked) == (1, [])

    running(test)


def test_who_missed_nothing_goes_on_where_they_were() -> None:
    async def test(hub: StaffHub, cell: Cell) -> None:
        client = await begun(hub)
        hub.on_moved(cell.moved("v-1"))
        frame = await client.next(5)
        assert frame is not None
        hub.unsubscribe(client)
        hub.on_moved(cell.moved("v-2"))
        again = hub.subscribe(frame.id)
        assert await told(again) == ("changed", ["v-2"]), "also what changed while nobody was there"
        assert cell.begun == 1

    running(test)


@pytest.mark.parametrize("have", ["e.1-0", "other.1-1", "nonsense"])
def test_who_missed_something_starts_over(have: str) -> None:
    async def test(hub: StaffHub, cell: Cell) -> None:
        other = await begun(hub)
        hub.on_moved(cell.moved("v-1"))
        await told(other)
        assert await told(hub.subscribe(have)) == ("reset", {"position": 11})
        assert cell.begun == 1, "the others are not disturbed"

    running(test)


def test_who_stops_reading_costs_a_bounded_queue_and_starts_over() -> None:
    async def test(hub: StaffHub, cell: Cell) -> None:
        reader, stuck = await begun(hub), await begun(hub)
        for n in range(QUEUE + 1):
            hub.on_moved(cell.moved(f"v-{n}"))
            assert await told(reader) == ("changed", [f"v-{n}"])
        assert len(stuck._queue) == 0
        assert await told(stuck) == ("reset", {"position": cell.position})
        hub.on_moved(cell.moved("v-x"))
        assert await told(stuck) == ("changed", ["v-x"])

    running(test)


def test_changes_that_nobody_can_name_are_looked_for() -> None:
    async def test(hub: StaffHub, cell: Cell) -> None:
        client = await begun(hub)
        cell.position += 1
        hub.on_moved(Moved(1, cell.position, 0, 0, None, False))
        hub.on_moved(cell.moved("v-1"))
        assert await told(client) == ("changed", ["any"])
        hub.on_moved(cell.moved("v-1"))
        assert await told(client) == ("changed", ["v-1"])
        cell.asked.clear()
        hub.on_moved(cell.moved(*(f"v-{n}" for n in range(MOST_VISITS + 1))))
        hub.on_moved(cell.moved("v-1"))
        assert await told(client) == ("changed", ["any"])
        assert cell.asked == [None]

    running(test)


def test_more_than_a_frame_tells_or_a_swap_starts_everybody_over() -> None:
    async def test(hub: StaffHub, cell: Cell) -> None:
        client = await begun(hub)
        cell.whole = True
        hub.on_moved(cell.moved("v-1"))
        assert await told(client) == ("reset", {"position": 11})
        cell.generation = 2
        hub.on_moved(cell.moved("v-1"))
        assert await told(client) == ("reset", {"position": 12})

    running(test)


def test_a_lost_listener_starts_over_only_where_something_moved_meanwhile() -> None:
    async def test(hub: StaffHub, cell: Cell) -> None:
        client = await begun(hub)
        hub.on_gap()
        late = hub.subscribe(None)
        assert await told(late) == ("reset", {"position": 10})
        hub.on_moved(cell.moved("v-1"))
        assert await told(client) == ("changed", ["v-1"]), "no reset came before it"
        cell.position += 5
        hub.on_gap()
        assert await told(client) == ("reset", {"position": 16})

    running(test)


def test_a_look_that_fails_is_tried_again_with_the_same_names(caplog: pytest.LogCaptureFixture) -> None:
    async def test(hub: StaffHub, cell: Cell) -> None:
        cell.failures = 1
        client = await begun(hub)
        cell.failures = 1
        hub.on_moved(cell.moved("v-1"))
        assert await told(client) == ("changed", ["v-1"])

    running(test)
    assert caplog.text.count("the staff's streams wait") == 2


def test_a_hub_that_stops_ends_the_streams_and_those_to_come() -> None:
    async def test(hub: StaffHub, cell: Cell) -> None:
        client = await begun(hub)
        hub.close()
        assert client.closed
        assert hub.subscribe(None).closed
        assert await client.next(5) is None

    running(test)


def test_frames_wait_in_order() -> None:
    async def test() -> None:
        client = StaffClient(lambda: Frame("r", b""))
        frames = [Frame(str(n), b"") for n in range(3)]
        for frame in frames:
            client.give(frame)
        assert [await client.next(1) for _ in frames] == frames
        assert await client.next(0.001) is None

    asyncio.run(test())
