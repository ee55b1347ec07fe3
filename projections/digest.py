"""Two numbers that say whether two cells concluded the same (SEMANTICS, Two digests).

exact: every row and column but places in the log; equal for the same log, however it was paged or rebuilt.
settled: what stands once time has settled; equal for the same facts in any order, multiplicity and batching.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from psycopg import Cursor

from projections.tables import Table


class Digests(msgspec.Struct, frozen=True):
    """Hex sha256 of each table and of all together; `rows` counts them."""

    exact: dict[str, str]
    settled: dict[str, str]
    rows: dict[str, int]
    all_exact: str
    all_settled: str


def digest(cursor: Cursor[Any], schema: str, tables: Sequence[Table]) -> Digests:
    """Read a unit's tables within the caller's transaction."""
    exact, settled, rows = {}, {}, {}
    for table in tables:
        exact[table.name], rows[table.name] = _table(cursor, schema, table, settled=False)
        if table.settled:
            settled[table.name], _ = _table(cursor, schema, table, settled=True)
    return Digests(exact, settled, rows, _together(exact), _together(settled))


def _table(cursor: Cursor[Any], schema: str, table: Table, *, settled: bool) -> tuple[str, int]:
    cursor.execute(table.digest_query(schema, settled=settled), binary=True)
    lines = sorted(msgspec.json.encode(row) for row in cursor)
    total = hashlib.sha256()
    for line in lines:
        total.update(line + b"\n")
    return total.hexdigest(), len(lines)


def _together(digests: dict[str, str]) -> str:
    return hashlib.sha256(msgspec.json.encode(digests, order="sorted")).hexdigest()
