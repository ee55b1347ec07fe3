"""The loop of ingest: take a batch, prepare it, append it, and only then acknowledge it, in the order received."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

import msgspec
from eventsourcing.persistence import ProgrammingError

from domain.errors import ConcurrentAppend, CorruptLog, Transient
from domain.time import SECOND_MS, Ms
from eventlog.entry import Append
from eventlog.log import EventLog
from ingest.cell_time import CellTime, Segment
from ingest.counters import Counts
from ingest.dead_letters import Letter
from ingest.devices import Devices
from ingest.inbox import Inbox
from ingest.message import Decoded, Fault, Message
from ingest.prepare import Prepared, Preparer
from ingest.window import Window
from ingest.write import BatchWriter

logger = logging.getLogger(__name__)


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """When a batch is complete, and how long to wait where it cannot be written."""

    flush_ms: int = 40
    flush_rows: int = 2_000
    backoff_first_s: float = 0.2
    backoff_max_s: float = 10.0


class Stopped(Exception):
    """Told to stop while the log could not be written: the batch stays unacknowledged, and comes again."""


class Committer:
    """Moves what the inbox holds into the log. Used by one thread."""

    def __init__(
        self,
        log: EventLog,
        inbox: Inbox,
        preparer: Preparer,
        window: Window,
        cell_time: CellTime,
        counts: Counts,
        *,
        pace: Pace,
        writer: str = "main",
    ) -> None:
        self._log, self._inbox, self._preparer, self._window = log, inbox, preparer, window
        self._cell_time, self._counts, self._pace = cell_time, counts, pace
        self._writer = BatchWriter(log, writer=writer)

    def remember(self) -> None:
        """Read from the log what was said lately. Raises Unavailable."""
        self._window.rebuild(self._log)

    def know(self, devices: Devices) -> None:
        """Read messages by what the registry says now."""
        self._preparer.devices = devices

    def decode(self, message: Message) -> Decoded:
        """What a message says, for whoever asks before committing it; nothing in it is dated."""
        return self._preparer.decode(message, self._preparer.receipt(Ms(0)))

    def run(self, stop: threading.Event) -> None:
        """Commit until told to stop. Raises what is neither Transient nor the fault of one message."""
        pace = self._pace
        while not stop.is_set():
            deliveries = self._inbox.take(pace.flush_rows, pace.flush_ms / SECOND_MS, stop)
            try:
                for segment in self._cell_time.segments(deliveries) if deliveries else ():
                    self.commit(segment, stop)
                    self._inbox.acknowledge(segment.deliveries)
            except Stopped:
                return

    def commit(self, segment: Segment, stop: threading.Event) -> None:
        """Bring a segment into the log, however long it takes. Raises Stopped.

        Where it is not known whether an append stands, the log's tail is read and what stands there is a repeat.
        """
        pause_s = self._pace.backoff_first_s
        lost: set[Ms] = set()
        unread = False
        recorded_at_ms = Ms(0)
        while True:
            try:
                if unread:
                    self._window.rebuild(self._log, running=True)
                    unread = False
                recorded_at_ms, first = self._cell_time.begin(segment)
                self._write(segment.messages, recorded_at_ms, first, lost)
                return
            except Transient as error:
                self._writer.forget()
                if error.code == "outcome_unknown":
                    unread = True
                    lost.add(recorded_at_ms)
                if not isinstance(error, ConcurrentAppend):
                    logger.warning("nothing is committed for now: %s; trying again in %.1f s", error, pause_s)
                self._counts.fail(str(error))
            if stop.wait(pause_s):
                raise Stopped
            pause_s = min(pause_s * 2, self._pace.backoff_max_s)

    def _write(self, messages: Sequence[Message], at_ms: Ms, first: Sequence[Append], lost: set[Ms]) -> None:
        began_s = time.monotonic()
        try:
            prepared = self._preparer.prepare(messages, at_ms, lost)
            self._writer.write(prepared, first)
        except (Transient, CorruptLog, ProgrammingError):
            raise
        except Exception as error:
            self._write_halves(messages, at_ms, first, lost, error)
            return
        self._learn(prepared, time.monotonic() - began_s)

    def _write_halves(
        self, messages: Sequence[Message], at_ms: Ms, first: Sequence[Append], lost: set[Ms], error: Exception
    ) -> None:
        """Some message cannot be stored: find it, store the others, and keep it as a dead letter."""
        if len(messages) > 1:
            middle = len(messages) // 2
            self._write(messages[:middle], at_ms, first, lost)
            try:
                self._write(messages[middle:], at_ms, (), lost)
            except Transient:
                lost.add(at_ms)
                raise
            return
        if not messages:
            raise error
        logger.error("a message on %s cannot be stored: %s", messages[0].topic, error)
        fault = Fault("not_storable", f"{type(error).__name__}: {error}")
        self._writer.forget()
        letter = Prepared.nothing(at_ms)
        letter.letters.append(Letter.of(messages[0], [fault]))
        self._writer.write(letter, first)
        self._learn(letter, 0.0)

    def _learn(self, prepared: Prepared, took_s: float) -> None:
        self._window.add(prepared.recorded_at_ms, prepared.ids, prepared.untimed)
        self._window.claim(prepared.claims)
        self._window.learn(prepared.lasts)
        self._counts.add(prepared, took_s)
