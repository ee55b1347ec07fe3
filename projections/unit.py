"""One unit in one schema: its judge, its tables and its place, moved together a page at a time.

`Unit.fold` is one transaction: rows, position and notification commit together or not at all. After an error the
memory is ahead of the tables, so the unit is opened anew: snapshot, then the log's tail folded without writing.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Self

import psycopg
from psycopg import Connection

from domain.errors import DoorstepError
from eventlog.entry import Entry
from eventlog.log import EventLog
from projections import place
from projections.history import TableHistory
from projections.judge import Judge, tables
from projections.making import making
from projections.tables import Writer

JUDGE = "judge"


class Superseded(DoorstepError):
    """The unit was swapped or moved by somebody else: open it anew."""

    code = "superseded"


class Poison(DoorstepError):
    """An entry cannot be folded. The unit stops there; skipping is a person's explicit command."""

    code = "poison"

    def __init__(self, position: int, cause: BaseException) -> None:
        super().__init__(f"log position {position} cannot be folded: {type(cause).__name__}: {cause}")
        self.position = position


class Unit:
    """An open unit. `snapshot_s`: how much wall time of folding a restart may have to repeat; `recovery_s`: how much of
    that a restart of the restart."""

    def __init__(
        self,
        conn: Connection[Any],
        log: EventLog,
        schema: str = JUDGE,
        *,
        snapshot_s: float = 30.0,
        recovery_s: float = 2.0,
        page: int = 1_000,
    ) -> None:
        self._conn = conn
        self._log = log
        self._schema = schema
        self._snapshot_s = snapshot_s
        self._recovery_s = recovery_s
        self._page = page
        self._snapshot_due = time.monotonic() + snapshot_s
        self._out = Writer(schema, tables())
        self._history = TableHistory(self._out)
        with conn.transaction(), conn.cursor() as cursor:
            self.place = place.read(cursor, schema)
            snapshot = place.read_snapshot(cursor, schema)
        self.judge = Judge(log.namespace, self._history, self._out, snapshot)
        self._recover()

    @classmethod
    def open(cls, dsn: str, log: EventLog, schema: str = JUDGE, **options: Any) -> Self:
        """Connect, create what is missing, and recover the memory."""
        conn = psycopg.connect(dsn, autocommit=True)
        place.migrate(conn, schema, making())
        return cls(conn, log, schema, **options)

    def fold(self, entries: Sequence[Entry], *, notify: bool = True, shared: bool = True) -> None:
        """Fold a page in one transaction. Raises Poison, Superseded, or psycopg's errors; then open anew.

        `shared` False: the caller holds the swap lock already, on a connection of its own.
        """
        judge = self.judge
        with self._conn.transaction(), self._conn.cursor() as cursor:
            if shared:
                place.hold_swap(cursor, exclusive=False)
            self._apply(entries, cursor)
            self._out.flush(cursor)
            position = entries[-1].position
            state = judge.state
            if not place.move(cursor, self._schema, self.place, position, state.known_ms, state.now_ms):
                raise Superseded(f"{self._schema} is no longer at position {self.place.position}")
            if judge.redated or time.monotonic() >= self._snapshot_due:
                place.save_snapshot(cursor, self._schema, position, judge.snapshot())
                self._snapshot_due = time.monotonic() + self._snapshot_s
            if notify:
                visits, generation = sorted(judge.changed), self.place.generation
                moved = place.Moved(generation, position, state.known_ms, state.now_ms, visits, judge.alerted)
                place.notify(cursor, moved)
            moved_place = place.read(cursor, self._schema)
        self.place = moved_place
        judge.changed.clear()
        judge.alerted = judge.redated = False

    def keep(self) -> None:
        """Save a snapshot now, so that the next start repeats nothing."""
        with self._conn.transaction(), self._conn.cursor() as cursor:
            place.save_snapshot(cursor, self._schema, self.place.position, self.judge.snapshot())

    def stop(self, poison: Poison) -> None:
        """Note for `/readyz` why the unit stands still."""
        with self._conn.transaction(), self._conn.cursor() as cursor:
            place.stop(cursor, self._schema, poison.position, str(poison))

    def close(self) -> None:
        """Give the connection back."""
        self._conn.close()

    @property
    def connection(self) -> Connection[Any]:
        """The unit's own connection."""
        return self._conn

    def _apply(self, entries: Sequence[Entry], cursor: psycopg.Cursor[Any]) -> None:
        self._history.cursor = cursor
        for entry in entries:
            try:
                self.judge.apply(entry)
            except psycopg.Error:
                raise
            except Exception as error:
                raise Poison(entry.position, error) from error

    def _recover(self) -> None:
        """Fold what lies between the snapshot and the position, without writing rows. What took long is kept on the
        way: a projector that is killed more often than it snapshots would else repeat ever more, and stand still."""
        self._out.muted = True
        at, kept_s = self.place.snapshot_position, time.monotonic()
        while at < self.place.position:
            with self._conn.transaction(), self._conn.cursor() as cursor:
                entries = [e for e in self._log.page(at, self._page) if e.position <= self.place.position]
                if not entries:
                    break
                self._apply(entries, cursor)
                at = entries[-1].position
                if time.monotonic() - kept_s >= self._recovery_s:
                    place.hold_swap(cursor, exclusive=False)
                    if place.read(cursor, self._schema).generation != self.place.generation:
                        raise Superseded(f"{self._schema} was swapped while it was recovered")
                    place.save_snapshot(cursor, self._schema, at, self.judge.snapshot())
                    kept_s = time.monotonic()
        self._out.muted = False
        self.judge.changed.clear()
        self.judge.alerted = False
