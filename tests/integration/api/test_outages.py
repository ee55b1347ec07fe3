"""When the database is away: an answer that says so at once, and work as before when it is back."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from psycopg import Cursor

from doorstep.embedded.postgres import EmbeddedPostgres
from projections.queries import visits
from projections.rebuild import rebuild
from tests.integration.api.cell import Cell, cell_at, one_visit, served_at, worker
from tests.integration.api.sse import opened

PATIENCE_S = 12.0
"""Two attempts of two seconds, and a machine that has other things to do."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of this test's own, to be stopped at will."""
    own = EmbeddedPostgres(tmp_path / "postgres")
    with own:
        yield own


def kill(server: EmbeddedPostgres) -> None:
    assert server.child is not None
    pid = server.child.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    while server.child.exit_code is None:
        sleep(0.01)


def back(cell: Cell, path: str) -> Any:
    end = monotonic() + 30
    while (answer := cell.get(path)).status_code != 200:
        assert answer.status_code == 503
        assert monotonic() < end, "it did not come back"
        sleep(0.05)
    return answer.json()


def test_while_the_database_is_away_everything_answers_soon_that_it_is(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    with cell_at(server.url, tmp_path / "home") as cell:
        cell.plan(**one_visit())
        cell.fold()
        token = cell.link()
        before = cell.ok(cell.get("/v1/board"))
        kill(server)
        for method, path, body in [
            ("GET", "/v1/board", None),
            ("GET", "/v1/visits/v-1", None),
            ("GET", f"/v1/track/{token}", None),
            ("POST", "/v1/workers", worker(2)),
            ("POST", "/v1/visits/v-1/links", None),
        ]:
            began = monotonic()
            answer = cell.request(method, path, json=body)
            assert monotonic() - began < PATIENCE_S, path
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable"), path
            assert answer.headers["retry-after"] == "1"
        assert cell.ok(cell.get("/healthz")) == {"status": "ok"}
        ready = cell.get("/readyz")
        assert ready.status_code == 503
        assert "database" in ready.json()["reasons"]
        assert "doorstep_database_up 0.0" in cell.get("/metrics").text
        server.start()
        assert back(cell, "/v1/board")["visits"] == before["visits"]
        assert cell.ok(cell.post("/v1/workers", worker(2)))["outcome"] == "created"


def test_a_restart_of_the_database_between_two_requests_costs_neither(server: EmbeddedPostgres, tmp_path: Path) -> None:
    with cell_at(server.url, tmp_path / "home") as cell:
        cell.plan(**one_visit())
        cell.fold()
        cell.ok(cell.get("/v1/board"))
        kill(server)
        server.start()
        cell.ok(cell.get("/v1/board"))
        assert cell.ok(cell.post("/v1/workers", worker(2)))["outcome"] == "created"


def test_a_stream_outlives_a_restart_of_the_database(server: EmbeddedPostgres, tmp_path: Path) -> None:
    with served_at(server.url, tmp_path / "home", stream_heartbeat_s=0.2) as cell:
        cell.plan(**one_visit())
        cell.fold()
        with opened(cell.url, cell.link()) as stream:
            assert stream.next() is not None
            kill(server)
            stream.heartbeat()
            server.start()
            back(cell, "/v1/board")
            cell.ok(cell.post("/v1/visits/v-1/cancel"))
            cell.reopen()
            cell.fold()
            event = stream.next()
            assert event is not None
            assert event.data["status"] == "cancelled"


def test_a_read_that_a_swap_falls_into_is_read_again_whole(cell: Cell) -> None:
    cell.plan(**one_visit())
    cell.fold()
    seen: list[int] = []

    def query(cursor: Cursor[Any]) -> int:
        cursor.execute("SELECT 1")  # from here on everything is seen as of this instant
        if not seen:
            swapping = threading.Thread(target=rebuild, args=(cell.dsn, cell.log))
            swapping.start()
            swapping.join(30)
        seen.append(len(visits.between(cursor, 0, 2**42)))
        return seen[-1]

    assert cell.deps.database.read(query) == 1
    assert seen == [0, 1], "the first look led into tables that did not exist for it yet"


def test_reads_go_on_through_rebuilds(cell: Cell) -> None:
    cell.plan(**one_visit())
    cell.fold()
    stop = threading.Event()
    answers: list[int] = []

    def read() -> None:
        while not stop.is_set():
            answer = cell.get("/v1/board?day=2026-09-21")
            answers.append(len(answer.json()["visits"]) if answer.status_code == 200 else -answer.status_code)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for _ in range(5):
        rebuild(cell.dsn, cell.log)
    stop.set()
    for reader in readers:
        reader.join(30)
    assert set(answers) == {1}, "every board was whole"
