"""deploy/logins.yml: what its containers run does what it should, outside of containers."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from doorstep.cli import app
from doorstep.embedded.broker import find_program
from tests.contracts.brokers import LIMIT_S, Broker, Certificates, phone
from tests.contracts.clients import device
from tests.integration.doorstep.parents import ROOT, eventually

ANNA, BERT = phone("anna-1", "doorstep/v1/anna"), phone("bert-1", "doorstep/v1/bert")


class Loader(yaml.SafeLoader):
    """Knows compose's own tags."""


Loader.add_constructor("!override", lambda loader, node: loader.construct_sequence(node))


def services(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load((ROOT / name).read_text(), Loader)["services"]
    return loaded


class Watched(Broker):
    """NATS as deploy/nats-logins.sh runs it."""

    def start(self) -> None:
        # Its own protocol and the health check have fixed ports, which another broker here may have.
        text = (self.folder / "nats.conf").read_text()
        here = self.folder / "here.conf"
        here.write_text(text.replace("port: 4222", "port: -1").replace('http: "127.0.0.1:8222"', ""))
        script = ["sh", str(ROOT / "deploy/nats-logins.sh"), str(here)]
        environ = {"PATH": f"{find_program().parent}{os.pathsep}/usr/bin:/bin"}
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(script, env=environ, stdout=log, stderr=log)
        eventually(self._listens, "the broker listens", LIMIT_S)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(LIMIT_S)


@pytest.fixture
def broker(certificates: Certificates, tmp_path: Path) -> Iterator[Watched]:
    broker = Watched("nats", tmp_path / "broker", certificates)
    broker.write([ANNA])
    broker.start()
    yield broker
    broker.stop()


def test_the_broker_reads_what_has_changed_and_ends_when_told_to(broker: Watched) -> None:
    with device(broker, ANNA) as anna:
        assert anna.is_connected
        broker.write([ANNA, BERT])

        def bert_gets_in() -> bool:
            with device(broker, BERT) as bert:
                return bert.is_connected

        eventually(bert_gets_in, "the new login gets in without anybody's doing", LIMIT_S)
        assert anna.lost == 0
    broker.stop()
    assert not broker._listens()


def test_every_service_that_it_changes_is_there_and_its_command_is_one_of_ours() -> None:
    changed = services("deploy/logins.yml")
    assert changed.keys() - services("docker-compose.yml").keys() == {"logins"}
    name, *options = changed["logins"]["command"]
    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    read = command.make_context(name, [option.replace("${", "x").replace("}", "") for option in options]).params
    assert (read["kind"], read["every"], read["out"]) == ("nats", 5.0, Path("/etc/nats-logins"))
    assert changed["broker"]["command"][-1] == f"{read['folder']}/nats.conf"
    assert changed["logins"]["image"] == services("docker-compose.yml")["api"]["image"]
