"""Reading: pages in total order, streams, tails; and what is not what the log says it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import LiteralString

import psycopg
import pytest

from domain.errors import CorruptLog, Unavailable
from domain.events import Event
from domain.events.clock import TimeAdvanced
from domain.positions import Position, PositionBatch
from domain.time import SECOND_MS, Ms
from eventlog.entry import Append, Entry
from eventlog.log import EventLog
from eventlog.schema import migrate

NOW_MS = Ms(1_790_000_000_000)


def ticks(count: int, first: int = 1) -> list[Event]:
    return [TimeAdvanced(recorded_at_ms=Ms(NOW_MS + i * SECOND_MS), wall_ms=Ms(i)) for i in range(first, first + count)]


def batch(*devices: str) -> PositionBatch:
    return PositionBatch.of(
        NOW_MS,
        [Position(device=device, observed_at_ms=NOW_MS + i, lat_e7=1, lon_e7=2) for i, device in enumerate(devices)],
    )


def facts(entries: list[Entry]) -> list[object]:
    """Entries as values: columns of numbers do not compare as a whole."""
    return [(e.position, e.stream, e.version, e.event, None if e.batch is None else e.batch.facts()) for e in entries]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 1_000])
def test_pages_of_any_size_join_to_the_same_log(log: EventLog, limit: int) -> None:
    for i in range(5):
        log.append([Append("clock", ticks(2, 2 * i + 1), 2 * i)], batch=batch("a", "b", f"c{i}"))
    whole = log.page(0, 1_000)
    joined: list[Entry] = []
    while page := log.page(joined[-1].position if joined else 0, limit):
        assert len(page) <= limit
        joined += page
    assert facts(joined) == facts(whole)
    assert [entry.position for entry in whole] == list(range(1, log.head() + 1))


def test_a_reader_that_starts_in_the_middle_knows_the_devices_of_numbers_given_before(log: EventLog, dsn: str) -> None:
    log.append([], batch=batch("a", "b"))
    middle = log.head()
    log.append([], batch=batch("b", "a"))
    with EventLog(dsn) as late:
        (entry,) = late.page(middle, 10)
        assert entry.batch is not None
        assert sorted(entry.batch.devices) == ["a", "b"]
        log.append([], batch=batch("c"))
        *_, newest = late.page(middle, 10)
        assert newest.batch is not None
        assert newest.batch.devices == ["c"]


def test_a_page_may_hold_several_days_and_writers(log: EventLog) -> None:
    for day in range(3):
        for writer in ("main", "import"):
            rows = batch(f"{writer}-{day}")
            shifted = PositionBatch.of(
                NOW_MS + day * 86_400_000, [Position(device=rows.devices[0], observed_at_ms=1, lat_e7=0, lon_e7=0)]
            )
            log.append([], batch=shifted, writer=writer)
    devices = [entry.batch.devices for entry in log.page(0, 100) if entry.batch is not None]
    assert devices == [[f"{writer}-{day}"] for day in range(3) for writer in ("main", "import")]


def test_a_stream_is_read_by_version_from_where_the_reader_stands(log: EventLog) -> None:
    log.append([Append("clock", ticks(3), 0)], batch=batch("a"))
    log.append([Append("clock", ticks(2, 4), 3)])
    assert [entry.version for entry in log.read("clock")] == [1, 2, 3, 4, 5]
    assert [entry.event.recorded_at_ms for entry in log.read("clock", 3)] == [NOW_MS + 4_000, NOW_MS + 5_000]
    assert log.read("clock", 5) == log.read("visit/none") == []


def test_the_newest_entry_of_a_stream(log: EventLog) -> None:
    assert log.newest("clock") is None
    log.append([Append("clock", ticks(3), 0), Append("visit/v-1", ticks(1), 0)])
    newest = log.newest("clock")
    assert newest is not None
    assert (newest.position, newest.version, newest.stream) == (3, 3, log.stream_id("clock"))


def test_the_tail_is_the_last_entries_and_what_is_recent(log: EventLog) -> None:
    log.append([Append("clock", ticks(20), 0)])
    assert [entry.version for entry in log.tail(3)] == [18, 19, 20]
    assert [entry.version for entry in log.tail(1, since_ms=NOW_MS + 16_000)] == [16, 17, 18, 19, 20]
    assert [entry.version for entry in log.tail(6, since_ms=NOW_MS + 19_000)] == [15, 16, 17, 18, 19, 20]
    assert [entry.version for entry in log.tail(0, since_ms=NOW_MS + 19_000)] == [19, 20]
    assert len(log.tail(100)) == len(log.tail(0, since_ms=0)) == 20
    assert log.tail(0) == []
    assert [entry.version for entry in log.backwards(7)] == list(range(20, 0, -1))


def test_the_names_of_streams_mean_other_streams_in_other_cells(log: EventLog, dsn: str) -> None:
    migrate(dsn, "other_cell")
    with EventLog(dsn, "other_cell") as other:
        assert other.stream_id("clock") != log.stream_id("clock")
        log.append([Append("clock", ticks(1), 0)])
        assert other.head() == other.version("clock") == 0


def damage(dsn: str, statement: LiteralString) -> None:
    with psycopg.connect(dsn) as conn:
        assert conn.execute(statement).rowcount > 0


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE eventlog.position_payloads SET payload = payload || '\\x00'", "contradict their digest"),
        ("DELETE FROM eventlog.position_payloads WHERE version = 2", "are missing"),
        ("UPDATE eventlog.log_events SET state = '{}' WHERE topic = 'doorstep.positions.recorded'", "cannot be read"),
        ("UPDATE eventlog.log_events SET topic = 'doorstep.unknown' WHERE notification_id = 2", "doorstep.unknown"),
        ("DELETE FROM eventlog.log_events WHERE topic = 'doorstep.device.numbered'", "no number"),
    ],
)
def test_stored_bytes_that_contradict_the_log_are_found_out(
    log: EventLog, dsn: str, statement: LiteralString, reason: str
) -> None:
    log.append([], batch=batch("a"))
    log.append([], batch=batch("a", "b"))
    damage(dsn, statement)
    with EventLog(dsn) as reader, pytest.raises(CorruptLog, match=reason):
        reader.page(0, 100)


@pytest.mark.parametrize(
    "ask",
    [
        lambda log: log.head(),
        lambda log: log.page(0, 10),
        lambda log: log.versions(["clock"]),
        lambda log: log.append([Append("clock", ticks(1), 0)]),
    ],
)
def test_a_log_whose_server_is_gone_is_unavailable(log: EventLog, ask: Callable[[EventLog], object]) -> None:
    log.close()
    with pytest.raises(Unavailable):
        ask(log)


def test_a_log_without_a_server_is_unavailable_from_the_start() -> None:
    with pytest.raises(Unavailable):
        EventLog("postgresql://nobody@127.0.0.1:1/none", checkout_s=1)
