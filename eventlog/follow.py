"""Following the log: LISTEN first, then pull, then wait for a notification or a poll; through lost connections."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from domain.errors import Unavailable
from eventlog.entry import Entry

SLICE_S = 0.1
"""How often a waiting follower looks whether it shall stop."""


def follow(
    connect: Callable[[], psycopg.Connection[Any]],
    channel: str,
    page: Callable[[int, int], list[Entry]],
    *,
    after: int,
    limit: int,
    stop: threading.Event,
    poll_s: float,
    backoff_first_s: float,
    backoff_max_s: float,
) -> Iterator[list[Entry]]:
    """Non-empty pages in order from `after` on, until `stop`.

    Listening before pulling is what leaves no commit unseen: one that the pull did not see notifies afterwards.
    """
    pause_s = backoff_first_s
    while not stop.is_set():
        try:
            with connect() as conn:
                conn.execute(SQL("LISTEN {}").format(Identifier(channel)))
                while not stop.is_set():
                    entries = page(after, limit)
                    pause_s = backoff_first_s
                    if entries:
                        after = entries[-1].position
                        yield entries
                    if len(entries) < limit:
                        _wait(conn, stop, poll_s)
        except (psycopg.OperationalError, psycopg.InterfaceError, Unavailable):
            stop.wait(pause_s)
            pause_s = min(pause_s * 2, backoff_max_s)


def _wait(conn: psycopg.Connection[Any], stop: threading.Event, poll_s: float) -> None:
    """Return at a notification, at the poll, or at `stop`."""
    left_s = poll_s
    while left_s > 0 and not stop.is_set():
        if next(iter(conn.notifies(timeout=min(SLICE_S, left_s), stop_after=1)), None) is not None:
            return
        left_s -= SLICE_S
