"""The embedded MQTT broker: keeps what it acknowledged, carries large messages, never outlives its parent."""

from __future__ import annotations

import os
import signal
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as mqtt
import pytest

from doorstep.brokers.accounts import device_accounts
from doorstep.embedded import broker
from doorstep.embedded.broker import BrokerTls, BrokerUser, EmbeddedBroker
from doorstep.embedded.child import ChildFailed
from doorstep.embedded.folder import FolderInUse, is_running
from doorstep.embedded.mqtt_probe import accepts_mqtt
from tests.contracts.brokers import Certificates, Phone, phone
from tests.integration.doorstep.parents import eventually, parent_of

SERVER = "doorstep.embedded.broker.EmbeddedBroker"
QOS_1 = 1
LIMIT_S = 20.0


class Session:
    """A connected paho client that keeps what it is sent."""

    def __init__(self, url: str, name: str, *, user: BrokerUser | None = None, clean: bool = True) -> None:
        parts = urlsplit(url)
        self.got: list[tuple[str, bytes]] = []
        self.granted: list[int] = []
        self.lost = 0
        self._connected = threading.Event()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=name, clean_session=clean)
        if user:
            self.client.username_pw_set(user.name, user.password)
        elif parts.username:
            self.client.username_pw_set(unquote(parts.username), unquote(parts.password or ""))
        self.client.on_connect = lambda *_: self._connected.set()
        self.client.on_disconnect = self._on_disconnect
        self.client.on_message = lambda _client, _data, message: self.got.append((message.topic, message.payload))
        self.client.on_subscribe = lambda _client, _data, _mid, codes, _properties: self.granted.extend(
            code.value for code in codes
        )
        self.client.connect(parts.hostname or "", parts.port or 0)
        self.client.loop_start()
        assert self._connected.wait(LIMIT_S)

    def _on_disconnect(self, *_: object) -> None:
        self.lost += 1

    def subscribe(self, topic: str) -> bool:
        self.granted.clear()
        self.client.subscribe(topic, QOS_1)
        eventually(lambda: bool(self.granted), "the subscription was answered", LIMIT_S)
        return self.granted == [QOS_1]

    def publish(self, topic: str, payload: bytes) -> None:
        sent = self.client.publish(topic, payload, QOS_1)
        sent.wait_for_publish(LIMIT_S)
        assert sent.is_published()


@contextmanager
def session(url: str, name: str, *, user: BrokerUser | None = None, clean: bool = True) -> Iterator[Session]:
    opened = Session(url, name, user=user, clean=clean)
    try:
        yield opened
    finally:
        opened.client.disconnect()
        opened.client.loop_stop()


def test_acknowledged_messages_for_an_absent_session_survive_kill_9(tmp_path: Path) -> None:
    server = EmbeddedBroker(tmp_path / "broker")
    url = server.start()
    try:
        with session(url, "ingest", clean=False) as ingest:
            assert ingest.subscribe("doorstep/v1/#")
        sent = [(f"doorstep/v1/d{n}/position", str(n).encode()) for n in range(200)]
        with session(url, "phone") as phone:
            for topic, payload in sent:
                phone.publish(topic, payload)
            assert server.child is not None
            os.kill(server.child.pid or 0, signal.SIGKILL)
        assert server.start() == url
        with session(url, "ingest", clean=False) as ingest:
            eventually(lambda: len(set(ingest.got)) == len(sent), "every message arrived")
            assert sorted(set(ingest.got)) == sorted(sent)
    finally:
        server.stop()


def test_a_message_of_ten_megabytes_passes(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path / "broker") as url, session(url, "a") as one:
        assert one.subscribe("doorstep/v1/#")
        one.publish("doorstep/v1/d/position", b"x" * 10_000_000)
        eventually(lambda: [len(payload) for _, payload in one.got] == [10_000_000], "the message came back")


def test_a_user_is_held_to_the_topics_it_was_given(tmp_path: Path) -> None:
    server_user = BrokerUser("doorstep", "all of it / 100%")
    device = BrokerUser(
        "device",
        "only its own",
        publish=("doorstep/v1/+/+",),
        subscribe=("doorstep/v1/down/#",),
        deny=("doorstep/v1/_clock/#",),
    )
    with (
        EmbeddedBroker(tmp_path / "broker", users=[server_user, device]) as url,
        session(url, "ingest") as ingest,
        session(url, "phone", user=device) as phone,
    ):
        assert ingest.subscribe("#")
        assert phone.subscribe("doorstep/v1/down/#")
        assert not phone.subscribe("doorstep/v1/#")
        phone.publish("elsewhere/x", b"acknowledged and dropped")
        phone.publish("doorstep/v1/_clock/time", b"acknowledged and dropped")
        phone.publish("doorstep/v1/d/position", b"carried")
        eventually(lambda: ("doorstep/v1/d/position", b"carried") in ingest.got, "the allowed message arrived")
        assert [payload for _, payload in ingest.got] == [b"carried"]


def test_a_wrong_password_is_refused(tmp_path: Path) -> None:
    server = EmbeddedBroker(tmp_path / "broker", users=[BrokerUser("doorstep", "the right one")])
    with server:
        assert not accepts_mqtt("127.0.0.1", server.port or 0, ("doorstep", "the wrong one"), 5)
        assert not accepts_mqtt("127.0.0.1", server.port or 0, None, 5)
        long = ("doorstep", "wrong and longer than one byte of length can say" * 4)
        assert not accepts_mqtt("127.0.0.1", server.port or 0, long, 5)


