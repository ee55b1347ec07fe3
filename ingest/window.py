"""Which facts were said lately, so that a repeat is not written again. Beyond the window the folds are idempotent."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from domain.events.facts import Fact
from domain.ids import FactId
from domain.time import SECOND_MS, Ms
from eventlog.entry import Entry
from eventlog.log import EventLog

GROWTH = 5
"""The window keeps `rows` at least, and longer what is younger than its time, up to this many times `rows`: a cell at
full speed would otherwise keep an hour of 10 000 messages a second."""

LATEST_FLUSHES = 16
"""Flushes whose acknowledgements may have been lost: they are sent at once, so in truth it is one or two."""


class Window:
    """Recent fact_ids, by the flush that wrote them. `rows`, `seconds`: what it keeps at least."""

    def __init__(self, rows: int, seconds: float) -> None:
        self._rows = rows
        self._ms = seconds * SECOND_MS
        self._ids: set[int] = set()
        self._flushes: deque[tuple[Ms, list[int]]] = deque()
        self._claimed: set[int] = set()

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, fact: FactId) -> bool:
        return fact.int in self._ids

    def add(self, recorded_at_ms: Ms, ids: Iterable[FactId]) -> None:
        """These were written in one flush; the oldest flushes are forgotten."""
        new = [fact.int for fact in ids if fact.int not in self._ids]
        if not new:
            return
        self._ids.update(new)
        self._flushes.append((recorded_at_ms, new))
        while len(self._ids) - len(self._flushes[0][1]) >= self._rows:
            if recorded_at_ms - self._flushes[0][0] < self._ms and len(self._ids) <= GROWTH * self._rows:
                break
            _, old = self._flushes.popleft()
            self._ids.difference_update(old)
            self._claimed.difference_update(old)

    def receipts(self) -> list[Ms]:
        """When the latest flushes were recorded, the last first."""
        latest = list(self._flushes)[: -LATEST_FLUSHES - 1 : -1] if self._flushes else []
        return list(dict.fromkeys(at_ms for at_ms, _ in latest))

    def claim(self, ids: Iterable[FactId]) -> None:
        """A redelivery was recognised as the first delivery of these, so the next alike is another one's."""
        self._claimed.update(fact.int for fact in ids)

    def is_claimed(self, fact: FactId) -> bool:
        """Whether a redelivery of this one was seen already."""
        return fact.int in self._claimed

    def rebuild(self, log: EventLog) -> None:
        """From the log's tail, newest first until there is enough. Raises Unavailable, CorruptLog."""
        flushes: list[tuple[Ms, list[FactId]]] = []
        rows, newest_ms = 0, None
        for entry in log.backwards():
            at_ms = entry.event.recorded_at_ms
            newest_ms = at_ms if newest_ms is None else max(newest_ms, at_ms)
            if rows >= self._rows and (newest_ms - at_ms >= self._ms or rows >= GROWTH * self._rows):
                break
            ids = _said(entry)
            rows += len(ids)
            if flushes and flushes[-1][0] == at_ms:
                flushes[-1][1].extend(ids)
            else:
                flushes.append((at_ms, ids))
        self._ids, self._flushes = set(), deque()
        for at_ms, ids in reversed(flushes):
            self.add(at_ms, ids)


def _said(entry: Entry) -> list[FactId]:
    if entry.batch is not None:
        return entry.batch.facts()
    return [FactId(entry.event.fact)] if isinstance(entry.event, Fact) else []
