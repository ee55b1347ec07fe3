"""A batch before it is written: repeats dropped, dead letters apart, facts without a time of their own told apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast
from uuid import UUID

import pytest

from domain.events.facts import ButtonPressed, Fact, SosRaised, TagScanned, TimeQuality
from domain.positions import Flag
from domain.time import Ms
from eventlog.entry import Entry
from eventlog.log import EventLog
from ingest import prepare as prepare_module
from ingest.codecs import all_codecs
from ingest.codecs.native import CODEC
from ingest.facts import fact_of
from ingest.message import Decoded, Message
from ingest.prepare import TWINS_MS, Prepared, Preparer
from ingest.reading import Receipt
from ingest.window import Window
from tests.unit.ingest.tail import Tail

NOW_MS = Ms(1_790_000_000_000)
LATER_MS = Ms(NOW_MS + 20)
PRESS = Message("doorstep/v1/b1/button", b'{"press":"single"}')
PRESS_AGAIN = Message(PRESS.topic, PRESS.payload, dup=True)
SOS = Message("doorstep/v1/p1/sos", b'{"time":0}')
FIX = Message("doorstep/v1/p1/position", b'{"time":1790000000,"lat":1,"lon":2}')
SAME_FIX = Message(FIX.topic, b'[{"lon":2,"lat":1,"time":"2026-09-21T14:13:20Z","sent":1790000009}]')


class Desk:
    """A preparer whose batches are all written."""

    def __init__(self, window: Window | None = None) -> None:
        self.window = window or Window(1_000, 3_600, 100)
        self.preparer = Preparer(all_codecs(), self.window, tolerance_ms=120_000)
        self.entries: list[Entry] = []

    def restarted(self) -> Desk:
        """After a kill: what was written is read from the log, and nobody knows what was acknowledged."""
        window = Window(1_000, 3_600, 100)
        window.rebuild(cast("EventLog", Tail(self.entries)))
        return Desk(window)

    def prepare(self, *messages: Message, at_ms: Ms = NOW_MS, lost: Sequence[Ms] = ()) -> Prepared:
        return self.preparer.prepare(messages, at_ms, lost)

    def write(self, *messages: Message, at_ms: Ms = NOW_MS, lost: Sequence[Ms] = ()) -> Prepared:
        prepared = self.prepare(*messages, at_ms=at_ms, lost=lost)
        self.window.add(at_ms, prepared.ids, prepared.untimed)
        self.window.claim(prepared.claims)
        self.window.learn(prepared.lasts)
        self.entries += [Entry(0, UUID(int=0), 0, fact) for fact in prepared.facts]
        return prepared


def facts(prepared: Prepared) -> int:
    return len(prepared.facts)


def test_the_same_fix_in_one_batch_or_the_next_is_one_fact() -> None:
    desk = Desk()
    assert len(desk.write(FIX, SAME_FIX).positions) == 1
    again = desk.write(SAME_FIX, at_ms=LATER_MS)
    assert (len(again.positions), again.duplicates) == (0, 1)


def test_a_batch_that_was_not_written_is_no_repeat_of_itself() -> None:
    desk = Desk()
    assert desk.prepare(FIX, PRESS) == desk.prepare(FIX, PRESS)


def test_two_presses_that_say_the_same_are_two_facts() -> None:
    desk = Desk()
    assert facts(desk.write(PRESS, PRESS)) == 2
    assert facts(desk.write(PRESS)) == 1
    assert facts(desk.write(PRESS, at_ms=LATER_MS)) == 1
    assert len(desk.window) == 4


def test_a_redelivered_press_is_no_second_press() -> None:
    desk = Desk()
    desk.write(PRESS, PRESS)
    again = desk.restarted().write(PRESS_AGAIN, PRESS_AGAIN, at_ms=LATER_MS)
    assert (facts(again), again.duplicates) == (0, 2)


def test_each_stored_press_answers_for_one_redelivery_only() -> None:
    desk = Desk()
    desk.write(PRESS, PRESS)
    assert facts(desk.restarted().write(PRESS_AGAIN, PRESS_AGAIN, PRESS_AGAIN, at_ms=LATER_MS)) == 1


def test_a_claim_counts_only_once_its_batch_is_written() -> None:
    desk = Desk()
    desk.write(PRESS)
    desk = desk.restarted()
    assert facts(desk.prepare(PRESS_AGAIN, at_ms=LATER_MS)) == 0
    assert facts(desk.write(PRESS_AGAIN, at_ms=LATER_MS)) == 0
    assert facts(desk.write(PRESS_AGAIN, at_ms=LATER_MS)) == 1


def test_a_redelivery_of_what_was_never_written_is_a_fact() -> None:
    assert facts(Desk().write(PRESS_AGAIN)) == 1


def test_after_a_lost_append_that_stands_nothing_is_written_twice() -> None:
    desk = Desk()
    desk.write(PRESS, PRESS, FIX)
    again = desk.write(PRESS, PRESS, FIX, at_ms=LATER_MS, lost=[NOW_MS])
    assert (facts(again), len(again.positions), again.duplicates) == (0, 0, 3)


def test_after_a_lost_append_that_does_not_stand_everything_is_written() -> None:
    again = Desk().write(PRESS, PRESS, FIX, at_ms=LATER_MS, lost=[NOW_MS])
    assert (facts(again), len(again.positions), again.duplicates) == (2, 1, 0)


def test_an_sos_without_a_clock_is_one_fact_though_two_sessions_deliver_it() -> None:
    desk = Desk()
    assert facts(desk.write(SOS, SOS)) == 1
    assert facts(desk.write(SOS, at_ms=LATER_MS)) == 1
    assert facts(desk.write(SOS, at_ms=Ms(LATER_MS + 20))) == 0


def test_an_sos_without_a_clock_is_heard_again_when_it_is_pressed_again() -> None:
    desk = Desk()
    heard = [facts(desk.write(SOS, SOS, at_ms=Ms(NOW_MS + press * 2 * TWINS_MS))) for press in range(5)]
    assert heard == [1, 1, 1, 1, 1]


def test_an_sos_without_a_clock_that_both_sessions_deliver_again_after_a_kill_is_no_second_one() -> None:
    desk = Desk()
    desk.write(SOS, SOS)
    desk = desk.restarted()
    again = Message(SOS.topic, SOS.payload, dup=True)
    assert facts(desk.write(again, at_ms=LATER_MS)) == facts(desk.write(again, at_ms=Ms(LATER_MS + 20))) == 0
    assert facts(desk.write(again, at_ms=Ms(LATER_MS + 40))) == 1, "pressed again"


def test_an_sos_without_a_clock_is_one_fact_though_its_append_was_lost_and_stands() -> None:
    desk = Desk()
    assert facts(desk.write(SOS, SOS)) == 1
    unlearnt = desk.restarted()
    assert facts(unlearnt.write(SOS, SOS, at_ms=LATER_MS, lost=[NOW_MS])) == 0


def test_a_press_that_never_arrived_is_heard_though_the_log_was_read_again_meanwhile() -> None:
    desk = Desk()
    desk.write(PRESS)
    desk.window.rebuild(cast("EventLog", Tail(desk.entries)), running=True)
    assert facts(desk.write(PRESS, at_ms=LATER_MS)) == 1
    assert facts(desk.write(PRESS_AGAIN, at_ms=Ms(LATER_MS + 20))) == 1, "the broker's connection broke before it came"


def test_a_change_that_a_redelivery_told_is_not_forgotten_when_it_changes_back() -> None:
    desk = Desk()
    topic = "doorstep/v1/c1/contact"
    opened, closed = Message(topic, b'{"open":true}'), Message(topic, b'{"open":false}', dup=True)
    heard = [facts(desk.write(each, at_ms=Ms(NOW_MS + 5_000 * i))) for i, each in enumerate((opened, closed, opened))]
    assert heard == [1, 1, 1]


def test_many_that_say_the_same_cost_no_more_than_as_many_others(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = 0
    dated = prepare_module._dated

    def counting(fact: Fact, at_ms: Ms, number: int) -> bytes:
        nonlocal looked
        looked += 1
        return dated(fact, at_ms, number)

    monkeypatch.setattr(prepare_module, "_dated", counting)
    desk = Desk()
    assert facts(desk.write(*[PRESS] * 100)) == 100
    assert facts(desk.write(*[SOS] * 100)) == 50
    assert looked < 1_000


def test_facts_of_untimed_devices_name_their_receipt() -> None:
    prepared = Desk().write(PRESS, SOS)
    button, sos = prepared.facts
    assert isinstance(button, ButtonPressed)
    assert isinstance(sos, SosRaised)
    assert (button.at_ms, button.observed_at_ms, sos.at_ms, sos.observed_at_ms) == (NOW_MS, None, NOW_MS, 0)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (Message("doorstep/v1/p1/nonsense", b"{}"), "unknown_topic"),
        (Message("elsewhere", b"{}"), "unknown_topic"),
        (Message("doorstep/v1/p1/position", b"{"), "not_json"),
        (Message("doorstep/v1/_clock/time", b'{"time":1790000000}'), "clock_not_followed"),
    ],
)
def test_what_cannot_be_read_becomes_a_letter_with_its_bytes(message: Message, reason: str) -> None:
    prepared = Desk().write(message, FIX)
    (letter,) = prepared.letters
    assert (letter.topic, letter.payload, letter.reason) == (message.topic, message.payload, reason)
    assert len(prepared.positions) == 1


def test_the_bad_elements_of_an_array_become_one_letter_beside_the_good_ones() -> None:
    elements = ",".join(['{"time":1790000000,"lat":1,"lon":2}', *("[]" for _ in range(30))])
    prepared = Desk().write(Message(FIX.topic, f"[{elements}]".encode()))
    (letter,) = prepared.letters
    assert len(prepared.positions) == 1
    assert letter.detail.startswith("element 1: not_an_object: ")
    assert letter.detail.endswith("; and 10 more elements")


def test_a_codec_that_fails_costs_one_letter_and_nothing_else() -> None:
    class Broken:
        name, filters = "broken", ("#",)

        def claims(self, topic: str) -> bool:
            return topic == "broken"

        def decode(self, message: Message, received_ms: Ms, tolerance_ms: int) -> Decoded:
            raise ZeroDivisionError("a bug")

    preparer = Preparer([Broken(), CODEC], Window(10, 0, 10), tolerance_ms=0)
    prepared = preparer.prepare([Message("broken", b"x"), FIX], NOW_MS)
    assert [letter.reason for letter in prepared.letters] == ["codec_failed"]
    assert len(prepared.positions) == 1


def test_a_retained_status_is_news_for_the_registry_and_no_fact() -> None:
    prepared = Desk().write(Message("doorstep/v1/p1/status", b'{"online":false}', retained=True))
    assert [change.status for change in prepared.statuses] == [{"online": False}]
    assert prepared.facts == []


@pytest.mark.parametrize(("sent", "unsure"), [(b',"sent":1790000600', 0), (b',"sent":1790000000', 1), (b"", 1)])
def test_what_overtook_its_tick_is_believed_by_its_own_sending(sent: bytes, unsure: int) -> None:
    fix = Message("doorstep/v1/p1/position", b'{"time":1790000601,"lat":1,"lon":2' + sent + b"}")
    alarm = Message("doorstep/v1/p1/sos", b'{"time":1790000601' + sent + b"}")
    preparer = Preparer(all_codecs(), Window(1_000, 3_600, 100), tolerance_ms=120_000, followed=True)
    prepared = preparer.prepare([fix, alarm], NOW_MS)
    assert bool(prepared.positions.flags[0] & Flag.TIME_AHEAD) == bool(unsure)
    assert (prepared.facts[0].quality is TimeQuality.AHEAD) == bool(unsure)
    told = Preparer(all_codecs(), Window(1_000, 3_600, 100), tolerance_ms=120_000).prepare([fix], NOW_MS)
    assert told.positions.flags[0] & Flag.TIME_AHEAD, "elsewhere a device cannot vouch for itself"


def test_another_dialects_fact_that_its_session_brought_before_the_tick_is_believed() -> None:
    fix = Message("owntracks/jane/phone", b'{"_type":"location","tst":1790000601,"lat":1,"lon":2}')
    entry = Message("owntracks/jane/phone/event", b'{"_type":"transition","tst":1790000601,"event":"enter"}')
    preparer = Preparer(all_codecs(), Window(1_000, 3_600, 100), tolerance_ms=120_000, followed=True)
    prepared = preparer.prepare([fix, entry], NOW_MS)
    assert not prepared.positions.flags[0] & Flag.TIME_AHEAD
    assert prepared.facts[0].quality is TimeQuality.DEVICE


def test_what_no_table_could_hold_is_a_letter_whichever_codec_lets_it_through() -> None:
    class Careless:
        name, filters = "careless", ("careless/#",)

        def claims(self, topic: str) -> bool:
            return True

        def topic_of(self, device: str) -> str | None:
            return None

        def decode(self, message: Message, receipt: Receipt) -> Decoded:
            good, bad = (fact_of("scan", "reader", NOW_MS, receipt, tag=tag) for tag in ("04A1", "04\0A1"))
            return Decoded(facts=(bad, good))

    preparer = Preparer([Careless()], Window(1_000, 3_600, 100), tolerance_ms=120_000)
    prepared = preparer.prepare([Message("careless/x", b"")], NOW_MS)
    assert [fact.tag for fact in prepared.facts if isinstance(fact, TagScanned)] == ["04A1"]
    assert [letter.reason for letter in prepared.letters] == ["out_of_range"]
