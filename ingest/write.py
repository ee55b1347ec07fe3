"""What was prepared becomes one append to the log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import Cursor
from psycopg.rows import TupleRow

from domain.events import Event
from domain.events.device import DeviceStatusChanged
from domain.time import utc_day
from eventlog.entry import Append
from eventlog.log import EventLog
from ingest import dead_letters
from ingest.prepare import Prepared

MOST_STREAMS = 100_000
"""Streams whose version is remembered; some 20 MB. A device has one a day."""

MOST_STATUSES = 20_000
"""Last statuses remembered: each may be as large as a message."""


class BatchWriter:
    """Appends batches. Remembers the versions of streams and the last status of devices until told to forget."""

    def __init__(self, log: EventLog, *, writer: str = "main") -> None:
        self._log = log
        self._writer = writer
        self.forget()

    def forget(self) -> None:
        """Somebody else wrote, or it is not known what was written: read versions and statuses again."""
        self._versions: dict[str, int] = {}
        self._statuses: dict[str, dict[str, Any]] = {}

    def write(self, prepared: Prepared, first: Sequence[Append] = ()) -> None:
        """One transaction, `first` first; none where there is nothing to write. Raises as `EventLog.append`."""
        by_stream: dict[str, list[Event]] = {}
        day = utc_day(prepared.recorded_at_ms)
        for fact in prepared.facts:
            by_stream.setdefault(f"facts/{fact.device}/{day}", []).append(fact)
        news = self._news(prepared.statuses)
        for change in news:
            by_stream.setdefault(_status_stream(change), []).append(change)
        batch = prepared.positions if len(prepared.positions) else None
        if not (by_stream or first or batch is not None or prepared.letters):
            return
        self._read_versions(list(by_stream))
        appends = [Append(stream, events, self._versions[stream]) for stream, events in by_stream.items()]

        def also(curs: Cursor[TupleRow]) -> None:
            dead_letters.insert(curs, prepared.letters, prepared.recorded_at_ms)

        self._log.append([*first, *appends], batch=batch, writer=self._writer, also=also if prepared.letters else None)
        for stream, events in by_stream.items():
            self._versions[stream] += len(events)
        for change in news:
            self._statuses[_status_stream(change)] = change.status

    def _read_versions(self, streams: Sequence[str]) -> None:
        if len(self._versions) > MOST_STREAMS:
            self._versions = {}
        unknown = [stream for stream in streams if stream not in self._versions]
        if unknown:
            self._versions |= self._log.versions(unknown)

    def _news(self, statuses: Sequence[DeviceStatusChanged]) -> list[DeviceStatusChanged]:
        """Those that differ from the last one of their device about the same."""
        if not statuses:
            return []
        self._read_statuses({_status_stream(status) for status in statuses})
        last: dict[str, dict[str, Any] | None] = {}
        news = []
        for status in statuses:
            stream = _status_stream(status)
            before = last.get(stream, self._statuses.get(stream))
            if status.status != before:
                news.append(status)
                last[stream] = status.status
        return news

    def _read_statuses(self, streams: set[str]) -> None:
        if len(self._statuses) > MOST_STATUSES:
            self._statuses = {}
        unknown = [stream for stream in streams if stream not in self._statuses]
        for stream, version in self._log.versions(unknown).items() if unknown else ():
            entry = self._log.newest(stream) if version else None
            if entry is not None and isinstance(entry.event, DeviceStatusChanged):
                self._statuses[stream] = entry.event.status


def _status_stream(change: DeviceStatusChanged) -> str:
    return f"device-status/{change.device}" + (f"/{change.about}" if change.about else "")
