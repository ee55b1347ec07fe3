"""The embedded PostgreSQL: starts anywhere, keeps what it acknowledged, never outlives its parent."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any, Literal

import psycopg
import pytest

from doorstep.embedded import postgres
from doorstep.embedded.child import run
from doorstep.embedded.folder import FolderInUse, is_running, port_is_free
from doorstep.embedded.postgres import EmbeddedPostgres
from tests.integration.doorstep.parents import eventually, ordinary_identities, parent_of

SERVER = "doorstep.embedded.postgres.EmbeddedPostgres"

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives up being root")


def pid_of(server: EmbeddedPostgres) -> int:
    assert server.child is not None
    assert server.child.pid is not None
    return server.child.pid


def kill(server: EmbeddedPostgres) -> None:
    os.kill(pid_of(server), signal.SIGKILL)
    eventually(lambda: server.child is not None and server.child.exit_code is not None, "the killed server ended")


def test_a_cold_and_a_warm_start_serve_the_same_data(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "pg") as url, psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS a")
    with EmbeddedPostgres(tmp_path / "pg") as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT a FROM t").fetchall() == [(1,)]


def test_the_server_is_durable_utc_utf8_and_sorts_by_bytes(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "pg") as url, psycopg.connect(url) as connection:
        names = ("fsync", "synchronous_commit", "TimeZone", "server_encoding")
        shown = [connection.execute("SELECT current_setting(%s)", [name]).fetchone() for name in names]
        assert shown == [("on",), ("on",), ("UTC",), ("UTF8",)]
        assert connection.execute("SELECT 'Z' < 'a'").fetchone() == (True,)


def test_a_wrong_password_is_refused(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "pg") as url:
        without = url.replace(url.split(":")[2].split("@")[0], "guess")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(without)


@needs_root
@pytest.mark.skipif(sys.platform != "linux", reason="user namespaces and capabilities are Linux's")
@pytest.mark.parametrize("identity", ["namespace", "drop"])
def test_root_runs_it_as_another_user_also_below_a_closed_folder(
    tmp_path: Path, identity: Literal["namespace", "drop"]
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with EmbeddedPostgres(closed / "pg", identity=identity) as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@needs_root
@pytest.mark.skipif(sys.platform != "linux", reason="user namespaces and capabilities are Linux's")
def test_root_drops_to_another_user_where_namespaces_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_without_namespaces(argv: list[str], *, identity: str, **rest: Any) -> tuple[int, str]:
        return (1, "unshare: refused") if identity.startswith("namespace") else run(argv, identity=identity, **rest)

    monkeypatch.setattr(postgres, "run", run_without_namespaces)
    server = EmbeddedPostgres(tmp_path / "pg")
    with server as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        assert Path(f"/proc/{pid_of(server)}").stat().st_uid != 0


@needs_root
@pytest.mark.skipif(sys.platform != "linux", reason="user namespaces and capabilities are Linux's")
def test_data_made_under_one_identity_is_read_under_the_other(tmp_path: Path) -> None:
    order: tuple[Literal["namespace", "drop"], ...] = ("drop", "namespace", "drop")
    for identity in order:
        with EmbeddedPostgres(tmp_path / "pg", identity=identity) as url, psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS t (a int)")
            connection.execute("INSERT INTO t VALUES (1)")
    with EmbeddedPostgres(tmp_path / "pg") as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (3,)


@pytest.mark.parametrize("identity", ordinary_identities())
def test_an_ordinary_user_runs_it(tmp_path: Path, identity: str) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    folder.chmod(0o777)
    with parent_of(SERVER, folder / "pg", identity) as (_, url, _), psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_kill_9_loses_no_acknowledged_row(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "pg")
    url = server.start()
    port = server.port
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE t (n int)")
        for round_ in range(3):
            acknowledged = write_until_killed(server, url, first=round_ * 1_000_000)
            assert server.start() == url
            assert server.port == port
            with psycopg.connect(url) as connection:
                kept = {n for (n,) in connection.execute("SELECT n FROM t").fetchall()}
            assert set(acknowledged) <= kept
    finally:
        server.stop()


def write_until_killed(server: EmbeddedPostgres, url: str, first: int) -> list[int]:
    """Insert and commit row by row until the server is killed under the writer; the rows whose commit was answered."""
    acknowledged: list[int] = []
    enough = threading.Event()

    def write() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while True:
                connection.execute("INSERT INTO t VALUES (%s)", [first + len(acknowledged)])
                acknowledged.append(first + len(acknowledged))
                if len(acknowledged) == 50:
                    enough.set()

    def write_until_cut() -> None:
        with pytest.raises(psycopg.OperationalError):
            write()

    writer = threading.Thread(target=write_until_cut)
    writer.start()
    assert enough.wait(30)
    kill(server)
    writer.join(30)
    assert not writer.is_alive()
    return acknowledged


def test_a_stale_pid_file_that_names_a_living_stranger_is_no_obstacle(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "pg")
    server.start()
    try:
        kill(server)
        pid_file = tmp_path / "pg/cluster/postmaster.pid"
        _, _, rest = pid_file.read_text().partition("\n")
        pid_file.write_text(f"{os.getpid()}\n{rest}")
        with psycopg.connect(server.start()) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        server.stop()


def test_a_server_that_lost_its_owner_is_ended_before_a_new_one_starts(tmp_path: Path) -> None:
    lost = EmbeddedPostgres(tmp_path / "pg")
    lost.start()
    lost_pid = pid_of(lost)
    lost._lock.release()
    with EmbeddedPostgres(tmp_path / "pg") as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        assert not is_running(lost_pid)
    lost.stop()


def test_a_cluster_that_was_not_made_whole_is_made_again(tmp_path: Path) -> None:
    half = tmp_path / "pg/cluster.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(tmp_path / "pg") as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_second_owner_of_the_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_WAIT_FOR_FOLDER_S", 0.0)
    with EmbeddedPostgres(tmp_path / "pg"), pytest.raises(FolderInUse):
        EmbeddedPostgres(tmp_path / "pg").start()


def test_it_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "pg")
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
    try:
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        server.stop()


def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    with parent_of(SERVER, tmp_path / "pg") as (parent, url, pid), psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        assert is_running(pid)
        parent.kill()
        eventually(lambda: not is_running(pid), "the server ended")
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with EmbeddedPostgres(tmp_path / "pg") as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_stopped_server_leaves_its_port(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "pg")
    server.start()
    assert server.port is not None
    assert not port_is_free(server.port)
    server.stop()
    assert port_is_free(server.port)
