"""Three NATS servers with the configuration that we write: one of them is killed, and nothing acknowledged is lost."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from doorstep.brokers import write
from doorstep.brokers.write import Wish
from doorstep.embedded.broker import find_program
from doorstep.embedded.folder import choose_port
from doorstep.settings import Settings
from tests.contracts.brokers import LIMIT_S, Broker, Certificates, phone
from tests.contracts.clients import Client, device
from tests.integration.doorstep.parents import eventually

PHONE = phone("gateway-1", "doorstep/v1")


class Node(Broker):
    """One server of three: its MQTT port is its own, as they share a machine here."""

    def __init__(self, certificates: Certificates, folder: Path, place: int, password: str) -> None:
        self.certificates, self.folder = certificates, folder
        self.demands_certificates = True
        self.password = password
        self.port = self.own_port = choose_port(None)
        text = (folder / f"nats-{place}.conf").read_text()
        for written, here in (
            ("port: 4222", "port: -1"),
            ('http: "127.0.0.1:8222"', ""),
            ("port: 8883", f"port: {self.port}"),
            (str(folder / "data"), str(folder / f"data-{place}")),
        ):
            assert written in text
            text = text.replace(written, here)
        (folder / f"here-{place}.conf").write_text(text)
        with (folder / f"log-{place}").open("ab") as log:
            command = [str(find_program()), "--config", str(folder / f"here-{place}.conf")]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)


@pytest.fixture
def nodes(tmp_path: Path, certificates: Certificates) -> Iterator[list[Node]]:
    ports: set[int] = set()
    while len(ports) < 3:
        ports.add(choose_port(None))
    wish = Wish(
        kind="nats-cluster",
        host="127.0.0.1",
        folder=PurePosixPath(tmp_path),
        data=PurePosixPath(tmp_path / "data"),
        cert_file=PurePosixPath(certificates.path("server.pem")),
        key_file=PurePosixPath(certificates.path("server.key")),
        ca_file=PurePosixPath(certificates.path("ca.pem")),
        nodes=tuple(f"127.0.0.1:{port}" for port in ports),
    )
    kept = write.kept_in(tmp_path, None, "ingest")
    plan = write.plan_of(wish, Settings(sync_interval="1s"), [PHONE.login], kept)
    write.write(tmp_path, write.files_of(wish, plan), kept)
    started = [Node(certificates, tmp_path, place, kept.password) for place in (1, 2, 3)]
    yield started
    for node in started:
        node.process.kill()
        node.process.wait()


def ingest_at(node: Node) -> Client:
    return Client(node, "doorstep", node.password, "ingest", clean=False)


def lets_in(node: Node) -> bool:
    """Once the three have found each other and chosen who keeps the streams."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", node.port)) != 0:
            return False
    with device(node, PHONE, name=f"try-{node.port}") as client:
        return client.is_connected


def test_kill_9_of_one_of_three_loses_nothing_that_was_acknowledged(nodes: list[Node]) -> None:
    first, second, third = nodes
    for node in nodes:
        eventually(lambda node=node: lets_in(node), "the cluster takes connections", LIMIT_S)  # type: ignore[misc]
    with ingest_at(first) as ingest:
        assert ingest.subscribe("doorstep/v1/#")
    said = [(f"doorstep/v1/p{n % 9}/position", b"%d" % n) for n in range(300)]
    with device(second, PHONE, name="phone") as sender:
        sender.publish(said)
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait()
    eventually(lambda: lets_in(third), "the other two go on", LIMIT_S)
    with ingest_at(third) as ingest:
        eventually(lambda: len({payload for _, payload, _ in ingest.got}) == 300, "all of it is there", LIMIT_S)
