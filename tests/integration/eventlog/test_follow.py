"""Following the log: nothing is missed, nothing comes twice, whatever happens in between."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import psycopg
import pytest

from domain.events import Event
from domain.events.clock import TimeAdvanced
from domain.positions import Position, PositionBatch
from domain.time import Ms
from eventlog.entry import Append, Entry
from eventlog.follow import follow
from eventlog.log import EventLog
from eventlog.schema import EVENTS

NEVER_S = 3_600.0
"""A poll that cannot be what brought a page."""

LIMIT_S = 30.0


def ticks(count: int) -> list[Event]:
    return [TimeAdvanced(recorded_at_ms=Ms(i), wall_ms=Ms(i)) for i in range(1, count + 1)]


class Follower:
    """A thread that follows and remembers."""

    def __init__(self, log: EventLog, *, limit: int = 100, poll_s: float = NEVER_S) -> None:
        self.positions: list[int] = []
        self.sizes: list[int] = []
        self.stop = threading.Event()
        self._pages = log.follow(0, limit, self.stop, poll_s)
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        for page in self._pages:
            self.positions += [entry.position for entry in page]
            self.sizes.append(len(page))

    def __enter__(self) -> Follower:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self._thread.join(LIMIT_S)
        assert not self._thread.is_alive()

    def wait_for(self, position: int) -> None:
        until_s = time.monotonic() + LIMIT_S
        while (not self.positions or self.positions[-1] < position) and time.monotonic() < until_s:
            time.sleep(0.005)
        assert self.positions, "nothing came"
        assert self.positions[-1] == position


def wait_for_listeners(dsn: str, count: int) -> list[int]:
    """The backends that listen, once there are `count`."""
    until_s = time.monotonic() + LIMIT_S
    with psycopg.connect(dsn, autocommit=True) as conn:
        while time.monotonic() < until_s:
            rows = conn.execute(
                "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND state = 'idle' "
                "AND datname = current_database()"
            ).fetchall()
            if len(rows) == count:
                return [row[0] for row in rows]
            time.sleep(0.01)
    raise AssertionError("nobody listens")


@pytest.fixture
def other(dsn: str) -> Iterator[EventLog]:
    """Another process's log."""
    with EventLog(dsn) as other:
        yield other


def test_what_is_there_comes_first_in_pages_and_then_what_is_new(log: EventLog, other: EventLog, dsn: str) -> None:
    log.append([Append("a", ticks(5), 0)])
    with Follower(log, limit=2) as follower:
        follower.wait_for(5)
        wait_for_listeners(dsn, 1)
        other.append([Append("b", ticks(1), 0)])
        follower.wait_for(6)
    assert follower.positions == [1, 2, 3, 4, 5, 6]
    assert follower.sizes[:3] == [2, 2, 1]
    assert 0 not in follower.sizes


def test_a_commit_between_the_pull_and_the_wait_is_noticed_at_once(log: EventLog, other: EventLog, dsn: str) -> None:
    """The trap of pulling before listening: such a commit would stay unseen until the next one."""
    stop = threading.Event()
    pulls = 0

    def page(after: int, limit: int) -> list[Entry]:
        nonlocal pulls
        entries = log.page(after, limit)
        pulls += 1
        if pulls == 1:
            assert entries == []
            other.append([Append("a", ticks(1), 0)])
        return entries

    started_s = time.monotonic()
    pages = follow(
        lambda: psycopg.connect(dsn, autocommit=True),
        EVENTS,
        page,
        after=0,
        limit=10,
        stop=stop,
        poll_s=LIMIT_S,
        backoff_first_s=0.1,
        backoff_max_s=1.0,
    )
    assert [entry.position for entry in next(pages)] == [1]
    assert time.monotonic() - started_s < LIMIT_S / 2
    assert pulls == 2
    stop.set()
    assert list(pages) == []


def test_nothing_is_missed_or_doubled_while_many_commit(log: EventLog, other: EventLog) -> None:
    writers, appends = 4, 50

    def write(name: int) -> None:
        for i in range(appends):
            batch = PositionBatch.of(i + 1, [Position(device=f"d{name}", observed_at_ms=i, lat_e7=0, lon_e7=0)])
            if name == 0:
                other.append([], batch=batch)
            else:
                other.append([Append(f"stream/{name}/{i}", ticks(1 + i % 3), 0)])

    with Follower(log, limit=7) as follower:
        threads = [threading.Thread(target=write, args=(name,)) for name in range(writers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        follower.wait_for(log.head())
    assert follower.positions == [entry.position for entry in log.page(0, 10_000)]
    assert len(follower.positions) == 1 + appends + 3 * sum(1 + i % 3 for i in range(appends))


def test_a_follower_whose_connections_are_killed_goes_on_where_it_was(log: EventLog, other: EventLog, dsn: str) -> None:
    with Follower(log) as follower:
        for round_ in range(3):
            other.append([Append("a", ticks(1), round_)])
            follower.wait_for(round_ + 1)
            (listener,) = wait_for_listeners(dsn, 1)
            with psycopg.connect(dsn, autocommit=True) as conn:
                conn.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE pid <> pg_backend_pid() AND datname = current_database()"
                )
            assert wait_for_listeners(dsn, 1) != [listener]
            other.head()  # its connections were killed as well, and an append is not repeated
    assert follower.positions == [1, 2, 3]


def test_the_poll_brings_what_no_notification_announced(log: EventLog, other: EventLog, dsn: str) -> None:
    with Follower(log, poll_s=0.2) as follower:
        wait_for_listeners(dsn, 1)
        with psycopg.connect(dsn) as conn:
            conn.execute(
                "INSERT INTO eventlog.log_events (originator_id, originator_version, topic, state) "
                "VALUES (gen_random_uuid(), 1, 'doorstep.clock.time_advanced', %s)",
                (b'{"recorded_at_ms":1,"wall_ms":1}',),
            )
        follower.wait_for(1)


def test_a_follower_stops_when_it_is_told_to(log: EventLog, dsn: str) -> None:
    with Follower(log) as follower:
        wait_for_listeners(dsn, 1)
        started_s = time.monotonic()
        follower.stop.set()
    assert time.monotonic() - started_s < 5
    wait_for_listeners(dsn, 0)
