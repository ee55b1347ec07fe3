"""Rebuild: the same fold into a fresh schema beside the live one, then swap both in one transaction."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec
import psycopg
from msgspec.structs import replace
from psycopg import Cursor, sql

from domain.events.clock import TimeAdvanced
from eventlog.entry import Entry
from eventlog.log import EventLog
from projections import place
from projections.digest import Digests, digest
from projections.judge import tables
from projections.making import making
from projections.unit import JUDGE, Unit


class Rebuilt(msgspec.Struct, frozen=True):
    """What a rebuild found. `equal`: the live rows were the same, to the byte of the exact digest; `live` None: they
    were folded by another program and cannot be compared."""

    position: int
    generation: int
    equal: bool
    live: Digests | None
    fresh: Digests
    seconds: float
    entries: int


def rebuild(
    dsn: str,
    log: EventLog,
    *,
    schema: str = JUDGE,
    page_rows: int | None = 10_000,
    swap: bool = True,
    progress: Callable[[int], None] = lambda position: None,
) -> Rebuilt:
    """Fold the whole log anew and put the result in the live unit's place.

    The projector runs on meanwhile; it waits only for the last entries, the comparison and two renames.
    `page_rows` None folds everything in one page.
    """
    began = time.monotonic()
    fresh, old_schema = f"{schema}_next", f"{schema}_old"
    unit = _fresh(dsn, log, fresh)
    try:
        entries = _catch_up(unit, log, page_rows, progress)
        with psycopg.connect(dsn, autocommit=True) as conn, conn.transaction(), conn.cursor() as cursor:
            place.hold_swap(cursor, exclusive=True)
            live = place.read(cursor, schema)
            entries += _catch_up(unit, log, page_rows, progress, live.position, shared=False)
            unit.keep()
            old = digest(cursor, schema, tables()) if live.mark == making().mark else None
            new = digest(cursor, fresh, tables())
            generation = live.generation
            if swap:
                generation = _swap(cursor, schema, fresh, old_schema, live)
        if swap:
            _drop(unit, old_schema)
        return Rebuilt(
            live.position,
            generation,
            old is not None and old.all_exact == new.all_exact,
            old,
            new,
            round(time.monotonic() - began, 3),
            entries,
        )
    finally:
        if not swap:
            _drop(unit, fresh)
        unit.close()


def renew(dsn: str, log: EventLog, *, schema: str = JUDGE, page_rows: int | None = 10_000) -> Rebuilt | None:
    """Fold the log anew if what stands was folded by a program of another make; None: it was not."""
    with psycopg.connect(dsn, autocommit=True) as conn, conn.cursor() as cursor:
        place.migrate(conn, schema, making())
        if place.read(cursor, schema).mark == making().mark:
            return None
    return rebuild(dsn, log, schema=schema, page_rows=page_rows)


def settled_at(dsn: str, log: EventLog, at_ms: int, *, page_rows: int = 10_000) -> Digests:
    """The digests as of a tick: every fact of the log, but no time past `at_ms`. Uses a schema of its own."""
    schema = f"{JUDGE}_at"
    unit = _fresh(dsn, log, schema)
    try:
        position = 0
        while entries := log.page(position, page_rows):
            unit.fold([_no_later(entry, at_ms) for entry in entries], notify=False)
            position = entries[-1].position
        last = log.page(position - 1, 1)[-1] if position else None
        if last is not None and unit.judge.state.now_ms < at_ms:
            tick = TimeAdvanced(recorded_at_ms=at_ms, wall_ms=at_ms)  # type: ignore[arg-type]
            unit.fold([Entry(position + 1, last.stream, last.version, tick)], notify=False)
        with unit.connection.transaction(), unit.connection.cursor() as cursor:
            return digest(cursor, schema, tables())
    finally:
        with unit.connection.transaction(), unit.connection.cursor() as cursor:
            place.drop(cursor, schema)
        unit.close()


def _no_later(entry: Entry, at_ms: int) -> Entry:
    if isinstance(entry.event, TimeAdvanced) and entry.event.recorded_at_ms > at_ms:
        return replace(entry, event=replace(entry.event, recorded_at_ms=at_ms))
    return entry


def _fresh(dsn: str, log: EventLog, schema: str) -> Unit:
    """An empty unit; what an interrupted rebuild left behind is dropped."""
    conn = psycopg.connect(dsn, autocommit=True)
    place.migrate(conn, JUDGE, making())
    with conn.cursor() as cursor:
        place.hold_fresh(cursor, schema)
    with conn.transaction(), conn.cursor() as cursor:
        place.drop(cursor, schema)
        place.create(cursor, schema, making())
    return Unit(conn, log, schema, snapshot_s=float("inf"))


def _catch_up(
    unit: Unit,
    log: EventLog,
    page_rows: int | None,
    progress: Callable[[int], None],
    upto: int | None = None,
    *,
    shared: bool = True,
) -> int:
    """Fold to the head, or exactly to `upto`; returns the number of entries."""
    count, limit = 0, page_rows or 2**31 - 1
    while True:
        entries = log.page(unit.place.position, limit)
        if upto is not None:
            entries = [entry for entry in entries if entry.position <= upto]
        if not entries:
            return count
        unit.fold(entries, notify=False, shared=shared)
        count += len(entries)
        progress(unit.place.position)


def _drop(unit: Unit, schema: str) -> None:
    """In a transaction of its own: it waits for those who read these tables, and nobody may wait for it meanwhile."""
    with unit.connection.transaction(), unit.connection.cursor() as cursor:
        place.drop(cursor, schema)


def _swap(cursor: Cursor[Any], schema: str, fresh: str, old: str, live: place.Place) -> int:
    """Two renames and the rows of their places; returns the new generation."""
    place.drop(cursor, old)  # what an interrupted rebuild left behind
    cursor.execute(sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(sql.Identifier(schema), sql.Identifier(old)))
    cursor.execute(sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(sql.Identifier(fresh), sql.Identifier(schema)))
    cursor.execute("DELETE FROM projector.units WHERE schema = %s", (schema,))
    generation = live.generation + 1
    cursor.execute(
        "UPDATE projector.units SET schema = %s, generation = %s WHERE schema = %s", (schema, generation, fresh)
    )
    place.notify(cursor, place.Moved(generation, live.position, live.known_ms, live.now_ms, None, True))
    return generation
