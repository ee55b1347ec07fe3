"""One request, one transaction: everything it reads is of one instant, or it is told to come again soon.

Reading is synchronous, in the server's threads: the log's library is, so the code has one style. Measured with the
customer's view on two cores, threads answered 1.2 to 1.8 times as many requests a second as an asynchronous pool.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg import Connection, Cursor, IsolationLevel
from psycopg_pool import ConnectionPool

from domain.errors import Unavailable
from eventlog import connect
from projections.unit import JUDGE

T = TypeVar("T")

ATTEMPTS = 3
"""A restart of the server costs one attempt, a swap of the projections another."""
WAITING = 64
"""Requests that may wait for a connection; more are refused at once, so that an outage does not pile them up."""

# pg_namespace is read as of the transaction's snapshot, to_regnamespace as of now. They agree only where no swap came
# between: after one, names would lead to new tables of which this snapshot sees a part or nothing.
_NOT_SWAPPED: LiteralString = "SELECT oid = to_regnamespace(nspname::text)::oid FROM pg_namespace WHERE nspname = %s"


class Database:
    """Reads for requests. Open it before use; opening does not wait for the server."""

    def __init__(self, dsn: str, *, connections: int, checkout_s: float, query_s: float) -> None:
        self._query_ms = round(query_s * 1000)
        self._pool = ConnectionPool(
            "",
            kwargs=connect.parameters(dsn),
            min_size=1,
            max_size=connections,
            timeout=checkout_s,
            max_waiting=WAITING,
            reconnect_timeout=connect.RECONNECT_S,
            configure=self._configure,
            check=ConnectionPool.check_connection,
            open=False,
            name="api",
        )

    def open(self) -> None:
        """Start connecting in the background."""
        self._pool.open()

    def close(self) -> None:
        """Let go of all connections."""
        self._pool.close()

    def read(self, query: Callable[[Cursor[Any]], T]) -> T:
        """What `query` finds, within one REPEATABLE READ transaction that no swap of the projections fell into.

        It may be called again, so it should only read. Raises Unavailable.
        """
        attempt = 1
        while True:
            try:
                with self._pool.connection() as conn, conn.cursor() as cursor:
                    found = query(cursor)
                    row = cursor.execute(_NOT_SWAPPED, (JUDGE,)).fetchone()
                    if row is None or row[0]:
                        return found
                error: Exception = RuntimeError("the projections are being swapped")
            except (psycopg.errors.QueryCanceled, psycopg.errors.UndefinedTable) as lost:
                raise Unavailable(f"the database cannot answer: {lost}") from lost
            except (psycopg.OperationalError, psycopg.InterfaceError) as lost:
                error = lost
            if attempt >= ATTEMPTS or _is_full(error):
                raise Unavailable(f"the database cannot be reached: {error}") from error
            attempt += 1

    def _configure(self, conn: Connection[Any]) -> None:
        conn.execute(f"SET statement_timeout = {self._query_ms}".encode())
        conn.execute("SET timezone = 'UTC'")
        conn.commit()
        conn.isolation_level, conn.read_only = IsolationLevel.REPEATABLE_READ, True


def _is_full(error: Exception) -> bool:
    """The pool's own refusals: waiting again would only add to the queue."""
    return type(error).__module__.startswith("psycopg_pool")
