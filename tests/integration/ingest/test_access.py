"""How ingest gets to its broker: TLS with certificates of both sides, passwords, and what it says when refused."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from doorstep.embedded.broker import BrokerUser, EmbeddedBroker, find_program
from doorstep.embedded.folder import choose_port
from ingest.broker import Access, Session
from ingest.inbox import Inbox
from tests.integration.doorstep.parents import eventually
from tests.integration.ingest.cell import Cell, settings_of

LIMIT_S = 20.0
TOPIC = "doorstep/v1/p1/position"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority, and certificates of a server and a client that it has signed."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificates")
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority", "-days", "2")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    for name in ("server", "client"):
        openssl("req", *new_key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        signing = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names", "-days", "2")
        openssl("x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.pem", *signing)
    return folder


@pytest.fixture
def tls_broker(tmp_path: Path, certificates: Path) -> Iterator[str]:
    """A broker that speaks TLS and asks for certificates."""
    port = choose_port(None, "127.0.0.1")
    tls = {
        "cert_file": str(certificates / "server.pem"),
        "key_file": str(certificates / "server.key"),
        "ca_file": str(certificates / "ca.pem"),
        "verify": True,
    }
    config = {
        "server_name": "tls",
        "host": "127.0.0.1",
        "port": -1,
        "jetstream": {"store_dir": str(tmp_path / "jetstream")},
        "mqtt": {"host": "127.0.0.1", "port": port, "tls": tls},
    }
    file = tmp_path / "broker.conf"
    file.write_bytes(msgspec.json.encode(config))
    with subprocess.Popen([find_program(), "--config", file], stderr=subprocess.DEVNULL) as process:
        try:
            eventually(lambda: _accepts(port), "the broker listens", LIMIT_S)
            yield f"mqtts://127.0.0.1:{port}"
        finally:
            process.terminate()


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def session(access: Access) -> Iterator[tuple[Session, Inbox]]:
    inbox = Inbox()
    opened = Session(access, inbox, ["doorstep/v1/#"])
    opened.start()
    try:
        yield opened, inbox
    finally:
        opened.stop()


def test_both_sides_show_their_certificates(tls_broker: str, certificates: Path) -> None:
    access = Access(
        url=tls_broker,
        client_id="ingest",
        ca_file=certificates / "ca.pem",
        cert_file=certificates / "client.pem",
        key_file=certificates / "client.key",
    )
    with session(access) as (opened, inbox):
        assert opened.ready.wait(LIMIT_S)
        assert opened.connected
        phone = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="phone")
        phone.tls_set(str(certificates / "ca.pem"), str(certificates / "client.pem"), str(certificates / "client.key"))
        phone.connect("127.0.0.1", int(tls_broker.rpartition(":")[2]))
        phone.loop_start()
        phone.publish(TOPIC, b"hello", 1).wait_for_publish(LIMIT_S)
        phone.disconnect()
        phone.loop_stop()
        eventually(lambda: inbox.depth == 1, "the message arrived", LIMIT_S)
        (delivery,) = inbox.take(1, 0.0, threading.Event())
        assert (delivery.message.topic, delivery.message.payload) == (TOPIC, b"hello")


# paho leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_broker_whose_certificate_nobody_vouches_for_is_not_spoken_to(tls_broker: str, certificates: Path) -> None:
    access = Access(
        url=tls_broker,
        client_id="ingest",
        cert_file=certificates / "client.pem",
        key_file=certificates / "client.key",
        backoff_first_s=0.05,
    )
    with session(access) as (opened, _):
        assert not opened.ready.wait(1.0)
        assert not opened.connected


def test_a_user_with_a_password_gets_in(tmp_path: Path) -> None:
    users = [BrokerUser("ingest", "all of it / 100%")]
    with (
        EmbeddedBroker(tmp_path / "broker", users=users) as url,
        session(Access(url=url, client_id="ingest")) as (opened, _),
    ):
        assert opened.ready.wait(LIMIT_S)


def test_ingest_ends_with_the_reason_when_it_may_not_subscribe(tmp_path: Path, database: str) -> None:
    users = [BrokerUser("ingest", "some of it", subscribe=("elsewhere/#",))]
    with EmbeddedBroker(tmp_path / "broker", users=users) as url:
        cell = Cell(settings_of(tmp_path, database, url))
        ended = cell.run_to_its_end()
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("doorstep: the broker refused a subscription")


def test_ingest_waits_for_a_broker_that_is_not_there_yet(tmp_path: Path) -> None:
    server = EmbeddedBroker(tmp_path / "broker")
    server.start()
    server.stop()
    access = Access(url=f"mqtt://127.0.0.1:{server.port}", client_id="ingest", backoff_first_s=0.05, backoff_max_s=0.2)
    with session(access) as (opened, _):
        assert not opened.ready.wait(0.5)
        server.start()
        try:
            assert opened.ready.wait(LIMIT_S)
        finally:
            server.stop()
