"""What goes out when: in step with a clock, and as the clock."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from itertools import pairwise
from typing import cast

from simulators.cell import Cell, CellTime, Now
from simulators.errors import CellSilent
from simulators.phone import Sending
from simulators.play import IDLE_EVERY_MS, as_clock, in_step
from simulators.publisher import Publisher
from simulators.wire import Message

MINUTE_MS = 60_000


@dataclass
class Wire:
    """Notes what a publisher is given."""

    sent: list[str | int] = field(default_factory=list)
    drained: int = 0

    def publish(self, message: Message) -> None:
        self.sent.append(message.topic)

    def tick(self, at_ms: int) -> None:
        self.sent.append(at_ms)

    def drain(self) -> None:
        self.drained += 1

    @property
    def publisher(self) -> Publisher:
        return cast(Publisher, self)


def sending(at_ms: int) -> Sending:
    return Sending(at_ms, Message(f"m{at_ms}", b""))


@dataclass
class Hands:
    """A cell whose time is what the test says; it can fall silent."""

    said: Now
    silent: bool = False

    def now(self) -> Now:
        if self.silent:
            raise CellSilent("no answer")
        return self.said


def test_every_message_goes_between_the_ticks_around_it() -> None:
    wire = Wire()
    messages = [sending(at) for at in (0, 9_999, 10_000, 10_001, 25_000)]
    as_clock(messages, wire.publisher, from_ms=0, until_ms=30_000, every_ms=10_000)
    assert wire.sent == [0, "m0", "m9999", 10_000, "m10000", "m10001", 20_000, "m25000", 30_000]
    assert wire.drained == 1


def test_time_goes_in_long_steps_where_nothing_happens_for_long() -> None:
    wire = Wire()
    far = 10 * 3_600_000
    as_clock([sending(0), sending(far)], wire.publisher, from_ms=0, until_ms=far + 1_000, every_ms=MINUTE_MS)
    ticks = [said for said in wire.sent if isinstance(said, int)]
    steps = [b - a for a, b in pairwise(ticks)]
    assert steps[:30] == [MINUTE_MS] * 30
    assert max(steps) == IDLE_EVERY_MS
    assert len(ticks) < 130
    assert wire.sent[-2:] == [f"m{far}", far + 1_000]


def test_every_tick_is_told() -> None:
    passed: list[int] = []
    as_clock([], Wire().publisher, from_ms=0, until_ms=1_500_000, every_ms=600_000, passed=passed.append)
    assert passed == [0, 600_000, 1_200_000, 1_500_000]


def test_nothing_goes_before_the_cells_time_has_come_to_it() -> None:
    wire, hands = Wire(), Hands(Now(1_000, "followed", 0.0))
    clock = CellTime(cast(Cell, hands), every_s=0.0)
    stop = threading.Event()
    player = threading.Thread(target=in_step, args=([sending(900), sending(5_000)], wire.publisher, clock, stop))
    player.start()
    while not wire.sent:
        player.join(0.01)
    player.join(0.1)
    assert wire.sent == ["m900"]
    hands.said = Now(5_000, "followed", 0.0)
    player.join(10)
    assert not player.is_alive()
    assert wire.sent == ["m900", "m5000"]
    assert wire.drained == 1


def test_a_player_that_is_told_to_stop_stops() -> None:
    stop = threading.Event()
    stop.set()
    clock = CellTime(cast(Cell, Hands(Now(0, "wall", 1.0))))
    wire = Wire()
    assert not in_step([sending(3_600_000)], wire.publisher, clock, stop)
    assert wire.sent == []


def test_the_cells_time_goes_on_between_questions_and_never_back() -> None:
    hands = Hands(Now(1_000, "scaled", 1_000_000.0))
    clock = CellTime(cast(Cell, hands), every_s=3600.0)
    first = clock.now_ms()
    assert clock.now_ms() >= first > 1_000
    hands.said = Now(500, "scaled", 0.0)
    clock = CellTime(cast(Cell, hands), every_s=0.0)
    assert clock.now_ms() == 500
    hands.said = Now(400, "scaled", 0.0)
    assert clock.now_ms() == 500


def test_a_silent_cell_keeps_the_time_that_was_known() -> None:
    hands = Hands(Now(1_000, "followed", 0.0))
    clock = CellTime(cast(Cell, hands), every_s=0.0)
    hands.silent = True
    assert clock.now_ms() == 1_000
