"""Dead letters, read again: after a codec has learnt what it could not read, through the same path as everything."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import Any

import psycopg

from ingest import dead_letters
from ingest.cell_time import Segment
from ingest.committer import Committer, Stopped
from ingest.dead_letters import Kept, Letter
from ingest.message import Decoded, Fault, Message

_BATCH = 200
"""Letters committed together."""
_BATCH_BYTES = 8 << 20

Outcome = tuple[Kept, list[Fault]]


class Retry:
    """Commits what can be read by now. What was stored before is a repeat, so retrying twice is harmless; but not of
    what has no time of its own, which is dated when it is read."""

    def __init__(self, conn: psycopg.Connection[Any], committer: Committer) -> None:
        self._conn, self._committer = conn, committer

    def run(self, letters: Iterable[Kept], stop: threading.Event) -> Iterator[Outcome]:
        """Each letter with what is still wrong with it; nothing: it was stored and is resolved. Told to stop, it ends
        early: what was not yielded was not resolved."""
        self._committer.remember()
        ready: list[Kept] = []
        try:
            for letter in letters:
                if stop.is_set():
                    return
                decoded = self._committer.decode(_message(letter))
                if decoded.unreadable:
                    yield self._still_unreadable(letter, decoded, stop)
                    continue
                ready.append(letter)
                if len(ready) >= _BATCH or sum(len(each.payload) for each in ready) >= _BATCH_BYTES:
                    yield from self._store(ready, stop)
                    ready = []
            if ready:
                yield from self._store(ready, stop)
        except Stopped:
            return

    def _store(self, letters: list[Kept], stop: threading.Event) -> Iterator[Outcome]:
        self._committer.commit(Segment([], [_message(letter) for letter in letters]), stop)
        resolved = dead_letters.resolve(self._conn, letters)
        for letter in letters:
            if letter.key in resolved:
                yield letter, []
            else:
                yield letter, [Fault("not_storable", "it could not be stored, or came again while it was read")]

    def _still_unreadable(self, kept: Kept, decoded: Decoded, stop: threading.Event) -> Outcome:
        """What can be read of it is stored; the letter says what is wrong now."""
        rest = bool(decoded.positions or decoded.facts)
        # Without a time of its own it would be another fact each time.
        rest = rest and all(fact.observed_at_ms for fact in decoded.facts)
        message = _message(kept)
        if rest:
            self._committer.commit(Segment([], [message]), stop)
        faults = list(decoded.unreadable)
        dead_letters.still_unreadable(self._conn, kept, Letter.of(message, faults), inserted=rest)
        return kept, faults


def _message(letter: Kept) -> Message:
    return Message(letter.topic, letter.payload, retained=letter.retained)
