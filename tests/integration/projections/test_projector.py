"""The projector as a running thing: one at a time, never past poison, through lost connections and swaps."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from domain.events.site import SiteRegistered
from domain.events.visit import VisitCancelled, VisitScheduled
from domain.geo import Circle
from domain.time import Ms
from eventlog.entry import Append
from eventlog.log import EventLog
from eventlog.schema import migrate
from projections import place
from projections.digest import digest
from projections.judge import tables
from projections.rebuild import rebuild, renew
from projections.runner import Projector
from projections.unit import Unit
from tests.integration.projections import day

LIMIT_S = 30.0


@pytest.fixture
def log(database: str) -> Iterator[EventLog]:
    migrate(database)
    with EventLog(database) as opened:
        yield opened


@contextmanager
def projector(dsn: str, log: EventLog) -> Iterator[threading.Thread]:
    """A running projector, stopped at the end."""
    stop = threading.Event()
    runner = Projector(dsn, log, page_rows=20, poll_s=0.05, backoff_first_s=0.05, backoff_max_s=0.2)
    thread = threading.Thread(target=runner.run, args=(stop,))
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(LIMIT_S)
        assert not thread.is_alive()


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


def standing(dsn: str) -> place.Place | None:
    """The live unit's place, or None while there is none."""
    with psycopg.connect(dsn, autocommit=True) as conn, conn.cursor() as cursor:
        if cursor.execute("SELECT to_regclass('projector.units')").fetchone() == (None,):
            return None
        return place.read(cursor, "judge")


def reached(dsn: str, position: int) -> Callable[[], bool]:
    def check() -> bool:
        at = standing(dsn)
        return at is not None and at.position >= position

    return check


def terminate(dsn: str) -> int:
    """End every other connection to the database, as a restarted server would."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        killed = conn.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
        assert killed is not None
        return int(killed[0])


def test_lost_connections_lose_nothing_and_double_nothing(database: str, log: EventLog) -> None:
    day.write(log, seed=5)
    with projector(database, log):
        for part in range(1, 5):
            eventually(reached(database, log.head() * part // 5))
            assert terminate(database) > 0
        eventually(reached(database, log.head()))
    assert rebuild(database, log, swap=False).equal


def test_only_one_projector_runs_and_the_next_takes_over(database: str, log: EventLog) -> None:
    day.write(log, seed=6)
    with projector(database, log):
        eventually(reached(database, log.head()))
        with psycopg.connect(database, autocommit=True) as conn, conn.cursor() as cursor:
            assert not place.try_run(cursor, "judge")
    with psycopg.connect(database, autocommit=True) as conn, conn.cursor() as cursor:
        assert place.try_run(cursor, "judge")


def test_poison_stops_the_projector_and_is_reported(database: str, log: EventLog) -> None:
    day.write(log, seed=7)
    before = log.head()
    # No command could have written this: a cancellation of a visit that was never scheduled.
    log.append([Append("visit/ghost", [VisitCancelled(recorded_at_ms=Ms(0), visit="ghost")], 0)])
    with projector(database, log) as thread:
        eventually(lambda: (at := standing(database)) is not None and at.error is not None)
        at = standing(database)
        assert at is not None
        assert at.position <= before
        assert at.error_position == log.head()
        assert "ghost" in (at.error or "")
        assert thread.is_alive()


def test_a_swap_under_a_running_projector_is_taken_up(database: str, log: EventLog) -> None:
    day.write(log, seed=8)
    with projector(database, log):
        eventually(reached(database, log.head()))
        rebuilt = rebuild(database, log)
        assert rebuilt.equal
        assert rebuilt.generation == 2
        fence = Circle(31.0, 121.0, 100.0)
        site = SiteRegistered(recorded_at_ms=Ms(0), site="new", customer="c", name="new", zone="UTC", fence=fence)
        log.append([Append("site/new", [site], 0)])
        late = VisitScheduled(
            recorded_at_ms=Ms(day.START_MS),
            visit="after-swap",
            site="new",
            customer="c",
            service="cleaning",
            window_from_ms=Ms(day.START_MS),
            window_to_ms=Ms(day.START_MS),
            planned_s=60,
        )
        log.append([Append("visit/after-swap", [late], 0)])
        eventually(reached(database, log.head()))
    at = standing(database)
    assert at is not None
    assert at.generation == 2
    with psycopg.connect(database) as conn, conn.cursor() as cursor:
        assert cursor.execute("SELECT count(*) FROM judge.visits WHERE visit = 'after-swap'").fetchone() == (1,)


def test_a_page_that_fails_leaves_no_trace(database: str, log: EventLog) -> None:
    day.write(log, seed=9)
    unit = Unit.open(database, log)
    unit.fold(log.page(0, 100))
    with unit.connection.cursor() as cursor:
        before = digest(cursor, "judge", tables())
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("ALTER TABLE judge.tracks ADD CONSTRAINT refuse CHECK (false) NOT VALID")
    with pytest.raises(psycopg.errors.CheckViolation):
        unit.fold(log.page(unit.place.position, 100))
    with unit.connection.cursor() as cursor:
        assert digest(cursor, "judge", tables()) == before
    unit.close()


def test_what_another_program_folded_is_not_gone_on_with_but_folded_anew(database: str, log: EventLog) -> None:
    day.write(log, seed=10)
    with projector(database, log):
        eventually(reached(database, log.head()))
    expected = rebuild(database, log, swap=False)
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("UPDATE projector.units SET mark = 'older'")
        conn.execute("ALTER TABLE judge.alerts DROP COLUMN verdict")
    with projector(database, log):
        eventually(lambda: (at := standing(database)) is not None and "doorstep migrate" in (at.error or ""))
        renewed = renew(database, log)
        assert renewed is not None
        assert (renewed.live, renewed.equal) == (None, False)
        assert renewed.fresh == expected.live
        eventually(lambda: (at := standing(database)) is not None and at.error is None and at.position == log.head())
    assert renew(database, log) is None


def test_two_who_fold_the_log_anew_at_once_do_so_one_after_the_other(database: str, log: EventLog) -> None:
    day.write(log, seed=10)
    expected = rebuild(database, log)
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("UPDATE projector.units SET mark = 'older'")
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(renew, database, log, page_rows=10) for _ in range(2)]
        renewed = [one.result(LIMIT_S) for one in both]
    assert expected.fresh in [one.fresh for one in renewed if one is not None]
    assert renew(database, log) is None


def test_an_interrupted_renewal_leaves_the_live_rows_and_the_next_one_begins_anew(database: str, log: EventLog) -> None:
    day.write(log, seed=10)
    expected = rebuild(database, log)
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("UPDATE projector.units SET mark = 'older'")

    def killed(position: int) -> None:
        if position > log.head() // 2:
            terminate(database)

    with pytest.raises(psycopg.OperationalError):
        rebuild(database, log, page_rows=10, progress=killed)
    assert (left := standing(database)) is not None
    assert left.generation == expected.generation
    assert (renewed := renew(database, log)) is not None
    assert renewed.fresh == expected.fresh
