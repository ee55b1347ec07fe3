"""The last step of every append: one transaction that writes events, and whatever must stand or fall with them.

The library's own insert encodes a composite array as text inside a pipeline, which is slow and hangs once a batch
exceeds the socket's buffer, and it repeats an insert whose answer was lost. Here: four binary arrays, no pipeline,
no repeat. Its table lock stays, because it makes the order of ids the order of commits; so does its NOTIFY.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString, cast
from uuid import UUID

from eventsourcing.persistence import InterfaceError, Notification, OperationalError, ProgrammingError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg import Connection, Cursor
from psycopg.rows import TupleRow, tuple_row
from psycopg.sql import SQL, Composable, Identifier

from domain.errors import CorruptLog
from eventlog import payloads
from eventlog.payloads import Payload

Row = tuple[int, UUID, int, str, bytes]
"""notification_id, originator_id, originator_version, topic, state."""

Extra = Callable[[Cursor[TupleRow]], None]
"""Writes further rows in the transaction of an append."""


class CommitUnanswered(OperationalError):
    """The connection was lost after COMMIT was sent: the events may stand. `ids` are theirs if they do."""

    def __init__(self, ids: Sequence[int]) -> None:
        super().__init__("the connection was lost in the commit")
        self.ids = ids


class LogRecorder(PostgresApplicationRecorder):
    """The event table of one cell. Raises the library's IntegrityError where a version is taken."""

    def __init__(self, datastore: PostgresDatastore, *, events_table_name: str = "stored_events") -> None:
        super().__init__(datastore, events_table_name=events_table_name)
        if datastore.enable_db_functions:
            raise ProgrammingError("the library's insert function takes no table lock, so readers may lose events")
        # Neither the composite type nor the insert function is used, so neither is created.
        self.sql_create_statements = [
            statement
            for statement in self.sql_create_statements
            if "CREATE TYPE" not in statement.as_string() and "FUNCTION" not in statement.as_string()
        ]
        self.table = SQL("{}.{}").format(Identifier(datastore.schema), Identifier(events_table_name))
        self._lock_and_notify = SQL("; ").join(
            [
                *cast("list[Composable]", self.lock_table_statements),
                SQL("NOTIFY {}").format(Identifier(self.channel_name)),
            ]
        )
        self._insert = SQL(
            "INSERT INTO {} (originator_id, originator_version, topic, state) "
            "SELECT * FROM unnest(%b::uuid[], %b::int8[], %b::text[], %b::bytea[]) RETURNING notification_id"
        ).format(self.table)
        self._select = SQL("SELECT notification_id, originator_id, originator_version, topic, state FROM {} ").format(
            self.table
        )

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Events and extras in one transaction, once. Returns the events' ids in the order given, None without events.

        Raises CommitUnanswered, the library's IntegrityError and OperationalError, and what `also` raises.
        """
        ids: Sequence[int] = []
        committing = False
        try:
            with self.datastore.get_connection() as conn, conn.transaction():
                with conn.cursor(row_factory=tuple_row) as extras:
                    self._insert_events(extras, stored_events, **kwargs)
                if stored_events:
                    ids = self._insert_rows(conn, stored_events)
                committing = True
        except (InterfaceError, OperationalError) as error:
            if committing:
                raise CommitUnanswered(ids) from error
            raise
        return ids or None

    def _insert_events(
        self,
        curs: Cursor[Any],
        stored_events: Sequence[StoredEvent],
        *,
        payload: Payload | None = None,
        new_day: bool = False,
        also: Extra | None = None,
        **_: Any,
    ) -> None:
        """What stands or falls with the events, written before the table is locked."""
        if payload is not None:
            payloads.insert(curs, self.datastore.schema, payload, new_day=new_day)
        if also is not None:
            also(curs)

    def _insert_rows(self, conn: Connection[Any], events: Sequence[StoredEvent]) -> list[int]:
        conn.execute(self._lock_and_notify, prepare=False)
        with conn.cursor(binary=True, row_factory=tuple_row) as curs:
            curs.execute(
                self._insert,
                (
                    [event.originator_id for event in events],
                    [event.originator_version for event in events],
                    [event.topic for event in events],
                    [event.state for event in events],
                ),
            )
            ids = [row[0] for row in curs.fetchall()]
        if ids != list(range(ids[0], ids[0] + len(events))):
            raise CorruptLog("the log gave ids out of order: something writes to it without its lock")
        return ids

    @contextmanager
    def reading(self) -> Iterator[Cursor[TupleRow]]:
        """A cursor with tuple rows and binary results, in autocommit."""
        with self.datastore.get_connection() as conn, conn.cursor(binary=True, row_factory=tuple_row) as curs:
            yield curs

    def select(self, curs: Cursor[TupleRow], where: LiteralString, params: Sequence[Any]) -> list[Row]:
        """Rows by the rest of a SELECT, e.g. `WHERE notification_id > %s ORDER BY notification_id LIMIT %s`."""
        curs.execute(self._select + SQL(where), params)
        return cast("list[Row]", curs.fetchall())

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """One stream's events by version."""
        where = "WHERE originator_id = %s AND originator_version > %s AND originator_version <= %s "
        bounds = (originator_id, -_MAX if gt is None else gt, _MAX if lte is None else lte, limit)
        order = "ORDER BY originator_version DESC LIMIT %s" if desc else "ORDER BY originator_version LIMIT %s"
        with self.reading() as curs:
            return [StoredEvent(*row[1:]) for row in self.select(curs, where + order, bounds)]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """A section of the total order."""
        first = -_MAX if start is None else start if inclusive_of_start else start + 1
        params: list[Any] = [first, _MAX if stop is None else stop]
        where = "WHERE notification_id >= %s AND notification_id <= %s "
        if topics:
            where += "AND topic = ANY(%s) "
            params.append(list(topics))
        with self.reading() as curs:
            rows = self.select(curs, where + "ORDER BY notification_id LIMIT %s", [*params, limit])
        return [
            Notification(id=id, originator_id=stream, originator_version=version, topic=topic, state=state)
            for id, stream, version, topic, state in rows
        ]


_MAX = 2**63 - 1
