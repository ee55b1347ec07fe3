"""What no codec can read, kept with its bytes and a reason until a person looks at it.

A letter is `open` until it could be read after all (`resolved`), somebody said why nobody needs it (`dropped`), or it
was given up because there were too many or it had become too old (`expired`; ingest/letter_keeper.py): its bytes are
gone then.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
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

_DETAIL_MOST = 4_000
"""Characters of a detail that are kept: what a device sent may stand in it."""

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
DO $$ BEGIN
    IF EXISTS (
        SELECT FROM pg_attribute
        WHERE attrelid = 'ingest.dead_letters'::regclass AND attname = 'tried_at' AND NOT attisdropped
    ) THEN
        RETURN;  -- altering it again would wait for ingest, and let it wait
    END IF;
    ALTER TABLE ingest.dead_letters
        DROP CONSTRAINT IF EXISTS dead_letters_state_check,
        ADD CONSTRAINT dead_letters_state_check CHECK (state IN ('open', 'resolved', 'dropped', 'expired')),
        ADD COLUMN IF NOT EXISTS size int8 NOT NULL DEFAULT 0,
        ADD COLUMN IF NOT EXISTS kept_since timestamptz NOT NULL DEFAULT now(),
        ADD COLUMN IF NOT EXISTS closed_at timestamptz,
        ADD COLUMN IF NOT EXISTS closed_by text NOT NULL DEFAULT '',
        ADD COLUMN IF NOT EXISTS closed_why text NOT NULL DEFAULT '',
        ADD COLUMN IF NOT EXISTS tried_at timestamptz;
    UPDATE ingest.dead_letters SET
        size = greatest(size, octet_length(payload)),
        closed_at = CASE WHEN state <> 'open' THEN coalesce(closed_at, now()) END;
    CREATE INDEX IF NOT EXISTS dead_letters_by_time ON ingest.dead_letters (state, last_seen DESC);
END $$;
"""
"""`size`: bytes of the payload, also once they are gone. `kept_since`, `closed_at` and `tried_at` (when reading it last
failed again) are the wall's time: how long letters are kept is no part of a visit."""

Connection = psycopg.Connection[Any]

_HEX = re.compile("[0-9a-f]{1,32}")

State = Literal["open", "resolved", "dropped", "expired"]

_COLUMNS = (
    "encode(key, 'hex') AS key, topic, payload, reason, detail, retained, state, times, first_seen, last_seen, size, "
    "closed_at, closed_by, closed_why"
)
_LISTED = _COLUMNS.replace("payload", "''::bytea AS payload")
_READABLE = "state IN ('open', 'dropped')"
"""What may be read again when it is named: somebody may have dropped the wrong one."""


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
        return hashlib.blake2b(
            self.topic.encode(errors="surrogatepass") + b"\0" + self.payload, digest_size=16
        ).digest()


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A letter as it lies in the table; in lists without its payload."""

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
    """Keep letters, once each; one that was closed, however that was, and comes again is open again."""
    by_key: dict[bytes, list[Letter]] = {}
    for letter in sorted(letters, key=lambda each: each.key):  # all who change several lock them in this order
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
            retained = excluded.retained,
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
            [_storable(letter.detail)[:_DETAIL_MOST] for letter in first],
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
    """Letters of a state, and of a reason, the latest first, without their payloads: a page of the largest messages
    would fill the memory. `before`: the last one of the page before."""
    query = f"""
        SELECT {_LISTED} FROM ingest.dead_letters
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


def keys_to_retry(conn: Connection, reason: str | None = None) -> list[str]:
    """Of all open letters, or those of a reason; first those that were not tried lately, so that each has its turn."""
    found = conn.execute(
        "SELECT encode(key, 'hex') FROM ingest.dead_letters WHERE state = 'open' "
        "AND (%(reason)s::text IS NULL OR reason = %(reason)s) ORDER BY tried_at NULLS FIRST, first_seen, key",
        {"reason": reason},
    )
    return [key for (key,) in found.fetchall()]


