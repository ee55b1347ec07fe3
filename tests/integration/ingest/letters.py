"""Dead letters for tests: put into a cell's table as ingest puts them."""

from __future__ import annotations

from typing import Any

import psycopg

from domain.time import SECOND_MS, Ms
from ingest import dead_letters
from ingest.dead_letters import Letter

SEEN_MS = Ms(1_790_000_000_000)
READABLE = b'{"time":1789999000,"lat":31.2,"lon":121.4}'


def letter(number: int = 0, **changes: Any) -> Letter:
    """One of junk."""
    topic = f"doorstep/v1/p{number}/position"
    said = {"topic": topic, "payload": b"junk %d" % number, "reason": "not_json", "detail": "no JSON"} | changes
    return Letter(**said)


def keep(dsn: str, *letters: Letter, at_s: int = 0) -> None:
    """They arrive together, so many seconds after the first."""
    with psycopg.connect(dsn) as conn, conn.cursor() as cursor:
        dead_letters.insert(cursor, letters, Ms(SEEN_MS + at_s * SECOND_MS))


def age(dsn: str, days: float, topic: str) -> None:
    """As if what lies there for this topic had been put there, or closed, so many days ago."""
    with psycopg.connect(dsn) as conn:
        conn.execute(
            "UPDATE ingest.dead_letters SET kept_since = now() - make_interval(secs => %(age_s)s), closed_at = CASE "
            "WHEN closed_at IS NOT NULL THEN now() - make_interval(secs => %(age_s)s) END WHERE topic = %(topic)s",
            {"age_s": days * 86_400, "topic": topic},
        )
