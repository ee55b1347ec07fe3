"""Connections cut at the worst moments: what was committed is known to be, what was not is not written twice."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from domain.errors import ConcurrentAppend, Unavailable
from domain.events import Event
from domain.events.clock import TimeAdvanced
from domain.positions import Position, PositionBatch
from domain.time import Ms
from doorstep.embedded.postgres import SERVER_SETTINGS, EmbeddedPostgres
from eventlog import outcome
from eventlog.entry import Append
from eventlog.log import EventLog
from eventlog.mapper import stored
from eventlog.schema import EVENTS, migrate

TABLE = SQL("{}").format(Identifier("eventlog", EVENTS))


def ticks(count: int, first: int = 1) -> list[Event]:
    return [TimeAdvanced(recorded_at_ms=Ms(i), wall_ms=Ms(i)) for i in range(first, first + count)]


def batch(*devices: str) -> PositionBatch:
    return PositionBatch.of(1, [Position(device=device, observed_at_ms=1, lat_e7=0, lon_e7=0) for device in devices])


class Wire:
    """Between a log and its server; cuts the connection that sends the next COMMIT, before or after it arrives."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self.cut: str | None = None
        self.cuts = 0
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            server = socket.create_connection(self._server)
            self._open += [client, server]
            for pair in ((client, server, True), (server, client, False)):
                thread = threading.Thread(target=self._carry, args=pair)
                self._threads.append(thread)
                thread.start()

    def _carry(self, source: socket.socket, target: socket.socket, upstream: bool) -> None:
        try:
            while data := source.recv(65_536):
                if upstream and self.cut and b"COMMIT" in data:
                    moment, self.cut = self.cut, None
                    self.cuts += 1
                    _close(source)  # the answer can no longer arrive
                    if moment == "after":
                        target.sendall(data)
                    break
                target.sendall(data)
        except OSError:
            pass
        finally:
            for end in (source, target):
                if end is source or upstream:
                    _shut(end)

    def close(self) -> None:
        _close(self._door)
        for end in self._open:
            _close(end)
        for thread in self._threads:
            thread.join(10)
        for end in self._open:
            end.close()
        self._door.close()


def _shut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_WR)


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def wire(dsn: str) -> Iterator[Wire]:
    parts = urlsplit(dsn)
    wire = Wire(parts.hostname or "127.0.0.1", parts.port or 5432)
    yield wire
    wire.close()


@pytest.fixture
def wired(dsn: str, wire: Wire) -> Iterator[EventLog]:
    """A log that speaks through the wire."""
    parts = urlsplit(dsn)
    netloc = f"{parts.username}:{parts.password or ''}@127.0.0.1:{wire.port}"
    with EventLog(parts._replace(netloc=netloc).geturl(), pool_size=1) as log:
        yield log


def test_a_commit_whose_answer_was_lost_is_found_to_stand(wired: EventLog, wire: Wire, log: EventLog) -> None:
    wired.append([Append("clock", ticks(1), 0)])
    wire.cut = "after"
    last = wired.append([Append("clock", ticks(2, 2), 1)], batch=batch("a"))
    assert wire.cuts == 1
    assert last == log.head()
    assert log.version("clock") == 3
    wired.append([Append("clock", ticks(1, 4), 3)], batch=batch("a", "b"))
    assert [entry.batch.devices for entry in log.page(0, 100) if entry.batch] == [["a"], ["a", "b"]]


def test_a_commit_that_never_arrived_is_unavailable_and_writes_nothing(
    wired: EventLog, wire: Wire, log: EventLog
) -> None:
    wired.append([Append("clock", ticks(1), 0)])
    wire.cut = "before"
    with pytest.raises(Unavailable) as caught:
        wired.append([Append("clock", ticks(2, 2), 1)], batch=batch("a"))
    assert caught.value.code == "unavailable"
    assert wire.cuts == 1
    assert log.version("clock") == 1
    assert log.versions(["positions/main", "device-numbers"]) == {"positions/main": 0, "device-numbers": 0}
    wired.append([Append("clock", ticks(2, 2), 1)], batch=batch("a"))
    assert log.version("clock") == 3


def test_rows_of_others_alone_leave_their_outcome_unknown(wired: EventLog, wire: Wire) -> None:
    wire.cut = "after"
    with pytest.raises(Unavailable) as caught:
        wired.append([], also=lambda curs: curs.execute("CREATE TABLE letters (id int)"))
    assert caught.value.code == "outcome_unknown"


