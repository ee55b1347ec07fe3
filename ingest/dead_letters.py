"""What no codec can read, kept with its bytes and a reason until a person looks at it.

A letter is `open` until it could be read after all (`resolved`), somebody said why nobody needs it (`dropped`), or it
was given up because there were too many or it had become too old (`expired`; ingest/letter_keeper.py): its bytes are
gone then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

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
    state text COLLATE "C" NOT NULL DEFAULT 'open',
    times int8 NOT NULL DEFAULT 1,
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL
);
ALTER TABLE ingest.dead_letters DROP CONSTRAINT IF EXISTS dead_letters_state_check;
ALTER TABLE ingest.dead_letters ADD CONSTRAINT dead_letters_state_check
    CHECK (state IN ('open', 'resolved', 'dropped', 'expired'));
ALTER TABLE ingest.dead_letters
    ADD COLUMN IF NOT EXISTS size int8 NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS kept_since timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN IF NOT EXISTS closed_at timestamptz,
    ADD COLUMN IF NOT EXISTS closed_by text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS closed_why text NOT NULL DEFAULT '';
UPDATE ingest.dead_letters SET size = octet_length(payload) WHERE size = 0 AND octet_length(payload) > 0;
CREATE INDEX IF NOT EXISTS dead_letters_by_time ON ingest.dead_letters (state, last_seen DESC);
"""
"""`size`: bytes of the payload, also once they are gone. `kept_since` and `closed_at` are the wall's time: how long
letters are kept is no part of a visit."""

Connection = psycopg.Connection[Any]

State = Literal["open", "resolved", "dropped", "expired"]

_COLUMNS = (
    "encode(key, 'hex') AS key, topic, payload, reason, detail, retained, state, times, first_seen, last_seen, size, "
    "closed_at, closed_by, closed_why"
)


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
    size: int
    closed_at: datetime | None
    closed_by: str
    closed_why: str


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Letters of one reason and state: how many, how often they came, their bytes, and one topic as an example."""

    reason: str
    letters: int
    times: int
    size: int
    first_seen: datetime
    last_seen: datetime
    topic: str


def insert(curs: Cursor[TupleRow], letters: Sequence[Letter], seen_ms: Ms) -> None:
    """Keep letters, once each; one that was resolved and comes again is open again."""
    by_key: dict[bytes, list[Letter]] = {}
    for letter in letters:
        by_key.setdefault(letter.key, []).append(letter)
    first = [same[0] for same in by_key.values()]
    curs.execute(
        """
        INSERT INTO ingest.dead_letters
            (key, topic, payload, reason, detail, retained, times, size, first_seen, last_seen)
        SELECT *, %b, %b FROM unnest(
            %b::bytea[], %b::text[], %b::bytea[], %b::text[], %b::text[], %b::boolean[], %b::int8[], %b::int8[]
        )
        ON CONFLICT (key) DO UPDATE SET
            payload = excluded.payload, reason = excluded.reason, detail = excluded.detail, state = 'open',
            kept_since = CASE dead_letters.state WHEN 'open' THEN dead_letters.kept_since ELSE now() END,
            closed_at = NULL, closed_by = '', closed_why = '',
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
            [len(letter.payload) for letter in first],
        ),
    )


def listed(
    conn: Connection,
    *,
    state: State = "open",
    reason: str | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int = 100,
) -> list[Kept]:
    """Letters of a state, and of a reason, the latest first; `before` the last one of the page before."""
    query = f"""
        SELECT {_COLUMNS} FROM ingest.dead_letters
        WHERE state = %(state)s AND (%(reason)s::text IS NULL OR reason = %(reason)s)
            AND (%(seen)s::timestamptz IS NULL OR (last_seen, key) < (%(seen)s, decode(%(key)s, 'hex')))
        ORDER BY last_seen DESC, key DESC LIMIT %(limit)s
    """
    seen, key = before or (None, "")
    with conn.cursor(row_factory=class_row(Kept)) as curs:
        said = {"state": state, "reason": reason, "seen": seen, "key": key, "limit": limit}
        return curs.execute(query, said).fetchall()


def grouped(conn: Connection, *, state: State = "open") -> list[Group]:
    """What is wrong with the letters of a state, the most frequent first."""
    query = """
        SELECT reason, count(*) AS letters, sum(times)::int8 AS times, sum(size)::int8 AS size,
            min(first_seen) AS first_seen, max(last_seen) AS last_seen, min(topic) AS topic
        FROM ingest.dead_letters WHERE state = %s GROUP BY reason ORDER BY letters DESC, reason
    """
    with conn.cursor(row_factory=class_row(Group)) as curs:
        return curs.execute(query, (state,)).fetchall()


def every_open(conn: Connection, reason: str | None = None) -> Iterator[Kept]:
    """All open letters, or those of a reason, one at a time: each may be as large as the largest message."""
    keys = conn.execute(
        "SELECT encode(key, 'hex') FROM ingest.dead_letters WHERE state = 'open' "
        "AND (%(reason)s::text IS NULL OR reason = %(reason)s) ORDER BY first_seen, key",
        {"reason": reason},
    )
    for (key,) in keys.fetchall():
        yield shown(conn, key)


def shown(conn: Connection, key: str) -> Kept:
    """The letter whose key begins so. Raises NotFound, also where several do."""
    query = f"SELECT {_COLUMNS} FROM ingest.dead_letters WHERE encode(key, 'hex') LIKE %s LIMIT 2"
    with conn.cursor(row_factory=class_row(Kept)) as curs:
        found = curs.execute(query, (key.replace("%", "").replace("_", "") + "%",)).fetchall()
    if len(found) != 1:
        raise NotFound(f"{'several letters begin' if found else 'no letter begins'} with {key!r}")
    return found[0]


def resolve(conn: Connection, key: str) -> None:
    """The letter was read after all."""
    conn.execute(
        "UPDATE ingest.dead_letters SET state = 'resolved', closed_at = now() WHERE key = decode(%s, 'hex')", (key,)
    )


def drop(conn: Connection, *, why: str, by: str, keys: Sequence[str] | None = None, reason: str | None = None) -> int:
    """Nobody needs these open letters: those of whole keys, or all of a reason. How many they were."""
    done = conn.execute(
        "UPDATE ingest.dead_letters SET state = 'dropped', closed_at = now(), closed_by = %(by)s, closed_why = %(why)s "
        "WHERE state = 'open' AND (encode(key, 'hex') = ANY(%(keys)s::text[]) OR reason = %(reason)s)",
        {"by": by, "why": why, "keys": list(keys or ()), "reason": reason},
    )
    return done.rowcount


def _storable(text: str) -> str:
    return text.replace("\0", "\\0")
