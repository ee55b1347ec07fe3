"""A cell's log as a file and back: every row and every packed batch byte for byte, in order, with the cell's namespace.

What is imported gives the same digests as the cell that it came from, because times, versions and batches are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg import Connection, Cursor, IsolationLevel
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier

from domain.errors import CorruptLog, Rejected, Unavailable
from domain.events import decode
from domain.events.positions import PositionsRecorded
from eventlog import archive_file, payloads
from eventlog.archive_file import DamagedArchive, Header, Row
from eventlog.schema import CELL, DEFAULT_SCHEMA, EVENTS, PAYLOADS, ensure_day, migrate, namespace_of

PAGE_ROWS = 500
"""Rows in memory at a time; with full batches of positions some 25 MB."""

LOCK_S = 30
"""How long an import waits for writers to finish. Longer: the cell is in use, and not empty for long."""


class CellInUse(Rejected):
    """An import into a cell that has events already."""

    code = "cell_in_use"


def export_log(dsn: str, file: Path, schema: str = DEFAULT_SCHEMA, *, page_rows: int = PAGE_ROWS) -> int:
    """Write the log as it stands at one instant; the same log gives the same bytes. Returns the number of events.

    Raises CorruptLog for payloads that are missing or contradict their digest, and Unavailable.
    """
    with _connection(dsn) as conn:
        conn.isolation_level, conn.read_only = IsolationLevel.REPEATABLE_READ, True
        with conn.cursor(binary=True) as curs:
            events = curs.execute(SQL("SELECT count(*) FROM {}").format(Identifier(schema, EVENTS))).fetchone()
            assert events is not None
            header = Header("doorstep-log", 1, namespace_of(curs, schema), events[0])
            archive_file.write(file, header, _stored(curs, schema, page_rows))
    return header.events


def import_log(dsn: str, file: Path, schema: str = DEFAULT_SCHEMA, *, page_rows: int = PAGE_ROWS) -> int:
    """Fill an empty cell from an archive in one transaction, and take over its namespace. Returns the number of events.

    Nothing else may run in the cell: processes remember the namespace that they started with. Positions in the log may
    differ from the archived cell's, their order does not. Raises CellInUse, DamagedArchive and Unavailable; then the
    cell is as it was.
    """
    migrate(dsn, schema)
    with archive_file.read(file) as (header, rows), _connection(dsn) as conn, conn.cursor() as curs:
        _demand_empty(curs, schema)
        curs.execute(SQL("UPDATE {} SET namespace = %s").format(Identifier(schema, CELL)), (header.namespace,))
        try:
            while page := list(islice(rows, page_rows)):
                _insert(curs, schema, page)
        except (psycopg.DataError, psycopg.IntegrityError, CorruptLog) as error:
            raise DamagedArchive(f"the archive holds what no log can hold: {error}") from error
        # A page of a freshly filled table is planned fifty times slower without statistics.
        for table in (EVENTS, PAYLOADS):
            curs.execute(SQL("ANALYZE {}").format(Identifier(schema, table)))
        curs.execute(SQL("NOTIFY {}").format(Identifier(EVENTS)))
    return header.events


@contextmanager
def _connection(dsn: str) -> Iterator[Connection[TupleRow]]:
    """One transaction: committed at the end, undone by any error."""
    try:
        with psycopg.connect(dsn) as conn:
            yield conn
    except psycopg.OperationalError as error:
        raise Unavailable(f"the log cannot be reached: {error}") from error


def _stored(curs: Cursor[TupleRow], schema: str, page_rows: int) -> Iterator[Row]:
    """Every row in the total order."""
    select = SQL(
        "SELECT notification_id, originator_id, originator_version, topic, state FROM {} "
        "WHERE notification_id > %s ORDER BY notification_id LIMIT %s"
    ).format(Identifier(schema, EVENTS))
    after = 0
    while page := curs.execute(select, (after, page_rows)).fetchall():
        after = page[-1][0]
        recorded = [
            ((stream, version), event)
            for _, stream, version, topic, state in page
            if (event := _positions(topic, state)) is not None
        ]
        packed = payloads.select(curs, schema, recorded) if recorded else {}
        for position, stream, version, topic, state in page:
            yield Row(stream, version, topic, _text(position, state), packed.get((stream, version)))


def _text(position: int, state: bytes) -> str:
    try:
        return state.decode()
    except UnicodeDecodeError as error:
        raise CorruptLog(f"the event at position {position} is no JSON: {error}") from error


def _positions(topic: str, state: bytes) -> PositionsRecorded | None:
    if topic != PositionsRecorded.TOPIC:
        return None
    event = decode(topic, state)
    assert isinstance(event, PositionsRecorded)
    return event


def _demand_empty(curs: Cursor[TupleRow], schema: str) -> None:
    """Keep writers out until the end of the transaction. Raises CellInUse."""
    events, packed = Identifier(schema, EVENTS), Identifier(schema, PAYLOADS)
    curs.execute(SQL("SET LOCAL lock_timeout = {}").format(f"{LOCK_S}s"))
    curs.execute(SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(events))
    found = curs.execute(SQL("SELECT EXISTS (TABLE {}) OR EXISTS (TABLE {})").format(events, packed)).fetchone()
    if found is None or found[0]:
        raise CellInUse("a log can be imported into an empty cell only, and this one has events already")


def _insert(curs: Cursor[TupleRow], schema: str, page: Sequence[Row]) -> None:
    """Rows in their order, and the payloads that belong to them."""
    insert = SQL(
        "INSERT INTO {} (originator_id, originator_version, topic, state) "
        "SELECT * FROM unnest(%b::uuid[], %b::int8[], %t::text[], %b::bytea[])"
    ).format(Identifier(schema, EVENTS))
    states = [row.state.encode() for row in page]
    streams, versions = [row.stream for row in page], [row.version for row in page]
    curs.execute(insert, (streams, versions, [row.topic for row in page], states))

    days: list[str] = []
    places: list[tuple[UUID, int, bytes]] = []
    for row, state in zip(page, states, strict=True):
        event = _positions(row.topic, state)
        if (event is None) != (row.packed is None):
            raise CorruptLog(f"{row.stream} at version {row.version} has a payload too many or too few")
        if event is not None and row.packed is not None:
            if payloads.digest(row.packed) != event.sha256:
                raise CorruptLog(f"the positions of {row.stream} at version {row.version} contradict their digest")
            days.append(event.day)
            places.append((row.stream, row.version, row.packed))
    if not places:
        return
    for day in sorted(set(days)):
        ensure_day(curs, schema, day)
    insert = SQL(
        "INSERT INTO {} (day, stream, version, payload) "
        "SELECT * FROM unnest(%s::date[], %b::uuid[], %b::int8[], %b::bytea[])"
    ).format(Identifier(schema, PAYLOADS))
    columns: list[list[Any]] = [list(column) for column in zip(*places, strict=True)]
    curs.execute(insert, (days, *columns))
