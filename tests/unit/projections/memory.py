"""The judge without a database: tables as dictionaries, facts read back from a list, and a cell made of both.

Only the SQL is replaced. Rows come through the real `Writer`, and `Recall` asserts what the SQL relies on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import Any, NamedTuple, cast
from uuid import UUID, uuid5

import numpy as np
from psycopg import Cursor

from domain.bindings import thing_of
from domain.clocks import ClockPeriods, dated_ms
from domain.events import Event
from domain.events.clock import TimeAdvanced
from domain.events.facts import Fact, TimeQuality
from domain.events.positions import PositionsRecorded
from domain.ids import FactId
from domain.positions import QUALITY_MASK, Position, PositionBatch
from domain.time import Ms, utc_day
from eventlog.entry import Entry
from projections.hearing import hears, seen_fact, seen_positions
from projections.history import Met
from projections.judge import QUALITY, Judge, tables
from projections.progress.fold import judge as judge_purely
from projections.progress.state import Fold, Plan, Seen
from projections.tables import Table, Writer
from projections.views.facts import FACTS
from projections.views.tracks import TRACKS, claimed_worker
from projections.world import Promise, World

NAMESPACE = UUID("5f0c7a3e-0000-4000-8000-000000000001")

Row = dict[str, Any]
Rows = dict[str, list[tuple[Any, ...]]]
"""By table: tuples of the columns that a digest reads, sorted."""

SETTLED_WHERE: dict[str, Callable[[Row], bool]] = {
    "true": lambda row: True,
    f"flags & {QUALITY_MASK} = 0": lambda row: row["flags"] & QUALITY_MASK == 0,
    "quality = 'device'": lambda row: row["quality"] == "device",
    "known_to IS NULL AND cause <> 'plan'": lambda row: row["known_to"] is None and row["cause"] != "plan",
    "standing": lambda row: row["standing"],
}
"""The predicates of `Table.settled_where`, in Python: a new one there must be said here too."""


class Pages(Writer):
    """A Writer into dictionaries, with the upsert's meaning."""

    def __init__(self) -> None:
        super().__init__("memory", tables())
        self.stored: dict[str, dict[tuple[Any, ...], Row]] = {table.name: {} for table in tables()}

    def commit(self) -> None:
        """Write what was collected, as a page's end does."""
        self.flush(cast(Cursor[Any], None))

    def _write(self, cursor: Cursor[Any], table: Table, columns: Sequence[Sequence[Any]]) -> int:
        stored = self.stored[table.name]
        lines = list(zip(*columns, strict=True))
        for values in lines:
            row = dict(zip(table.columns, values, strict=True))
            key = tuple(row[name] for name in table.key)
            if table.keep_first:
                stored.setdefault(key, row)
            else:
                stored[key] = row
        return len(lines)


class _Fix(NamedTuple):
    place: int
    device: str
    claim_ms: int
    quality: TimeQuality
    received_ms: int
    worker: str | None
    lat_e7: int
    lon_e7: int
    accuracy_dm: int
    fact: FactId


