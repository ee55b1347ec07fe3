"""The log of one cell: append in one transaction, read in one total order, follow as it grows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, LiteralString, TypeVar, cast
from uuid import UUID

import psycopg
from eventsourcing.application import Application
from eventsourcing.persistence import InterfaceError, OperationalError
from eventsourcing.postgres import PostgresFactory
from eventsourcing.utils import Environment, EnvType

from domain import ids
from domain.errors import Unavailable
from domain.events import decode
from domain.events.positions import PositionsRecorded
from domain.positions import PositionBatch
from eventlog import connect, follow, numbers, payloads
from eventlog.entry import Append, Entry
from eventlog.positions import unpack
from eventlog.recorder import Extra, LogRecorder
from eventlog.schema import DEFAULT_SCHEMA, EVENTS, NAME, namespace_of
from eventlog.write import Writer

R = TypeVar("R")


class EventLog(Application[UUID]):
    """The one way to the log. Safe between threads; close it before the interpreter exits.

    Every method raises Unavailable where the server cannot be reached, reads after `read_attempts` of them.
    `settle_s`: how long an append whose commit was not answered may ask whether it stands.
    """

    name = NAME

    def __init__(
        self,
        dsn: str,
        schema: str = DEFAULT_SCHEMA,
        *,
        pool_size: int = 2,
        max_overflow: int = 8,
        checkout_s: int = 5,
        lock_s: int = 30,
        idle_in_transaction_s: int = 30,
        settle_s: float = 15.0,
        read_attempts: int = 3,
        backoff_first_s: float = 0.2,
        backoff_max_s: float = 10.0,
    ) -> None:
        self._dsn = dsn
        self._schema = schema
        self._read_attempts = read_attempts
        self._backoff_first_s = backoff_first_s
        self._backoff_max_s = backoff_max_s
        env = connect.environment(
            schema,
            pool_size=pool_size,
            max_overflow=max_overflow,
            checkout_s=checkout_s,
            lock_s=lock_s,
            idle_in_transaction_s=idle_in_transaction_s,
        )
        try:
            super().__init__(env)
        except (InterfaceError, OperationalError) as error:
            self.factory.close()
            raise Unavailable(f"the log cannot be reached: {error}") from error
        self._rows = cast("LogRecorder", self.recorder)
        self._numbers = numbers.DeviceNumbers(self._numberings)
        self._writer = Writer(self, self._rows, self._numbers, dsn, settle_s=settle_s)

    # The library's hooks

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Only what was given: the library would let the process environment override it."""
        return Environment(name, env)

    def construct_factory(self, env: Environment) -> PostgresFactory:  # type: ignore[override]
        """Connects by the whole connection string."""
        return connect.factory(env, self._dsn)

    # Identity

    @cached_property
    def namespace(self) -> UUID:
        """The cell's namespace of uuid5."""

        def query() -> UUID:
            with self._rows.reading() as curs:
                return namespace_of(curs, self._schema)

        return self._persistently(query)

    def stream_id(self, name: str) -> UUID:
        """The id of a stream such as `visit/v-17`."""
        return ids.stream_id(self.namespace, name)

    # Writing

    def append(
        self,
        appends: Sequence[Append],
        *,
        batch: PositionBatch | None = None,
        writer: str = "main",
        also: Extra | None = None,
    ) -> int:
        """All of it in one transaction, or nothing. Returns the last position written, or the head if none was.

        `batch` goes packed into `positions/<writer>`, of which there is one writer at a time; `also` may write rows.
        Raises ConcurrentAppend where a stream is not at its expected version, and Unavailable: nothing was written,
        unless its code is `outcome_unknown`.
        """
        return self._writer.append(appends, batch=batch, writer=writer, also=also) or self.head()

    # Reading

    def head(self) -> int:
        """The last position; 0 in an empty log."""
        return self._persistently(self._rows.max_notification_id) or 0

    def version(self, stream: str) -> int:
        """How many events a stream has; 0: it does not exist."""
        return self.versions([stream])[stream]

    def versions(self, streams: Iterable[str]) -> dict[str, int]:
        """The versions of many streams in one query."""
        by_id = {self.stream_id(name): name for name in streams}
        found = self._persistently(lambda: self._rows.versions(list(by_id)))
        self._writer.saw(found)
        return {name: found.get(stream, 0) for stream, name in by_id.items()}

    def read(self, stream: str, after: int = 0) -> list[Entry]:
        """A stream's entries past version `after`, by version."""
        where: LiteralString = "WHERE originator_id = %s AND originator_version > %s ORDER BY originator_version"
        return self._entries(where, (self.stream_id(stream), after))

    def newest(self, stream: str) -> Entry | None:
        """A stream's last entry."""
        where: LiteralString = "WHERE originator_id = %s ORDER BY originator_version DESC LIMIT 1"
        return next(iter(self._entries(where, (self.stream_id(stream),))), None)

    def page(self, after: int, limit: int) -> list[Entry]:
        """At most `limit` entries past position `after`, in total order. Raises CorruptLog."""
        return self._entries("WHERE notification_id > %s ORDER BY notification_id LIMIT %s", (after, limit))

    def tail(self, last: int, *, since_ms: int | None = None) -> list[Entry]:
        """The last `last` entries in total order, and before them all back to `since_ms` of recorded time."""
        where: LiteralString = "WHERE notification_id < %s ORDER BY notification_id DESC LIMIT %s"
        found = self._entries(where, (_BEYOND, last)) if last else []
        while since_ms is not None and (not found or found[-1].event.recorded_at_ms >= since_ms):
            earlier = self._entries(where, (found[-1].position if found else _BEYOND, _TAIL_PAGE))
            found += [entry for entry in earlier if entry.event.recorded_at_ms >= since_ms]
            if len(earlier) < _TAIL_PAGE or earlier[-1].event.recorded_at_ms < since_ms:
                break
        return found[::-1]

    def follow(self, after: int, limit: int, stop: threading.Event, poll_s: float = 1.0) -> Iterator[list[Entry]]:
        """Non-empty pages past `after` as they come, until `stop` is set; outlives lost connections."""
        return follow.follow(
            lambda: psycopg.connect(self._dsn, autocommit=True),
            EVENTS,
            self.page,
            after=after,
            limit=limit,
            stop=stop,
            poll_s=poll_s,
            backoff_first_s=self._backoff_first_s,
            backoff_max_s=self._backoff_max_s,
        )

    def _entries(self, where: LiteralString, params: Sequence[Any]) -> list[Entry]:
        return self._persistently(lambda: self._fetch(where, params))

    def _fetch(self, where: LiteralString, params: Sequence[Any]) -> list[Entry]:
        packed: dict[payloads.Place, bytes] = {}
        with self._rows.reading() as curs:
            rows = self._rows.select(curs, where, params)
            events = [decode(topic, state) for *_, topic, state in rows]
            recorded = [
                ((stream, version), event)
                for (_, stream, version, *_), event in zip(rows, events, strict=True)
                if isinstance(event, PositionsRecorded)
            ]
            if recorded:
                packed = payloads.select(curs, self._schema, recorded)
        batches = {place: unpack(packed[place], event.recorded_at_ms, self._numbers.name) for place, event in recorded}
        return [
            Entry(position, stream, version, event, batches.get((stream, version)))
            for (position, stream, version, *_), event in zip(rows, events, strict=True)
        ]

    def _numberings(self, after: int) -> list[tuple[int, Any]]:
        return [(entry.version, entry.event) for entry in self.read(numbers.STREAM, after)]

    def _persistently(self, query: Callable[[], R]) -> R:
        """A read, repeated where its connection was lost: after a restart of the server each pooled one is."""
        attempt = 1
        while True:
            try:
                return query()
            except (InterfaceError, OperationalError) as error:
                if attempt >= self._read_attempts:
                    raise Unavailable(f"the log cannot be read: {error}") from error
                time.sleep(self._backoff_first_s * attempt)
                attempt += 1
                connect.discard_broken(self._rows.datastore)


_BEYOND = 2**63 - 1
_TAIL_PAGE = 1_000
