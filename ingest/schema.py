"""The tables of ingest in the cell's database; made once by `migrate`."""

from __future__ import annotations

import psycopg

from ingest.counters import TABLE as COUNTERS
from ingest.credentials import TABLE as CREDENTIALS
from ingest.dead_letters import TABLE as DEAD_LETTERS
from ingest.own_topics import TABLE as OWN_TOPICS

_LOCK = 0x446F_6F72_0003
"""An advisory lock key that nobody else uses."""


def migrate(dsn: str) -> None:
    """Create what is missing; processes that start together wait for the first."""
    with psycopg.connect(dsn) as conn:
        conn.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        conn.execute("CREATE SCHEMA IF NOT EXISTS ingest")
        conn.execute(DEAD_LETTERS)
        conn.execute(COUNTERS)
        conn.execute(OWN_TOPICS)
        conn.execute(CREDENTIALS)
