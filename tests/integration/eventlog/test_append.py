"""Appending: one transaction, expected versions, numbers for devices, and rows of others that stand or fall with it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psycopg
import pytest
from eventsourcing.persistence import IntegrityError

from domain.errors import ConcurrentAppend
from domain.events import Event
from domain.events.clock import TimeAdvanced
from domain.events.device import DeviceNumbered
from domain.events.positions import PositionsRecorded
from domain.positions import Position, PositionBatch
from domain.time import DAY_MS, Ms
from eventlog.entry import Append
from eventlog.log import EventLog
from eventlog.mapper import Recorded

NOW_MS = Ms(1_790_000_000_000)


def ticks(count: int, first: int = 1) -> list[Event]:
    return [TimeAdvanced(recorded_at_ms=Ms(NOW_MS + i), wall_ms=Ms(i)) for i in range(first, first + count)]


def batch(*devices: str, at_ms: int = NOW_MS) -> PositionBatch:
    positions = [
        Position(device=device, observed_at_ms=at_ms - i, lat_e7=i, lon_e7=-i, extras=b'{"n":1}' if i == 1 else b"")
        for i, device in enumerate(devices)
    ]
    return PositionBatch.of(at_ms, positions)


def count(dsn: str, table: str) -> int:
    with psycopg.connect(dsn) as conn:
        row = conn.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture
def letters(dsn: str) -> Iterator[str]:
    """A table of somebody else, in the same database."""
    with psycopg.connect(dsn) as conn:
        conn.execute("CREATE TABLE letters (id int PRIMARY KEY)")
    return "letters"


def test_an_append_returns_its_last_position_and_raises_the_streams_version(log: EventLog) -> None:
    assert log.append([Append("clock", ticks(2), 0)]) == 2
    assert log.append([Append("clock", ticks(1), 2), Append("visit/v-1", ticks(3), 0)]) == 6
    assert log.versions(["clock", "visit/v-1", "visit/v-2"]) == {"clock": 3, "visit/v-1": 3, "visit/v-2": 0}
    assert log.version("clock") == 3


def test_an_append_of_nothing_returns_the_head(log: EventLog) -> None:
    assert log.append([]) == 0
    log.append([Append("clock", ticks(5), 0)])
    assert log.append([]) == 5
    assert log.append([Append("clock", [], 5)], batch=batch()) == 5


@pytest.mark.parametrize("expected", [0, 1, 2, 4, 9])
@pytest.mark.parametrize("fresh", [True, False])
def test_a_stream_that_is_not_at_the_expected_version_refuses_all_of_the_append(
    log: EventLog, dsn: str, expected: int, fresh: bool
) -> None:
    log.append([Append("clock", ticks(3), 0)])
    with EventLog(dsn) as other:
        writing = other if fresh else log
        with pytest.raises(ConcurrentAppend):
            writing.append([Append("visit/v-1", ticks(1), 0), Append("clock", ticks(1), expected)])
        assert log.version("visit/v-1") == 0
        assert log.version("clock") == 3
        writing.append([Append("clock", ticks(1), 3)])
    assert log.version("clock") == 4


def test_a_stream_that_must_exist_and_does_not_refuses_the_append(log: EventLog) -> None:
    with pytest.raises(ConcurrentAppend, match="visit/v-1 at 1"):
        log.append([Append("visit/v-1", ticks(1), 1)])


def test_one_stream_may_appear_twice_if_the_versions_follow_each_other(log: EventLog) -> None:
    log.append([Append("clock", ticks(2), 0), Append("clock", ticks(1, 3), 2)])
    assert [entry.version for entry in log.read("clock")] == [1, 2, 3]
    with pytest.raises(ConcurrentAppend):
        log.append([Append("clock", ticks(2), 3), Append("clock", ticks(1), 4)])
    assert log.version("clock") == 3


def test_of_many_writers_that_expect_the_same_version_one_wins(log: EventLog) -> None:
    def write(_: int) -> bool:
        try:
            log.append([Append("clock", ticks(2), 0)])
        except ConcurrentAppend:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(write, range(8))) == 1
    assert log.version("clock") == 2


def test_positions_come_back_as_they_were_with_their_devices_numbered_once(log: EventLog, dsn: str) -> None:
    sent = batch("phone-b", "phone-a", "phone-b")
    log.append([], batch=sent)
    log.append([Append("clock", ticks(1), 0)], batch=batch("phone-a", "phone-c"))
    entries = log.page(0, 100)
    assert [(e.event.device, e.event.number) for e in entries if isinstance(e.event, DeviceNumbered)] == [
        ("phone-b", 1),
        ("phone-a", 2),
        ("phone-c", 3),
    ]
    first, second = [e for e in entries if isinstance(e.event, PositionsRecorded)]
    assert first.stream == second.stream == log.stream_id("positions/main")
    assert (first.version, second.version) == (1, 2)
    assert isinstance(first.event, PositionsRecorded)
    assert (first.event.rows, first.event.day) == (3, "2026-09-21")
    assert first.batch is not None
    assert second.batch is not None
    assert sorted(first.batch.facts()) == sorted(sent.facts())
    assert [first.batch.devices[i] for i in first.batch.device] == ["phone-b", "phone-b", "phone-a"]
    assert [second.batch.devices[i] for i in second.batch.device] == ["phone-a", "phone-c"]


def test_payloads_lie_in_the_partition_of_their_day(log: EventLog, dsn: str) -> None:
    for day in (0, 1, 0, 2):
        log.append([], batch=batch("phone", at_ms=NOW_MS + day * DAY_MS))
    assert [count(dsn, f"eventlog.position_payloads_{day}") for day in ("20260921", "20260922", "20260923")] == [
        2,
        1,
        1,
    ]
    assert [entry.batch is not None for entry in log.read("positions/main")] == [True] * 4


def test_rows_written_beside_an_append_stand_and_fall_with_it(log: EventLog, dsn: str, letters: str) -> None:
    def write(curs: Any) -> None:
        curs.execute("INSERT INTO letters VALUES (1)")

    def fail(curs: Any) -> None:
        curs.execute("INSERT INTO letters VALUES (2)")
        raise RuntimeError("after the row")

    log.append([Append("clock", ticks(1), 0)], batch=batch("phone"), also=write)
    before = log.head()
    for doomed in (
        lambda: log.append([Append("clock", ticks(1), 1)], batch=batch("new-phone"), also=fail),
        lambda: log.append([], also=fail),
    ):
        with pytest.raises(RuntimeError, match="after the row"):
            doomed()
    with pytest.raises(ConcurrentAppend):
        log.append([Append("clock", ticks(1), 0)], batch=batch("new-phone"), also=write_two)
    assert log.head() == before
    assert count(dsn, letters) == 1
    assert count(dsn, "eventlog.position_payloads") == 1
    assert log.append([], also=write_two) == before
    assert count(dsn, letters) == 2


def write_two(curs: Any) -> None:
    curs.execute("INSERT INTO letters VALUES (2)")


def test_a_conflict_in_somebody_elses_table_is_not_taken_for_a_conflict_of_versions(
    log: EventLog, letters: str
) -> None:
    log.append([], also=write_two)
    with pytest.raises(IntegrityError, match="letters_pkey"):
        log.append([Append("clock", ticks(1), 0)], also=write_two)
    assert log.version("clock") == 0


def test_numbers_of_an_append_that_failed_are_given_again(log: EventLog, letters: str) -> None:
    log.append([], batch=batch("phone-a"))
    with pytest.raises(ConcurrentAppend):
        log.append([Append("clock", ticks(1), 7)], batch=batch("phone-x", "phone-y"))
    log.append([], batch=batch("phone-b"))
    assert [
        (e.event.device, e.event.number) for e in log.read("device-numbers") if isinstance(e.event, DeviceNumbered)
    ] == [
        ("phone-a", 1),
        ("phone-b", 2),
    ]
    newest = log.newest("positions/main")
    assert newest is not None
    assert newest.batch is not None
    assert newest.batch.devices == ["phone-b"]


def test_a_second_writer_of_positions_is_noticed_and_may_go_on(log: EventLog, dsn: str) -> None:
    log.append([], batch=batch("phone-a"))
    with EventLog(dsn) as other:
        other.append([], batch=batch("phone-b"))
        with pytest.raises(ConcurrentAppend):
            log.append([], batch=batch("phone-c"))
        log.append([], batch=batch("phone-c"))
        with pytest.raises(ConcurrentAppend):  # the numbers are one stream for all writers
            other.append([], batch=batch("phone-d"), writer="import")
        other.append([], batch=batch("phone-d"), writer="import")
        with pytest.raises(ConcurrentAppend):
            log.append([], batch=batch("phone-e"))
        log.append([], batch=batch("phone-e"))
    assert log.versions(["positions/main", "positions/import"]) == {"positions/main": 4, "positions/import": 1}
    devices = [e.batch.devices for e in log.page(0, 100) if e.batch is not None]
    assert devices == [["phone-a"], ["phone-b"], ["phone-c"], ["phone-d"], ["phone-e"]]


def test_a_day_dropped_behind_the_writers_back_is_made_again_at_the_next_attempt(log: EventLog, dsn: str) -> None:
    log.append([], batch=batch("phone"))
    with psycopg.connect(dsn) as conn:
        conn.execute("DROP TABLE eventlog.position_payloads_20260921")
    with pytest.raises(ConcurrentAppend):
        log.append([], batch=batch("phone"))
    log.append([], batch=batch("phone"))
    newest = log.newest("positions/main")
    assert newest is not None
    assert newest.batch is not None


def test_the_librarys_own_save_and_get_work_on_our_events(log: EventLog) -> None:
    stream: UUID = log.stream_id("clock")
    (tick,) = ticks(1)
    log.save(Recorded(stream, 1, tick))
    assert list(log.events.get(stream)) == [Recorded(stream, 1, tick)]
    assert [entry.event for entry in log.read("clock")] == [tick]
