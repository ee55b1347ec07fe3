"""The metronome, with wall clock, waiting and log in the test's hand: hours pass in no time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from itertools import pairwise
from uuid import UUID

import pytest

from domain.errors import ConcurrentAppend, CorruptLog, Transient
from domain.events import Event
from domain.events.clock import TimeAdvanced
from domain.events.worker import WorkerRegistered
from domain.time import Ms
from eventlog.clock import LogClock, Tick
from eventlog.entry import Append, Entry
from eventlog.metronome import Metronome, ScaledPace, WallPace, followed_tick, newest_tick

WALL_MS = Ms(1_790_000_000_000)
START_MS = Ms(1_780_000_000_000)


class ListLog:
    """The stream `clock` as a list, with the expected versions of the real log."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.faults: list[Exception] = []

    def newest(self, stream: str) -> Entry | None:
        assert stream == "clock"
        self._fault()
        size = len(self.events)
        return Entry(size, UUID(int=1), size, self.events[-1]) if size else None

    def append(self, appends: Sequence[Append]) -> int:
        self._fault()
        for append in appends:
            if append.expected != len(self.events):
                raise ConcurrentAppend("somebody was first")
            self.events.extend(append.events)
        return len(self.events)

    def _fault(self) -> None:
        if self.faults:
            raise self.faults.pop(0)

    @property
    def ticks(self) -> list[Tick]:
        return [Tick(e.wall_ms, e.recorded_at_ms, e.rate) for e in self.events if isinstance(e, TimeAdvanced)]


