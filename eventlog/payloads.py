"""Packed positions beside the log: written in the transaction of their event, checked against its digest on reading."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from uuid import UUID

import msgspec
from psycopg import Cursor
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Composed, Identifier

from domain.errors import CorruptLog
from domain.events.positions import PositionsRecorded
from eventlog.schema import PAYLOADS, ensure_day

Place = tuple[UUID, int]
"""A stream and a version in it."""


class Payload(msgspec.Struct, frozen=True):
    """The packed rows of the `PositionsRecorded` at (stream, version); `day` as in the event."""

    day: str
    stream: UUID
    version: int
    packed: bytes


def digest(packed: bytes) -> bytes:
    """What the log's row holds of a payload: its sha256."""
    return hashlib.sha256(packed).digest()


def insert(curs: Cursor[TupleRow], schema: str, payload: Payload, *, new_day: bool) -> None:
    """Write a payload; `new_day`: its partition may have to be created first."""
    if new_day:
        ensure_day(curs, schema, payload.day)
    curs.execute(_insert(schema), (payload.day, payload.stream, payload.version, payload.packed))


@cache
def _insert(schema: str) -> Composed:
    statement = SQL("INSERT INTO {} (day, stream, version, payload) VALUES (%s::date, %s, %s, %b)")
    return statement.format(Identifier(schema, PAYLOADS))


def select(
    curs: Cursor[TupleRow], schema: str, events: Sequence[tuple[Place, PositionsRecorded]]
) -> dict[Place, bytes]:
    """The payloads of many events in one query. Raises CorruptLog where one is missing or contradicts its digest."""
    # Constants for the day let the planner look into these days' partitions only. The three lists may match more
    # than was asked for where a page holds several writers; that is discarded below.
    statement = SQL(
        "SELECT stream, version, payload FROM {} "
        "WHERE day = ANY(%s::date[]) AND stream = ANY(%b::uuid[]) AND version = ANY(%b::int8[])"
    ).format(Identifier(schema, PAYLOADS))
    days = sorted({event.day for _, event in events})
    streams = list({stream for (stream, _), _ in events})
    curs.execute(statement, (days, streams, [version for (_, version), _ in events]))
    found: dict[Place, bytes] = {(stream, version): packed for stream, version, packed in curs.fetchall()}
    for (stream, version), event in events:
        packed = found.get((stream, version))
        if packed is None:
            raise CorruptLog(f"the positions of {stream} at version {version} ({event.day}) are missing")
        if digest(packed) != event.sha256:
            raise CorruptLog(f"the positions of {stream} at version {version} ({event.day}) contradict their digest")
    return found
