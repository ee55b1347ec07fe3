"""The log's tables: made once by `migrate`, then only read and written. No other process creates any.

<schema>.log_events          the library's event table: one total order (notification_id), one version per stream
<schema>.position_payloads   the packed rows of each PositionsRecorded, one partition per UTC day of recorded_at
<schema>.cell                one row: the namespace that every uuid5 of this cell lives in
"""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
from psycopg import Cursor
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Composed, Identifier

NAME = "log"
"""The application's name for the library, which makes the table's."""

EVENTS = f"{NAME}_events"
"""The event table, and the channel that appends notify."""

PAYLOADS = "position_payloads"
CELL = "cell"

DEFAULT_SCHEMA = "eventlog"

_MIGRATION_LOCK = 0x446F_6F72_0001
_PARTITION_LOCK = 0x446F_6F72_0002
"""Advisory lock keys; any numbers that nobody else uses."""


def migrate(dsn: str, schema: str = DEFAULT_SCHEMA) -> None:
    """Create what is missing. Processes that start together wait for the first; a second run finds nothing to do."""
    with psycopg.connect(dsn, autocommit=True) as conn, conn.cursor() as curs:
        if _is_complete(curs, schema):
            return
        # The session's lock, released when it ends, taken before the transaction begins: one that waited inside
        # would go on with what its caches held before the wait.
        curs.execute("SELECT pg_advisory_lock(%s)", (_MIGRATION_LOCK,))
        if _is_complete(curs, schema):
            return
        with conn.transaction():
            for statement in _statements(schema):
                curs.execute(statement)
            insert = SQL("INSERT INTO {} (namespace) VALUES (%s) ON CONFLICT DO NOTHING")
            curs.execute(insert.format(Identifier(schema, CELL)), (uuid4(),))


def _is_complete(curs: Cursor[TupleRow], schema: str) -> bool:
    tables = [Identifier(schema, name).as_string() for name in (EVENTS, PAYLOADS, CELL)]
    curs.execute("SELECT bool_and(to_regclass(name) IS NOT NULL) FROM unnest(%s::text[]) AS name", (tables,))
    return _true(curs)


def _statements(schema: str) -> list[Composed]:
    names = {
        "schema": Identifier(schema),
        "events": Identifier(schema, EVENTS),
        "by_id": Identifier(f"{EVENTS}_notification_id_idx"),
        "payloads": Identifier(schema, PAYLOADS),
        "cell": Identifier(schema, CELL),
    }
    texts = (
        "CREATE SCHEMA IF NOT EXISTS {schema}",
        # Columns and names are the library's. Rows are never updated, so vacuum has nothing to do; but statistics
        # must follow a bulk load at once, or pages are planned fifty times slower.
        """CREATE TABLE IF NOT EXISTS {events} (
            originator_id uuid NOT NULL,
            originator_version bigint NOT NULL,
            topic text COLLATE "C" NOT NULL,
            state bytea NOT NULL,
            notification_id bigserial,
            PRIMARY KEY (originator_id, originator_version)
        ) WITH (
            autovacuum_vacuum_threshold = 100000000,
            autovacuum_vacuum_scale_factor = 0.5,
            autovacuum_analyze_threshold = 1000,
            autovacuum_analyze_scale_factor = 0.01
        )""",
        "CREATE UNIQUE INDEX IF NOT EXISTS {by_id} ON {events} (notification_id)",
        """CREATE TABLE IF NOT EXISTS {payloads} (
            day date NOT NULL,
            stream uuid NOT NULL,
            version bigint NOT NULL,
            payload bytea NOT NULL,
            PRIMARY KEY (day, stream, version)
        ) PARTITION BY LIST (day)""",
        "ALTER TABLE {payloads} ALTER COLUMN payload SET STORAGE EXTERNAL",
        """CREATE TABLE IF NOT EXISTS {cell} (
            single boolean PRIMARY KEY DEFAULT true CHECK (single),
            namespace uuid NOT NULL
        )""",
    )
    return [SQL(text).format(**names) for text in texts]


def ensure_day(curs: Cursor[TupleRow], schema: str, day: str) -> None:
    """Create the partition of a UTC day, e.g. `2026-11-21`, in the caller's transaction, unless it is there.

    Attached rather than created in place: that lock lets readers and writers of other days go on.
    """
    if _has_day(curs, schema, day):
        return
    curs.execute("SELECT pg_advisory_xact_lock(%s)", (_PARTITION_LOCK,))
    if _has_day(curs, schema, day):
        return
    partition = Identifier(schema, partition_of(day))
    names = {"partition": partition, "payloads": Identifier(schema, PAYLOADS), "day": day}
    curs.execute(SQL("CREATE TABLE {partition} (LIKE {payloads} INCLUDING ALL)").format(**names))
    curs.execute(SQL("ALTER TABLE {payloads} ATTACH PARTITION {partition} FOR VALUES IN ({day})").format(**names))


def _has_day(curs: Cursor[TupleRow], schema: str, day: str) -> bool:
    # Not to_regclass: within a transaction it may remember that a table was missing before we waited for the lock.
    curs.execute(
        "SELECT EXISTS (SELECT FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace "
        "WHERE nspname = %s AND relname = %s)",
        (schema, partition_of(day)),
    )
    return _true(curs)


def partition_of(day: str) -> str:
    """The name of a UTC day's partition, e.g. `position_payloads_20261121`."""
    return f"{PAYLOADS}_{day.replace('-', '')}"


def namespace_of(curs: Cursor[TupleRow], schema: str) -> UUID:
    """The cell's namespace."""
    row = curs.execute(SQL("SELECT namespace FROM {}").format(Identifier(schema, CELL))).fetchone()
    if row is None:
        raise LookupError("the cell has no namespace: migrate first")
    namespace: UUID = row[0]
    return namespace


def _true(curs: Cursor[TupleRow]) -> bool:
    row = curs.fetchone()
    return row is not None and bool(row[0])
