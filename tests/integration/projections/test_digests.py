"""The two digests: exact for the same log however it is folded, settled for the same facts however they came."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest

from eventlog.archive import export_log, import_log
from eventlog.log import EventLog
from eventlog.schema import migrate
from projections.digest import Digests, digest
from projections.judge import tables
from projections.rebuild import rebuild
from projections.unit import Unit
from tests.integration.projections import day


@pytest.fixture
def log(database: str) -> Iterator[EventLog]:
    migrate(database)
    with EventLog(database) as opened:
        yield opened


def live(dsn: str, log: EventLog, page: int) -> Digests:
    """Fold the log as the projector does, `page` entries a transaction."""
    unit = Unit.open(dsn, log)
    while entries := log.page(unit.place.position, page):
        unit.fold(entries)
    unit.keep()
    with unit.connection.cursor() as cursor:
        found = digest(cursor, "judge", tables())
    unit.close()
    return found


def test_any_page_size_and_a_rebuild_leave_the_same_rows(database: str, log: EventLog) -> None:
    day.write(log, seed=1, disorder=5)
    first = live(database, log, 50)
    assert first.rows["transitions"] > 60
    assert first.rows["alerts"] >= 6
    assert first.rows["alert_history"] > first.rows["alerts"], "late facts should have amended something"
    for page in (1, 7, 1000, None):
        rebuilt = rebuild(database, log, page_rows=page)
        assert rebuilt.fresh.exact == first.exact, f"page size {page}"
        assert rebuilt.equal


def test_a_second_cell_fed_from_the_exported_log_is_exactly_equal(
    database: str, log: EventLog, other_database: str, tmp_path: Path
) -> None:
    day.write(log, seed=2, disorder=3)
    first = live(database, log, 100)
    export_log(database, tmp_path / "day.log.gz")
    import_log(other_database, tmp_path / "day.log.gz")
    with EventLog(other_database) as second:
        assert live(other_database, second, 13).exact == first.exact


def test_the_settled_digest_does_not_depend_on_order_repeats_or_batches(
    database: str, log: EventLog, other_database: str
) -> None:
    day.write(log, seed=3)
    orderly = live(database, log, 1000)
    migrate(other_database)
    with EventLog(other_database) as second:
        day.write(second, seed=3, disorder=11, batch=23, tick_s=45)
        disorderly = live(other_database, second, 1000)
    assert orderly.settled == disorderly.settled
    assert orderly.exact != disorderly.exact, "the disorderly day should have been known differently"


def test_a_restart_from_a_snapshot_in_the_middle_changes_nothing(
    database: str, log: EventLog, other_database: str
) -> None:
    day.write(log, seed=4, disorder=7)
    whole = rebuild(database, log, page_rows=None).fresh
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("DROP SCHEMA judge CASCADE")
        conn.execute("DELETE FROM projector.units")
    kept = False
    for turn in count():
        # Each page by a new process, which recovers from whatever was kept. Some keep what they have recovered so far.
        unit = Unit.open(database, log, page=40, recovery_s=2.0 if turn % 4 < 2 else 0.0)
        entries = log.page(unit.place.position, 150)
        if not entries:
            break
        unit.fold(entries)
        if kept := not kept:
            unit.keep()
        unit.close()
    with unit.connection.cursor() as cursor:
        assert digest(cursor, "judge", tables()).exact == whole.exact
    unit.close()
