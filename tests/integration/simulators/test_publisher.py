"""The publisher against a real broker, also one that is killed."""

from __future__ import annotations

import os
import queue
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from doorstep.embedded.broker import BrokerUser, EmbeddedBroker
from simulators.errors import BrokerSilent
from simulators.publisher import Publisher
from simulators.wire import Message, Shift, encode
from tests.integration.doorstep.parents import eventually

TOPIC = "doorstep/v1/#"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    broker = EmbeddedBroker(tmp_path, sync_interval="always")
    with broker:
        yield broker


@contextmanager
def listening(url: str) -> Iterator[queue.SimpleQueue[Message]]:
    """A persistent session that hears everything, in order."""
    heard: queue.SimpleQueue[Message] = queue.SimpleQueue()
    subscribed: queue.SimpleQueue[bool] = queue.SimpleQueue()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="listener", clean_session=False)

    def on_message(client: mqtt.Client, data: Any, message: mqtt.MQTTMessage) -> None:
        heard.put(Message(message.topic, message.payload))

    def on_connect(client: mqtt.Client, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        client.subscribe(TOPIC, qos=1)

    client.on_message = on_message
    client.on_connect = on_connect
    client.on_subscribe = lambda *_: subscribed.put(True)
    client.reconnect_delay_set(1, 1)
    client.connect("127.0.0.1", urlsplit(url).port or 0)
    client.loop_start()
    try:
        assert subscribed.get(timeout=20)
        yield heard
    finally:
        client.disconnect()
        client.loop_stop()


def shifts(count: int) -> list[Message]:
    return [encode("phone-1", Shift(time=float(number), on=True)) for number in range(count)]


def test_what_is_published_arrives_in_order_and_ticks_come_after_what_was_before_them(broker: EmbeddedBroker) -> None:
    with listening(broker.url) as heard, Publisher(broker.url, client_id="p", in_flight=7) as publisher:
        for message in shifts(50):
            publisher.publish(message)
        publisher.tick(1_000)
        assert publisher.acknowledged >= 50
        for message in shifts(3):
            publisher.publish(message)
        publisher.drain()
        assert publisher.acknowledged == 54
        arrived = [heard.get(timeout=20) for _ in range(54)]
    tick = Message("doorstep/v1/_clock/time", b'{"time":"1970-01-01T00:00:01.000Z"}')
    assert arrived == [*shifts(50), tick, *shifts(3)]


def test_nothing_is_lost_when_the_broker_is_killed(broker: EmbeddedBroker) -> None:
    sent = shifts(400)
    with listening(broker.url) as heard, Publisher(broker.url, client_id="p", in_flight=20) as publisher:
        for number, message in enumerate(sent):
            publisher.publish(message)
            if number in (100, 300):
                assert broker.child is not None
                assert broker.child.pid is not None
                os.kill(broker.child.pid, signal.SIGKILL)
                broker.start()
        publisher.drain()
        assert publisher.acknowledged == 400
        arrived: set[Message] = set()

        def all_arrived() -> bool:
            while not heard.empty():
                arrived.add(heard.get())
            return arrived == set(sent)

        eventually(all_arrived, "every acknowledged message arrives", limit_s=60)


def test_a_broker_that_is_away_is_reported_after_the_patience(broker: EmbeddedBroker) -> None:
    publisher = Publisher(broker.url, client_id="p", in_flight=3, patience_s=0.5)
    with pytest.raises(BrokerSilent, match=r"unacknowledged for 0\.5 s"), publisher:
        publish_without(broker, publisher)


def publish_without(broker: EmbeddedBroker, publisher: Publisher) -> None:
    broker.stop()
    for message in shifts(10):
        publisher.publish(message)


def test_nobody_listens_there() -> None:
    with pytest.raises(BrokerSilent, match="refused"), Publisher("mqtt://127.0.0.1:9", client_id="p", patience_s=0.3):
        pass


def test_a_password_is_shown_and_a_wrong_one_refused(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path, users=[BrokerUser("doorstep", "s3cret/pass")])
    with broker:
        with Publisher(broker.url, client_id="p") as publisher:
            publisher.publish(shifts(1)[0])
        wrong = broker.url.replace("s3cret%2Fpass", "wrong")
        assert wrong != broker.url
        with pytest.raises(BrokerSilent, match="refuses"), Publisher(wrong, client_id="p", patience_s=2):
            pass
