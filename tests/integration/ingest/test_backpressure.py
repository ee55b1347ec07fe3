"""A full database, or a broker that takes nothing: ingest waits, holds little, says so, and goes on."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from doorstep.embedded.broker import EmbeddedBroker
from doorstep.embedded.postgres import SERVER_SETTINGS, EmbeddedPostgres
from eventlog.clock import wall_ms
from tests.integration.doorstep.parents import eventually
from tests.integration.ingest.cell import LIMIT_S, Cell, Device, running, settings_of

COUNT = 300
NOTE = "x" * 9_000
NOW_S = wall_ms() // 1_000


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A database of the test's own: it is taken away."""
    server = EmbeddedPostgres(tmp_path / "postgres", server_settings=SERVER_SETTINGS)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def cell(tmp_path: Path, postgres: EmbeddedPostgres, broker: EmbeddedBroker) -> Iterator[Cell]:
    cell = Cell(settings_of(tmp_path, postgres.url, broker.url, backoff_max_s=0.5, inbox_mb=1, probe_every_s=0.2))
    yield cell
    if not cell.has_ended:
        cell.stop()


def large(first: int, count: int = COUNT) -> list[tuple[str, bytes]]:
    """Nine kilobytes each, so that few of them are more than may be held."""
    said = '{"time":%d,"id":"%d","note":"%s"}'
    return [(f"doorstep/v1/p{n % 7}/sos", (said % (NOW_S, n, NOTE)).encode()) for n in range(first, first + count)] + [
        (f"doorstep/v1/p{n % 7}/shift", (said.replace('"note"', '"on":true,"note"') % (NOW_S, n, NOTE)).encode())
        for n in range(first, first + count)
    ]


def test_a_full_database_is_waited_for_with_little_in_memory(cell: Cell, phone: Device) -> None:
    with running(cell), psycopg.connect(cell.settings.database_url or "", autocommit=True) as conn:
        phone.publish(large(0, 5))
        cell.until_rows(10)
        conn.execute(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$"
        )
        conn.execute(
            "CREATE TRIGGER full_disk BEFORE INSERT ON eventlog.log_events FOR EACH ROW EXECUTE FUNCTION full_disk()"
        )
        phone.publish(large(1_000))
        eventually(lambda: cell.counters().get("full") == 1.0, "ingest holds all that it may", LIMIT_S)
        counters = cell.counters()
        assert counters["failing_s"] > 0
        # an alarm does not wait outside, and what one read of the socket brings is taken whole
        assert counters["held_bytes"] < (1 << 20) + COUNT * 9_600 + (1 << 18)
        conn.execute("DROP TRIGGER full_disk ON eventlog.log_events")
        cell.until_rows(10 + 2 * COUNT)
        eventually(lambda: cell.counters()["failing_s"] == cell.counters()["full"] == 0, "all is well again", LIMIT_S)
    assert set(cell.facts().values()) == {1}


def test_a_broker_that_stores_nothing_is_noticed(cell: Cell, broker: EmbeddedBroker) -> None:
    with running(cell):
        eventually(lambda: cell.counters().get("unanswered_s") == 0, "the broker answers", LIMIT_S)
        assert broker.child is not None
        pid = broker.child.pid or 0
        os.kill(pid, signal.SIGSTOP)
        try:
            eventually(lambda: cell.counters()["unanswered_s"] > 1.0, "its silence is counted", LIMIT_S)
        finally:
            os.kill(pid, signal.SIGCONT)
        eventually(lambda: cell.counters()["unanswered_s"] < 1.0, "it answers again", LIMIT_S)
    assert cell.facts() == {}, "a probe is no fact"
