"""How far a unit is behind the log: for `doorstep lag`, `/readyz` and `/metrics`."""

from __future__ import annotations

from typing import Any, LiteralString

import msgspec
from psycopg import Cursor

from eventlog.schema import DEFAULT_SCHEMA, EVENTS
from projections import place

_HEAD: LiteralString = f"SELECT coalesce(max(notification_id), 0) FROM {DEFAULT_SCHEMA}.{EVENTS}"


class Lag(msgspec.Struct, frozen=True):
    """Where a unit stands against the log. `behind` counts positions; `error`: why it stands still, if it does."""

    unit: str
    generation: int
    position: int
    head: int
    behind: int
    known_ms: int
    now_ms: int
    error: str | None


def lag(cursor: Cursor[Any], schema: str) -> Lag:
    """Both places as of one instant, if the caller's transaction is REPEATABLE READ. Raises LookupError."""
    stands = place.read(cursor, schema)
    row = cursor.execute(_HEAD).fetchone()
    assert row is not None
    behind = max(0, row[0] - stands.position)
    return Lag(schema, stands.generation, stands.position, row[0], behind, stands.known_ms, stands.now_ms, stands.error)
