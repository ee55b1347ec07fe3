"""The recorder against the library's own contracts, and against what the library's own recorder gets wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import IntegrityError, OperationalError, ProgrammingError, StoredEvent
from eventsourcing.postgres import PostgresDatastore
from eventsourcing.tests import persistence as library

from eventlog import connect
from eventlog.recorder import LogRecorder
from eventlog.schema import EVENTS, migrate


def open_datastore(dsn: str, schema: str = "eventlog") -> PostgresDatastore:
    env = connect.environment(schema, pool_size=2, max_overflow=18, checkout_s=20, lock_s=60, idle_in_transaction_s=60)
    return connect.factory(env, dsn).datastore


@pytest.fixture
def recorder(dsn: str) -> Iterator[LogRecorder]:
    with open_datastore(dsn) as datastore:
        yield LogRecorder(datastore, events_table_name=EVENTS)


class WithoutIds(LogRecorder):
    """The library's contract for aggregates expects no ids back; everything else of it must hold."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        super().insert_events(stored_events, **kwargs)


class OnOurTables:
    """Gives the library's test cases the database of this test."""

    recorder_class: type[LogRecorder] = LogRecorder

    @pytest.fixture(autouse=True)
    def _connect(self, dsn: str) -> Iterator[None]:
        self.datastore = open_datastore(dsn)
        yield
        self.datastore.close()

    def create_recorder(self) -> LogRecorder:
        return self.recorder_class(self.datastore, events_table_name=EVENTS)


class TestAsAggregateRecorder(OnOurTables, library.AggregateRecorderTestCase):
    recorder_class = WithoutIds


class TestAsApplicationRecorder(OnOurTables, library.ApplicationRecorderTestCase[LogRecorder]):
    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


def events(count: int, stream: UUID | None = None, first: int = 1) -> list[StoredEvent]:
    stream = stream or uuid4()
    return [StoredEvent(stream, first + i, f"topic-{i % 7}", b"%d" % i) for i in range(count)]


def test_a_save_of_fifty_thousand_events_returns_their_ids_in_order(recorder: LogRecorder) -> None:
    written = events(50_000)
    done: list[Sequence[int] | None] = []
    thread = threading.Thread(target=lambda: done.append(recorder.insert_events(written)), daemon=True)
    thread.start()
    thread.join(timeout=60)
    assert not thread.is_alive(), "the insert hangs"
    ids = done[0]
    assert ids is not None
    assert list(ids) == list(range(ids[0], ids[0] + len(written)))
    read = recorder.select_notifications(start=ids[0], limit=len(written))
    assert [(n.originator_version, n.topic, n.state) for n in read] == [
        (e.originator_version, e.topic, e.state) for e in written
    ]


def test_events_of_many_streams_keep_the_order_in_which_they_were_given(recorder: LogRecorder) -> None:
    streams = [uuid4() for _ in range(50)]
    written = [StoredEvent(stream, version, "t", b"") for version in range(1, 21) for stream in streams]
    ids = recorder.insert_events(written)
    assert ids is not None
    read = recorder.select_notifications(start=ids[0], limit=len(written))
    assert [(n.originator_id, n.originator_version) for n in read] == [
        (e.originator_id, e.originator_version) for e in written
    ]


def test_readers_never_see_an_id_before_the_ids_below_it(recorder: LogRecorder) -> None:
    """Aborted appends leave gaps for ever; what must never happen is a gap that is filled later."""
    writers, saves = 4, 60
    running = threading.Event()
    running.set()
    seen: list[int] = []

    def read() -> None:
        last = False
        while True:
            last = not running.is_set()
            page = recorder.select_notifications(seen[-1] if seen else None, 1_000, inclusive_of_start=not seen)
            seen.extend(n.id for n in page)
            if last and not page:
                return

    def write() -> None:
        taken = events(1)
        recorder.insert_events(taken)
        for i in range(saves):
            recorder.insert_events(events(1 + i % 9))
            if i % 5 == 0:
                with pytest.raises(IntegrityError):
                    recorder.insert_events([*events(3), *taken])

    reader = threading.Thread(target=read)
    threads = [threading.Thread(target=write) for _ in range(writers)]
    for thread in (reader, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    running.clear()
    reader.join()
    assert seen == [n.id for n in recorder.select_notifications(None, 1_000_000)]
    assert len(seen) == writers * (1 + sum(1 + i % 9 for i in range(saves)))


def test_an_insert_whose_connection_is_lost_is_not_repeated(recorder: LogRecorder) -> None:
    attempts = 0

    def kill_me(curs: Any) -> None:
        nonlocal attempts
        attempts += 1
        curs.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(OperationalError):
        recorder.insert_events(events(1), also=kill_me)
    assert attempts == 1


def test_the_librarys_insert_function_is_refused(dsn: str) -> None:
    with open_datastore(dsn) as datastore:
        datastore.enable_db_functions = True
        with pytest.raises(ProgrammingError, match="no table lock"):
            LogRecorder(datastore, events_table_name=EVENTS)


def test_the_tables_of_migrate_are_the_ones_that_the_library_would_make(database: str) -> None:
    """Columns, types, defaults and keys, so that the library's own tools work on our log."""
    migrate(database, "ours")
    with open_datastore(database, "theirs") as datastore:
        with datastore.transaction(commit=True) as curs:
            curs.execute("CREATE SCHEMA theirs")
        LogRecorder(datastore, events_table_name=EVENTS).create_table()
        with datastore.transaction() as curs:
            described = {
                schema: (
                    curs.execute(
                        "SELECT column_name, data_type, replace(column_default, %s, '') AS default "
                        "FROM information_schema.columns WHERE table_schema = %s AND table_name = %s "
                        "ORDER BY ordinal_position",
                        (f"{schema}.", schema, EVENTS),
                    ).fetchall(),
                    curs.execute(
                        "SELECT replace(indexdef, %s, '') AS index FROM pg_indexes "
                        "WHERE schemaname = %s AND tablename = %s ORDER BY 1",
                        (f"{schema}.", schema, EVENTS),
                    ).fetchall(),
                )
                for schema in ("ours", "theirs")
            }
    assert described["ours"] == described["theirs"]
    assert len(described["ours"][0]) == 5
    assert len(described["ours"][1]) == 2
