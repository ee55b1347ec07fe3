"""What ingest has done, as numbers that the API's /metrics reads from the table `ingest.counters`."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

import psycopg

from ingest.prepare import Prepared

logger = logging.getLogger(__name__)

TABLE = """
CREATE TABLE IF NOT EXISTS ingest.counters (
    name text COLLATE "C" PRIMARY KEY,
    value float8 NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
)
"""

EVERY_S = 1.0


class Counts:
    """Counted since this process began; written by the committer's thread only."""

    def __init__(self) -> None:
        self.positions = 0
        self.facts = 0
        self.status_changes = 0
        self.duplicates = 0
        self.dead_letters = 0
        self.flushes = 0
        self.retries = 0
        self.last_flush_ms = 0.0

    def add(self, prepared: Prepared, took_s: float) -> None:
        """A flush was committed; it took so long."""
        self.positions += len(prepared.positions)
        self.facts += len(prepared.facts)
        self.status_changes += len(prepared.statuses)
        self.duplicates += prepared.duplicates
        self.dead_letters += len(prepared.letters)
        self.flushes += 1
        self.last_flush_ms = took_s * 1_000


class CounterTable:
    """Writes counters every second on a connection of its own; a lost database is tried again."""

    def __init__(self, dsn: str, read: Callable[[], Mapping[str, float]], *, every_s: float = EVERY_S) -> None:
        self._dsn, self._read, self._every_s = dsn, read, every_s

    def run(self, stop: threading.Event) -> None:
        """Until told to stop, and once more then."""
        while True:
            try:
                with psycopg.connect(self._dsn, autocommit=True) as conn:
                    while True:
                        self._write(conn)
                        if stop.wait(self._every_s):
                            self._write(conn)
                            return
            except psycopg.Error as error:
                logger.debug("the counters were not written: %s", error)
            if stop.wait(self._every_s):
                return

    def _write(self, conn: psycopg.Connection[tuple[object, ...]]) -> None:
        values = self._read()
        conn.execute(
            "INSERT INTO ingest.counters (name, value) SELECT * FROM unnest(%b::text[], %b::float8[]) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = now()",
            (list(values), [float(value) for value in values.values()]),
        )
