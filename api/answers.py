"""What an Idempotency-Key was answered, kept in the transaction that did what was asked: both stand, or neither."""

from __future__ import annotations

import hashlib
from typing import Any, LiteralString

import msgspec
from psycopg import Cursor

from api.database import Database
from domain.errors import Permanent
from eventlog.recorder import Extra

_FIND: LiteralString = "SELECT request, answer, position FROM api.answers WHERE key = %s"
_KEEP: LiteralString = "INSERT INTO api.answers (key, request, answer) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
_PLACE: LiteralString = "UPDATE api.answers SET position = %s WHERE key = %s"
_FORGET: LiteralString = """DELETE FROM api.answers WHERE key IN (
    SELECT key FROM api.answers WHERE kept_at < now() - %s * interval '1 hour' LIMIT 100 FOR UPDATE SKIP LOCKED)"""


class IdempotencyKeyReused(Permanent):
    """The key came before, with another request."""

    code = "idempotency_key_reused"


class Key(msgspec.Struct, frozen=True):
    """A client's key, and a digest of the request that it came with."""

    key: str
    request: bytes

    @classmethod
    def of(cls, key: str, method: str, path: str, body: bytes) -> Key:
        """The key of a request."""
        return cls(key, hashlib.sha256(b"\0".join((method.encode(), path.encode(), body))).digest())


class Kept(msgspec.Struct, frozen=True):
    """An answer. `position` is missing where the process ended between the commit and noting it."""

    answer: str
    position: int | None


class Taken(Exception):
    """The same key is being answered by somebody else; never leaves this package."""


class Answers:
    """Reads through the pool; writes within the log's transactions."""

    def __init__(self, database: Database, *, kept_h: int = 24) -> None:
        self._database = database
        self._kept_h = kept_h

    def find(self, key: Key) -> Kept | None:
        """What the same request was answered. Raises IdempotencyKeyReused, Unavailable."""

        def query(cursor: Cursor[Any]) -> tuple[bytes, str, int | None] | None:
            return cursor.execute(_FIND, (key.key,)).fetchone()

        row = self._database.read(query)
        if row is None:
            return None
        if bytes(row[0]) != key.request:
            raise IdempotencyKeyReused("this Idempotency-Key was used for another request")
        return Kept(row[1], row[2])

    def keep(self, key: Key, answer: str) -> Extra:
        """To be written with what was asked. Raises Taken there."""

        def write(cursor: Cursor[Any]) -> None:
            cursor.execute(_FORGET, (self._kept_h,))
            cursor.execute(_KEEP, (key.key, key.request, answer))
            if cursor.rowcount == 0:
                raise Taken

        return write

    def place(self, key: Key, position: int) -> Extra:
        """Note the position by which a kept answer stands; it is known only once the events are written."""

        def write(cursor: Cursor[Any]) -> None:
            cursor.execute(_PLACE, (position, key.key))

        return write