class Recall:
    """A History over everything logged so far. With `pages` it writes the page's facts first, as the real one must."""

    def __init__(self, pages: Pages | None = None) -> None:
        self._pages = pages
        self._fixes: dict[tuple[str, int, FactId], _Fix] = {}
        self._facts: dict[UUID, tuple[int, Fact]] = {}

    def remember(self, entry: Entry) -> None:
        """Keep an entry's facts, each by its first telling."""
        if isinstance(entry.event, Fact):
            self._facts.setdefault(entry.event.fact, (entry.position, entry.event))
        if entry.batch is not None:
            for fix in _fixes(entry.position, entry.batch):
                self._fixes.setdefault((fix.device, fix.claim_ms, fix.fact), fix)

    def heard(self, world: World, promise: Promise, plan: Plan, from_ms: int, place: int) -> list[Seen]:
        """See History."""
        if self._pages is not None:
            self._pages.flush(cast(Cursor[Any], None), (TRACKS, FACTS))
        since = max(from_ms, plan.listen_from_ms)

        def dated(fix: _Fix) -> int:
            return dated_ms(world.clocks.get(fix.device, ClockPeriods()), fix.claim_ms, fix.quality, fix.received_ms)

        fixes = [
            (at_ms, fix)
            for at_ms, fix in ((dated(fix), fix) for fix in self._fixes.values() if fix.place <= place)
            if since <= at_ms < plan.close_ms
            and promise.worker is not None
            and (fix.worker or world.worker_of(fix.device, at_ms)) == promise.worker
            and world.leads(plan, fix.device, at_ms)
        ]
        facts = [
            fact
            for fact in (world.dated(fact) for at, fact in self._facts.values() if at <= place)
            if since <= fact.at_ms and hears(world, promise, plan, fact)
        ]
        self._would_be_queried(world, promise, since, [fix.device for _, fix in fixes], facts)
        seen = [seen_fact(world, plan, fact) for fact in facts]
        if fixes:
            seen += seen_positions(
                plan,
                np.array([at_ms for at_ms, _ in fixes], np.int64),
                np.array([fix.lat_e7 for _, fix in fixes], np.int32),
                np.array([fix.lon_e7 for _, fix in fixes], np.int32),
                np.array([fix.accuracy_dm for _, fix in fixes], np.int32),
                [fix.fact for _, fix in fixes],
            )
        return sorted(seen, key=lambda s: s.key)

    def redate(self, device: str, clock: ClockPeriods, from_ms: int, until_ms: int | None) -> tuple[int, int] | None:
        """See History."""
        assert self._pages is not None
        self._pages.flush(cast(Cursor[Any], None), (TRACKS, FACTS))
        instants: list[int] = []
        for table in (TRACKS, FACTS):
            for row in self._pages.stored[table.name].values():
                claim = row["observed_at"]
                if row["device"] != device or claim is None or not from_ms <= claim < (until_ms or inf):
                    continue
                quality = TimeQuality(row["quality"]) if table is FACTS else QUALITY[row["flags"] & QUALITY_MASK]
                dated = dated_ms(clock, claim, quality, row["received_at"] or 0)
                instants += [row["at"], dated]
                if not self._pages.muted:
                    row["at"] = dated
        return (min(instants), max(instants)) if instants else None

    def met(self, name: str, place: int) -> list[Met]:
        """See History."""
        told = ((fact, thing_of(fact)) for at, fact in self._facts.values() if at <= place)
        return list({Met(fact.device, fact.worker, thing) for fact, thing in told if name in (fact.device, thing)})

    @staticmethod
    def _would_be_queried(world: World, promise: Promise, since: int, fixes: list[str], facts: list[Fact]) -> None:
        """What TableHistory takes for granted: it asks only for the worker's devices that spoke since then."""
        if not fixes and not facts:
            return
        assert promise.worker is not None
        devices = world.devices.get(promise.worker, [])
        assert set(fixes) <= set(devices)
        assert all({fact.device, thing_of(fact)} & {*devices} or fact.worker == promise.worker for fact in facts)
        assert world.may_have_been_heard(devices, since)