def test_somebody_elses_event_at_our_version_is_not_taken_for_ours(log: EventLog, dsn: str) -> None:
    theirs, ours = ticks(2)
    log.append([Append("clock", [theirs], 0)])
    stream = log.stream_id("clock")
    assert outcome.stands(dsn, TABLE, [stored(stream, 1, theirs)], within_s=5)
    assert not outcome.stands(dsn, TABLE, [stored(stream, 1, ours)], within_s=5)
    assert not outcome.stands(dsn, TABLE, [stored(stream, 1, theirs), stored(stream, 2, ours)], within_s=5)


def test_the_question_waits_for_a_backend_that_is_still_committing(log: EventLog, dsn: str) -> None:
    (tick,) = ticks(1)
    row = stored(log.stream_id("clock"), 1, tick)
    answers: list[bool] = []
    asking = threading.Thread(target=lambda: answers.append(outcome.stands(dsn, TABLE, [row], within_s=20)))
    with psycopg.connect(dsn) as committing:
        committing.execute(SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(TABLE))
        committing.execute(
            SQL("INSERT INTO {} (originator_id, originator_version, topic, state) VALUES (%s, %s, %s, %b)").format(
                TABLE
            ),
            (row.originator_id, row.originator_version, row.topic, row.state),
        )
        asking.start()
        wait_until_blocked(dsn)
        assert answers == []
    asking.join(20)
    assert answers == [True]


def wait_until_blocked(dsn: str) -> None:
    until_s = time.monotonic() + 20
    with psycopg.connect(dsn, autocommit=True) as conn:
        while time.monotonic() < until_s:
            row = conn.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
            if row and row[0]:
                return
            time.sleep(0.01)
    raise AssertionError("nobody waits")


def test_a_question_that_cannot_be_asked_leaves_the_outcome_unknown() -> None:
    (tick,) = ticks(1)
    with pytest.raises(Unavailable) as caught:
        outcome.stands("postgresql://nobody@127.0.0.1:1/none", TABLE, [stored(UUID(int=1), 1, tick)], within_s=0.1)
    assert caught.value.code == "outcome_unknown"


def test_a_backend_killed_during_an_append_leaves_nothing_and_the_next_append_works(log: EventLog) -> None:
    log.append([Append("clock", ticks(1), 0)], batch=batch("a"))
    before = log.head()
    with pytest.raises(Unavailable):
        log.append(
            [Append("clock", ticks(1), 1)],
            batch=batch("a", "b"),
            also=lambda curs: curs.execute("SELECT pg_terminate_backend(pg_backend_pid())"),
        )
    assert log.head() == before
    log.append([Append("clock", ticks(1), 1)], batch=batch("a", "b"))
    newest = log.newest("positions/main")
    assert newest is not None
    assert newest.batch is not None
    assert newest.batch.devices == ["a", "b"]


def test_an_append_waits_no_longer_for_the_lock_than_it_may(dsn: str, log: EventLog) -> None:
    with EventLog(dsn, lock_s=1) as impatient, psycopg.connect(dsn) as holder:
        holder.execute(SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(TABLE))
        with pytest.raises(Unavailable, match="lock timeout"):
            impatient.append([Append("clock", ticks(1), 0)])
        holder.rollback()
        impatient.append([Append("clock", ticks(1), 0)])


def test_a_restarted_server_is_found_again_by_readers_writers_and_followers(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "server", server_settings={**SERVER_SETTINGS, "shared_buffers": "32MB"})
    dsn = server.start()
    try:
        migrate(dsn)
        stop = threading.Event()
        seen: list[int] = []
        with EventLog(dsn, read_attempts=1, backoff_first_s=0.1, checkout_s=1) as log:
            following = threading.Thread(
                target=lambda: seen.extend(e.position for page in log.follow(0, 10, stop) for e in page)
            )
            following.start()
            try:
                for version in range(3):
                    append_until_it_stands(log, version)
                    server.stop()
                    with pytest.raises(Unavailable):
                        log.head()
                    assert server.start() == dsn
                append_until_it_stands(log, 3)
                until_s = time.monotonic() + 30
                while len(seen) < 4 and time.monotonic() < until_s:
                    time.sleep(0.02)
                assert seen == [entry.position for entry in log.page(0, 100)]
                assert [entry.version for entry in log.read("clock")] == [1, 2, 3, 4]
            finally:
                stop.set()
                following.join(30)
        assert not following.is_alive()
    finally:
        server.stop()


def append_until_it_stands(log: EventLog, expected: int) -> None:
    until_s = time.monotonic() + 30
    while time.monotonic() < until_s:
        try:
            log.append([Append("clock", ticks(1, expected + 1), expected)])
        except Unavailable:
            time.sleep(0.05)
        except ConcurrentAppend:
            return  # an attempt before stood after all
        else:
            return
    raise AssertionError("the log did not come back")
