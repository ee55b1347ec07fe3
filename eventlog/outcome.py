"""After a lost commit: find out whether it stands, rather than write it again."""

from __future__ import annotations

import time
from collections.abc import Sequence

import psycopg
from eventsourcing.persistence import StoredEvent
from psycopg.sql import SQL, Composed

from domain.errors import Unavailable
from eventlog import connect

PAUSE_S = 0.2
"""Between two attempts to reach the server; a restarted one answers within seconds."""


def stands(dsn: str, table: Composed, written: Sequence[StoredEvent], *, within_s: float) -> bool:
    """Whether the first and the last of these rows are in the log with these bytes: then all are.

    Raises Unavailable (`outcome_unknown`) where the server cannot be asked within `within_s` seconds.
    """
    ends = (written[0], written[-1])
    until_s = time.monotonic() + within_s
    while True:
        try:
            with psycopg.connect(**connect.parameters(dsn)) as conn:
                conn.execute(SQL("SET LOCAL lock_timeout = {}").format(int(within_s * 1000)))
                # Waits for the lost transaction's own lock, in case its backend is still committing.
                conn.execute(SQL("LOCK TABLE {} IN ROW SHARE MODE").format(table))
                found = conn.execute(
                    SQL(
                        "SELECT count(*) FROM {} "
                        "JOIN unnest(%s::uuid[], %s::int8[], %s::bytea[]) AS w (id, version, state) "
                        "ON originator_id = w.id AND originator_version = w.version AND log.state = w.state"
                    ).format(SQL("{} AS log").format(table)),
                    (
                        [row.originator_id for row in ends],
                        [row.originator_version for row in ends],
                        [row.state for row in ends],
                    ),
                ).fetchone()
                return found is not None and found[0] == len(ends)
        except psycopg.OperationalError as error:
            if time.monotonic() > until_s:
                raise Unavailable(f"whether the append stands is not known: {error}", code="outcome_unknown") from error
            time.sleep(PAUSE_S)
