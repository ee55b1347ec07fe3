"""Every device with a connection of its own against a real broker, also one that is killed."""

from __future__ import annotations

import os
import queue
import signal
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from doorstep.embedded.broker import BrokerUser, EmbeddedBroker
from simulators.dialects import native_will, speaks_for
from simulators.errors import BrokerSilent
from simulators.fleet import Fleet
from simulators.wire import Lost, Message, Shift, encode
from tests.integration.doorstep.parents import eventually
from tests.integration.simulators.test_publisher import listening

DEVICES = [f"phone-{number}" for number in range(30)]
WILLS = {device: native_will(device) for device in DEVICES}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    broker = EmbeddedBroker(tmp_path, sync_interval="always")
    with broker:
        yield broker


def shifts(count: int) -> list[Message]:
    return [encode(DEVICES[n % len(DEVICES)], Shift(time=float(n), on=True)) for n in range(count)]


def by_device(messages: list[Message]) -> dict[str, list[Message]]:
    found: dict[str, list[Message]] = defaultdict(list)
    for message in messages:
        found[speaks_for(message)].append(message)
    return found


def heard_in_all(heard: queue.SimpleQueue[Message], count: int) -> list[Message]:
    return [heard.get(timeout=20) for _ in range(count)]


def test_each_devices_messages_arrive_in_order_and_a_tick_after_all_of_them(broker: EmbeddedBroker) -> None:
    with listening(broker.url) as heard, Fleet(broker.url, WILLS, in_flight=50) as fleet:
        for message in shifts(300):
            fleet.publish(message)
        fleet.tick(1_000)
        fleet.drain()
        assert (fleet.sent, fleet.acknowledged) == (301, 301)
        arrived = heard_in_all(heard, 301)
    assert arrived[-1].topic == "doorstep/v1/_clock/time"
    assert by_device(arrived[:-1]) == by_device(shifts(300))


def test_nothing_is_lost_and_nothing_overtakes_when_the_broker_is_killed(broker: EmbeddedBroker) -> None:
    sent = shifts(600)
    with listening(broker.url) as heard, Fleet(broker.url, WILLS, in_flight=60) as fleet:
        for number, message in enumerate(sent):
            fleet.publish(message)
            if number == 300:
                assert broker.child is not None
                assert broker.child.pid is not None
                os.kill(broker.child.pid, signal.SIGKILL)
                broker.start()
        fleet.drain()
        assert fleet.acknowledged == 600
        arrived: list[Message] = []

        def all_arrived() -> bool:
            while not heard.empty():
                arrived.append(heard.get())
            return set(arrived) >= set(sent)

        eventually(all_arrived, "every acknowledged message arrives", limit_s=60)
    said = [message for message in arrived if message in set(sent)]  # the wills of the lost connections are there too
    first_time = {device: list(dict.fromkeys(messages)) for device, messages in by_device(said).items()}
    assert first_time == by_device(sent)


def test_a_device_that_is_lost_leaves_its_will_and_comes_back(broker: EmbeddedBroker) -> None:
    before, after = (encode("phone-1", Shift(time=at, on=True)) for at in (1.0, 2.0))
    with listening(broker.url) as heard, Fleet(broker.url, WILLS) as fleet:
        fleet.publish(before)
        fleet.publish(Lost("phone-1"))
        assert heard_in_all(heard, 2) == [before, WILLS["phone-1"]]
        fleet.publish(after)
        fleet.drain()
        assert heard_in_all(heard, 1) == [after]


def test_a_broker_that_is_away_is_reported_after_the_patience(broker: EmbeddedBroker) -> None:
    fleet = Fleet(broker.url, {}, patience_s=0.5)
    with pytest.raises(BrokerSilent, match=r"unacknowledged for 0\.5 s"), fleet:
        publish_without(broker, fleet)


def publish_without(broker: EmbeddedBroker, fleet: Fleet) -> None:
    broker.stop()
    fleet.publish(shifts(1)[0])
    fleet.drain()


def test_a_wrong_password_is_refused(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path, users=[BrokerUser("doorstep", "s3cret")]) as url:
        wrong = url.replace("s3cret", "wrong")
        with pytest.raises(BrokerSilent, match="refuses"), Fleet(wrong, {}, patience_s=5) as fleet:
            fleet.publish(shifts(1)[0])
