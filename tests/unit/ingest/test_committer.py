"""The committer when the log fails it: nothing lost, nothing double, nothing acknowledged too early."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast
from uuid import UUID

import pytest
from eventsourcing.persistence import ProgrammingError

from domain.errors import ConcurrentAppend, DoorstepError, Unavailable
from domain.events.facts import ButtonPressed, Fact, ShiftDeclared
from domain.positions import PositionBatch
from domain.time import Ms
from eventlog.entry import Append, Entry
from eventlog.log import EventLog
from ingest.cell_time import Segment, ToldTime
from ingest.codecs import all_codecs
from ingest.committer import Committer, Pace, Stopped
from ingest.counters import Counts
from ingest.inbox import Inbox, Line
from ingest.message import Message
from ingest.prepare import Preparer
from ingest.window import Window

NOW_MS = 1_790_000_000_000
PRESS = Message("doorstep/v1/b1/button", b'{"press":"single"}')


def shift(number: int, device: str = "p1") -> Message:
    return Message(f"doorstep/v1/{device}/shift", b'{"on":true,"id":%d,"time":1790000000}' % number)


class Log:
    """Keeps facts and letters; `fail` may raise before an append, `lose` after it."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.letters: list[str] = []
        self.fail: Callable[[list[Fact]], None] = lambda facts: None
        self.lose: list[DoorstepError] = []
        self.appends = 0

    def append(
        self, appends: Sequence[Append], *, batch: PositionBatch | None = None, writer: str = "main", also: Any = None
    ) -> int:
        self.appends += 1
        facts = [event for append in appends for event in append.events if isinstance(event, Fact)]
        self.fail(facts)
        for append in appends:
            if append.expected != self.versions([append.stream])[append.stream]:
                raise ConcurrentAppend(append.stream)
        for append in appends:
            for version, event in enumerate(append.events, start=append.expected + 1):
                self.entries.append(Entry(len(self.entries) + 1, _id(append.stream), version, event))
        if also is not None:
            also(self)
        if self.lose:
            raise self.lose.pop()
        return len(self.entries)

    def execute(self, statement: str, parameters: Sequence[Any]) -> None:
        self.letters += parameters[5]

    def versions(self, streams: Sequence[str]) -> dict[str, int]:
        counted = Counter(entry.stream for entry in self.entries)
        return {stream: counted[_id(stream)] for stream in streams}

    def backwards(self, limit: int = 1_000) -> Iterator[Entry]:
        yield from reversed(self.entries)

    @property
    def facts(self) -> list[Fact]:
        return [entry.event for entry in self.entries if isinstance(entry.event, Fact)]


def _id(stream: str) -> UUID:
    return UUID(bytes=stream.encode()[-16:].rjust(16, b"_"))


class Clock:
    """Goes on by 20 ms each time it is asked."""

    def __init__(self) -> None:
        self.ms = NOW_MS

    def now_ms(self) -> Ms:
        self.ms += 20
        return Ms(self.ms)


class Desk:
    def __init__(self) -> None:
        self.log, self.inbox, self.counts = Log(), Inbox(), Counts()
        self.stop = threading.Event()
        log = cast("EventLog", self.log)
        window = Window(1_000, 3_600, 100)
        preparer = Preparer(all_codecs(), window, tolerance_ms=120_000)
        pace = Pace(flush_ms=1, backoff_first_s=0.001, backoff_max_s=0.004)
        self.committer = Committer(log, self.inbox, preparer, window, ToldTime(Clock()), self.counts, pace=pace)

    def commit(self, *messages: Message) -> None:
        self.committer.commit(Segment([], list(messages)), self.stop)

    def failing(self, *errors: Exception) -> None:
        """The next appends fail before anything is written."""
        left = list(errors)

        def fail(_: list[Fact]) -> None:
            if left:
                raise left.pop(0)

        self.log.fail = fail


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_an_outage_is_waited_for_and_everything_is_written_once(desk: Desk) -> None:
    desk.failing(Unavailable("away"), Unavailable("away"), Unavailable("away"))
    desk.commit(shift(1), PRESS, PRESS)
    assert [type(fact) for fact in desk.log.facts] == [ShiftDeclared, ButtonPressed, ButtonPressed]
    assert (desk.log.appends, desk.counts.retries, desk.counts.facts) == (4, 3, 3)


