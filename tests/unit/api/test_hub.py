"""The hub: one look for all that changed, one frame for everybody, the newest state for who was slow or away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager

import pytest

from api.live.hub import Client, Frame, Hub, Looks, Seen
from projections.place import Moved

LIMIT_S = 5.0


class Cell:
    """What the hub looks at: a number for each visit."""

    def __init__(self) -> None:
        self.generation = 1
        self.views: dict[str, int] = {}
        self.looks: list[set[str]] = []
        self.encoded = 0
        self.broken = False

    def look(self, visits: Collection[str]) -> Seen[int]:
        self.looks.append(set(visits))
        if self.broken:
            raise OSError("the database is away")
        return Seen(self.generation, {visit: self.views[visit] for visit in visits if visit in self.views})

    def encode(self, view: int) -> bytes:
        self.encoded += 1
        return b"%d" % view


def moved(*visits: str, position: int = 1, generation: int = 1, all: bool = False) -> Moved:
    return Moved(generation, position, 0, 0, None if all else list(visits), False)


@asynccontextmanager
async def running(cell: Cell, *, ring: int = 4, recheck_s: float = 60.0) -> AsyncIterator[Hub[int]]:
    looks = Looks(cell.look, lambda a, b: a == b, lambda view: view < 0, cell.encode)
    hub = Hub(looks, started="s", gap_s=0.001, recheck_s=recheck_s, ring=ring)
    task = asyncio.create_task(hub.run())
    try:
        yield hub
    finally:
        task.cancel()


def hubbed(test: Callable[[Cell, Hub[int]], Awaitable[None]]) -> Callable[[], None]:
    """A test in an event loop of its own, with a running hub."""

    def run() -> None:
        async def within() -> None:
            cell = Cell()
            async with asyncio.timeout(30), running(cell) as hub:
                await test(cell, hub)

        asyncio.run(within())

    run.__name__ = test.__name__
    return run


async def next_of(client: Client) -> Frame:
    frame = await client.next(LIMIT_S)
    assert frame is not None
    return frame


async def nothing_comes(cell: Cell, client: Client) -> None:
    """After the next look has been taken, there is nothing for the client."""
    looks = len(cell.looks)
    while len(cell.looks) == looks:
        await asyncio.sleep(0.001)
    assert await client.next(0.02) is None


@hubbed
async def test_a_new_client_is_told_the_whole_state(cell: Cell, hub: Hub[int]) -> None:
    cell.views["v"] = 7
    frame = await next_of(hub.subscribe("v", None))
    assert frame.data == b"id: s.1-1\nevent: progress\ndata: 7\n\n"


@hubbed
async def test_a_change_is_looked_up_and_encoded_once_for_all_who_watch(cell: Cell, hub: Hub[int]) -> None:
    cell.views["v"] = 1
    clients = [hub.subscribe("v", None) for _ in range(50)]
    for client in clients:
        await next_of(client)
    cell.views["v"], cell.encoded = 2, 0
    hub.on_moved(moved("v"))
    frames = {id(await next_of(client)) for client in clients}
    assert len(frames) == 1, "everybody shares one frame"
    assert cell.encoded == 1


@hubbed
async def test_only_visits_that_are_watched_are_looked_at(cell: Cell, hub: Hub[int]) -> None:
    cell.views = {"v": 1, "w": 1}
    client = hub.subscribe("v", None)
    await next_of(client)
    cell.looks.clear()
    cell.views["v"] = 2
    hub.on_moved(moved("v", "w", "x"))
    await next_of(client)
    assert cell.looks == [{"v"}]


@hubbed
async def test_what_changed_without_effect_on_the_page_is_not_sent(cell: Cell, hub: Hub[int]) -> None:
    cell.views["v"] = 1
    client = hub.subscribe("v", None)
    await next_of(client)
    hub.on_moved(moved("v"))
    await nothing_comes(cell, client)


@hubbed
async def test_too_many_changes_to_name_mean_everything(cell: Cell, hub: Hub[int]) -> None:
    cell.views = {"v": 1, "w": 1}
    clients = [hub.subscribe("v", None), hub.subscribe("w", None)]
    for client in clients:
        await next_of(client)
    cell.views = {"v": 2, "w": 2}
    hub.on_moved(moved(all=True))
    assert [(await next_of(client)).data[-4:] for client in clients] == [b" 2\n\n", b" 2\n\n"]


@hubbed
async def test_a_slow_client_keeps_one_frame_and_it_is_the_newest(cell: Cell, hub: Hub[int]) -> None:
    cell.views["v"] = 0
    slow, quick = hub.subscribe("v", None), hub.subscribe("v", None)
    for count in range(200):
        cell.views["v"] = count
        hub.on_moved(moved("v"))
        await next_of(quick)
    frame = await next_of(slow)
    assert frame.data.endswith(b"data: 199\n\n")
    assert await slow.next(0.01) is None


@hubbed
async def test_who_comes_back_and_missed_nothing_is_told_nothing(cell: Cell, hub: Hub[int]) -> None:
    cell.views["v"] = 1
    first = hub.subscribe("v", None)
    seen = await next_of(first)
    hub.unsubscribe(first)
    await nothing_comes(cell, hub.subscribe("v", seen.id))


@hubbed
async def test_who_comes_back_after_a_change_is_told_the_newest(cell: Cell, hub: Hub[int]) -> None:
    cell.views["v"] = 1
    first = hub.subscribe("v", None)
    seen = await next_of(first)
    hub.unsubscribe(first)
    cell.views["v"] = 2
    assert (await next_of(hub.subscribe("v", seen.id))).data.endswith(b"data: 2\n\n")


@hubbed
async def test_an_id_of_another_process_means_the_whole_state(cell: Cell, hub: Hub[int]) -> None:
    cell.views["v"] = 1
    assert (await next_of(hub.subscribe("v", "other.1-1"))).id == "s.1-1"


@hubbed
async def test_another_who_watches_the_same_visit_is_told_at_once(cell: Cell, hub: Hub[int]) -> None:
    cell.views["v"] = 1
    frame = await next_of(hub.subscribe("v", None))
    cell.broken = True
    assert await next_of(hub.subscribe("v", None)) is frame


@hubbed
async def test_only_some_frames_are_kept_of_visits_that_nobody_watches(cell: Cell, hub: Hub[int]) -> None:
    ids = {}
    for number in range(6):  # the ring holds four
        cell.views[f"v{number}"] = number
        client = hub.subscribe(f"v{number}", None)
        ids[number] = (await next_of(client)).id
        hub.unsubscribe(client)
    assert (await next_of(hub.subscribe("v0", ids[0]))).id != ids[0], "forgotten: told again"
    await nothing_comes(cell, hub.subscribe("v5", ids[5]))


@hubbed
async def test_a_swap_begins_a_new_epoch_with_a_whole_state_for_everybody(cell: Cell, hub: Hub[int]) -> None:
    cell.views["v"] = 1
    client = hub.subscribe("v", None)
    assert (await next_of(client)).id == "s.1-1"
    cell.generation = 2
    hub.on_moved(moved(all=True, generation=2))
    frame = await next_of(client)
    assert frame.id.startswith("s.2-")
    assert frame.data.endswith(b"data: 1\n\n")


@hubbed
async def test_a_visit_that_is_not_projected_yet_is_told_once_it_is(cell: Cell, hub: Hub[int]) -> None:
    client = hub.subscribe("v", None)
    await nothing_comes(cell, client) if not cell.looks else None
    cell.views["v"] = 1
    hub.on_moved(moved("v"))
    assert (await next_of(client)).data.endswith(b"data: 1\n\n")


@hubbed
async def test_after_a_lost_connection_everything_watched_is_looked_at(cell: Cell, hub: Hub[int]) -> None:
    cell.views["v"] = 1
    client = hub.subscribe("v", None)
    await next_of(client)
    cell.views["v"] = 2
    hub.on_gap()
    assert (await next_of(client)).data.endswith(b"data: 2\n\n")


@hubbed
async def test_a_look_that_fails_is_taken_again(cell: Cell, hub: Hub[int]) -> None:
    cell.views["v"], cell.broken = 1, True
    client = hub.subscribe("v", None)
    while len(cell.looks) < 2:
        await asyncio.sleep(0.001)
    cell.broken = False
    assert (await next_of(client)).data.endswith(b"data: 1\n\n")


def test_what_changes_by_mere_passing_of_time_is_looked_at_again_and_again() -> None:
    async def within() -> None:
        cell = Cell()
        cell.views = {"ages": -1, "stays": 1}
        async with asyncio.timeout(30), running(cell, recheck_s=0.01) as hub:
            ages, stays = hub.subscribe("ages", None), hub.subscribe("stays", None)
            await next_of(ages)
            await next_of(stays)
            cell.looks.clear()
            cell.views = {"ages": -2, "stays": 2}
            assert (await next_of(ages)).data.endswith(b"data: -2\n\n")
            assert all(look == {"ages"} for look in cell.looks), cell.looks

    asyncio.run(within())


@hubbed
async def test_a_client_that_is_gone_is_forgotten(cell: Cell, hub: Hub[int]) -> None:
    cell.views["v"] = 1
    clients = [hub.subscribe("v", None) for _ in range(3)]
    assert hub.clients == 3
    for client in clients:
        hub.unsubscribe(client)
        hub.unsubscribe(client)
    assert hub.clients == 0


@hubbed
async def test_closing_wakes_everybody_and_those_still_to_come(cell: Cell, hub: Hub[int]) -> None:
    waiting = hub.subscribe("v", None)
    hub.close()
    assert await waiting.next(LIMIT_S) is None
    assert waiting.closed
    assert hub.subscribe("v", None).closed


@hubbed
async def test_who_waits_for_a_position_goes_on_when_it_is_reached(cell: Cell, hub: Hub[int]) -> None:
    waiting = asyncio.create_task(hub.reached(5, LIMIT_S))
    await asyncio.sleep(0)
    hub.on_moved(moved(position=4))
    hub.on_moved(moved(position=5))
    assert await waiting
    assert await hub.reached(5, 0)
    assert not await hub.reached(6, 0.01)


@pytest.mark.parametrize("timeout_s", [0.0, 0.01])
def test_waiting_for_nothing_ends_in_time(timeout_s: float) -> None:
    async def within() -> None:
        assert await Client("v", None).next(timeout_s) is None

    asyncio.run(within())
