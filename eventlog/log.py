"""The log of one cell: append in one transaction, read in one total order, follow as it grows."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import LiteralString, cast
from uuid import UUID

import psycopg
from eventsourcing.application import Application
from eventsourcing.persistence import PersistenceError
from eventsourcing.postgres import PostgresFactory
from eventsourcing.utils import Environment, EnvType

from domain.errors import Unavailable
from domain.positions import PositionBatch
from eventlog import connect, follow
from eventlog.entry import Append, Entry
from eventlog.reader import Reader
from eventlog.recorder import Extra, LogRecorder
from eventlog.schema import DEFAULT_SCHEMA, EVENTS, NAME
from eventlog.write import Writer


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
        except PersistenceError as error:
            self.factory.close()
            if not connect.is_passing(error):
                raise
            raise Unavailable(f"the log cannot be reached: {error}") from error
        recorder = cast("LogRecorder", self.recorder)
        self._reader = Reader(recorder, attempts=read_attempts, pause_s=backoff_first_s)
        self._writer = Writer(recorder, self._reader, dsn, settle_s=settle_s)

    # The library's hooks

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Only what was given: the library would let the process environment override it."""
        return Environment(name, env)

    def construct_factory(self, env: Environment) -> PostgresFactory:  # type: ignore[override]
        """Connects by the whole connection string."""
        return connect.factory(env, self._dsn)

    # Identity

    @property
    def namespace(self) -> UUID:
        """The cell's namespace of uuid5."""
        return self._reader.namespace

    def stream_id(self, name: str) -> UUID:
        """The id of a stream such as `visit/v-17`."""
        return self._reader.stream_id(name)

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
        return self._reader.head()

    def version(self, stream: str) -> int:
        """How many events a stream has; 0: it does not exist."""
        return self.versions([stream])[stream]

    def versions(self, streams: Iterable[str]) -> dict[str, int]:
        """The versions of many streams in one query."""
        by_id = {self.stream_id(name): name for name in streams}
        found = self._reader.versions(list(by_id))
        self._writer.saw(found)
        return {name: found.get(stream, 0) for stream, name in by_id.items()}

    def read(self, stream: str, after: int = 0) -> list[Entry]:
        """A stream's entries past version `after`, by version."""
        return self._reader.stream(self.stream_id(stream), after)

    def read_many(self, streams: Iterable[str]) -> dict[str, list[Entry]]:
        """The entries of many streams in one query, by version; none for those that do not exist."""
        by_id = {self.stream_id(name): name for name in streams}
        found: dict[str, list[Entry]] = {name: [] for name in by_id.values()}
        where: LiteralString = "WHERE originator_id = ANY(%b::uuid[]) ORDER BY originator_id, originator_version"
        for entry in self._reader.entries(where, (list(by_id),)):
            found[by_id[entry.stream]].append(entry)
        return found

    def newest(self, stream: str) -> Entry | None:
        """A stream's last entry."""
        where: LiteralString = "WHERE originator_id = %s ORDER BY originator_version DESC LIMIT 1"
        return next(iter(self._reader.entries(where, (self.stream_id(stream),))), None)

    def page(self, after: int, limit: int) -> list[Entry]:
        """At most `limit` entries past position `after`, in total order. Raises CorruptLog."""
        return self._reader.entries("WHERE notification_id > %s ORDER BY notification_id LIMIT %s", (after, limit))

    def tail(self, last: int, *, since_ms: int | None = None) -> list[Entry]:
        """The last `last` entries in total order, and before them all back to `since_ms` of recorded time."""
        found: list[Entry] = []
        for entry in self.backwards(min(last, 1_000) or 1_000):
            if len(found) >= last and (since_ms is None or entry.event.recorded_at_ms < since_ms):
                break
            found.append(entry)
        return found[::-1]

    def backwards(self, limit: int = 1_000) -> Iterator[Entry]:
        """Every entry from the newest to the first, read `limit` at a time."""
        where: LiteralString = "WHERE notification_id < %s ORDER BY notification_id DESC LIMIT %s"
        before = _BEYOND
        while entries := self._reader.entries(where, (before, limit)):
            yield from entries
            before = entries[-1].position

    def follow(self, after: int, limit: int, stop: threading.Event, poll_s: float = 1.0) -> Iterator[list[Entry]]:
        """Non-empty pages past `after` as they come, until `stop` is set; outlives lost connections."""
        return follow.follow(
            lambda: psycopg.connect(**connect.parameters(self._dsn), autocommit=True),
            EVENTS,
            self.page,
            after=after,
            limit=limit,
            stop=stop,
            poll_s=poll_s,
            backoff_first_s=self._backoff_first_s,
            backoff_max_s=self._backoff_max_s,
        )


_BEYOND = 2**63 - 1
