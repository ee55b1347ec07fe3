"""Tables as data: one declaration gives the DDL, the bulk upsert, and what the digests read.

Column types are PostgreSQL's, and two of ours: `ms` (an instant: epoch ms in, timestamptz stored) and `facts`
(fact_ids as 16 bytes in, uuid[] stored). JSON is stored as the text that we encoded, never re-ordered by the server.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Cursor, sql

from projections.arrays import Packed

Column = Sequence[Any] | Packed


@dataclass(frozen=True, slots=True)
class _Type:
    ddl: str
    array: str
    """What the parameter array is cast to."""
    store: str
    """Expression from one element `{}` to the stored value."""
    digest: str
    """Expression from the stored value `{}` to what a digest encodes: integers, text, bytes."""


_OURS = {
    "ms": _Type(
        "timestamptz",
        "int8[]",
        "'epoch'::timestamptz + {} * interval '1 millisecond'",
        "(extract(epoch from {}) * 1000)::int8",
    ),
    "facts": _Type("uuid[]", "text[]", "{}::uuid[]", "{}"),
}


def _type(name: str) -> _Type:
    return _OURS.get(name) or _Type(name, f"{name}[]", "{}", "{}")


@dataclass(frozen=True, kw_only=True)
class Table:
    """A projection's table.

    `settled`: the columns that the settled digest reads (none: the table is not part of it), of the rows that
    match `settled_where`. `places`: columns that name places in the log; no digest reads them.
    `keep_first`: rows never change; a repeat of a key is ignored.
    """

    name: str
    columns: dict[str, str]
    key: tuple[str, ...]
    settled: tuple[str, ...] = ()
    settled_where: str = "true"
    places: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    keep_first: bool = False

    def create(self, schema: str) -> list[sql.Composed]:
        """The statements that make the table and its indexes in a schema."""
        table = sql.Identifier(schema, self.name)
        columns = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(_type(kind).ddl))
            for name, kind in self.columns.items()
        )
        keys = sql.SQL(", ").join(map(sql.Identifier, self.key))
        made = [sql.SQL("CREATE TABLE {} ({}, PRIMARY KEY ({}))").format(table, columns, keys)]
        made += [sql.SQL("CREATE INDEX ON {} {}").format(table, sql.SQL(index)) for index in self.indexes]
        return made

    def upsert(self, schema: str) -> sql.Composed:
        """One statement for any number of rows: a parameter per column, each an array."""
        names = list(self.columns)
        kinds = [_type(kind) for kind in self.columns.values()]
        statement = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM unnest({}) AS t ({}) ON CONFLICT ({}) DO ").format(
            sql.Identifier(schema, self.name),
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.SQL(", ").join(
                sql.SQL(kind.store.replace("{}", f'"{name}"')) for name, kind in zip(names, kinds, strict=True)
            ),
            sql.SQL(", ").join(sql.SQL("%b::" + kind.array) for kind in kinds),
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.SQL(", ").join(map(sql.Identifier, self.key)),
        )
        rest = [name for name in names if name not in self.key]
        if self.keep_first or not rest:
            return statement + sql.SQL("NOTHING")
        changes = sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in rest)
        return statement + sql.SQL("UPDATE SET ") + changes

    def digest_query(self, schema: str, *, settled: bool) -> sql.Composed:
        """The rows that a digest reads, each column as integers, text or bytes."""
        names = self.settled if settled else tuple(n for n in self.columns if n not in self.places)
        return sql.SQL("SELECT {} FROM {} WHERE {}").format(
            sql.SQL(", ").join(sql.SQL(_type(self.columns[name]).digest.replace("{}", f'"{name}"')) for name in names),
            sql.Identifier(schema, self.name),
            sql.SQL(self.settled_where if settled else "true"),
        )


class Writer:
    """Collects the rows of a page and writes each table with one statement.

    The last row put under a key wins, so a page of a thousand log entries leaves what a thousand pages of one do.
    """

    def __init__(self, schema: str, tables: Iterable[Table]) -> None:
        self.schema = schema
        self._order = {table.name: table for table in tables}
        self._upserts = {table.name: table.upsert(schema) for table in self._order.values()}
        self._rows: dict[str, dict[tuple[Any, ...], tuple[Any, ...]]] = {name: {} for name in self._order}
        self._blocks: dict[str, list[Sequence[Column]]] = {name: [] for name in self._order}
        self.muted = False

    def put(self, table: Table, **values: Any) -> None:
        """Set one row, all columns by name."""
        if not self.muted:
            row = tuple(values[name] for name in table.columns)
            self._rows[table.name][tuple(values[name] for name in table.key)] = row

    def put_first(self, table: Table, **values: Any) -> None:
        """Set one row of a `keep_first` table unless its key is taken."""
        if not self.muted:
            row = tuple(values[name] for name in table.columns)
            self._rows[table.name].setdefault(tuple(values[name] for name in table.key), row)

    def extend(self, table: Table, columns: Sequence[Column]) -> None:
        """Add many rows of a `keep_first` table as columns, in the table's order, packed or not."""
        if not self.muted:
            self._blocks[table.name].append(columns)

    def flush(self, cursor: Cursor[Any], only: Iterable[Table] | None = None) -> int:
        """Write what was collected, within the caller's transaction; returns the number of rows."""
        written = 0
        for table in self._order.values() if only is None else only:
            for block in self._blocks[table.name]:
                written += self._write(cursor, table, block)
            rows = self._rows[table.name]
            if rows:
                written += self._write(cursor, table, list(zip(*rows.values(), strict=True)))
            self._blocks[table.name], self._rows[table.name] = [], {}
        return written

    def discard(self) -> None:
        """Forget what was collected: the page did not happen."""
        self._blocks = {name: [] for name in self._order}
        self._rows = {name: {} for name in self._order}

    def _write(self, cursor: Cursor[Any], table: Table, columns: Sequence[Column]) -> int:
        values = [_parameter(column, kind) for column, kind in zip(columns, table.columns.values(), strict=True)]
        cursor.execute(self._upserts[table.name], values)
        return len(columns[0])


def _parameter(column: Column, kind: str) -> list[Any] | Packed:
    if isinstance(column, Packed):
        return column
    if kind == "facts":
        return ["{" + ",".join(fact.hex() for fact in facts) + "}" for facts in column]
    return list(column)
