"""Dead letters, read again: after a codec has learnt what it could not read, through the same path as everything."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import Any

import psycopg

from ingest import dead_letters
from ingest.cell_time import Segment
from ingest.committer import Committer
from ingest.dead_letters import Kept
from ingest.message import Fault, Message


class Retry:
    """Commits what can be read by now. What was stored before is a repeat, so retrying twice is harmless."""

    def __init__(self, conn: psycopg.Connection[Any], committer: Committer) -> None:
        self._conn, self._committer = conn, committer

    def run(self, letters: Iterable[Kept], stop: threading.Event) -> Iterator[tuple[Kept, list[Fault]]]:
        """Each letter with what is still wrong with it; nothing: it was stored and is resolved."""
        self._committer.remember()
        for letter in letters:
            message = Message(letter.topic, letter.payload, retained=letter.retained)
            faults = list(self._committer.decode(message).unreadable)
            if not faults:
                self._committer.commit(Segment([], [message]), stop)
                dead_letters.resolve(self._conn, letter.key)
            yield letter, faults
