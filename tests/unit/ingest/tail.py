"""A log of which only the tail is read, backwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eventlog.entry import Entry


class Tail:
    """Stands in for an EventLog; counts what is read."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self.read = 0

    def backwards(self, limit: int = 1_000) -> Iterator[Entry]:
        for entry in reversed(self.entries):
            self.read += 1
            yield entry
