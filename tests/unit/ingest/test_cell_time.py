"""A cell that follows the wire's time: what comes before a tick is recorded before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from domain.events.clock import TimeAdvanced
from domain.time import Ms
from eventlog.entry import Append, Entry
from eventlog.log import EventLog
from ingest.cell_time import FollowedTime, Segment, ToldTime
from ingest.inbox import Delivery, Line
from ingest.message import Message

T0 = Ms(1_500_000_000_000)
WALL = Ms(1_790_000_000_000)
LINE = Line(lambda _: None)


class Clock:
    """A log of which only the clock's stream is read."""

    def __init__(self) -> None:
        self.ticks: list[TimeAdvanced] = []

    def newest(self, stream: str) -> Entry | None:
        assert stream == "clock"
        return Entry(1, UUID(int=1), len(self.ticks), self.ticks[-1]) if self.ticks else None

    def append(self, appends: Sequence[Append]) -> None:
        for append in appends:
            assert append.expected == len(self.ticks)
            self.ticks += [event for event in append.events if isinstance(event, TimeAdvanced)]


def tick(at_ms: int, payload: bytes | None = None, *, retained: bool = False) -> Message:
    return Message("doorstep/v1/_clock/time", payload or b'{"time":%d.%03d}' % divmod(at_ms, 1_000), retained=retained)


def fix(seconds: float) -> Message:
    return Message("doorstep/v1/p1/position", b'{"time":%f,"lat":1,"lon":2}' % seconds)


def cut(*messages: Message) -> list[tuple[int | None, list[Message], int]]:
    followed = FollowedTime(cast("EventLog", Clock()))
    segments = followed.segments([Delivery(message, LINE, 1, 0) for message in messages])
    return [(segment.tick_ms, segment.messages, len(segment.deliveries)) for segment in segments]


def test_a_batch_is_cut_at_its_ticks() -> None:
    a, b, c = fix(1), fix(2), fix(3)
    assert cut(a, tick(T0), b, c, tick(T0 + 5)) == [(None, [a], 1), (T0, [b, c], 3), (T0 + 5, [], 1)]
    assert cut(a, b) == [(None, [a, b], 2)]


def test_ticks_with_nothing_between_them_are_one() -> None:
    a = fix(1)
    assert cut(tick(T0), tick(T0 + 5), tick(T0 + 3), a) == [(T0 + 5, [a], 4)]


def test_what_only_looks_like_a_tick_stays_among_the_messages() -> None:
    wrong, old = tick(0, b"{}"), tick(T0, retained=True)
    assert cut(wrong, old) == [(None, [wrong, old], 2)]


def test_facts_are_recorded_at_the_tick_before_them() -> None:
    log = Clock()
    followed = FollowedTime(cast("EventLog", log), wall=lambda: WALL)
    at_ms, first = followed.begin(Segment([], [fix(1)], T0))
    assert at_ms == T0
    log.append(first)
    assert log.ticks == [TimeAdvanced(recorded_at_ms=T0, wall_ms=log.ticks[0].wall_ms, rate=0.0)]
    assert followed.begin(Segment([], [fix(1)])) == (T0, [])
    _, first = followed.begin(Segment([], [], Ms(T0 + 5)))
    log.append(first)
    assert followed.begin(Segment([], [fix(1)])) == (T0 + 5, [])


def test_time_never_goes_back_and_a_repeated_tick_is_none() -> None:
    log = Clock()
    followed = FollowedTime(cast("EventLog", log))
    log.append(followed.begin(Segment([], [], T0))[1])
    assert followed.begin(Segment([], [], T0)) == (T0, [])
    assert followed.begin(Segment([], [], Ms(T0 - 5))) == (T0, [])


def test_before_the_first_tick_it_is_as_late_as_anyone_says_and_never_later_than_the_wall() -> None:
    followed = FollowedTime(cast("EventLog", Clock()), wall=lambda: WALL)
    junk = Message("doorstep/v1/p1/position", b"{")
    said = [fix(1_500_000_000), fix(1_500_000_007.5), fix(4_000_000_000), junk]
    assert followed.begin(Segment([], said)) == (1_500_000_007_500, [])
    assert followed.begin(Segment([], [junk])) == (0, [])


def test_before_the_first_tick_every_dialect_says_how_late_it_is() -> None:
    said = [
        fix(1_500_000_000),
        Message("owntracks/jane/phone", b'{"_type":"location","tst":1500000009,"lat":1,"lon":2}'),
    ]
    followed = FollowedTime(cast("EventLog", Clock()), wall=lambda: WALL)
    assert followed.begin(Segment([], [*said, Message("nowhere", b"")])) == (1_500_000_009_000, [])


def test_elsewhere_the_cells_clock_tells_the_time_of_a_whole_batch() -> None:
    class Fixed:
        def now_ms(self) -> Ms:
            return WALL

    told = ToldTime(Fixed())
    deliveries = [Delivery(message, LINE, 1, 0) for message in (fix(1), tick(T0), fix(2))]
    (segment,) = told.segments(deliveries)
    assert len(segment.messages) == len(segment.deliveries) == 3
    assert told.begin(segment) == (WALL, [])
