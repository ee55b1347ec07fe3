"""What the console does with dead letters, on ingest's table (`api.letters.Letters`)."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import msgspec
import psycopg

from api.letters import Fill, Group, Letter, Retried, State
from domain.errors import Conflict, NotFound, Unavailable
from doorstep.bootstrap import database_url, letter_limits, retry_of
from doorstep.settings import Settings
from eventlog.log import EventLog
from ingest import dead_letters
from ingest.dead_letters import Connection, Kept
from ingest.letter_keeper import fill_of


class LetterDesk:
    """See `api.letters.Letters`. One retry at a time: each reads the log's tail first."""

    def __init__(self, settings: Settings, log: EventLog) -> None:
        self._settings, self._log = settings, log
        self._retry_s = settings.dead_letters_retry_s
        self._one_retry = threading.Lock()

    def grouped(self, state: State) -> tuple[Sequence[Group], Fill]:
        """See Letters."""
        limits = letter_limits(self._settings)
        with self._connected() as conn:
            found = [Group(**msgspec.structs.asdict(group)) for group in dead_letters.grouped(conn, state=state)]
            fill = fill_of(conn, limits)
        return found, Fill(
            letters=fill.letters,
            size=fill.size,
            size_most=limits.bytes_most,
            oldest_days=round(fill.oldest_days, 2),
            days_most=limits.open_days,
            share=round(fill.share, 4),
            warns=fill.share >= limits.warn_at,
        )

    def listed(
        self, state: State, reason: str | None, before: tuple[datetime, str] | None, limit: int
    ) -> Sequence[Letter]:
        """See Letters."""
        with self._connected() as conn:
            found = dead_letters.listed(conn, state=state, reason=reason, before=before, limit=limit)
        return [_letter(each, payload=b"") for each in found]

    def shown(self, key: str) -> Letter:
        """See Letters."""
        with self._connected() as conn:
            found = dead_letters.shown(conn, key)
        return _letter(found, payload=found.payload)

    def retry(self, keys: Sequence[str] | None, reason: str | None) -> Retried:
        """See Letters."""
        if not self._one_retry.acquire(blocking=False):
            raise Conflict("dead letters are being read again already; wait for that")
        stop = threading.Event()
        timer = threading.Timer(self._retry_s, stop.set)
        timer.daemon = True
        timer.start()
        try:
            with self._connected() as conn:
                return self._retry(conn, keys, reason, stop)
        finally:
            timer.cancel()
            self._one_retry.release()

    def _retry(
        self, conn: Connection, keys: Sequence[str] | None, reason: str | None, stop: threading.Event
    ) -> Retried:
        wanted = dead_letters.keys_to_retry(conn, reason) if keys is None else list(keys)
        letters = dead_letters.each_to_retry(conn, wanted)
        stored = unreadable = 0
        for _, faults in retry_of(self._settings, self._log, conn).run(letters, stop):
            stored, unreadable = stored + (not faults), unreadable + bool(faults)
        left = len(wanted) - stored - unreadable if stop.is_set() else 0
        return Retried(stored, unreadable, left)

    def drop(self, keys: Sequence[str] | None, reason: str | None, why: str, by: str) -> int:
        """See Letters."""
        with self._connected() as conn:
            return dead_letters.drop(conn, why=why, by=by, keys=keys, reason=reason)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        try:
            with psycopg.connect(database_url(self._settings), autocommit=True) as conn:
                yield conn
        except psycopg.errors.UndefinedTable as error:
            raise NotFound("there is no table of dead letters yet") from error
        except psycopg.OperationalError as error:
            raise Unavailable(f"the database cannot be reached: {error}") from error


def _letter(kept: Kept, *, payload: bytes) -> Letter:
    return Letter(**{**msgspec.structs.asdict(kept), "payload": payload})
