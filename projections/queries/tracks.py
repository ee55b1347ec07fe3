"""A worker's positions: those of devices while bound to them or in their hands, and those that name them."""

from __future__ import annotations

from typing import Any, LiteralString
from uuid import UUID

import msgspec
from psycopg import Cursor

from domain.time import to_datetime
from projections.queries.columns import J, ms
from projections.queries.hands import phones_of, read


class FixRow(msgspec.Struct, frozen=True):
    """One position. `ms`: the instant it is judged at; `flags` as in domain.positions.Flag."""

    device: str
    ms: int
    fact: UUID
    lat_e7: int
    lon_e7: int
    accuracy_dm: int | None
    speed_cms: int | None
    heading_cdeg: int | None
    battery_pct: int | None
    flags: int
    known_ms: int
    worker: str | None


_COLUMNS: LiteralString = f"""device, {ms("at")}, fact, lat_e7, lon_e7, accuracy_dm, speed_cms, heading_cdeg,
    battery_pct, flags, {ms("known_at")}, worker"""
# Nearly always `at` is `observed_at`, which the primary key has; where it is not, an index has the others.
_TRACK: LiteralString = f"""
    SELECT * FROM (
        SELECT {_COLUMNS} FROM {J}.tracks
        WHERE device = ANY(%(devices)s) AND observed_at >= %(from)s AND observed_at < %(to)s
            AND at = observed_at
        UNION ALL SELECT {_COLUMNS} FROM {J}.tracks
        WHERE device = ANY(%(devices)s) AND at >= %(from)s AND at < %(to)s AND at <> observed_at
        UNION ALL SELECT {_COLUMNS} FROM {J}.tracks
        WHERE worker = %(worker)s AND at >= %(from)s AND at < %(to)s AND NOT device = ANY(%(devices)s)
    ) AS found ORDER BY 2, 1, 3 LIMIT %(limit)s
"""


def of_worker(cursor: Cursor[Any], worker: str, from_ms: int, to_ms: int, limit: int) -> tuple[list[FixRow], bool]:
    """The positions in [from_ms, to_ms) in order of time; and whether there were more than `limit` to look at."""
    devices = phones_of(cursor, worker, from_ms, to_ms)
    hands = read(cursor, devices, from_ms, to_ms)
    asked = {
        "devices": devices,
        "worker": worker,
        "from": to_datetime(from_ms),
        "to": to_datetime(to_ms),
        "limit": limit + 1,
    }
    rows = [FixRow(*row) for row in cursor.execute(_TRACK, asked).fetchall()]
    mine = [row for row in rows[:limit] if (row.worker or hands.worker(row.device, row.ms)) == worker]
    return mine, len(rows) > limit


def knows(cursor: Cursor[Any], worker: str) -> bool:
    """Whether the worker was ever registered, or a device bound to them."""
    statement: LiteralString = f"""SELECT EXISTS (SELECT FROM {J}.workers WHERE worker = %(worker)s)
        OR EXISTS (SELECT FROM {J}.bindings WHERE worker = %(worker)s)"""
    row = cursor.execute(statement, {"worker": worker}).fetchone()
    return bool(row and row[0])


def named(cursor: Cursor[Any], facts: list[UUID], devices: list[str], from_ms: int, to_ms: int) -> list[FixRow]:
    """Positions by their facts; the devices and the time at which they are judged lead to them quickly."""
    statement: LiteralString = f"""SELECT * FROM (
            SELECT {_COLUMNS} FROM {J}.tracks WHERE device = ANY(%(devices)s) AND at = observed_at
                AND observed_at >= %(from)s AND observed_at < %(to)s AND fact = ANY(%(facts)s)
            UNION ALL SELECT {_COLUMNS} FROM {J}.tracks WHERE device = ANY(%(devices)s) AND at <> observed_at
                AND at >= %(from)s AND at < %(to)s AND fact = ANY(%(facts)s)
        ) AS found ORDER BY 2, 3"""
    asked = {"devices": devices, "facts": facts, "from": to_datetime(from_ms), "to": to_datetime(to_ms)}
    return [FixRow(*row) for row in cursor.execute(statement, asked).fetchall()]
