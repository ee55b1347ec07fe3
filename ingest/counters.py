"""What ingest has done, as numbers that the API's /metrics reads from the table `ingest.counters`."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping

import psycopg

from ingest.prepare import Prepared

logger = logging.getLogger(__name__)

TABLE = """
CREATE TABLE IF NOT EXISTS ingest.counters (
    name text COLLATE "C" PRIMARY KEY,
    value float8 NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE ingest.counters ADD COLUMN IF NOT EXISTS note text;
"""
"""`note`: words that belong to a number, e.g. why nothing is committed."""

EVERY_S = 1.0

Counted = float | tuple[float, str]
"""A number, and perhaps its note."""


class Counts:
    """Counted since this process began; written by the committer's thread only."""

    def __init__(self) -> None:
        self.positions = 0
        self.facts = 0
        self.status_changes = 0
        self.duplicates = 0
        self.quiet = 0
        self.dead_letters = 0
        self.flushes = 0
        self.retries = 0
        self.last_flush_ms = 0.0
        self.failing_since_s: float | None = None
        self.failing_why = ""

    def fail(self, why: str) -> None:
        """A flush could not be committed; it is tried again."""
        self.retries += 1
        self.failing_why = why
        if self.failing_since_s is None:
            self.failing_since_s = time.monotonic()

    @property
    def failing_s(self) -> float:
        """How long nothing could be committed; 0: the last flush was."""
        since_s = self.failing_since_s
        return 0.0 if since_s is None else time.monotonic() - since_s

    def add(self, prepared: Prepared, took_s: float) -> None:
        """A flush was committed; it took so long."""
        self.positions += len(prepared.positions)
        self.facts += len(prepared.facts)
        self.status_changes += len(prepared.statuses)
        self.duplicates += prepared.duplicates
        self.quiet += prepared.quiet
        self.dead_letters += len(prepared.letters)
        self.flushes += 1
        self.failing_since_s = None
        self.last_flush_ms = took_s * 1_000


class CounterTable:
    """Writes counters every second on a connection of its own; a lost database is tried again."""

    def __init__(self, dsn: str, read: Callable[[], Mapping[str, Counted]], *, every_s: float = EVERY_S) -> None:
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
        said = [(name, *(value if isinstance(value, tuple) else (value, None))) for name, value in self._read().items()]
        names, values, notes = zip(*said, strict=True)
        conn.execute(
            "INSERT INTO ingest.counters (name, value, note) "
            "SELECT * FROM unnest(%b::text[], %b::float8[], %b::text[]) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value, note = excluded.note, at = now()",
            (list(names), [float(value) for value in values], list(notes)),
        )
