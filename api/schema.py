"""The API's own tables: what no fold of the log can give back. Made once by `migrate`.

api.secret    one row: what customers' links are signed with
api.answers   what an Idempotency-Key was answered, for as long as a setting says
"""

from __future__ import annotations

import secrets

import psycopg

_MIGRATE_LOCK = 0x646F6F72_0004
"""Any number that no other advisory lock has."""


def migrate(dsn: str) -> None:
    """Create what is missing; safe to run from many processes at once."""
    with psycopg.connect(dsn) as conn, conn.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_MIGRATE_LOCK,))
        cursor.execute("CREATE SCHEMA IF NOT EXISTS api")
        cursor.execute(
            """CREATE TABLE IF NOT EXISTS api.secret (
                single bool PRIMARY KEY DEFAULT true CHECK (single),
                secret bytea NOT NULL)"""
        )
        cursor.execute("INSERT INTO api.secret (secret) VALUES (%s) ON CONFLICT DO NOTHING", (secrets.token_bytes(32),))
        cursor.execute(
            """CREATE TABLE IF NOT EXISTS api.answers (
                key text PRIMARY KEY,
                request bytea NOT NULL,
                answer text NOT NULL,
                position int8,
                kept_at timestamptz NOT NULL DEFAULT now())"""
        )
        cursor.execute("CREATE INDEX IF NOT EXISTS answers_kept_at ON api.answers (kept_at)")
