"""How an append becomes rows: versions, device numbers, the packed positions; and what a failed one means."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from uuid import UUID

from eventsourcing.persistence import IntegrityError, PersistenceError, StoredEvent

from domain.errors import ConcurrentAppend, Unavailable
from domain.events.positions import PositionsRecorded
from domain.positions import PositionBatch
from domain.time import Ms, utc_day
from eventlog import connect, outcome
from eventlog.entry import Append
from eventlog.mapper import stored
from eventlog.payloads import Payload, digest
from eventlog.positions import pack
from eventlog.reader import Reader
from eventlog.recorder import CommitUnanswered, Extra, LogRecorder
from eventlog.schema import EVENTS, PAYLOADS

SEEN_STREAMS = 200_000
"""Streams whose version is remembered, to spare the check of it; some 30 MB."""


class Writer:
    """Writes appends of any thread; batches of positions one after the other."""

    def __init__(self, recorder: LogRecorder, reader: Reader, dsn: str, *, settle_s: float) -> None:
        self._recorder = recorder
        self._reader = reader
        self._dsn = dsn
        self._settle_s = settle_s
        self._one_batch = threading.Lock()
        self._seen: dict[UUID, int] = {}
        self._days: set[str] = set()

    def saw(self, versions: Mapping[UUID, int]) -> None:
        """Committed versions stay, so what was seen once need not be checked again."""
        if len(self._seen) > SEEN_STREAMS:
            self._seen = {}
        for stream, version in versions.items():
            if version > self._seen.get(stream, 0):
                self._seen[stream] = version

    def append(
        self, appends: Sequence[Append], *, batch: PositionBatch | None, writer: str, also: Extra | None
    ) -> int | None:
        """The last position written, None where no event was. Raises as `EventLog.append`."""
        if batch is None or not len(batch):
            rows = self._rows(appends)
            if not rows and also is None:
                return None
            return self._commit(rows, None, also)
        with self._one_batch:
            stream = f"positions/{writer}"
            draft = self._reader.numbers.draft()
            packed = pack(batch, draft.number)
            at_ms = Ms(batch.recorded_at_ms)
            recorded = PositionsRecorded(
                recorded_at_ms=at_ms, day=utc_day(at_ms), rows=len(batch), sha256=digest(packed)
            )
            stream_id = self._reader.stream_id(stream)
            version = self._known(stream_id)
            rows = self._rows([*appends, *draft.appends(at_ms), Append(stream, [recorded], version)])
            payload = Payload(recorded.day, stream_id, version + 1, packed)
            try:
                last = self._commit(rows, payload, also)
            except BaseException:
                self._reader.numbers.forget()
                self._days.clear()
                raise
            self._reader.numbers.adopt(draft)
            self._days.add(recorded.day)
            return last

    def _known(self, stream: UUID) -> int:
        known = self._seen.get(stream)
        return self._reader.versions([stream]).get(stream, 0) if known is None else known

    def _rows(self, appends: Sequence[Append]) -> list[StoredEvent]:
        """Rows with their versions. Raises ConcurrentAppend where a stream is certainly not as expected."""
        rows: list[StoredEvent] = []
        reached: dict[UUID, int] = {}
        unseen: dict[UUID, Append] = {}
        for append in appends:
            stream = self._reader.stream_id(append.stream)
            now = reached.get(stream)
            if now is None:
                if append.expected > self._seen.get(stream, 0):
                    unseen[stream] = append
            elif now != append.expected:
                raise _conflict([append])
            rows += [stored(stream, append.expected + i, event) for i, event in enumerate(append.events, start=1)]
            reached[stream] = append.expected + len(append.events)
        if unseen:
            # The primary key refuses a version that is taken; one beyond the next would leave a gap unnoticed.
            found = self._reader.existing([(stream, append.expected) for stream, append in unseen.items()])
            missing = [append for stream, append in unseen.items() if stream not in found]
            if missing:
                raise _conflict(missing)
        return rows

    def _commit(self, rows: Sequence[StoredEvent], payload: Payload | None, also: Extra | None) -> int | None:
        new_day = payload is not None and payload.day not in self._days
        try:
            ids = self._recorder.insert_events(rows, payload=payload, new_day=new_day, also=also)
        except CommitUnanswered as error:
            self._forget()
            connect.discard_broken(self._recorder.datastore)
            if not rows:
                raise Unavailable(f"whether the rows stand is not known: {error}", code="outcome_unknown") from error
            if not outcome.stands(self._dsn, self._recorder.table, rows, within_s=self._settle_s):
                raise Unavailable(f"the append was lost: {error}") from error
            ids = error.ids
        except IntegrityError as error:
            self._forget()
            if _is_version_conflict(error):
                raise ConcurrentAppend(f"another writer was first: {error}") from error
            raise
        except PersistenceError as error:
            self._forget()
            if connect.is_passing(error):
                connect.discard_broken(self._recorder.datastore)
                raise Unavailable(f"the append failed: {error}") from error
            raise
        self.saw({row.originator_id: row.originator_version for row in rows if isinstance(row.originator_id, UUID)})
        return ids[-1] if ids else None

    def _forget(self) -> None:
        """After a failure nothing remembered is trusted: the server may even be another one by now."""
        self._seen = {}


def _conflict(appends: Sequence[Append]) -> ConcurrentAppend:
    names = ", ".join(f"{append.stream} at {append.expected}" for append in appends[:3])
    return ConcurrentAppend(f"not at the expected version: {names}")


def _is_version_conflict(error: IntegrityError) -> bool:
    """Whether the log's own keys were hit, not those of rows that were written beside it."""
    diagnosis = getattr(error.__cause__, "diag", None)
    table = getattr(diagnosis, "table_name", None) or ""
    return table == EVENTS or table.startswith(PAYLOADS)
