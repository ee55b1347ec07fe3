"""Where each unit stands: its position in the log, its generation, its snapshot, and why it stopped if it did.

One row a schema, outside the schemas that a rebuild swaps, so that a swap is two renames and two updates.
"""

from __future__ import annotations

from typing import Any

import msgspec
from psycopg import Connection, Cursor, sql

from projections.making import Making

SCHEMA = "projector"
LIVE = "doorstep_live"
"""The NOTIFY channel of committed pages; see `Moved`."""

_MIGRATE_LOCK = 0x646F6F72_0001
_RUN_LOCK = 0x646F6F72_0002
_SWAP_LOCK = 0x646F6F72_0003
_FRESH_LOCK = 0x646F6F72_0004


class Place(msgspec.Struct, frozen=True):
    """A unit's place. `generation` counts swaps: whoever remembers another one must forget what it knew. `mark`: whose
    make it is (`projections.making`)."""

    generation: int
    position: int
    known_ms: int
    now_ms: int
    snapshot_position: int
    error: str | None
    error_position: int | None
    mark: str | None


class Moved(msgspec.Struct):
    """What a committed page changed: the payload of NOTIFY. `visits` None: too many to name."""

    generation: int
    position: int
    known_ms: int
    now_ms: int
    visits: list[str] | None
    alerts: bool


def migrate(conn: Connection[Any], schema: str, made: Making) -> None:
    """Create the unit's schema and row where they are missing. Safe to run from many processes at once."""
    with conn.transaction(), conn.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_MIGRATE_LOCK,))
        cursor.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(SCHEMA)))
        cursor.execute(
            f"""CREATE TABLE IF NOT EXISTS {SCHEMA}.units (
                schema text PRIMARY KEY,
                generation int NOT NULL DEFAULT 1,
                position int8 NOT NULL DEFAULT 0,
                known_ms int8 NOT NULL DEFAULT 0,
                now_ms int8 NOT NULL DEFAULT 0,
                snapshot_position int8 NOT NULL DEFAULT 0,
                snapshot bytea,
                error text,
                error_position int8)"""
        )
        cursor.execute(f"ALTER TABLE {SCHEMA}.units ADD COLUMN IF NOT EXISTS mark text")
        create(cursor, schema, made)


def create(cursor: Cursor[Any], schema: str, made: Making) -> None:
    """Make an empty unit unless it exists."""
    cursor.execute("SELECT 1 FROM projector.units WHERE schema = %s", (schema,))
    if cursor.fetchone() is not None:
        return
    cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    for table in made.tables:
        for statement in table.create(schema):
            cursor.execute(statement)
    cursor.execute("INSERT INTO projector.units (schema, mark) VALUES (%s, %s)", (schema, made.mark))


def drop(cursor: Cursor[Any], schema: str) -> None:
    """Forget a unit and its tables."""
    cursor.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
    cursor.execute("DELETE FROM projector.units WHERE schema = %s", (schema,))


def read(cursor: Cursor[Any], schema: str) -> Place:
    """The unit's place. Raises LookupError where it was never made."""
    cursor.execute(
        "SELECT generation, position, known_ms, now_ms, snapshot_position, error, error_position, mark "
        "FROM projector.units WHERE schema = %s",
        (schema,),
    )
    row = cursor.fetchone()
    if row is None:
        raise LookupError(f"no unit {schema}; run `doorstep migrate`")
    return Place(*row)


def read_snapshot(cursor: Cursor[Any], schema: str) -> bytes | None:
    """The bytes of the unit's newest snapshot."""
    row = cursor.execute("SELECT snapshot FROM projector.units WHERE schema = %s", (schema,)).fetchone()
    return None if row is None or row[0] is None else bytes(row[0])


def move(cursor: Cursor[Any], schema: str, old: Place, position: int, known_ms: int, now_ms: int) -> bool:
    """Compare and set the position, within the page's transaction; False: somebody else moved it."""
    cursor.execute(
        "UPDATE projector.units SET position = %s, known_ms = %s, now_ms = %s, error = NULL, error_position = NULL "
        "WHERE schema = %s AND position = %s AND generation = %s",
        (position, known_ms, now_ms, schema, old.position, old.generation),
    )
    return cursor.rowcount == 1


def save_snapshot(cursor: Cursor[Any], schema: str, position: int, snapshot: bytes) -> None:
    """Keep the state as of a position."""
    cursor.execute(
        "UPDATE projector.units SET snapshot = %b, snapshot_position = %s WHERE schema = %s",
        (snapshot, position, schema),
    )


def stop(cursor: Cursor[Any], schema: str, position: int, error: str) -> None:
    """Note that the unit cannot go past a position: health turns red."""
    cursor.execute(
        "UPDATE projector.units SET error = %s, error_position = %s WHERE schema = %s", (error, position, schema)
    )


def try_run(cursor: Cursor[Any], schema: str) -> bool:
    """Take the session-long right to be the unit's only runner."""
    row = cursor.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", (_RUN_LOCK & 0x7FFFFFFF, schema)).fetchone()
    return bool(row and row[0])


def is_running(cursor: Cursor[Any], schema: str) -> bool:
    """Whether anybody holds the right of `try_run`."""
    row = cursor.execute(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 "
        "AND classid = %s AND objid = (hashtext(%s)::int8 & 4294967295)::oid "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
        (_RUN_LOCK & 0x7FFFFFFF, schema),
    ).fetchone()
    return bool(row and row[0])


def hold_fresh(cursor: Cursor[Any], schema: str) -> None:
    """Until the connection ends: of those who fold into this schema from the beginning, one after the other."""
    cursor.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", (_FRESH_LOCK & 0x7FFFFFFF, schema))


def hold_swap(cursor: Cursor[Any], *, exclusive: bool) -> None:
    """Until the transaction ends: pages share this lock, a swap has it alone."""
    shared = "" if exclusive else "_shared"
    cursor.execute(f"SELECT pg_advisory_xact_lock{shared}(%s)".encode(), (_SWAP_LOCK,))


def notify(cursor: Cursor[Any], moved: Moved) -> None:
    """Tell listeners, when the page commits, what it changed."""
    payload = msgspec.json.encode(moved).decode()
    if len(payload) > 7_900:  # NOTIFY refuses 8 000 bytes
        payload = msgspec.json.encode(msgspec.structs.replace(moved, visits=None)).decode()
    cursor.execute("SELECT pg_notify(%s, %s)", (LIVE, payload))