class World:
    """Wall time passes only where somebody waits, and 0.1 ms more than asked for."""

    def __init__(self) -> None:
        self.log = ListLog()
        self.wall_us = WALL_MS * 1000
        self.waits: list[float] = []

    def wall(self) -> Ms:
        return Ms(self.wall_us // 1000)

    def metronome(self, pace: WallPace | ScaledPace, every_ms: int = 5_000) -> Metronome:
        return Metronome(self.log, pace, every_ms=every_ms, wall=self.wall)

    def run(self, pace: WallPace | ScaledPace, wall_s: float, every_ms: int = 5_000) -> None:
        """A metronome from now on for so many wall seconds."""
        until_us = self.wall_us + wall_s * 1_000_000

        def wait(stop: threading.Event, seconds: float) -> bool:
            assert 0 <= seconds <= 10
            self.waits.append(seconds)
            self.wall_us += int(seconds * 1_000_000) + 100
            if self.wall_us >= until_us:
                stop.set()
            return stop.is_set()

        Metronome(self.log, pace, every_ms=every_ms, wall=self.wall, wait=wait).run(threading.Event())

    def pause(self, wall_s: float) -> None:
        self.wall_us += int(wall_s * 1_000_000)


@pytest.fixture
def world() -> World:
    return World()


def assert_time_only_advances(ticks: list[Tick]) -> None:
    assert all(a.cell_ms < b.cell_ms for a, b in pairwise(ticks))


def test_the_wall_is_ticked_every_five_seconds(world: World) -> None:
    world.run(WallPace(), wall_s=60)
    assert world.log.ticks[0] == Tick(WALL_MS, WALL_MS, 1.0)
    steps = [b.cell_ms - a.cell_ms for a, b in pairwise(world.log.ticks)]
    assert len(steps) == 11
    assert all(5_000 <= step <= 5_002 for step in steps)


def test_after_a_pause_the_wall_jumps_once(world: World) -> None:
    world.run(WallPace(), wall_s=6)
    world.pause(3_600)
    before = len(world.log.ticks)
    world.run(WallPace(), wall_s=4)
    assert len(world.log.ticks) == before + 1
    assert world.log.ticks[-1].cell_ms - world.log.ticks[-2].cell_ms >= 3_600_000


def test_a_wall_clock_set_back_is_waited_for(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.run(WallPace(), wall_s=1)
    world.pause(-60)
    with caplog.at_level(logging.WARNING):
        world.run(WallPace(), wall_s=59)
    assert len(world.log.ticks) == 1
    assert "ahead of the wall clock" in caplog.text
    world.run(WallPace(), wall_s=10)
    assert_time_only_advances(world.log.ticks)
    assert len(world.log.ticks) >= 2


def test_there_are_never_more_than_ten_ticks_a_second(world: World) -> None:
    for pace, every_ms in ((WallPace(), 1), (ScaledPace(START_MS, 600), 5_000)):
        world.log.events.clear()
        world.run(pace, wall_s=10, every_ms=every_ms)
        walls = [tick.wall_ms for tick in world.log.ticks]
        assert 90 <= len(walls) <= 101
        assert all(b - a >= 100 for a, b in pairwise(walls))


def test_scaled_time_starts_at_its_start_and_runs_at_its_rate(world: World) -> None:
    world.run(ScaledPace(START_MS, 20), wall_s=10)
    first, last = world.log.ticks[0], world.log.ticks[-1]
    assert first == Tick(WALL_MS, START_MS, 20)
    assert last.cell_ms - START_MS == pytest.approx((last.wall_ms - WALL_MS) * 20, abs=20)
    assert len(world.log.ticks) == pytest.approx(40, abs=2)


def test_slow_scaled_time_ticks_before_it_would_halt(world: World) -> None:
    world.run(ScaledPace(START_MS, 1, max_ahead_s=2), wall_s=20)
    steps = [b.cell_ms - a.cell_ms for a, b in pairwise(world.log.ticks)]
    assert len(steps) >= 9
    assert all(1_990 <= step <= 2_000 for step in steps)


def test_scaled_time_resumes_from_the_last_tick(world: World) -> None:
    pace = ScaledPace(START_MS, 60, max_ahead_s=2)
    world.run(pace, wall_s=10)
    stopped = world.log.ticks[-1]
    world.pause(86_400)
    world.run(pace, wall_s=1)
    resumed = world.log.ticks[world.log.ticks.index(stopped) + 1]
    assert resumed.cell_ms == stopped.cell_ms + 2 * 60_000  # where every LogClock had halted
    assert resumed.wall_ms >= stopped.wall_ms + 86_400_000
    assert_time_only_advances(world.log.ticks)


def test_scaled_time_goes_on_seamlessly_after_a_short_absence(world: World) -> None:
    pace = ScaledPace(START_MS, 60)
    world.run(pace, wall_s=3)
    world.pause(1)
    world.run(pace, wall_s=3)
    line = [tick.cell_ms - 60 * tick.wall_ms for tick in world.log.ticks]
    assert max(line) == min(line)


def test_a_changed_rate_is_announced_at_once(world: World) -> None:
    world.run(ScaledPace(START_MS, 60), wall_s=3)
    before = len(world.log.ticks)
    world.metronome(ScaledPace(START_MS, 10)).beat()
    assert world.log.ticks[before:][0].rate == 10
    assert_time_only_advances(world.log.ticks)


def test_scaled_time_goes_on_from_a_followed_one(world: World) -> None:
    append = followed_tick(world.log, START_MS, world.wall)
    assert append is not None
    world.log.append([append])
    world.run(ScaledPace(Ms(0), 60), wall_s=1)
    assert world.log.ticks[1] == Tick(Ms(WALL_MS + 100), Ms(START_MS + 1), 60)
    assert_time_only_advances(world.log.ticks)


@pytest.mark.parametrize("back_s", [1, 10, 100_000])
def test_scaled_time_survives_a_wall_clock_set_back(world: World, back_s: int) -> None:
    pace = ScaledPace(START_MS, 60)
    world.run(pace, wall_s=3)
    before = world.log.ticks[-1]
    world.pause(-back_s)
    world.run(pace, wall_s=3)
    assert_time_only_advances(world.log.ticks)
    assert world.log.ticks[-1].cell_ms > before.cell_ms + 60_000


def test_log_clocks_agree_with_the_metronome_across_a_restart(world: World) -> None:
    pace = ScaledPace(START_MS, 60, max_ahead_s=2)
    clock = LogClock(
        lambda: newest_tick(world.log),
        before_first_ms=START_MS,
        refresh_s=0.5,
        max_ahead_s=2,
        wall=world.wall,
        monotonic=lambda: world.wall_us / 1e6,
    )
    told = []
    for pause_s in (0, 1, 5, 3_600):
        world.run(pace, wall_s=2)
        world.pause(pause_s)
        told.append((clock.now_ms(), world.log.ticks[-1].cell_ms))
    for (now_ms, _), (_, later_tick_ms) in pairwise(told):
        assert now_ms < later_tick_ms  # nothing that was dated by a clock lies in the future of the next tick


@pytest.mark.parametrize("pace", [WallPace(), ScaledPace(START_MS, 20)])
def test_two_metronomes_tick_no_more_than_one(world: World, pace: WallPace | ScaledPace) -> None:
    both = [world.metronome(pace), world.metronome(pace)]
    for _ in range(2_000):
        for metronome in both:
            metronome.beat()
        world.pause(0.01)
    ticks = world.log.ticks
    assert_time_only_advances(ticks)
    expected = 20 / (5 / pace.rate)
    assert len(ticks) == pytest.approx(expected, abs=expected * 0.1 + 1)


def test_losing_a_race_reads_again_and_adds_no_tick(world: World) -> None:
    first, second = world.metronome(WallPace()), world.metronome(WallPace())
    first.beat()
    second.beat()
    world.pause(5)
    first.beat()
    assert second.beat() == 0  # it believed a tick was due
    assert second.beat() > 0.9
    assert len(world.log.ticks) == 2


def test_a_store_that_is_down_is_tried_again_with_growing_pauses(world: World) -> None:
    world.log.faults = [Transient("down")] * 8
    world.run(WallPace(), wall_s=60)
    assert world.waits[:8] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]
    assert len(world.log.ticks) == pytest.approx((60 - 32.6) / 5, abs=1)


def test_an_answer_lost_after_the_commit_leaves_one_tick(world: World) -> None:
    append = world.log.append

    def lose_the_answer(appends: Sequence[Append]) -> int:
        append(appends)
        world.log.append = append  # type: ignore[method-assign]
        raise Transient("the connection was lost in the commit")

    world.log.append = lose_the_answer  # type: ignore[method-assign]
    world.run(WallPace(), wall_s=4)
    assert len(world.log.ticks) == 1


def test_a_stop_ends_the_wait() -> None:
    world, stop = World(), threading.Event()
    role = threading.Thread(target=Metronome(world.log, WallPace()).run, args=(stop,))
    role.start()
    stop.set()
    role.join(10)
    assert not role.is_alive()


def test_errors_that_will_not_pass_end_the_role(world: World) -> None:
    world.log.events.append(WorkerRegistered(recorded_at_ms=START_MS, worker="w", name="n"))
    with pytest.raises(CorruptLog, match="worker"):
        world.run(WallPace(), wall_s=1)


def test_a_followed_tick_stands_still_and_never_goes_back(world: World) -> None:
    def follow(to_ms: int) -> Callable[[], None] | None:
        append = followed_tick(world.log, Ms(to_ms), world.wall)
        return None if append is None else lambda: _append(append)

    def _append(append: Append) -> None:
        world.log.append([append])

    assert newest_tick(world.log) is None
    for to_ms in (1_000, 2_000):
        commit = follow(to_ms)
        assert commit is not None
        commit()
    assert follow(2_000) is None
    assert follow(1_999) is None
    assert world.log.ticks == [Tick(WALL_MS, Ms(1_000), 0), Tick(WALL_MS, Ms(2_000), 0)]


def test_a_followed_tick_that_somebody_overtook_is_refused(world: World) -> None:
    late = followed_tick(world.log, Ms(1_000), world.wall)
    early = followed_tick(world.log, Ms(2_000), world.wall)
    assert late is not None
    assert early is not None
    world.log.append([early])
    with pytest.raises(ConcurrentAppend):
        world.log.append([late])
