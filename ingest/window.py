"""Which facts were said lately, so that a repeat is not written again. Beyond the window the folds are idempotent."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from domain.events.facts import Fact
from domain.time import MINUTE_MS, SECOND_MS, Ms
from eventlog.entry import Entry
from eventlog.log import EventLog
from ingest.quiet import Last, Subject, forget_old

GROWTH = 5
"""The window keeps `rows` at least, and longer what is younger than its time, up to this many times `rows`: a cell at
full speed would otherwise keep an hour of 10 000 messages a second."""

LATEST = 16
"""Receipts remembered of each kind of each device without a clock."""

LASTS_MOST, LASTS_MS = 100_000, 10 * MINUTE_MS
"""Subjects that repeat themselves: more are kept only while they are younger than this."""

Key = tuple[str, str]
"""A device and a kind."""


class Window:
    """Recent fact_ids, by the flush that wrote them.

    `rows`, `seconds`: what it keeps at least; `in_flight`: how many messages may be stored and unacknowledged.
    """

    def __init__(self, rows: int, seconds: float, in_flight: int) -> None:
        self._rows = rows
        self._ms = seconds * SECOND_MS
        self._in_flight = in_flight
        self._ids: set[bytes] = set()
        self._flushes: deque[tuple[Ms, list[bytes]]] = deque()
        self._claimed: set[bytes] = set()
        self._latest: dict[Key, deque[Ms]] = {}
        self._unsure: dict[Key, list[Ms]] = {}
        self._lasts: dict[Subject, Last] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, fact: bytes) -> bool:
        return fact in self._ids

    def add(self, recorded_at_ms: Ms, ids: Iterable[bytes], untimed: Iterable[Key] = ()) -> None:
        """These were written in one flush, `untimed` among them without a time of their own. Forgets the oldest."""
        for key in untimed:
            latest = self._latest.setdefault(key, deque(maxlen=LATEST))
            if recorded_at_ms not in latest:
                latest.append(recorded_at_ms)
        new = [fact for fact in ids if fact not in self._ids]
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

    def last(self, subject: Subject) -> Last | None:
        """What was stored last of something that repeats itself."""
        return self._lasts.get(subject)

    def learn(self, lasts: Mapping[Subject, Last]) -> None:
        """These were stored."""
        self._lasts.update(lasts)
        newest_ms = max((last.recorded_at_ms for last in lasts.values()), default=0)
        forget_old(self._lasts, newest_ms - LASTS_MS, LASTS_MOST)

    def latest(self, key: Key, since_ms: int) -> list[Ms]:
        """When something without a time of its own was recorded lately from this kind of this device."""
        return [at_ms for at_ms in self._latest.get(key, ()) if at_ms >= since_ms]

    def unsure(self, key: Key) -> list[Ms]:
        """The same, of what had been written when the log was read and may not have been acknowledged."""
        return self._unsure.get(key, [])

    def claim(self, ids: Iterable[bytes]) -> None:
        """A redelivery was recognised as the first delivery of these, so the next alike is another one's."""
        self._claimed.update(ids)

    def is_claimed(self, fact: bytes) -> bool:
        """Whether a redelivery of this one was seen already."""
        return fact in self._claimed

    def rebuild(self, log: EventLog, *, running: bool = False) -> None:
        """From the log's tail, newest first until there is enough; `running`: what was committed since the first time
        was acknowledged to brokers that heard it, or the inbox knows it. Raises Unavailable, CorruptLog."""
        flushes: list[tuple[Ms, list[bytes], set[Key]]] = []
        rows, newest_ms = 0, None
        for entry in log.backwards():
            at_ms = entry.event.recorded_at_ms
            newest_ms = at_ms if newest_ms is None else max(newest_ms, at_ms)
            if rows >= self._rows and (newest_ms - at_ms >= self._ms or rows >= GROWTH * self._rows):
                break
            ids, untimed = _said(entry)
            rows += len(ids)
            if flushes and flushes[-1][0] == at_ms:
                flushes[-1][1].extend(ids)
                flushes[-1][2].update(untimed)
            elif ids:
                flushes.append((at_ms, ids, untimed))
        self._ids, self._flushes, self._latest = set(), deque(), {}
        for at_ms, ids, untimed in reversed(flushes):
            self.add(at_ms, ids, untimed)
        if running:
            return
        rows, self._unsure = 0, {}
        for at_ms, ids, untimed in flushes:
            if rows >= self._in_flight:
                break
            rows += len(ids)
            for key in untimed:
                self._unsure.setdefault(key, []).append(at_ms)


def _said(entry: Entry) -> tuple[list[bytes], set[Key]]:
    event = entry.event
    if entry.batch is not None:
        return entry.batch.identities(), set()
    if not isinstance(event, Fact):
        return [], set()
    return [event.fact.bytes], set() if event.observed_at_ms else {(event.device, event.KIND)}
