"""How an append becomes rows: versions, device numbers, the packed positions; and what a failed one means."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from eventsourcing.persistence import IntegrityError, InterfaceError, OperationalError, StoredEvent

from domain.errors import ConcurrentAppend, Unavailable
from domain.events import encode
from domain.events.base import Event
from domain.events.device import DeviceNumbered
from domain.events.positions import PositionsRecorded
from domain.positions import PositionBatch
from domain.time import Ms, utc_day
from eventlog import connect, numbers, outcome
from eventlog.entry import Append
from eventlog.payloads import Payload, digest
from eventlog.positions import pack
from eventlog.recorder import CommitUnanswered, Extra, LogRecorder
from eventlog.schema import EVENTS, PAYLOADS

SEEN_STREAMS = 200_000
"""Streams whose version is remembered, to spare the check of it; some 30 MB."""


class Streams(Protocol):
    """What the writer asks of the log."""

    def stream_id(self, name: str) -> UUID: ...
    def version(self, stream: str) -> int: ...


class Writer:
    """Writes appends of any thread; batches of positions one after the other."""

    def __init__(
        self, streams: Streams, rows: LogRecorder, register: numbers.DeviceNumbers, dsn: str, *, settle_s: float
    ) -> None:
        self._streams = streams
        self._rows = rows
        self._register = register
        self._dsn = dsn
        self._settle_s = settle_s
        self._one_batch = threading.Lock()
        self._seen: dict[UUID, int] = {}
        self._days: set[str] = set()

    def saw(self, versions: Mapping[UUID, int]) -> None:
        """Committed versions stay, so what was seen once need not be checked again."""
        if len(self._seen) > SEEN_STREAMS:
            self._seen = {}
        self._seen.update(versions)

    def append(
        self, appends: Sequence[Append], *, batch: PositionBatch | None, writer: str, also: Extra | None
    ) -> int | None:
        """The last position written, None where no event was. Raises as `EventLog.append`."""
        if batch is None or not len(batch):
            rows = self._stored(appends)
            if not rows and also is None:
                return None
            return self._commit(rows, None, also)
        with self._one_batch:
            stream = f"positions/{writer}"
            draft = self._register.draft()
            packed = pack(batch, draft.number)
            at_ms = Ms(batch.recorded_at_ms)
            recorded = PositionsRecorded(
                recorded_at_ms=at_ms, day=utc_day(at_ms), rows=len(batch), sha256=digest(packed)
            )
            numbered = [DeviceNumbered(recorded_at_ms=at_ms, device=d, number=n) for d, n in draft.new.items()]
            version = self._known(stream)
            rows = self._stored(
                [
                    *appends,
                    Append(numbers.STREAM, numbered, draft.version),
                    Append(stream, [recorded], version),
                ]
            )
            payload = Payload(recorded.day, self._streams.stream_id(stream), version + 1, packed)
            last = self._commit(rows, payload, also)
            self._register.adopt(draft)
            self._days.add(recorded.day)
            return last

    def _known(self, stream: str) -> int:
        known = self._seen.get(self._streams.stream_id(stream))
        return self._streams.version(stream) if known is None else known

    def _stored(self, appends: Sequence[Append]) -> list[StoredEvent]:
        """Rows with their versions. Raises ConcurrentAppend where a stream is certainly not as expected."""
        rows: list[StoredEvent] = []
        reached: dict[UUID, int] = {}
        unseen: dict[UUID, Append] = {}
        for append in appends:
            stream = self._streams.stream_id(append.stream)
            now = reached.get(stream)
            if now is None:
                if append.expected > self._seen.get(stream, 0):
                    unseen[stream] = append
            elif now != append.expected:
                raise _conflict([append])
            rows += [_stored(stream, append.expected + i, event) for i, event in enumerate(append.events, start=1)]
            reached[stream] = append.expected + len(append.events)
        if unseen:
            # The primary key refuses a version that is taken; one beyond the next would leave a gap unnoticed.
            found = self._rows.existing([(stream, append.expected) for stream, append in unseen.items()])
            missing = [append for stream, append in unseen.items() if stream not in found]
            if missing:
                raise _conflict(missing)
        return rows

    def _commit(self, rows: Sequence[StoredEvent], payload: Payload | None, also: Extra | None) -> int | None:
        new_day = payload is not None and payload.day not in self._days
        try:
            ids = self._rows.insert_events(rows, payload=payload, new_day=new_day, also=also)
        except CommitUnanswered as error:
            self._forget()
            if not rows:
                raise Unavailable(f"whether the rows stand is not known: {error}", code="outcome_unknown") from error
            if not outcome.stands(self._dsn, self._rows.table, rows, within_s=self._settle_s):
                raise Unavailable(f"the append was lost: {error}") from error
            ids = error.ids
        except (InterfaceError, OperationalError) as error:
            self._forget()
            raise Unavailable(f"the append failed: {error}") from error
        except IntegrityError as error:
            self._forget()
            if _is_version_conflict(error):
                raise ConcurrentAppend(f"another writer was first: {error}") from error
            raise
        except BaseException:
            self._forget()
            raise
        self.saw({row.originator_id: row.originator_version for row in rows if isinstance(row.originator_id, UUID)})
        return ids[-1] if ids else None

    def _forget(self) -> None:
        """After a failure nothing remembered is trusted, and the connections of a dead server are discarded."""
        self._seen = {}
        self._days = set()
        self._register.forget()
        connect.discard_broken(self._rows.datastore)


def _stored(stream: UUID, version: int, event: Event) -> StoredEvent:
    return StoredEvent(stream, version, event.TOPIC, encode(event))


def _conflict(appends: Sequence[Append]) -> ConcurrentAppend:
    names = ", ".join(f"{append.stream} at {append.expected}" for append in appends[:3])
    return ConcurrentAppend(f"not at the expected version: {names}")


def _is_version_conflict(error: IntegrityError) -> bool:
    """Whether the log's own keys were hit, not those of rows that were written beside it."""
    diagnosis = getattr(error.__cause__, "diag", None)
    table = getattr(diagnosis, "table_name", None) or ""
    return table == EVENTS or table.startswith(PAYLOADS)
