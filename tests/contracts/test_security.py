"""What both brokers must hold with the configuration that we write for them: who gets in, and who is heard where."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from ingest.topics import PROBE
from tests.contracts.brokers import LIMIT_S, Broker, Certificates, Phone, phone
from tests.contracts.clients import Client, device
from tests.integration.doorstep.parents import eventually

ANNA = phone("anna-1", "doorstep/v1/anna", "owntracks/anna/phone")
BERT = phone("bert-1", "doorstep/v1/bert", "owntracks/bert/phone")
GATEWAY = phone("gateway-1", "doorstep/v1", "zigbee2mqtt")
"""May publish for every native device, as far as its topics say: the cell's clock too, were it not forbidden."""


@pytest.fixture(scope="module")
def secured(broker: Broker) -> Broker:
    broker.write([ANNA, BERT, GATEWAY])
    broker.start()
    return broker


@pytest.fixture
def ingest(secured: Broker) -> Iterator[Client]:
    """A session of ingest's, which hears every native topic."""
    with own(secured, "watcher") as client:
        assert client.subscribe("doorstep/v1/#")
        yield client


def own(broker: Broker, name: str) -> Client:
    return Client(broker, "doorstep", broker.kept.password, name, port=broker.own_port)


def test_without_tls_nobody_gets_in(secured: Broker) -> None:
    plain = b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04test"
    for port in {secured.port, secured.own_port}:
        with socket.create_connection(("127.0.0.1", port), LIMIT_S) as connection:
            connection.sendall(plain)
            try:
                answer = connection.recv(64)
            except ConnectionResetError:
                answer = b""
        assert not answer.startswith(b"\x20"), "a CONNACK"


@pytest.mark.parametrize(("user", "password"), [("anna-1", "wrong"), ("nobody", "wrong"), ("doorstep", "wrong")])
def test_a_wrong_password_is_refused(secured: Broker, user: str, password: str) -> None:
    with Client(secured, user, password, "stranger") as client:
        assert not client.is_connected


def test_another_devices_password_is_refused(secured: Broker) -> None:
    with Client(secured, ANNA.login.login, BERT.password, "stranger") as client:
        assert not client.is_connected


def test_a_device_is_heard_on_its_own_topics_and_on_no_other(secured: Broker, ingest: Client) -> None:
    with device(secured, ANNA) as anna, device(secured, BERT) as bert:
        anna.publish([("doorstep/v1/bert/position", b"anna as bert"), ("doorstep/v1/bert", b"anna as bert")])
        anna.publish([("doorstep/v1/anna/position", b"anna"), ("doorstep/v1/anna", b"anna")])
        bert.publish([("doorstep/v1/bert/position", b"bert")])
        eventually(lambda: len(ingest.got) >= 3, "what is allowed arrived", LIMIT_S)
    assert sorted((topic, payload) for topic, payload, _ in ingest.got) == [
        ("doorstep/v1/anna", b"anna"),
        ("doorstep/v1/anna/position", b"anna"),
        ("doorstep/v1/bert/position", b"bert"),
    ]


def test_no_device_tells_the_time(secured: Broker, ingest: Client) -> None:
    with device(secured, GATEWAY) as gateway:
        gateway.publish([("doorstep/v1/_clock/time", b"{}"), ("doorstep/v1/p9/position", b"last")])
        eventually(lambda: bool(ingest.got), "what is allowed arrived", LIMIT_S)
    assert [topic for topic, *_ in ingest.got] == ["doorstep/v1/p9/position"]


def test_a_device_hears_what_is_meant_for_it_and_nothing_else(secured: Broker) -> None:
    with device(secured, ANNA) as anna, device(secured, BERT) as bert:
        assert anna.subscribe("owntracks/anna/phone/cmd")
        for topic in ("owntracks/bert/phone/cmd", "doorstep/v1/#", "#", "owntracks/+/+/cmd", "$SYS/#"):
            # Mosquitto 2.0 grants any subscription and then delivers nothing that may not be read.
            anna.subscribe(topic)
        bert.publish([("owntracks/bert/phone/cmd", b"for bert"), ("doorstep/v1/bert/position", b"where bert is")])
        anna.publish([("owntracks/anna/phone/cmd", b"for anna")])
        eventually(lambda: bool(anna.got), "what is meant for it arrived", LIMIT_S)
    assert {payload for _, payload, _ in anna.got} == {b"for anna"}


def test_ingest_itself_publishes_nothing_but_its_probe(secured: Broker, ingest: Client) -> None:
    with own(secured, "other") as other, device(secured, BERT) as bert:
        other.publish([("doorstep/v1/anna/position", b"forged"), ("doorstep/v1/_clock/time", b"forged")])
        other.publish([(PROBE, b"")])
        bert.publish([("doorstep/v1/bert/position", b"bert")])
        eventually(lambda: len(ingest.got) == 2, "what is allowed arrived", LIMIT_S)
    assert {(topic, payload) for topic, payload, _ in ingest.got} == {
        (PROBE, b""),
        ("doorstep/v1/bert/position", b"bert"),
    }


def test_a_login_that_is_made_or_revoked_counts_after_a_reload_and_others_stay_connected(
    secured: Broker, ingest: Client
) -> None:
    late = phone("late-1", "doorstep/v1/late")
    with (
        device(secured, late, name="late-early") as early,
        device(secured, ANNA) as anna,
        device(secured, BERT) as bert,
    ):
        assert not early.is_connected
        try:
            secured.write([ANNA, GATEWAY, late])
            secured.read_again()
            eventually(lambda: gets_in(secured, late), "the new login gets in", LIMIT_S)
            eventually(lambda: not gets_in(secured, BERT), "the revoked one does not", LIMIT_S)
            eventually(lambda: bert.lost > 0, "and is cut off", LIMIT_S)
            anna.publish([("doorstep/v1/anna/position", b"still here")])
            eventually(lambda: bool(ingest.got), "the others go on", LIMIT_S)
            assert (anna.lost, ingest.lost) == (0, 0)
        finally:
            secured.write([ANNA, BERT, GATEWAY])
            secured.read_again()
            eventually(lambda: gets_in(secured, BERT), "as before", LIMIT_S)


def gets_in(broker: Broker, phone: Phone) -> bool:
    with device(broker, phone, name="try") as client:
        return client.is_connected


@pytest.fixture
def demanding(kind: str, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    broker = Broker(kind, tmp_path_factory.mktemp(f"{kind}-demanding"), certificates, demand_certificates=True)
    broker.write([ANNA])
    broker.start()
    yield broker
    broker.stop()


# paho leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_where_certificates_are_demanded_a_password_alone_is_not_enough(demanding: Broker) -> None:
    with device(demanding, ANNA, certificate=None) as bare:
        assert not bare.is_connected
    with Client(demanding, "anna-1", "wrong", "anna") as wrong:
        assert not wrong.is_connected
    with device(demanding, ANNA) as anna:
        assert anna.is_connected
