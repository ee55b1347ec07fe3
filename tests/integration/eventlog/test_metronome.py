"""The metronome on a real log: its races and its restarts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import pairwise

import psycopg
import pytest

from domain.errors import ConcurrentAppend
from domain.events.clock import TimeAdvanced
from domain.time import Ms
from eventlog.clock import LogClock, wall_ms
from eventlog.log import EventLog
from eventlog.metronome import Metronome, ScaledPace, WallPace, followed_tick, newest_tick

START_MS = Ms(1_780_000_000_000)


def ticks(log: EventLog) -> list[TimeAdvanced]:
    return [entry.event for entry in log.read("clock") if isinstance(entry.event, TimeAdvanced)]


def until(happened: Callable[[], bool], within_s: float = 20) -> None:
    give_up_s = time.monotonic() + within_s
    pause = threading.Event()
    while not happened():
        assert time.monotonic() < give_up_s
        pause.wait(0.02)


def test_racing_metronomes_tick_like_one(log: EventLog) -> None:
    stop = threading.Event()
    pace = ScaledPace(START_MS, 60)
    roles = [threading.Thread(target=Metronome(log, pace, every_ms=6_000).run, args=(stop,)) for _ in range(3)]
    for role in roles:
        role.start()
    until(lambda: len(ticks(log)) >= 15)
    stop.set()
    for role in roles:
        role.join(20)
        assert not role.is_alive()
    found = ticks(log)
    assert found[0].recorded_at_ms == START_MS
    assert all(b.wall_ms - a.wall_ms >= 100 for a, b in pairwise(found))
    assert all(b.recorded_at_ms - a.recorded_at_ms >= 6_000 for a, b in pairwise(found))
    assert {tick.recorded_at_ms - 60 * tick.wall_ms for tick in found} == {START_MS - 60 * found[0].wall_ms}


def test_a_metronome_outlives_its_connections(log: EventLog, database: str) -> None:
    stop = threading.Event()
    role = threading.Thread(
        target=Metronome(log, WallPace(), every_ms=100, max_ticks_per_s=20, backoff_first_s=0.05).run, args=(stop,)
    )
    role.start()
    try:
        for _ in range(3):
            seen = log.version("clock")
            with psycopg.connect(database, autocommit=True) as admin:
                admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
                )
            until(lambda seen=seen: log.version("clock") > seen + 2)  # type: ignore[misc]
        assert role.is_alive()
    finally:
        stop.set()
        role.join(20)
    times = [tick.recorded_at_ms for tick in ticks(log)]
    assert times == sorted(set(times))


def test_a_clock_in_another_process_tells_the_metronomes_time(log: EventLog) -> None:
    clock = LogClock(lambda: newest_tick(log), before_first_ms=START_MS, refresh_s=0.01)
    assert clock.now_ms() == START_MS
    Metronome(log, ScaledPace(START_MS, 1_000)).beat()
    until(lambda: clock.now_ms() > START_MS + 100_000)
    (tick,) = ticks(log)
    assert clock.now_ms() <= START_MS + (wall_ms() - tick.wall_ms + 1) * 1_000


def test_followed_ticks_take_their_place_in_the_log(log: EventLog) -> None:
    first = followed_tick(log, START_MS)
    assert first is not None
    log.append([first])
    with pytest.raises(ConcurrentAppend):
        log.append([first])
    assert followed_tick(log, START_MS) is None
    assert [(tick.recorded_at_ms, tick.rate) for tick in ticks(log)] == [(START_MS, 0.0)]
