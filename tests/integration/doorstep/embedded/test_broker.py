"""The embedded MQTT broker: keeps what it acknowledged, carries large messages, never outlives its parent."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as mqtt
import pytest

from doorstep.embedded import broker
from doorstep.embedded.broker import BrokerUser, EmbeddedBroker, accepts_mqtt
from doorstep.embedded.folder import FolderInUse, is_running
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
        self._connected = threading.Event()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=name, clean_session=clean)
        if user:
            self.client.username_pw_set(user.name, user.password)
        elif parts.username:
            self.client.username_pw_set(unquote(parts.username), unquote(parts.password or ""))
        self.client.on_connect = lambda *_: self._connected.set()
        self.client.on_message = lambda _client, _data, message: self.got.append((message.topic, message.payload))
        self.client.on_subscribe = lambda _client, _data, _mid, codes, _properties: self.granted.extend(
            code.value for code in codes
        )
        self.client.connect(parts.hostname or "", parts.port or 0)
        self.client.loop_start()
        assert self._connected.wait(LIMIT_S)

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
        assert not accepts_mqtt("127.0.0.1", server.port or 0, BrokerUser("doorstep", "the wrong one"), 5)
        assert not accepts_mqtt("127.0.0.1", server.port or 0, None, 5)
        long = BrokerUser("doorstep", "wrong and longer than one byte of length can say" * 4)
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
