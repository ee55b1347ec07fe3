"""The projector: follow the log, fold page after page, one runner a unit, and stop rather than skip.

lock → open (recover) → follow → fold … on a lost connection: back off and open again; on poison: red, and wait
"""

from __future__ import annotations

import logging
import threading

import psycopg

from domain.errors import Unavailable
from eventlog.log import EventLog
from projections import place
from projections.making import making
from projections.unit import JUDGE, Poison, Superseded, Unit

log_ = logging.getLogger(__name__)


class Projector:
    """Runs one unit until told to stop."""

    def __init__(
        self,
        dsn: str,
        log: EventLog,
        *,
        schema: str = JUDGE,
        page_rows: int = 1_000,
        snapshot_s: float = 30.0,
        poll_s: float = 1.0,
        backoff_first_s: float = 0.2,
        backoff_max_s: float = 10.0,
    ) -> None:
        self._dsn = dsn
        self._log = log
        self._schema = schema
        self._page_rows = page_rows
        self._snapshot_s = snapshot_s
        self._poll_s = poll_s
        self._backoff_first_s = backoff_first_s
        self._backoff_max_s = backoff_max_s

    def run(self, stop: threading.Event) -> None:
        """Fold until `stop` is set. Outlives lost connections; stands still on poison until it is stopped."""
        pause_s = self._backoff_first_s
        while not stop.is_set():
            try:
                self._hold_and_follow(stop)
                pause_s = self._backoff_first_s
            except Superseded as moved:
                log_.info("%s; opening it anew", moved)
            except (psycopg.OperationalError, psycopg.InterfaceError, Unavailable) as error:
                log_.warning("the database cannot be reached (%s); trying again in %.1f s", error, pause_s)
                stop.wait(pause_s)
                pause_s = min(pause_s * 2, self._backoff_max_s)

    def _hold_and_follow(self, stop: threading.Event) -> None:
        with psycopg.connect(self._dsn, autocommit=True) as conn:
            place.migrate(conn, self._schema, making())
            if not self._take_turn(conn, stop):
                return
            with conn.cursor() as cursor:
                if place.read(cursor, self._schema).mark != making().mark:
                    log_.error("%s was folded by another program: run `doorstep migrate`", self._schema)
                    place.stop(cursor, self._schema, 0, "folded by another program; run `doorstep migrate`")
                    self._stand_still(conn, stop)
                    return
            unit = Unit(conn, self._log, self._schema, snapshot_s=self._snapshot_s, page=self._page_rows)
            log_.info("%s stands at %d, generation %d", self._schema, unit.place.position, unit.place.generation)
            try:
                for entries in self._log.follow(unit.place.position, self._page_rows, stop, self._poll_s):
                    unit.fold(entries)
                unit.keep()
            except Poison as poison:
                log_.exception("%s stopped", self._schema)
                unit.stop(poison)
                self._stand_still(conn, stop)

    def _take_turn(self, conn: psycopg.Connection[object], stop: threading.Event) -> bool:
        """Wait to be the only runner; the lock goes with the connection."""
        with conn.cursor() as cursor:
            while not place.try_run(cursor, self._schema):
                log_.info("another projector runs %s; waiting", self._schema)
                if stop.wait(self._poll_s):
                    return False
        return True

    def _stand_still(self, conn: psycopg.Connection[object], stop: threading.Event) -> None:
        """Health is red. Go on only when a swap has changed what stands here."""
        with conn.cursor() as cursor:
            generation = place.read(cursor, self._schema).generation
            while not stop.wait(self._poll_s):
                if place.read(cursor, self._schema).generation != generation:
                    return
