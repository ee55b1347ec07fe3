"""Raw connections to a real broker: a small crowd, and what goes out again after the broker was killed."""

from __future__ import annotations

import json
import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from doorstep.embedded.broker import BrokerUser, EmbeddedBroker
from simulators.crowd import Crowd, allow_files, run
from simulators.errors import BrokerSilent, TooFewFiles
from simulators.links import Links
from tests.integration.doorstep.parents import eventually
from tests.integration.simulators.test_publisher import listening

TOPIC = "doorstep/v1/phone/shift"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    broker = EmbeddedBroker(tmp_path, sync_interval="always")
    with broker:
        yield broker


def test_every_phone_of_a_crowd_pings_in_its_turn(broker: EmbeddedBroker, capsys: pytest.CaptureFixture[str]) -> None:
    with listening(broker.url) as heard:
        run(Crowd(broker.url, devices=20, seconds=0.6, every_s=0.2))
        arrived = [heard.get(timeout=20) for _ in range(60)]
    up, told = map(json.loads, capsys.readouterr().out.splitlines())
    assert (up["connected"], told["sent"], told["acknowledged"], told["lost_connections"]) == (20, 60, 60, 0)
    assert len({message.topic for message in arrived}) == 20


@pytest.mark.parametrize("clean", [True, False])
def test_what_was_not_acknowledged_goes_out_again_after_the_broker_was_killed(
    broker: EmbeddedBroker, clean: bool
) -> None:
    said = {b'{"time":%d,"on":true}' % number for number in range(400)}
    with listening(broker.url) as heard, Links(broker.url, again_s=0.05) as links:
        link = links.add("phone", clean=clean)
        links.until(lambda: link.connected, 20)
        for number, payload in enumerate(sorted(said)):
            links.send(link, TOPIC.encode(), payload)
            if number == 200:
                links.turn(0.0)
                assert broker.child is not None
                assert broker.child.pid is not None
                os.kill(broker.child.pid, signal.SIGKILL)
        broker.start()
        links.until(lambda: links.unacknowledged == 0, 20)
        assert links.resent > 0
        arrived: set[bytes] = set()

        def all_arrived() -> bool:
            while not heard.empty():
                arrived.add(heard.get().payload)
            return arrived >= said

        eventually(all_arrived, "every acknowledged message arrives", limit_s=60)


def test_a_wrong_password_is_refused(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path, users=[BrokerUser("doorstep", "s3cret")]) as url:
        with Links(url) as links:
            link = links.add("phone")
            links.until(lambda: link.connected, 20)
        with Links(url.replace("s3cret", "wrong")) as links:
            link = links.add("phone")
            with pytest.raises(BrokerSilent, match="refuses"):
                links.until(lambda: link.connected, 20)


def test_more_connections_than_the_machine_allows_are_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(what: int, limits: tuple[int, int]) -> None:
        raise ValueError("not allowed to raise maximum limit")

    monkeypatch.setattr(resource, "getrlimit", lambda what: (1_024, 4_096))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    with pytest.raises(TooFewFiles, match="10000 open files are needed and this machine allows 4096"):
        allow_files(10_000)
