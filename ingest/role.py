"""The `ingest` role: sessions, committer and counters, started in the order that loses nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from domain.errors import Unavailable
from ingest.committer import Committer
from ingest.counters import Counted, CounterTable, Counts
from ingest.inbox import Inbox
from ingest.letter_keeper import LetterKeeper
from ingest.registry import Registry

_LOOK_S = 0.1


class Source(Protocol):
    """Where messages come from: a session of the broker, or the HTTP door."""

    ready: threading.Event

    @property
    def name(self) -> str:
        """For people."""

    @property
    def failure(self) -> Unavailable | None:
        """Why nothing can ever come from there."""

    @property
    def connected(self) -> bool:
        """Whether anything can come from there now."""

    def start(self) -> None:
        """Begin, without waiting."""

    def stop(self) -> None:
        """End, and wait for it."""


class Probe(Protocol):
    """Asks the broker whether it still stores what it is given."""

    def probe(self) -> None:
        """Ask, unless the last answer is still awaited."""

    @property
    def unanswered_s(self) -> float:
        """How long it has been awaited; 0: it is not."""


class Ingest:
    """Runs until told to stop. `sessions` share the inbox that the committer empties; one of them is the `probe`."""

    def __init__(
        self,
        dsn: str,
        inbox: Inbox,
        committer: Committer,
        sessions: Sequence[Source],
        counts: Counts,
        registry: Registry,
        letters: LetterKeeper,
        *,
        probe: Probe,
        probe_every_s: float = 5.0,
    ) -> None:
        self._inbox = inbox
        self._committer, self._sessions, self._counts = committer, sessions, counts
        self._registry, self._letters = registry, letters
        self._probe, self._probe_every_s = probe, probe_every_s
        self._unwatched: Exception | None = None
        self._table = CounterTable(dsn, self._read_counters)

    def run(self, stop: threading.Event, on_ready: Callable[[], None]) -> None:
        """`on_ready` is called once the broker has granted every subscription: then devices may publish.

        Raises Unavailable where the log cannot be read at first or the broker refuses a subscription.
        """
        self._committer.remember()
        self._registry.look()
        finished = threading.Event()
        watchers = [
            threading.Thread(target=self._watch, args=(stop, on_ready), name="readiness", daemon=True),
            threading.Thread(target=self._table.run, args=(finished,), name="counters", daemon=True),
            threading.Thread(target=self._registry.run, args=(finished,), name="registry", daemon=True),
            threading.Thread(target=self._letters.run, args=(finished,), name="letters", daemon=True),
        ]
        for session in self._sessions:
            session.start()
        for watcher in watchers:
            watcher.start()
        try:
            self._committer.run(stop)
        finally:
            stop.set()
            finished.set()
            self._inbox.close()
            for session in self._sessions:
                session.stop()
            for watcher in watchers:
                watcher.join()
        for session in self._sessions:
            if session.failure is not None:
                raise session.failure
        if self._unwatched is not None:
            raise self._unwatched

    def _watch(self, stop: threading.Event, on_ready: Callable[[], None]) -> None:
        """Tell when all are ready; end the role when the broker refuses it something, or nobody would see that."""
        try:
            self._look(stop, on_ready)
        except Exception as error:
            self._unwatched = error
            stop.set()

    def _look(self, stop: threading.Event, on_ready: Callable[[], None]) -> None:
        told, asked_s = False, 0.0
        while not stop.wait(_LOOK_S):
            if time.monotonic() - asked_s >= self._probe_every_s:
                asked_s = time.monotonic()
                self._probe.probe()
            if any(session.failure is not None for session in self._sessions):
                stop.set()
            elif not told and all(session.ready.is_set() for session in self._sessions):
                told = True
                on_ready()

    def _read_counters(self) -> dict[str, Counted]:
        counts = self._counts
        away = [source.name for source in self._sessions if not source.connected]
        return {
            "messages": self._inbox.received,
            "positions": counts.positions,
            "facts": counts.facts,
            "status_changes": counts.status_changes,
            "duplicates": counts.duplicates,
            "quiet": counts.quiet,
            "dead_letters": counts.dead_letters,
            "flushes": counts.flushes,
            "retries": counts.retries,
            "last_flush_ms": counts.last_flush_ms,
            "queue_depth": self._inbox.depth,
            "connected": (not away, ", ".join(away)),
            "held_bytes": self._inbox.held_bytes,
            "full": self._inbox.is_full,
            "failing_s": (counts.failing_s, counts.failing_why),
            "unanswered_s": self._probe.unanswered_s,
            "letters_open": self._letters.fill.letters,
            "letters_bytes": self._letters.fill.size,
            "letters_share": self._letters.fill.share,
        }
