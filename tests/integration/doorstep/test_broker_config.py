"""`doorstep broker-config` on a cell's database: its logins are in what is written, and out again once revoked."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from doorstep.cli import app
from doorstep.settings import Settings
from ingest import credentials


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, database: str, tmp_path: Path) -> CliRunner:
    monkeypatch.setenv("DOORSTEP_DATABASE_URL", database)
    monkeypatch.setenv("DOORSTEP_HOME", str(tmp_path / "home"))
    assert Settings.read().database_url == database
    return CliRunner()


def test_a_minted_login_is_written_until_it_is_revoked(run: CliRunner, database: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ["broker-config", "mosquitto", "--host", "mqtt.example.org", "--out", str(out)]
    first = run.invoke(app, command)
    assert first.exit_code == 0, first.output
    with psycopg.connect(database) as conn:
        minted = credentials.mint(conn, "anna", credentials.topics_of("anna"))
    second = run.invoke(app, command)
    assert second.stdout.splitlines() == [str(out / "access.acl"), str(out / "passwords")]
    assert f"user {minted.login}\n" in (out / "access.acl").read_text()
    assert minted.password not in (out / "passwords").read_text()
    assert "@mqtt.example.org:8884" in (out / "doorstep.env").read_text()
    assert run.invoke(app, command).stdout == ""
    with psycopg.connect(database) as conn:
        credentials.revoke(conn, minted.login)
    run.invoke(app, command)
    assert minted.login not in (out / "access.acl").read_text() + (out / "passwords").read_text()
    shown = run.invoke(app, ["broker-config", "nats"]).stdout
    assert "sync_interval: always" in shown
    assert "$2a$" not in shown