def each_to_retry(conn: Connection, keys: Iterable[str]) -> Iterator[Kept]:
    """The letters of whole keys, one at a time: each may be as large as the largest message. Those that are gone by
    then, or closed, are left out."""
    query = f"SELECT {_COLUMNS} FROM ingest.dead_letters WHERE key = decode(%s, 'hex') AND {_READABLE}"
    for key in keys:
        with conn.cursor(row_factory=class_row(Kept)) as curs:
            found = curs.execute(query, (key,)).fetchone()
        if found is not None:
            yield found


def whole_key(conn: Connection, beginning: str) -> str:
    """The only key that begins so. Raises NotFound, also where several do."""
    if not _HEX.fullmatch(beginning):
        raise NotFound(f"{beginning!r} is no key, nor the beginning of one")
    found = conn.execute(
        "SELECT encode(key, 'hex') FROM ingest.dead_letters WHERE encode(key, 'hex') LIKE %s LIMIT 2",
        (beginning + "%",),
    ).fetchall()
    if len(found) != 1:
        raise NotFound(f"{'several letters begin' if found else 'no letter begins'} with {beginning!r}")
    return str(found[0][0])


def shown(conn: Connection, key: str) -> Kept:
    """The letter of a whole key. Raises NotFound."""
    query = f"SELECT {_COLUMNS} FROM ingest.dead_letters WHERE key = decode(%s, 'hex')"
    with conn.cursor(row_factory=class_row(Kept)) as curs:
        found = curs.execute(query, (key,)).fetchone()
    if found is None:
        raise NotFound(f"there is no letter {key}")
    return found


def resolve(conn: Connection, letters: Sequence[Kept]) -> set[str]:
    """These were read after all. The keys of those that are closed by it: one that came again meanwhile, or that could
    not be stored, stays open."""
    done = conn.execute(
        """
        WITH read AS (SELECT * FROM unnest(%(keys)s::text[], %(times)s::int8[]) AS read (key, times)),
        held AS (
            SELECT letters.key FROM ingest.dead_letters AS letters
            JOIN read ON letters.key = decode(read.key, 'hex') AND letters.times = read.times
            ORDER BY letters.key FOR UPDATE OF letters
        )
        UPDATE ingest.dead_letters AS letters
        SET state = 'resolved', closed_at = now(), closed_by = '', closed_why = ''
        FROM held WHERE letters.key = held.key
        RETURNING encode(letters.key, 'hex')
        """,
        {"keys": [letter.key for letter in letters], "times": [letter.times for letter in letters]},
    )
    return {key for (key,) in done.fetchall()}


def still_unreadable(conn: Connection, kept: Kept, letter: Letter, *, inserted: bool = False) -> None:
    """Reading it again failed, for the reason that the letter says now. `inserted`: by storing the rest of it, which is
    no new delivery."""
    conn.execute(
        "UPDATE ingest.dead_letters SET tried_at = now(), reason = %(reason)s, detail = %(detail)s, "
        "times = greatest(times - %(inserted)s, 1), last_seen = CASE WHEN %(inserted)s > 0 AND times = %(times)s + 1 "
        "THEN %(last_seen)s ELSE last_seen END WHERE key = decode(%(key)s, 'hex')",
        {
            "key": kept.key,
            "reason": letter.reason,
            "detail": _storable(letter.detail)[:_DETAIL_MOST],
            "inserted": int(inserted),
            "times": kept.times,
            "last_seen": kept.last_seen,
        },
    )


def drop(conn: Connection, *, why: str, by: str, keys: Sequence[str] | None = None, reason: str | None = None) -> int:
    """Nobody needs these open letters: those of whole keys, or all of a reason. How many they were."""
    done = conn.execute(
        """
        WITH held AS (
            SELECT key FROM ingest.dead_letters
            WHERE state = 'open' AND (key = ANY(%(keys)s::bytea[]) OR reason = %(reason)s)
            ORDER BY key FOR UPDATE
        )
        UPDATE ingest.dead_letters AS letters
        SET state = 'dropped', closed_at = now(), closed_by = %(by)s, closed_why = %(why)s
        FROM held WHERE letters.key = held.key
        """,
        {"by": by, "why": why, "keys": [bytes.fromhex(key) for key in keys or ()], "reason": reason},
    )
    return done.rowcount


def _storable(text: str) -> str:
    """PostgreSQL takes neither NUL nor half a pair of surrogates, and both can stand in what a device sent."""
    return text.replace("\0", "\\0").encode(errors="backslashreplace").decode()
