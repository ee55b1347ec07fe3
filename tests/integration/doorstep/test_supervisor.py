"""`doorstep up` as a real process: order, restarts on the same ports, one owner of a home, nothing left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import msgspec
import psycopg
import pytest

from doorstep import supervisor
from doorstep.bootstrap import Running
from doorstep.embedded.folder import choose_port, is_running, port_is_free
from doorstep.settings import Settings, inherited_environ
from doorstep.supervisor import ROLES, Supervisor
from tests.integration.doorstep.parents import ROOT, eventually


@contextmanager
def up(settings: Settings) -> Iterator[subprocess.Popen[str]]:
    """`doorstep up` on the home, once it says where its logs are."""
    environ = {**inherited_environ(), "PYTHONUNBUFFERED": "1", **settings.to_environ()}
    command = [sys.executable, "-m", "doorstep.cli", "up"]
    with subprocess.Popen(
        command, env=environ, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("logs "):
                break
        try:
            assert process.poll() is None, "".join(said)
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=30)


def running(settings: Settings) -> Running:
    found = Running.find(settings)
    assert found is not None
    return found


def ticks(found: Running) -> int:
    with psycopg.connect(found.database_url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM eventlog.log_events WHERE topic = 'doorstep.clock.time_advanced'"
        ).fetchone()
        assert row is not None
        return int(row[0])


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", postgres_port=24_320, broker_port=21_883, tick_every_s=0.2)


def test_every_part_is_restarted_on_the_same_port_after_kill_9(settings: Settings) -> None:
    with up(settings):
        before = running(settings)
        assert list(before.processes) == ["postgres", "broker", *ROLES]
        for name in before.processes:
            killed = running(settings).processes[name]
            os.kill(killed, signal.SIGKILL)
            eventually(lambda name=name, killed=killed: running(settings).processes[name] != killed, f"{name} is back")
        after = running(settings)
        assert (after.database_url, after.mqtt_url) == (before.database_url, before.mqtt_url)
        seen = ticks(after)
        eventually(lambda: ticks(after) > seen, "the clock goes on")


def test_a_role_outlives_a_restart_of_the_database(settings: Settings) -> None:
    with up(settings):
        before = running(settings)
        seen = ticks(before)
        os.kill(before.processes["postgres"], signal.SIGKILL)
        eventually(lambda: running(settings).processes["postgres"] != before.processes["postgres"], "it is back")
        eventually(lambda: ticks(before) > seen + 2, "the clock goes on")
        assert running(settings).processes["clock"] == before.processes["clock"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_told_to_stop_it_leaves_no_process_and_no_run_file(settings: Settings, number: signal.Signals) -> None:
    with up(settings) as process:
        found = running(settings)
        process.send_signal(number)
        process.communicate(timeout=30)
        assert process.returncode == 0
    assert not any(is_running(pid) for pid in found.processes.values())
    assert not Running.file(settings).exists()
    assert port_is_free(settings.postgres_port)


def test_killed_itself_it_leaves_no_process_and_can_be_started_again(settings: Settings) -> None:
    with up(settings) as process:
        found = running(settings)
        process.kill()
        eventually(lambda: not any(is_running(pid) for pid in found.processes.values()), "everything ended")
        # Its children go with the thread that started them, its lock with its last one.
        eventually(lambda: Running.find(settings) is None, "nothing runs on this home")
    with up(settings):
        assert running(settings).mqtt_url == found.mqtt_url


def test_a_home_is_run_once(settings: Settings) -> None:
    environ = {**inherited_environ(), **settings.to_environ()}
    with up(settings):
        second = subprocess.run(
            [sys.executable, "-m", "doorstep.cli", "up"], env=environ, cwd=ROOT, capture_output=True, text=True
        )
    assert second.returncode == 1
    assert "in use by another process" in second.stderr


def test_own_servers_are_used_where_they_are_set(settings: Settings, database: str) -> None:
    own = msgspec.structs.replace(settings, database_url=database)
    with up(own):
        found = running(own)
        assert list(found.processes) == ["broker", *ROLES]
        eventually(lambda: ticks(found) > 2, "the clock ticks in the given database")


def test_a_followed_cell_has_no_clock_of_its_own(settings: Settings) -> None:
    followed = Settings.read({"home": settings.home, "clock_mode": "followed"}, environ={})
    with up(followed):
        assert "clock" not in running(followed).processes


def test_a_part_that_does_not_come_up_ends_it_with_the_reason(settings: Settings) -> None:
    broken = msgspec.structs.replace(settings, database_url="postgresql://nobody@127.0.0.1:1/none")
    environ = {**inherited_environ(), **broken.to_environ()}
    command = [sys.executable, "-m", "doorstep.cli", "up"]
    ended = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr.startswith("doorstep: ")


def test_the_api_moves_on_when_its_port_was_taken_while_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = iter([taken.getsockname()[1]])
        chosen = lambda preferred, host: next(ports, None) or choose_port(None, host)  # noqa: E731
        monkeypatch.setattr(supervisor, "choose_port", chosen)
        with Supervisor(Settings.read({"home": tmp_path}, environ={}), say=lambda line: None) as found:
            assert found.api_url != f"http://127.0.0.1:{taken.getsockname()[1]}"
            with urlopen(f"{found.api_url}/healthz") as answer:
                assert answer.status == 200
