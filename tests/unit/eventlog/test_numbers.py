"""The register of device numbers, over a stream that is a plain list."""

from __future__ import annotations

import pytest

from domain.events import Event
from domain.time import Ms
from eventlog.entry import Append
from eventlog.numbers import STREAM, DeviceNumbers


class Stream:
    """The events of `device-numbers`; counts how often it is read."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.reads = 0

    def load(self, after: int) -> list[tuple[int, Event]]:
        self.reads += 1
        return list(enumerate(self.events, start=1))[after:]

    def write(self, appends: list[Append]) -> None:
        for append in appends:
            assert append.stream == STREAM
            assert append.expected == len(self.events)
            self.events += append.events


def numbered(register: DeviceNumbers, stream: Stream, *devices: str) -> list[int]:
    draft = register.draft()
    numbers = [draft.number(device) for device in devices]
    stream.write(draft.appends(Ms(1)))
    register.adopt(draft)
    return numbers


def test_a_device_keeps_its_number_and_new_ones_count_on() -> None:
    stream = Stream()
    register = DeviceNumbers(stream.load)
    assert numbered(register, stream, "a", "b", "a") == [1, 2, 1]
    assert numbered(register, stream, "c", "b") == [3, 2]
    assert numbered(register, stream, "a") == [1]
    assert [register.name(number) for number in (1, 2, 3)] == ["a", "b", "c"]
    assert stream.reads == 1


def test_a_register_reads_on_when_it_meets_a_number_that_it_does_not_know() -> None:
    stream = Stream()
    writer, reader = DeviceNumbers(stream.load), DeviceNumbers(stream.load)
    numbered(writer, stream, "a")
    assert reader.name(1) == "a"
    numbered(writer, stream, "b", "c")
    assert [reader.name(3), reader.name(2), reader.name(1)] == ["c", "b", "a"]
    assert stream.reads == 1 + 2


def test_a_number_that_nobody_gave_is_not_found() -> None:
    with pytest.raises(LookupError):
        DeviceNumbers(Stream().load).name(1)


def test_a_draft_that_was_not_committed_leaves_no_number() -> None:
    stream = Stream()
    register = DeviceNumbers(stream.load)
    numbered(register, stream, "a")
    assert register.draft().number("b") == 2
    assert numbered(register, stream, "c") == [2]
    with pytest.raises(LookupError):
        register.name(3)


def test_a_register_that_forgot_learns_everything_again() -> None:
    stream = Stream()
    register = DeviceNumbers(stream.load)
    numbered(register, stream, "a", "b")
    register.forget()
    assert register.name(2) == "b"
    assert numbered(register, stream, "c") == [3]
