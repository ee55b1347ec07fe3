"""What no codec can read, kept with its bytes and a reason until a person looks at it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from psycopg import Cursor
from psycopg.rows import TupleRow, class_row

from domain.errors import NotFound
from domain.time import Ms, to_datetime
from ingest.message import Fault, Message

_SHOWN_FAULTS = 20
"""Elements of one array that a letter names."""

TABLE = """
CREATE TABLE IF NOT EXISTS ingest.dead_letters (
    key bytea PRIMARY KEY,
    topic text COLLATE "C" NOT NULL,
    payload bytea NOT NULL,
    reason text COLLATE "C" NOT NULL,
    detail text NOT NULL,
    retained boolean NOT NULL,
    state text COLLATE "C" NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'resolved')),
    times int8 NOT NULL DEFAULT 1,
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS dead_letters_by_time ON ingest.dead_letters (state, last_seen DESC);
"""

_COLUMNS = "encode(key, 'hex') AS key, topic, payload, reason, detail, retained, state, times, first_seen, last_seen"


class Letter(msgspec.Struct, frozen=True):
    """A message, or the elements of it, that could not be read."""

    topic: str
    payload: bytes
    reason: str
    detail: str
    retained: bool = False

    @classmethod
    def of(cls, message: Message, faults: Sequence[Fault]) -> Letter:
        """One letter for all that is wrong with a message; its reason is the first fault's."""
        shown = [
            fault.detail if fault.index is None else f"element {fault.index}: {fault.reason}: {fault.detail}"
            for fault in faults[:_SHOWN_FAULTS]
        ]
        if len(faults) > _SHOWN_FAULTS:
            shown.append(f"and {len(faults) - _SHOWN_FAULTS} more elements")
        return cls(message.topic, message.payload, faults[0].reason, "; ".join(shown), message.retained)

    @property
    def key(self) -> bytes:
        """The same bytes on the same topic are the same letter, however often they come."""
        return hashlib.blake2b(self.topic.encode() + b"\0" + self.payload, digest_size=16).digest()


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A letter as it lies in the table."""

    key: str
    topic: str
    payload: bytes
    reason: str
    detail: str
    retained: bool
    state: str
    times: int
    first_seen: datetime
    last_seen: datetime


def insert(curs: Cursor[TupleRow], letters: Sequence[Letter], seen_ms: Ms) -> None:
    """Keep letters, once each; one that was resolved and comes again is open again."""
    by_key: dict[bytes, list[Letter]] = {}
    for letter in letters:
        by_key.setdefault(letter.key, []).append(letter)
    first = [same[0] for same in by_key.values()]
    curs.execute(
        """
        INSERT INTO ingest.dead_letters
            (key, topic, payload, reason, detail, retained, times, first_seen, last_seen)
        SELECT *, %b, %b FROM
            unnest(%b::bytea[], %b::text[], %b::bytea[], %b::text[], %b::text[], %b::boolean[], %b::int8[])
        ON CONFLICT (key) DO UPDATE SET
            reason = excluded.reason, detail = excluded.detail, state = 'open',
            times = dead_letters.times + excluded.times, last_seen = excluded.last_seen
        """,
        (
            to_datetime(seen_ms),
            to_datetime(seen_ms),
            list(by_key),
            [_storable(letter.topic) for letter in first],
            [letter.payload for letter in first],
            [letter.reason for letter in first],
            [_storable(letter.detail) for letter in first],
            [letter.retained for letter in first],
            [len(same) for same in by_key.values()],
        ),
    )


def listed(conn: psycopg.Connection[Any], *, state: str = "open", limit: int = 100) -> list[Kept]:
    """Letters of a state, the latest first."""
    query = f"SELECT {_COLUMNS} FROM ingest.dead_letters WHERE state = %s ORDER BY last_seen DESC, key LIMIT %s"
    with conn.cursor(row_factory=class_row(Kept)) as curs:
        return curs.execute(query, (state, limit)).fetchall()


def every_open(conn: psycopg.Connection[Any]) -> Iterator[Kept]:
    """All open letters, one at a time: each may be as large as the largest message."""
    keys = conn.execute(
        "SELECT encode(key, 'hex') FROM ingest.dead_letters WHERE state = 'open' ORDER BY first_seen, key"
    )
    for (key,) in keys.fetchall():
        yield shown(conn, key)


def shown(conn: psycopg.Connection[Any], key: str) -> Kept:
    """The letter whose key begins so. Raises NotFound, also where several do."""
    query = f"SELECT {_COLUMNS} FROM ingest.dead_letters WHERE encode(key, 'hex') LIKE %s LIMIT 2"
    with conn.cursor(row_factory=class_row(Kept)) as curs:
        found = curs.execute(query, (key.replace("%", "").replace("_", "") + "%",)).fetchall()
    if len(found) != 1:
        raise NotFound(f"{'several letters begin' if found else 'no letter begins'} with {key!r}")
    return found[0]


def resolve(conn: psycopg.Connection[Any], key: str) -> None:
    """The letter was read after all."""
    conn.execute("UPDATE ingest.dead_letters SET state = 'resolved' WHERE key = decode(%s, 'hex')", (key,))


def _storable(text: str) -> str:
    return text.replace("\0", "\\0")