def test_a_user_with_a_long_password_gets_in(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path / "broker", users=[BrokerUser("doorstep", "p" * 200)]) as url:
        assert url.startswith("mqtt://doorstep:ppp")


def test_a_second_owner_of_the_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "_WAIT_FOR_FOLDER_S", 0.0)
    with EmbeddedBroker(tmp_path / "broker"), pytest.raises(FolderInUse):
        EmbeddedBroker(tmp_path / "broker").start()


def test_a_broker_that_lost_its_owner_is_ended_before_a_new_one_starts(tmp_path: Path) -> None:
    lost = EmbeddedBroker(tmp_path / "broker")
    lost.start()
    assert lost.child is not None
    lost_pid = lost.child.pid or 0
    lost._lock.release()
    with EmbeddedBroker(tmp_path / "broker"):
        assert not is_running(lost_pid)
    lost.stop()


def test_a_stale_pid_file_that_names_a_living_stranger_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "broker").mkdir()
    (tmp_path / "broker/broker.pid").write_text(str(os.getpid()))
    with EmbeddedBroker(tmp_path / "broker") as url:
        assert url.startswith("mqtt://127.0.0.1:")


def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    with parent_of(SERVER, tmp_path / "broker") as (parent, _, pid):
        assert is_running(pid)
        parent.kill()
        eventually(lambda: not is_running(pid), "the broker ended")


# TLS and devices with logins of their own


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


def tls_of(certificates: Certificates, **changes: Path | None) -> BrokerTls:
    files = {"cert_file": certificates.path("server.pem"), "key_file": certificates.path("server.key")}
    return BrokerTls(**{**files, **changes})  # type: ignore[arg-type]


def test_with_a_certificate_it_speaks_nothing_but_tls(tmp_path: Path, certificates: Certificates) -> None:
    user = BrokerUser("doorstep", "secret")
    server = EmbeddedBroker(tmp_path / "broker", users=[user], tls=tls_of(certificates))
    with server as url:
        assert url == f"mqtts://doorstep:secret@127.0.0.1:{server.port}"
        trusting = ssl.create_default_context(cafile=certificates.path("ca.pem"))
        assert accepts_mqtt("127.0.0.1", server.port or 0, ("doorstep", "secret"), 5, trusting)
        assert not accepts_mqtt("127.0.0.1", server.port or 0, ("doorstep", "secret"), 5)


def test_with_an_authority_every_client_has_to_show_a_certificate(tmp_path: Path, certificates: Certificates) -> None:
    demanded = {
        "ca_file": certificates.path("ca.pem"),
        "own_cert_file": certificates.path("client.pem"),
        "own_key_file": certificates.path("client.key"),
    }
    server = EmbeddedBroker(tmp_path / "broker", tls=tls_of(certificates, **demanded))
    with server:
        context = ssl.create_default_context(cafile=certificates.path("ca.pem"))
        assert not accepts_mqtt("127.0.0.1", server.port or 0, None, 5, context)
        context.load_cert_chain(certificates.path("client.pem"), certificates.path("client.key"))
        assert accepts_mqtt("127.0.0.1", server.port or 0, None, 5, context)


def test_its_name_in_the_certificate_is_how_it_is_reached(tmp_path: Path, certificates: Certificates) -> None:
    tls = BrokerTls(
        cert_file=certificates.path("server.pem"), key_file=certificates.path("server.key"), name="broker.example.org"
    )
    with EmbeddedBroker(tmp_path / "broker", tls=tls) as url:
        assert url.startswith("mqtts://broker.example.org:")


def test_devices_are_admitted_and_cut_off_while_it_runs(tmp_path: Path) -> None:
    anna, bert = phone("anna-1", "doorstep/v1/anna"), phone("bert-1", "doorstep/v1/bert")
    server = EmbeddedBroker(tmp_path / "broker", users=[BrokerUser("doorstep", "secret")])

    def gets_in(one: Phone) -> bool:
        return accepts_mqtt("127.0.0.1", server.port or 0, (one.login.login, one.password), 5)

    with server as url, session(url, "ingest") as ingest:
        assert ingest.subscribe("#")
        assert not gets_in(anna)
        server.admit(device_accounts([anna.login]))
        assert gets_in(anna)
        with session(url, "of-anna", user=BrokerUser("anna-1", anna.password)) as device:
            device.publish("doorstep/v1/bert/position", b"acknowledged and dropped")
            device.publish("doorstep/v1/anna/position", b"carried")
            eventually(lambda: bool(ingest.got), "the allowed message arrived", LIMIT_S)
            server.admit(device_accounts([bert.login]))
            eventually(lambda: device.lost > 0, "whoever is no longer admitted is cut off", LIMIT_S)
        assert (gets_in(anna), gets_in(bert)) == (False, True)
        assert [payload for _, payload in ingest.got] == [b"carried"]
        assert ingest.lost == 0, "others stay connected"
        server.start()
        assert (gets_in(anna), gets_in(bert)) == (False, True)


def test_what_it_does_not_take_changes_nothing_and_is_said(tmp_path: Path) -> None:
    anna = phone("anna-1", "doorstep/v1/anna")
    server = EmbeddedBroker(tmp_path / "broker", users=[BrokerUser("doorstep", "secret")])
    with server:
        twice = device_accounts([anna.login, anna.login])
        for _ in range(2):
            with pytest.raises(ChildFailed, match="does not take"):
                server.admit(twice)
        assert accepts_mqtt("127.0.0.1", server.port or 0, ("doorstep", "secret"), 5)
