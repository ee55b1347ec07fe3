"""The cell's clocks, with the wall clock and the log in the test's hand."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Transient
from domain.time import Ms
from eventlog.clock import LogClock, Tick, WallClock, carried_ms, wall_ms

START_MS = Ms(1_780_000_000_000)


class Hands:
    """The wall clock and the newest tick, moved by the test."""

    def __init__(self) -> None:
        self.wall_ms = Ms(5_000_000)
        self.monotonic_s = 100.0
        self.tick: Tick | None = None
        self.down = False
        self.reads = 0

    def pass_ms(self, ms: int) -> None:
        self.wall_ms = Ms(self.wall_ms + ms)
        self.monotonic_s += ms / 1000

    def ticks(self, cell_ms: int, rate: float) -> None:
        self.tick = Tick(self.wall_ms, Ms(cell_ms), rate)

    def read_newest(self) -> Tick | None:
        self.reads += 1
        if self.down:
            raise Transient("the store is down")
        return self.tick

    def clock(self, refresh_s: float = 0.5, max_ahead_s: float = 2.0) -> LogClock:
        return LogClock(
            self.read_newest,
            before_first_ms=START_MS,
            refresh_s=refresh_s,
            max_ahead_s=max_ahead_s,
            wall=lambda: self.wall_ms,
            monotonic=lambda: self.monotonic_s,
        )


def test_the_wall_is_read_in_epoch_milliseconds() -> None:
    assert abs(wall_ms() - time.time_ns() / 1e6) < 10_000  # noqa: TID251


def test_a_wall_clock_set_back_makes_time_stand_still() -> None:
    readings = iter([Ms(1000), Ms(2000), Ms(1500), Ms(1999), Ms(2001)])
    clock = WallClock(lambda: next(readings))
    assert [clock.now_ms() for _ in range(5)] == [1000, 2000, 2000, 2000, 2001]


def test_a_wall_clock_behind_the_log_waits_for_it() -> None:
    readings = iter([Ms(1000), Ms(2001)])
    clock = WallClock(lambda: next(readings), not_before_ms=2000)
    assert [clock.now_ms() for _ in range(2)] == [2000, 2001]


def test_before_the_first_tick_it_is_the_start() -> None:
    hands = Hands()
    clock = hands.clock()
    hands.pass_ms(10_000)
    assert clock.now_ms() == START_MS


def test_scaled_time_runs_on_from_the_newest_tick() -> None:
    hands = Hands()
    hands.ticks(START_MS, rate=60)
    clock = hands.clock()
    hands.pass_ms(250)
    assert clock.now_ms() == START_MS + 15_000
    hands.pass_ms(100)
    assert clock.now_ms() == START_MS + 21_000


def test_two_processes_that_know_different_ticks_of_one_line_tell_one_time() -> None:
    hands = Hands()
    hands.ticks(START_MS, rate=60)
    early = hands.clock()
    early.now_ms()
    hands.pass_ms(300)
    hands.ticks(START_MS + 18_000, rate=60)
    late = hands.clock()
    hands.pass_ms(100)
    assert early.now_ms() == late.now_ms() == START_MS + 24_000


def test_without_new_ticks_time_halts_at_the_limit() -> None:
    hands = Hands()
    hands.ticks(START_MS, rate=10)
    clock = hands.clock(max_ahead_s=2)
    hands.pass_ms(3_600_000)
    assert clock.now_ms() == START_MS + 20_000


def test_followed_time_is_the_newest_tick() -> None:
    hands = Hands()
    hands.ticks(START_MS, rate=0)
    clock = hands.clock()
    hands.pass_ms(1_000)
    assert clock.now_ms() == START_MS
    hands.ticks(START_MS + 90_000, rate=0)
    hands.pass_ms(1_000)
    assert clock.now_ms() == START_MS + 90_000


def test_the_log_is_asked_once_per_refresh_only() -> None:
    hands = Hands()
    hands.ticks(START_MS, rate=1)
    clock = hands.clock(refresh_s=0.5)
    for _ in range(1000):
        hands.pass_ms(1)
        clock.now_ms()
    assert hands.reads in (2, 3)


def test_a_tick_seen_in_passing_counts_at_once_and_an_older_one_not() -> None:
    hands = Hands()
    hands.ticks(START_MS, rate=0)
    clock = hands.clock()
    clock.now_ms()
    clock.saw(Tick(hands.wall_ms, Ms(START_MS + 5_000), 0))
    clock.saw(Tick(hands.wall_ms, Ms(START_MS + 1_000), 0))
    assert clock.now_ms() == START_MS + 5_000


def test_while_the_store_is_down_the_known_tick_serves() -> None:
    hands = Hands()
    hands.ticks(START_MS, rate=1)
    clock = hands.clock()
    clock.now_ms()
    hands.down = True
    hands.pass_ms(1_000)
    assert clock.now_ms() == START_MS + 1_000


def test_a_store_that_was_never_read_is_an_error_not_a_time() -> None:
    hands = Hands()
    hands.down = True
    clock = hands.clock()
    with pytest.raises(Transient):
        clock.now_ms()
    hands.down = False
    assert clock.now_ms() == START_MS


def test_a_slow_read_holds_up_one_thread_only() -> None:
    hands = Hands()
    hands.ticks(START_MS, rate=1)
    reading, go_on = threading.Event(), threading.Event()

    def slow_read() -> Tick | None:
        if hands.reads:
            reading.set()
            assert go_on.wait(10)
        return hands.read_newest()

    clock = LogClock(
        slow_read, before_first_ms=START_MS, wall=lambda: hands.wall_ms, monotonic=lambda: hands.monotonic_s
    )
    clock.now_ms()
    hands.pass_ms(1_000)
    slow = threading.Thread(target=clock.now_ms)
    slow.start()
    try:
        assert reading.wait(10)
        assert clock.now_ms() == START_MS + 1_000
    finally:
        go_on.set()
        slow.join()


@given(
    st.lists(
        st.tuples(st.integers(-5_000, 5_000), st.integers(-100_000, 100_000), st.sampled_from([0.0, 0.5, 1.0, 60.0])),
        min_size=2,
    )
)
def test_time_never_goes_back_whatever_the_wall_and_the_ticks_do(steps: list[tuple[int, int, float]]) -> None:
    hands = Hands()
    clock = hands.clock(refresh_s=0)
    told = []
    for wall_step_ms, cell_step_ms, rate in steps:
        hands.ticks(START_MS + cell_step_ms, rate)
        hands.wall_ms = Ms(hands.wall_ms + wall_step_ms)
        told.append(clock.now_ms())
    assert told == sorted(told)


def test_time_is_never_carried_back_from_a_tick() -> None:
    tick = Tick(Ms(10_000), START_MS, 60)
    assert carried_ms(tick, Ms(9_000), max_ahead_s=2) == START_MS
