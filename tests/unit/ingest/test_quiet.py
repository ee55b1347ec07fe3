"""What repeats itself is stored when it is news, and counted when it is not."""

from __future__ import annotations

from typing import Any

import pytest

from domain.time import Ms
from ingest.codecs import all_codecs
from ingest.message import Message
from ingest.prepare import Prepared, Preparer
from ingest.window import Window

NOW_MS = Ms(1_795_222_923_456)


class Desk:
    """A preparer whose batches are all committed, unless told otherwise."""

    def __init__(self) -> None:
        self.window = Window(1_000, 3_600, 100)
        self.preparer = Preparer(all_codecs(), self.window, tolerance_ms=120_000)

    def write(self, after_s: float, *messages: Message, committed: bool = True) -> Prepared:
        prepared = self.preparer.prepare(messages, Ms(NOW_MS + round(after_s * 1_000)))
        if committed:
            self.window.add(prepared.recorded_at_ms, prepared.ids, prepared.untimed)
            self.window.learn(prepared.lasts)
        return prepared


@pytest.fixture
def desk() -> Desk:
    return Desk()


def beacon(minor: int = 7, gateway: str = "OMG_1", rssi: int = -60) -> Message:
    said = f'{{"id":"60:87:57:4C:9B:C2","rssi":{rssi},"model_id":"IBEACON","uuid":"1de4b189115e45f6b44e509352269977"'
    return Message(f"home/{gateway}/BTtoMQTT/6087574C9BC2", f'{said},"major":1,"minor":{minor}}}'.encode())


def door(closed: bool, **more: Any) -> Message:
    return Message(
        "zigbee2mqtt/front door", f'{{"contact":{str(closed).lower()},"linkquality":{more.get("lq", 80)}}}'.encode()
    )


def stored(prepared: Prepared) -> tuple[int, int]:
    return len(prepared.facts), prepared.quiet


def test_a_beacon_is_news_once_a_minute(desk: Desk) -> None:
    counts = [stored(desk.write(second, beacon(rssi=-60 - second % 9))) for second in range(121)]
    assert sum(facts for facts, _ in counts) == 3
    assert sum(quiet for _, quiet in counts) == 118


def test_each_beacon_and_each_gateway_is_news_by_itself(desk: Desk) -> None:
    batch = desk.write(0, beacon(1), beacon(2), beacon(1, gateway="OMG_2"), beacon(1))
    assert stored(batch) == (3, 1)


def test_a_door_that_opens_and_closes_within_a_second_is_news_each_time(desk: Desk) -> None:
    assert stored(desk.write(0, door(True), door(False), door(True), door(False))) == (4, 0)
    assert stored(desk.write(1, door(False, lq=70))) == (0, 1), "how it still is"
    assert stored(desk.write(70, door(False))) == (1, 0)


def test_what_could_not_be_committed_is_no_reason_to_be_quiet(desk: Desk) -> None:
    assert stored(desk.write(0, beacon(), committed=False)) == (1, 0)
    assert stored(desk.write(1, beacon())) == (1, 0)


def test_presses_without_a_number_are_never_quiet(desk: Desk) -> None:
    press = Message("doorstep/v1/bell/button", b'{"press":"single"}')
    assert stored(desk.write(0, press, press)) == (2, 0)


def test_what_has_a_time_of_its_own_is_never_quiet(desk: Desk) -> None:
    said = [Message("doorstep/v1/d1/contact", b'{"time":%d,"open":true}' % (1_795_222_900 + n)) for n in range(3)]
    assert stored(desk.write(0, *said)) == (3, 0)
