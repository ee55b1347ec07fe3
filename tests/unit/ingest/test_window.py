"""The window of recent fact_ids: how far it reaches, and how it comes back from the log's tail."""

from __future__ import annotations

from typing import cast
from uuid import UUID

import pytest

from domain.events.clock import TimeAdvanced
from domain.events.facts import ShiftDeclared
from domain.events.positions import PositionsRecorded
from domain.positions import Position, PositionBatch
from domain.time import Ms
from eventlog.entry import Entry
from eventlog.log import EventLog
from ingest.window import GROWTH, LATEST, Window
from tests.unit.ingest.tail import Tail

NOW_MS = Ms(1_790_000_000_000)
STREAM = UUID(int=1)


def ids(*numbers: int) -> list[bytes]:
    return [UUID(int=number).bytes for number in numbers]


def known(window: Window, *numbers: int) -> list[int]:
    return [int.from_bytes(fact, "big") for fact in ids(*numbers) if fact in window]


def test_what_was_added_is_known() -> None:
    window = Window(10, 0, 100)
    window.add(NOW_MS, ids(1, 2))
    window.add(NOW_MS, ids(2, 3))
    assert (known(window, 1, 2, 3, 4), len(window)) == ([1, 2, 3], 3)


def test_the_oldest_flushes_are_forgotten_but_never_below_the_rows_kept_at_least() -> None:
    window = Window(4, 0, 100)
    for flush in range(5):
        window.add(NOW_MS, ids(flush * 3, flush * 3 + 1, flush * 3 + 2))
        assert len(window) >= min(4, 3 * (flush + 1))
    assert known(window, *range(15)) == list(range(9, 15))


def test_what_is_younger_than_its_time_is_kept_beyond_the_rows_up_to_a_bound() -> None:
    window = Window(4, 10.0, 100)
    window.add(NOW_MS, ids(*range(4)))
    window.add(Ms(NOW_MS + 9_999), ids(*range(4, 8)))
    assert len(window) == 8
    window.add(Ms(NOW_MS + 10_000), ids(8))
    assert known(window, 0, 4, 8) == [4, 8]
    for flush in range(100):
        window.add(Ms(NOW_MS + 10_000), ids(100 + flush))
    assert len(window) <= GROWTH * 4


def test_claims_are_forgotten_with_what_they_claim() -> None:
    window = Window(1, 0, 100)
    window.add(NOW_MS, ids(1))
    window.claim(ids(1))
    assert window.is_claimed(ids(1)[0])
    window.add(NOW_MS, ids(2))
    window.add(NOW_MS, ids(3))
    assert not window.is_claimed(ids(1)[0])


def test_the_latest_receipts_are_kept_for_each_kind_of_each_device_that_has_no_clock() -> None:
    window = Window(1_000, 0, 100)
    for flush in range(LATEST + 4):
        window.add(Ms(NOW_MS + flush), ids(flush), [("bell", "button"), ("bell", "button")])
    window.add(NOW_MS, ids(100))
    assert window.latest(("bell", "button"), 0) == [NOW_MS + flush for flush in range(4, LATEST + 4)]
    assert window.latest(("bell", "button"), NOW_MS + LATEST + 2) == [NOW_MS + LATEST + 2, NOW_MS + LATEST + 3]
    assert window.latest(("bell", "contact"), 0) == []


def said(number: int, at_ms: int) -> Entry:
    fact = ShiftDeclared(recorded_at_ms=Ms(at_ms), fact=UUID(int=number), device="p1", on=True)
    return Entry(number, STREAM, number, fact)


def rebuilt(window: Window, *entries: Entry) -> Tail:
    tail = Tail(list(entries))
    window.rebuild(cast("EventLog", tail))
    return tail


def test_it_is_rebuilt_from_facts_and_positions_of_the_tail() -> None:
    positions = [Position(device="p1", observed_at_ms=NOW_MS + n, lat_e7=n, lon_e7=0) for n in range(3)]
    recorded = PositionsRecorded(recorded_at_ms=NOW_MS, day="2026-09-21", rows=3, sha256=b"")
    packed = Entry(2, STREAM, 1, recorded, PositionBatch.of(NOW_MS, positions))
    tick = Entry(3, STREAM, 1, TimeAdvanced(recorded_at_ms=NOW_MS, wall_ms=NOW_MS))
    window = Window(1_000, 3_600, 100)
    window.add(NOW_MS, ids(99))
    rebuilt(window, said(1, NOW_MS), packed, tick, said(4, NOW_MS + 1))
    assert known(window, 1, 4, 99) == [1, 4]
    assert all(position.fact.bytes in window for position in positions)
    assert window.latest(("p1", "shift"), 0) == [NOW_MS, NOW_MS + 1]


def test_as_much_as_may_be_in_flight_is_unsure_when_the_log_was_read_and_nothing_later() -> None:
    window = Window(1_000, 3_600, 30)
    assert window.unsure(("p1", "shift")) == []
    rebuilt(window, *(said(number, NOW_MS + number) for number in range(100)))
    assert window.unsure(("p1", "shift")) == [NOW_MS + 99 - number for number in range(30)]
    window.add(Ms(NOW_MS + 200), ids(200), [("p1", "shift")])
    assert len(window.unsure(("p1", "shift"))) == 30


@pytest.mark.parametrize(("rows", "seconds", "expected"), [(5, 0, 5), (10, 20.0, 20), (2, 1_000_000.0, 10)])
def test_it_is_rebuilt_as_far_as_it_reaches_and_no_further(rows: int, seconds: float, expected: int) -> None:
    window = Window(rows, seconds, 100)
    tail = rebuilt(window, *(said(number, NOW_MS + number * 1_000) for number in range(1_000)))
    assert len(window) == expected
    assert tail.read <= expected + 1
