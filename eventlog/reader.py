"""Questions to the log: rows become entries, and a lost connection is asked again before anyone hears of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, LiteralString, TypeVar
from uuid import UUID

from eventsourcing.persistence import PersistenceError
from psycopg import Cursor
from psycopg.rows import TupleRow
from psycopg.sql import SQL

from domain import ids
from domain.errors import Unavailable
from domain.events import decode
from domain.events.base import Event
from domain.events.positions import PositionsRecorded
from eventlog import connect, numbers, payloads
from eventlog.entry import Entry
from eventlog.positions import unpack
from eventlog.recorder import LogRecorder, Row
from eventlog.schema import namespace_of

R = TypeVar("R")

_Fetched = tuple[list[Row], list[Event], dict[payloads.Place, bytes]]


class Reader:
    """Reads one cell's log. Every method raises Unavailable after `attempts`, `pause_s` apart and growing."""

    def __init__(self, recorder: LogRecorder, *, attempts: int, pause_s: float) -> None:
        self._recorder = recorder
        self._schema = recorder.datastore.schema
        self._attempts = attempts
        self._pause_s = pause_s
        self.numbers = numbers.DeviceNumbers(self._numberings)

    @cached_property
    def namespace(self) -> UUID:
        """The cell's namespace of uuid5."""
        return self.ask(lambda curs: namespace_of(curs, self._schema))

    def stream_id(self, name: str) -> UUID:
        """The id of a stream such as `visit/v-17`."""
        return ids.stream_id(self.namespace, name)

    def head(self) -> int:
        """The last position; 0 in an empty log."""
        statement = SQL("SELECT max(notification_id) FROM {}").format(self._recorder.table)
        ((head,),) = self.ask(lambda curs: curs.execute(statement).fetchall())
        return int(head or 0)

    def versions(self, streams: Sequence[UUID]) -> dict[UUID, int]:
        """The highest version of each stream that exists; one step into the index each, however long the stream."""
        statement = SQL(
            "SELECT id, (SELECT originator_version FROM {} WHERE originator_id = id "
            "ORDER BY originator_version DESC LIMIT 1) FROM unnest(%b::uuid[]) AS id"
        ).format(self._recorder.table)
        rows = self.ask(lambda curs: curs.execute(statement, (list(streams),)).fetchall())
        return {stream: version for stream, version in rows if version is not None}

    def existing(self, places: Sequence[payloads.Place]) -> set[UUID]:
        """Which of these streams have an event at the version given."""
        statement = SQL(
            "SELECT id FROM unnest(%b::uuid[], %b::int8[]) AS place (id, version) WHERE EXISTS "
            "(SELECT FROM {} WHERE originator_id = id AND originator_version = version)"
        ).format(self._recorder.table)
        columns = ([stream for stream, _ in places], [version for _, version in places])
        return {row[0] for row in self.ask(lambda curs: curs.execute(statement, columns).fetchall())}

    def stream(self, stream: UUID, after: int) -> list[Entry]:
        """A stream's entries past version `after`, by version."""
        where: LiteralString = "WHERE originator_id = %s AND originator_version > %s ORDER BY originator_version"
        return self.entries(where, (stream, after))

    def entries(self, where: LiteralString, params: Sequence[Any]) -> list[Entry]:
        """Entries by the rest of a SELECT, their positions unpacked. Raises CorruptLog."""
        rows, events, packed = self.ask(lambda curs: self._fetch(curs, where, params))
        entries: list[Entry] = []
        for (position, stream, version, *_), event in zip(rows, events, strict=True):
            payload = packed.get((stream, version))
            batch = None if payload is None else unpack(payload, event.recorded_at_ms, self.numbers.name)
            entries.append(Entry(position, stream, version, event, batch))
        return entries

    def _fetch(self, curs: Cursor[TupleRow], where: LiteralString, params: Sequence[Any]) -> _Fetched:
        rows = self._recorder.select(curs, where, params)
        events = [decode(topic, state) for *_, topic, state in rows]
        recorded = [
            ((stream, version), event)
            for (_, stream, version, *_), event in zip(rows, events, strict=True)
            if isinstance(event, PositionsRecorded)
        ]
        return rows, events, payloads.select(curs, self._schema, recorded) if recorded else {}

    def _numberings(self, after: int) -> list[tuple[int, Event]]:
        return [(entry.version, entry.event) for entry in self.stream(self.stream_id(numbers.STREAM), after)]

    def ask(self, query: Callable[[Cursor[TupleRow]], R]) -> R:
        """A query's answer; asked again where the connection was lost, as each pooled one is by a restart."""
        attempt = 1
        while True:
            try:
                with self._recorder.reading() as curs:
                    return query(curs)
            except PersistenceError as error:
                if not connect.is_passing(error):
                    raise
                if attempt >= self._attempts:
                    raise Unavailable(f"the log cannot be read: {error}") from error
            time.sleep(self._pause_s * attempt)
            attempt += 1
            connect.discard_broken(self._recorder.datastore)
