"""The log's tables: made once, by whoever comes first."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from eventlog.schema import ensure_day, migrate, namespace_of, partition_of


def namespace(dsn: str, schema: str = "eventlog") -> UUID:
    with psycopg.connect(dsn) as conn, conn.cursor() as curs:
        return namespace_of(curs, schema)


def test_processes_that_start_together_make_one_cell(database: str) -> None:
    together = threading.Barrier(8)

    def start(_: int) -> UUID:
        together.wait()
        migrate(database)
        return namespace(database)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(start, range(8)))) == 1


def test_a_second_migrate_changes_nothing_and_is_fast(dsn: str) -> None:
    before = namespace(dsn)
    started_s = time.monotonic()
    for _ in range(10):
        migrate(dsn)
    assert time.monotonic() - started_s < 2.0
    assert namespace(dsn) == before


def test_two_cells_have_two_namespaces(database: str) -> None:
    migrate(database, "one")
    migrate(database, "other-Cell")
    assert namespace(database, "one") != namespace(database, "other-Cell")


def test_a_cell_has_one_namespace_only(dsn: str) -> None:
    with psycopg.connect(dsn) as conn, pytest.raises(psycopg.IntegrityError):
        conn.execute("INSERT INTO eventlog.cell (namespace) VALUES (gen_random_uuid())")


def test_a_migrate_that_was_cut_off_is_completed_by_the_next(dsn: str) -> None:
    with psycopg.connect(dsn) as conn:
        conn.execute("DROP TABLE eventlog.position_payloads")
    before = namespace(dsn)
    migrate(dsn)
    assert namespace(dsn) == before
    with psycopg.connect(dsn) as conn, conn.cursor() as curs:
        ensure_day(curs, "eventlog", "2026-11-21")


def test_two_writers_that_need_the_same_new_day_both_get_it(dsn: str) -> None:
    insert = SQL("INSERT INTO {} VALUES ('2026-11-21', gen_random_uuid(), 1, '')").format(
        Identifier("eventlog", "position_payloads")
    )

    def second() -> None:
        with psycopg.connect(dsn) as conn, conn.cursor() as curs:
            ensure_day(curs, "eventlog", "2026-11-21")
            curs.execute(insert)

    thread = threading.Thread(target=second)
    with psycopg.connect(dsn) as conn, conn.cursor() as curs:
        ensure_day(curs, "eventlog", "2026-11-21")
        thread.start()
        wait_until_somebody_waits(dsn)
        curs.execute(insert)
    thread.join(10)
    assert not thread.is_alive()
    with psycopg.connect(dsn) as conn:
        assert conn.execute("SELECT count(*) FROM eventlog.position_payloads").fetchone() == (2,)


def wait_until_somebody_waits(dsn: str) -> None:
    until_s = time.monotonic() + 10
    with psycopg.connect(dsn, autocommit=True) as conn:
        while time.monotonic() < until_s:
            if conn.execute("SELECT FROM pg_locks WHERE NOT granted AND locktype = 'advisory'").rowcount:
                return
            time.sleep(0.01)
    raise AssertionError("nobody waits")


def test_making_a_day_does_not_wait_for_readers_of_other_days(dsn: str) -> None:
    with psycopg.connect(dsn) as reader, psycopg.connect(dsn) as writer, writer.cursor() as curs:
        reader.execute("SELECT * FROM eventlog.position_payloads").fetchall()  # its transaction stays open
        writer.execute("SET lock_timeout = '2s'")
        ensure_day(curs, "eventlog", "2026-11-22")


def test_a_day_that_was_rolled_back_can_be_made_again(dsn: str) -> None:
    with psycopg.connect(dsn) as conn, conn.cursor() as curs:
        ensure_day(curs, "eventlog", "2026-11-21")
        conn.rollback()
        ensure_day(curs, "eventlog", "2026-11-21")
        ensure_day(curs, "eventlog", "2026-11-21")
        found = curs.execute("SELECT to_regclass(%s) IS NOT NULL", ("eventlog." + partition_of("2026-11-21"),))
        assert found.fetchone() == (True,)
