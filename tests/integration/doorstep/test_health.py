"""`doorstep health`: each role is judged by its own work, on a real database."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from domain.time import Ms
from doorstep.bootstrap import event_log, migrate, projector
from doorstep.embedded.folder import choose_port
from doorstep.health import CHECKS, SILENT_S, unhealthy
from doorstep.settings import Settings, WrongSetting
from doorstep.supervisor import ROLES
from eventlog.clock import wall_ms
from eventlog.metronome import Metronome, WallPace
from tests.integration.doorstep.parents import eventually

EVERY_S = 5.0
"""Between two ticks, unless set."""


@pytest.fixture
def cell(database: str, tmp_path: Path) -> Settings:
    settings = Settings(home=tmp_path, database_url=database, api_port=choose_port(None))
    migrate(settings)
    return settings


def test_every_role_has_its_check() -> None:
    assert set(CHECKS) == set(ROLES)
    with pytest.raises(WrongSetting, match="clock, project, ingest, api"):
        unhealthy(Settings(), "projector")


def test_a_database_that_is_away_or_empty_is_said(database: str, tmp_path: Path) -> None:
    empty = Settings(home=tmp_path, database_url=database)
    away = Settings(home=tmp_path, database_url=f"postgresql://nobody:x@127.0.0.1:{choose_port(None)}/none")
    for role in ("project", "ingest"):
        assert "doorstep migrate" in (unhealthy(empty, role) or "")
        assert (unhealthy(away, role) or "").startswith("the database does not answer")


def test_the_projector_is_well_while_somebody_folds_without_an_error(cell: Settings) -> None:
    assert unhealthy(cell, "project") == "nobody folds"
    stop = threading.Event()
    with event_log(cell) as log:
        running = threading.Thread(target=projector(cell, log).run, args=(stop,))
        running.start()
        try:
            eventually(lambda: unhealthy(cell, "project") is None, "the projector folds")
            with psycopg.connect(cell.database_url or "", autocommit=True) as conn:
                conn.execute("UPDATE projector.units SET error = 'poison'")
            assert unhealthy(cell, "project") == "stands still at 0: poison"
        finally:
            stop.set()
            running.join(20)


def test_ingest_is_well_while_it_counts_and_has_its_broker(cell: Settings) -> None:
    assert unhealthy(cell, "ingest") == "has never run"
    with psycopg.connect(cell.database_url or "", autocommit=True) as conn:
        conn.execute("INSERT INTO ingest.counters (name, value) VALUES ('connected', 1)")
        assert unhealthy(cell, "ingest") is None
        conn.execute("UPDATE ingest.counters SET value = 0")
        assert unhealthy(cell, "ingest") == "has no session with the broker"
        conn.execute("UPDATE ingest.counters SET value = 1, at = now() - interval '40 s'")
        assert unhealthy(cell, "ingest") == "has been silent for 40 s"


@pytest.mark.parametrize(("old_s", "well"), [(0.0, True), (SILENT_S, True), (SILENT_S + 4 * EVERY_S, False)])
def test_the_clock_is_well_while_its_newest_tick_is_young(cell: Settings, old_s: float, well: bool) -> None:
    assert unhealthy(cell, "clock") == "has never ticked"
    with event_log(cell) as log:
        Metronome(log, WallPace(), wall=lambda: Ms(wall_ms() - round(old_s * 1000))).beat()
    assert (unhealthy(cell, "clock") is None) == well


def test_the_api_is_well_while_it_answers(cell: Settings) -> None:
    assert "does not answer" in (unhealthy(cell, "api") or "")
    with answering(cell.api_port, 200):
        assert unhealthy(cell, "api") is None
    with answering(cell.api_port, 503):
        assert unhealthy(cell, "api") == "/healthz says 503"


@contextmanager
def answering(port: int, status: int) -> Iterator[None]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    with http.server.HTTPServer(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
