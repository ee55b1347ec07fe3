"""What stands in PostgreSQL after clocks are corrected, phones change hands and tags are bound, and what reads it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from domain.events import Event
from domain.events.clock import TimeAdvanced
from domain.events.device import DeviceBound, DeviceClockCorrected
from domain.events.facts import CLASSES, Fact
from domain.events.site import SiteRegistered
from domain.events.visit import VisitScheduled
from domain.events.worker import WorkerRegistered
from domain.geo import Circle
from domain.ids import fact_id
from domain.positions import Flag, Position, PositionBatch
from domain.time import HOUR_MS, MINUTE_MS, Ms
from eventlog.entry import Append
from eventlog.log import EventLog
from eventlog.schema import migrate
from projections.queries import timeline, tracks, visits, workers
from projections.rebuild import rebuild
from projections.unit import Unit

NOON = 1_790_000_000_000 // HOUR_MS * HOUR_MS
HERE = Circle(31.2, 121.4, 100.0)


class Cell:
    """A log and its live unit: say something, and it is folded."""

    def __init__(self, dsn: str, log: EventLog) -> None:
        self.dsn, self.log = dsn, log
        self._versions: dict[str, int] = {}
        self.say("site/s", SiteRegistered(recorded_at_ms=NOON, site="s", customer="c", name="", zone="UTC", fence=HERE))
        for worker in ("wa", "wb"):
            about = {"worker": worker, "name": worker, "surname": worker, "title": ""}
            self.say(f"worker/{worker}", WorkerRegistered(recorded_at_ms=Ms(NOON), **about))
            promise = VisitScheduled(
                recorded_at_ms=Ms(NOON - HOUR_MS),
                visit=f"v{worker}",
                site="s",
                customer="c",
                service="cleaning",
                worker=worker,
                window_from_ms=Ms(NOON),
                window_to_ms=Ms(NOON),
                planned_s=3600,
            )
            self.say(f"visit/v{worker}", promise)
        self.unit = Unit.open(dsn, log)
        self.fold()

    def say(self, stream: str, event: Event) -> None:
        self.log.append([Append(stream, [event], self._versions.get(stream, 0))])
        self._versions[stream] = self._versions.get(stream, 0) + 1

    def bind(self, device: str, **whose: Any) -> None:
        bound = DeviceBound(recorded_at_ms=Ms(NOON), device=device, from_ms=Ms(NOON - HOUR_MS), **whose)
        self.say(f"device/{device}", bound)

    def correct(self, device: str, minutes: int, from_ms: int, until_ms: int | None = None) -> None:
        corrected = DeviceClockCorrected(
            recorded_at_ms=Ms(NOON),
            device=device,
            offset_ms=minutes * MINUTE_MS,
            from_ms=Ms(from_ms),
            until_ms=until_ms,
        )
        self.say(f"device/{device}", corrected)

    def tells(self, device: str, kind: str, minute: int, **fields: Any) -> Fact:
        at = Ms(NOON + minute * MINUTE_MS)
        fact = CLASSES[kind](
            recorded_at_ms=at, fact=fact_id(device, kind, at, b""), device=device, observed_at_ms=at, **fields
        )
        self.say(f"facts/{device}", fact)
        return fact

    def pings(self, device: str, *minutes: int, flags: int = 0, recorded_ms: int = NOON) -> None:
        fixes = [
            Position(
                device=device,
                observed_at_ms=NOON + minute * MINUTE_MS,
                lat_e7=312_000_000,
                lon_e7=1_214_000_000,
                accuracy_dm=100,
                flags=flags,
            )
            for minute in minutes
        ]
        self.log.append([], batch=PositionBatch.of(recorded_ms, fixes))

    def tick(self, minute: int) -> None:
        at = Ms(NOON + minute * MINUTE_MS)
        self.say("clock", TimeAdvanced(recorded_at_ms=at, wall_ms=at))

    def fold(self) -> psycopg.Cursor[Any]:
        while entries := self.log.page(self.unit.place.position, 5):
            self.unit.fold(entries)
        return self.unit.connection.cursor()

    def restart(self) -> None:
        self.unit.close()
        self.unit = Unit.open(self.dsn, self.log)

    def minutes(self, table: str) -> list[tuple[int, int]]:
        """(as its device says, as it is judged) in minutes after noon."""
        statement = f"""SELECT (extract(epoch from observed_at) * 1000)::int8, (extract(epoch from at) * 1000)::int8
            FROM judge.{table} ORDER BY 1"""
        rows = self.fold().execute(statement.encode()).fetchall()
        return [((claim - NOON) // MINUTE_MS, (at - NOON) // MINUTE_MS) for claim, at in rows]

    def steps(self, visit: str) -> list[tuple[str, int]]:
        rows = timeline.steps(self.fold(), visit)
        return [(r.status, (r.at_ms - NOON) // MINUTE_MS) for r in rows if r.known_to_ms is None and r.cause != "plan"]

    def equals_a_rebuild(self) -> bool:
        self.fold()
        return all(rebuild(self.dsn, self.log, page_rows=rows, swap=False).equal for rows in (1, None))


@pytest.fixture
def cell(database: str) -> Iterator[Cell]:
    migrate(database)
    with EventLog(database) as log:
        made = Cell(database, log)
        yield made
        made.unit.close()


def test_rows_stand_where_the_corrected_clock_has_them_whatever_was_believed_at_receipt(cell: Cell) -> None:
    cell.bind("p", worker="wa")
    cell.pings("p", 1, 2)
    cell.pings("p", 63, 200, flags=int(Flag.TIME_AHEAD), recorded_ms=NOON + 4 * MINUTE_MS)
    cell.tells("p", "checkin", 5)
    cell.fold()
    cell.correct("p", -60, NOON + 30 * MINUTE_MS)
    cell.correct("p", 2, NOON + 2 * MINUTE_MS, NOON + 30 * MINUTE_MS)
    assert cell.minutes("tracks") == [(1, 1), (2, 4), (63, 3), (200, 4)]
    assert cell.minutes("facts") == [(5, 7)]
    assert cell.steps("vwa")[:2] == [("at_compound", 1), ("arrived", 7)]
    assert cell.equals_a_rebuild()
    cell.restart()
    cell.correct("p", 0, NOON)
    cell.pings("p", 6)
    assert cell.minutes("tracks") == [(1, 1), (2, 2), (6, 6), (63, 4), (200, 4)]
    assert cell.minutes("facts") == [(5, 5)]
    assert cell.equals_a_rebuild()


def test_a_track_and_the_map_show_a_shared_phone_with_whom_it_speaks_for(cell: Cell) -> None:
    cell.bind("p", worker="wa")
    cell.pings("p", 1, 2, 11, 12, 31)
    cell.tells("p", "shift", 10, worker="wb", on=True)
    cell.tells("p", "shift", 30, worker="wb", on=False)
    cell.tick(32)

    def seen(worker: str) -> list[int]:
        rows, _ = tracks.of_worker(cell.fold(), worker, NOON, NOON + HOUR_MS, 100)
        return [(row.ms - NOON) // MINUTE_MS for row in rows]

    def now() -> dict[str, tuple[str, ...]]:
        return {row.named.worker: row.devices for row in workers.everyone(cell.fold(), NOON + 32 * MINUTE_MS)}

    assert (seen("wa"), seen("wb")) == ([1, 2, 31], [11, 12])
    assert now() == {"wa": ("p",), "wb": ()}
    cell.tells("p", "delay", 31, worker="wb", visit="vwb")
    assert (seen("wa"), seen("wb"), now()) == ([1, 2], [11, 12, 31], {"wa": (), "wb": ("p",)})
    assert cell.equals_a_rebuild()


def test_a_timeline_has_what_a_reader_saw_of_the_workers_badge_bound_later(cell: Cell) -> None:
    told = cell.tells("reader", "scan", 3, tag="E9F35959")
    cell.fold()
    cell.bind("tag:E9F35959", worker="wa")
    cell.bind("reader", site="s")
    assert cell.steps("vwa") == [("arrived", 3)]
    row = visits.one(cell.fold(), "vwa")
    other = visits.one(cell.fold(), "vwb")
    assert row is not None
    assert other is not None
    assert [fact.fact for fact in timeline.facts(cell.fold(), row)] == [told.fact]
    assert timeline.facts(cell.fold(), other) == []
    assert cell.equals_a_rebuild()