def test_what_is_recorded_after_an_outage_says_so(desk: Desk) -> None:
    desk.failing(Unavailable("away"))
    desk.commit(PRESS)
    assert desk.log.facts[0].recorded_at_ms == NOW_MS + 40


@pytest.mark.parametrize("times", [1, 2])
def test_an_append_that_stands_though_nobody_knew_is_not_repeated(desk: Desk, times: int) -> None:
    desk.log.lose = [Unavailable("asked in vain", code="outcome_unknown") for _ in range(times)]
    desk.commit(shift(1), PRESS, PRESS)
    desk.commit(shift(1), shift(2))
    facts = desk.log.facts
    assert len({fact.fact for fact in facts}) == len(facts) == 4


def test_an_append_that_does_not_stand_though_nobody_knew_is_repeated(desk: Desk) -> None:
    desk.failing(Unavailable("asked in vain", code="outcome_unknown"))
    desk.commit(shift(1), PRESS, PRESS)
    assert len(desk.log.facts) == 3


def test_another_writer_of_a_stream_is_no_obstacle(desk: Desk) -> None:
    desk.commit(shift(1))
    other = ShiftDeclared(recorded_at_ms=Ms(NOW_MS), fact=UUID(int=1), device="p1", on=True)
    desk.log.entries.append(Entry(2, desk.log.entries[0].stream, 2, other))
    desk.commit(shift(2))
    assert [entry.version for entry in desk.log.entries] == [1, 2, 3]


def test_a_message_that_cannot_be_stored_becomes_a_letter_and_the_others_are_stored(desk: Desk) -> None:
    def fail(facts: list[Fact]) -> None:
        if any(fact.ref == "3" for fact in facts):
            raise OverflowError("too much")

    desk.log.fail = fail
    desk.commit(*(shift(number) for number in range(8)), PRESS)
    assert sorted(fact.ref or "" for fact in desk.log.facts) == ["", "0", "1", "2", "4", "5", "6", "7"]
    assert desk.log.letters == ["not_storable"]
    assert (desk.counts.facts, desk.counts.dead_letters) == (8, 1)


def test_a_fault_of_ours_is_no_fault_of_the_message(desk: Desk) -> None:
    desk.failing(ProgrammingError("no such table"))
    with pytest.raises(ProgrammingError):
        desk.commit(shift(1))
    assert desk.log.letters == []


def test_told_to_stop_in_an_outage_it_acknowledges_nothing(desk: Desk) -> None:
    acknowledged: list[int] = []
    line = Line(acknowledged.extend)
    desk.inbox.add_line(line)
    desk.inbox.put(line, shift(1), 1)

    def fail(_: list[Fact]) -> None:
        desk.stop.set()
        raise Unavailable("away")

    desk.log.fail = fail
    desk.committer.run(desk.stop)
    assert (acknowledged, desk.log.facts) == ([], [])
    with pytest.raises(Stopped):
        desk.commit(shift(1))


def test_messages_are_acknowledged_once_they_are_in_the_log(desk: Desk) -> None:
    in_log: list[int] = []

    def acknowledge(packets: Sequence[int]) -> None:
        in_log.extend(len(desk.log.facts) for _ in packets)
        desk.stop.set()

    line = Line(acknowledge)
    desk.inbox.add_line(line)
    for packet in (1, 2, 3):
        desk.inbox.put(line, shift(packet), packet)
    desk.committer.run(desk.stop)
    assert in_log == [3, 3, 3]


def test_a_flood_of_devices_is_one_append(desk: Desk) -> None:
    desk.commit(*(shift(number, device=f"phone-{number}") for number in range(500)))
    assert (desk.log.appends, len(desk.log.facts)) == (1, 500)
