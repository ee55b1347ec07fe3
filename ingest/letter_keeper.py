"""Keeps the dead letters within their limits, and tells before the limits are reached.

Letters nobody looks at must not fill the disk that the log lives on. So the oldest open ones are given up beyond a size
or an age: their bytes go, what was wrong with them stays listed for a while. Nothing of that is silent: from a share of
either limit on a warning stands in the log, in /metrics and on the console's page. What was closed may take the same
room again, and is forgotten beyond it.
"""

from __future__ import annotations

import logging
import threading

import msgspec
import psycopg

from ingest.dead_letters import Connection

logger = logging.getLogger(__name__)

EVERY_S = 30.0

_WEIGHT = "(octet_length(payload) + octet_length(topic) + octet_length(detail) + 256)"
"""Bytes that a letter takes: a million empty messages fill a disk as well."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """`bytes_most` of all open letters and `open_days` of the oldest; closed letters are listed for `closed_days`; a
    warning stands from the share `warn_at` of either limit on."""

    bytes_most: int = 1 << 30
    open_days: float = 90.0
    closed_days: float = 30.0
    warn_at: float = 0.8


class Fill(msgspec.Struct, frozen=True):
    """How full it is: open letters, the bytes they take, days of the oldest, the larger `share` of the two limits."""

    letters: int = 0
    size: int = 0
    oldest_days: float = 0.0
    share: float = 0.0


class LetterKeeper:
    """`fill` is what was found at the last look."""

    def __init__(self, dsn: str, limits: Limits, *, every_s: float = EVERY_S) -> None:
        self.fill = Fill()
        self._dsn, self._limits, self._every_s = dsn, limits, every_s

    def run(self, stop: threading.Event) -> None:
        """Again and again; a lost database is tried again."""
        looked_after = True
        while True:
            try:
                with psycopg.connect(self._dsn, autocommit=True) as conn:
                    while True:
                        self._look(conn)
                        looked_after = True
                        if stop.wait(self._every_s):
                            return
            except psycopg.Error as error:
                logger.log(
                    logging.WARNING if looked_after else logging.DEBUG,
                    "the dead letters are not looked after for now: %s",
                    error,
                )
                looked_after = False
            if stop.wait(self._every_s):
                return

    def _look(self, conn: Connection) -> None:
        given_up = sweep(conn, self._limits)
        if given_up:
            logger.error("%d dead letters were given up: there are too many, or they are too old", given_up)
        before, self.fill = self.fill, fill_of(conn, self._limits)
        if self.fill.share >= self._limits.warn_at > before.share:
            logger.warning(
                "the dead letters are at %.0f %% of what is kept: %d letters, %.1f MB, the oldest %.0f days old",
                100 * self.fill.share,
                self.fill.letters,
                self.fill.size / 1e6,
                self.fill.oldest_days,
            )


def fill_of(conn: Connection, limits: Limits) -> Fill:
    """How full it is now."""
    row = conn.execute(
        f"SELECT count(*), coalesce(sum({_WEIGHT}), 0)::int8, "
        "coalesce(extract(epoch FROM now() - min(kept_since)) / 86400, 0)::float8 "
        "FROM ingest.dead_letters WHERE state = 'open'"
    ).fetchone()
    letters, size, oldest_days = row or (0, 0, 0.0)
    return Fill(letters, size, oldest_days, max(size / limits.bytes_most, oldest_days / limits.open_days))


def sweep(conn: Connection, limits: Limits) -> int:
    """Give up what is beyond the limits, the oldest first; forget what was closed long ago, or takes too much room. How
    many were given up. A letter that somebody is at right now waits for the next time."""
    conn.execute(
        f"""
        WITH held AS (
            SELECT key FROM ingest.dead_letters WHERE state <> 'open' AND key IN (
                SELECT key FROM (
                    SELECT key, closed_at, sum({_WEIGHT}) OVER (ORDER BY closed_at DESC, key) AS newer
                    FROM ingest.dead_letters WHERE state <> 'open'
                ) AS letters
                WHERE newer > %(most)s OR closed_at < now() - make_interval(secs => %(age_s)s)
            ) FOR UPDATE SKIP LOCKED
        )
        DELETE FROM ingest.dead_letters AS letters USING held WHERE letters.key = held.key
        """,
        {"age_s": limits.closed_days * 86_400, "most": limits.bytes_most},
    )
    done = conn.execute(
        f"""
        WITH held AS (
            SELECT key FROM ingest.dead_letters WHERE state = 'open' AND key IN (
                SELECT key FROM (
                    SELECT key, kept_since, sum({_WEIGHT}) OVER (ORDER BY kept_since DESC, key) AS newer
                    FROM ingest.dead_letters WHERE state = 'open'
                ) AS letters
                WHERE newer > %(most)s OR kept_since < now() - make_interval(secs => %(age_s)s)
            ) FOR UPDATE SKIP LOCKED
        )
        UPDATE ingest.dead_letters AS letters
        SET state = 'expired', payload = '', closed_at = now(), closed_by = 'doorstep', closed_why = CASE
            WHEN kept_since < now() - make_interval(secs => %(age_s)s) THEN 'too old' ELSE 'too many' END
        FROM held WHERE letters.key = held.key
        """,
        {"age_s": limits.open_days * 86_400, "most": limits.bytes_most},
    )
    return done.rowcount