class Cell:
    """A log, its judge and its tables. `page`: entries a page; 0: write only when rows are read."""

    def __init__(self, page: int = 1, snapshot: bytes | None = None, like: Cell | None = None) -> None:
        self.page = page
        self.pages = like.pages if like else Pages()
        self.recall = like.recall if like else Recall(self.pages)
        self.log: list[Entry] = like.log if like else []
        self.judge = Judge(NAMESPACE, self.recall, self.pages, snapshot)
        self.now_ms = like.now_ms if like else 0
        self._versions: dict[UUID, int] = like._versions if like else {}

    # telling

    def say(self, event: Event) -> None:
        """Append one event that is not a batch of positions."""
        self.take(self._entry(event))

    def positions(self, positions: Sequence[Position], recorded_ms: int | None = None) -> None:
        """Append one batch of positions."""
        recorded = Ms(self.now_ms if recorded_ms is None else recorded_ms)
        event = PositionsRecorded(
            recorded_at_ms=recorded, day=utc_day(recorded), rows=len(positions), sha256=b"not looked at here"
        )
        self.take(self._entry(event, PositionBatch.of(recorded, positions)))

    def tick(self, to_ms: int) -> None:
        """Append one tick."""
        self.now_ms = max(self.now_ms, to_ms)
        self.say(TimeAdvanced(recorded_at_ms=Ms(to_ms), wall_ms=Ms(to_ms)))

    def take(self, entry: Entry) -> None:
        """Judge an entry, and end the page where its size says so."""
        self.log.append(entry)
        self.recall.remember(entry)
        self.judge.apply(entry)
        if self.page and len(self.log) % self.page == 0:
            self.pages.commit()

    def restarted(self, snapshot: bytes, position: int) -> Cell:
        """The cell after a restart with the snapshot of a position: the log's tail is folded without writing."""
        self.pages.commit()
        again = Cell(self.page, snapshot, like=self)
        self.pages.muted = True
        for entry in self.log[position:]:
            again.judge.apply(entry)
        self.pages.muted = False
        return again

    # reading

    def exact(self) -> Rows:
        """All rows, without places in the log."""
        self.pages.commit()
        return {
            table.name: _sorted(
                tuple(row[name] for name in table.columns if name not in table.places)
                for row in self.pages.stored[table.name].values()
            )
            for table in tables()
        }

    def settled(self) -> Rows:
        """The rows and columns that any order of the same facts must leave."""
        self.pages.commit()
        return {
            table.name: _sorted(
                tuple(row[name] for name in table.settled)
                for row in self.pages.stored[table.name].values()
                if SETTLED_WHERE[table.settled_where](row)
            )
            for table in tables()
            if table.settled
        }

    def rows(self, table: Table) -> list[Row]:
        """One table, by its key."""
        self.pages.commit()
        stored = self.pages.stored[table.name]
        return [stored[key] for key in sorted(stored, key=repr)]

    def fold(self, visit: str) -> Fold:
        """What the judge holds of a visit."""
        return self.judge.state.judged[visit].fold

    def folded_purely(self, visit: str) -> Fold:
        """The same visit judged at once from all its facts in order."""
        world = self.judge.state.world
        plan = world.plan(visit)
        assert plan is not None
        facts = self.recall.heard(world, world.promises[visit], plan, 0, len(self.log))
        now_ms = max(self.judge.state.now_ms, plan.cancelled_ms or 0)
        return judge_purely(plan, facts, now_ms, self.judge.clerk.remember)

    def _entry(self, event: Event, batch: PositionBatch | None = None) -> Entry:
        stream = uuid5(NAMESPACE, f"{type(event).__module__} {getattr(event, 'device', '')}")
        self._versions[stream] = self._versions.get(stream, 0) + 1
        return Entry(len(self.log) + 1, stream, self._versions[stream], event, batch)


def _fixes(place: int, batch: PositionBatch) -> Iterable[_Fix]:
    facts = batch.facts()
    for row in range(len(batch)):
        extras = batch.extras.get(row)
        yield _Fix(
            place,
            batch.devices[int(batch.device[row])],
            int(batch.observed_at_ms[row]),
            QUALITY[int(batch.flags[row]) & QUALITY_MASK],
            batch.recorded_at_ms,
            claimed_worker(extras) if extras else None,
            int(batch.lat_e7[row]),
            int(batch.lon_e7[row]),
            int(batch.accuracy_dm[row]),
            facts[row],
        )


def differences(some: Rows, others: Rows) -> dict[str, list[tuple[Any, ...]]]:
    """By table: the rows that only one of the two has."""
    return {
        table: [*(row for row in rows if row not in others[table]), *(row for row in others[table] if row not in rows)]
        for table, rows in some.items()
        if rows != others[table]
    }


def _sorted(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(rows, key=repr)
