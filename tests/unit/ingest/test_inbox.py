"""Between broker and committer: order, batches, and repeats that take the place of what is held already."""

from __future__ import annotations

import threading
from typing import cast

import pytest

from eventlog.clock import CellClock
from ingest import inbox as inbox_module
from ingest import repeats
from ingest.cell_time import ToldTime
from ingest.inbox import Delivery, Inbox, Line
from ingest.message import Message

STOP = threading.Event()


WEIGHT = inbox_module.MESSAGE_BYTES + len("t")
"""Of an empty message."""


class Broker:
    """Two sessions that note what was acknowledged."""

    def __init__(self) -> None:
        self.acknowledged: list[int] = []
        self.now_s = 0.0
        self.inbox = Inbox(keepalive_s=30.0, monotonic=lambda: self.now_s)
        self.main = Line(self.acknowledged.extend)
        self.sos = Line(self.acknowledged.extend, urgent=True)
        self.inbox.add_line(self.main)
        self.inbox.add_line(self.sos)

    def put(self, packet: int, payload: str = "", *, line: Line | None = None, dup: bool = False, qos: int = 1) -> None:
        message = Message("t", (payload or str(packet)).encode(), qos, dup=dup)
        self.inbox.put(line or self.main, message, packet)

    def take(self, rows: int = 100) -> list[Delivery]:
        return self.inbox.take(rows, 0.0, STOP, idle_s=0.0)


@pytest.fixture
def broker() -> Broker:
    return Broker()


def payloads(deliveries: list[Delivery]) -> list[str]:
    return [delivery.message.payload.decode() for delivery in deliveries]


def test_messages_are_taken_and_acknowledged_in_the_order_received(broker: Broker) -> None:
    for packet in (3, 1, 2):
        broker.put(packet)
    batch = broker.take()
    assert payloads(batch) == ["3", "1", "2"]
    assert broker.acknowledged == []
    broker.inbox.acknowledge(batch)
    assert broker.acknowledged == [3, 1, 2]


def test_an_urgent_line_does_not_wait_behind_the_other(broker: Broker) -> None:
    for packet in range(1, 6):
        broker.put(packet)
    broker.put(9, "help", line=broker.sos)
    assert payloads(broker.take(rows=2)) == ["help", "1"]


def test_a_batch_has_no_more_than_its_rows_and_the_rest_comes_next(broker: Broker) -> None:
    for packet in range(1, 6):
        broker.put(packet)
    assert [payloads(broker.take(rows=2)) for _ in range(4)] == [["1", "2"], ["3", "4"], ["5"], []]
    assert broker.inbox.depth == 0


def test_a_flood_in_one_session_does_not_hold_up_another(broker: Broker) -> None:
    other = Line(broker.acknowledged.extend)
    broker.inbox.add_line(other)
    for packet in range(90):
        broker.put(packet)
    for packet in range(10):
        broker.put(packet, f"other {packet}", line=other)
    broker.put(99, "help", line=broker.sos)
    first, second = payloads(broker.take(rows=11)), payloads(broker.take(rows=10))
    assert first == ["help", *(str(packet) for packet in range(9)), "other 0"]
    assert second == [*(str(packet) for packet in range(9, 18)), "other 1"]


def test_a_single_message_has_its_place_beside_a_flood_in_whatever_order_the_sessions_stand(broker: Broker) -> None:
    others = [Line(broker.acknowledged.extend) for _ in range(3)]
    for line in others:
        broker.inbox.add_line(line)
    for packet in range(4_000):
        broker.put(packet, line=others[1])
    for line in (broker.main, others[0], others[2]):
        broker.put(9, "alone", line=line)
    batch = payloads(broker.take(rows=20))
    assert (len(batch), batch.count("alone")) == (20, 3)
    assert len(broker.take(rows=2)) == 2


def test_large_payloads_of_one_session_leave_the_others_a_message_each(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_module, "WIDEST_BATCH_BYTES", 10)
    other = Line(broker.acknowledged.extend)
    broker.inbox.add_line(other)
    for packet in range(1, 5):
        broker.put(packet, str(packet) * 12)
        broker.put(packet, f"other {packet}", line=other)
    assert payloads(broker.take()) == ["1" * 12, "other 1"]


def test_large_payloads_end_a_batch_early(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_module, "WIDEST_BATCH_BYTES", 10)
    for packet in range(1, 5):
        broker.put(packet, str(packet) * 6)
    assert [len(broker.take()) for _ in range(3)] == [2, 2, 0]


def test_a_batch_is_complete_when_it_is_full_though_its_time_is_not_up(broker: Broker) -> None:
    taken: list[list[Delivery]] = []
    waiting = threading.Thread(target=lambda: taken.append(broker.inbox.take(2, 60.0, STOP, idle_s=60.0)))
    waiting.start()
    broker.put(1)
    broker.put(2)
    waiting.join(20)
    assert [payloads(batch) for batch in taken] == [["1", "2"]]


def test_a_repeat_on_a_new_connection_takes_the_place_of_what_waits(broker: Broker) -> None:
    broker.put(1, "a")
    broker.put(2, "b")
    broker.inbox.reconnected(broker.main)
    broker.put(7, "a", dup=True)
    broker.put(8, "b", dup=True)
    batch = broker.take()
    assert payloads(batch) == ["a", "b"]
    broker.inbox.acknowledge(batch)
    assert broker.acknowledged == [7, 8]


def test_a_repeat_of_what_is_being_committed_changes_how_it_is_acknowledged(broker: Broker) -> None:
    broker.put(1, "a")
    batch = broker.take()
    broker.inbox.reconnected(broker.main)
    broker.put(7, "a", dup=True)
    assert broker.take() == []
    broker.inbox.acknowledge(batch)
    assert broker.acknowledged == [7]


def test_acknowledgements_of_a_lost_connection_are_void(broker: Broker) -> None:
    broker.put(1, "a")
    batch = broker.take()
    broker.inbox.reconnected(broker.main)
    broker.inbox.acknowledge(batch)
    assert broker.acknowledged == []
    broker.put(1, "a", dup=True)
    (again,) = broker.take()
    assert again.stored
    broker.inbox.acknowledge([again])
    assert broker.acknowledged == [1]


def test_repeats_that_crossed_their_acknowledgement_are_only_acknowledged_again(broker: Broker) -> None:
    broker.put(1, "a")
    broker.inbox.acknowledge(broker.take())
    broker.put(1, "a", dup=True)
    broker.inbox.acknowledge(broker.take())
    broker.put(1, "a", dup=True)
    assert [delivery.stored for delivery in broker.take()] == [True]
    assert broker.acknowledged == [1, 1]


def test_one_that_was_acknowledged_answers_for_one_message_of_a_new_connection(broker: Broker) -> None:
    broker.put(1, "a")
    broker.inbox.acknowledge(broker.take())
    broker.inbox.reconnected(broker.main)
    broker.put(5, "a", dup=True)
    broker.put(6, "a", dup=True)
    broker.put(5, "a", dup=True)
    assert [(delivery.packet, delivery.stored) for delivery in broker.take()] == [(5, True), (6, False)]


def test_what_was_acknowledged_long_before_the_connection_was_lost_has_arrived(broker: Broker) -> None:
    broker.put(1, "a")
    broker.inbox.acknowledge(broker.take())
    broker.now_s = 63.0
    broker.inbox.reconnected(broker.main)
    broker.put(5, "a", dup=True)
    assert [delivery.stored for delivery in broker.take()] == [False]


def test_a_connection_that_was_lost_without_a_word_is_noticed_after_two_keepalives(broker: Broker) -> None:
    broker.put(1, "a")
    broker.inbox.acknowledge(broker.take())
    broker.now_s = 61.0
    broker.inbox.reconnected(broker.main)
    broker.put(5, "a", dup=True)
    assert [delivery.stored for delivery in broker.take()] == [True]


def test_a_repeat_in_the_moment_of_its_acknowledgement_may_have_a_new_id(broker: Broker) -> None:
    broker.put(1, "a")
    broker.inbox.acknowledge(broker.take())
    for packet in (8, 8, 9):
        broker.put(packet, "a", dup=True)
        broker.inbox.acknowledge(again := broker.take())
        assert [delivery.stored for delivery in again] == [packet == 8]
    assert broker.acknowledged == [1, 8, 8, 9]
    broker.now_s = 31.0
    broker.put(10, "a", dup=True)
    assert [delivery.stored for delivery in broker.take()] == [False]


def test_the_same_words_as_a_new_message_are_a_new_message(broker: Broker) -> None:
    for packet in (1, 2):
        broker.put(packet, "a")
        (taken,) = broker.take()
        assert not taken.stored
        broker.inbox.acknowledge([taken])


def test_only_so_many_acknowledged_messages_are_remembered(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "LATELY", 2)
    for packet in (1, 2, 3):
        broker.put(packet)
        broker.inbox.acknowledge(broker.take())
    for packet in (1, 2, 3):
        broker.put(packet, dup=True)
    assert [delivery.stored for delivery in broker.take()] == [False, True, True]


def test_a_broker_that_grew_impatient_is_not_heard_twice(broker: Broker) -> None:
    broker.put(1, "a")
    for _ in range(3):
        broker.put(1, "a", dup=True)
    assert payloads(broker.take()) == ["a"]


def test_two_messages_that_say_the_same_stay_two(broker: Broker) -> None:
    broker.put(1, "a")
    broker.put(2, "a")
    broker.inbox.reconnected(broker.main)
    broker.put(5, "a", dup=True)
    broker.put(6, "a", dup=True)
    broker.put(7, "a", dup=True)
    batch = broker.take()
    broker.inbox.acknowledge(batch)
    assert broker.acknowledged == [5, 6, 7]


def test_a_repeat_for_one_session_is_no_repeat_for_the_other(broker: Broker) -> None:
    broker.put(1, "a")
    broker.put(1, "a", line=broker.sos, dup=True)
    assert len(broker.take()) == 2


def test_what_was_published_without_assurance_is_not_acknowledged(broker: Broker) -> None:
    broker.put(0, "a", qos=0)
    broker.inbox.acknowledge(broker.take())
    assert broker.acknowledged == []


def test_nobody_delivers_more_than_there_is_room_for(broker: Broker) -> None:
    broker.inbox = Inbox(most_bytes=2 * WEIGHT)
    broker.inbox.add_line(broker.main)
    broker.inbox.add_line(broker.sos)
    broker.put(1)
    broker.put(2)
    assert broker.inbox.is_full
    waiting = threading.Thread(target=broker.put, args=(3,))
    waiting.start()
    broker.put(9, "help", line=broker.sos)  # an alarm does not wait
    batch = broker.take()
    assert sorted(payloads(batch)) == ["1", "2", "help"], "the third waits outside"
    broker.inbox.acknowledge(batch)
    waiting.join(20)
    assert payloads(broker.take()) == ["3"]


def test_whoever_waits_for_room_is_let_go_when_ingest_ends(broker: Broker) -> None:
    broker.inbox = Inbox(most_bytes=1)
    broker.inbox.add_line(broker.main)
    broker.put(1)
    waiting = threading.Thread(target=broker.put, args=(2,))
    waiting.start()
    broker.inbox.close()
    waiting.join(20)
    assert not waiting.is_alive()


def test_what_was_held_weighs_nothing_once_it_is_acknowledged(broker: Broker) -> None:
    for packet in range(1, 6):
        broker.put(packet, "x" * 100)
    assert broker.inbox.held_bytes == 5 * (100 + WEIGHT)
    broker.put(1, "x" * 100, dup=True)
    broker.inbox.acknowledge(broker.take(rows=2))
    broker.inbox.acknowledge(broker.take())
    assert broker.inbox.held_bytes == 0


def test_an_alarm_overtakes_a_queue_and_is_acknowledged_in_its_turn(broker: Broker) -> None:
    broker.take(rows=2)
    for packet in range(1, 6):
        broker.put(packet)
    broker.put(6, '{"alarm":"sos"}')
    first = broker.take(rows=2)
    assert payloads(first) == ['{"alarm":"sos"}', "1", "2"]
    broker.inbox.acknowledge(first)
    assert broker.acknowledged == [1, 2]
    broker.inbox.acknowledge(broker.take(rows=2))
    broker.inbox.acknowledge(broker.take(rows=2))
    assert broker.acknowledged == [1, 2, 3, 4, 5, 6]


def test_an_alarm_without_a_queue_before_it_is_taken_once(broker: Broker) -> None:
    broker.take(rows=10)
    broker.put(1, '{"alarm":"sos"}')
    assert len(broker.take(rows=10)) == 1


def test_what_an_alarm_says_is_said_once_though_it_has_no_time_of_its_own(broker: Broker) -> None:
    for packet in range(1, 4):
        broker.put(packet, f"{packet} panic button")
    said: list[str] = []
    while batch := broker.take(rows=2):
        (segment,) = ToldTime(cast("CellClock", None)).segments(batch)
        said += [message.payload.decode() for message in segment.messages]
        broker.inbox.acknowledge(batch)
    assert sorted(said) == ["1 panic button", "2 panic button", "3 panic button"]
    assert broker.acknowledged == [1, 2, 3]


def test_a_repeat_of_what_overtook_is_known_once_it_was_acknowledged(broker: Broker) -> None:
    broker.take(rows=1)
    for payload in ("1", "alarm"):
        broker.put(int(payload == "alarm"), payload)
    for _ in range(2):
        broker.inbox.acknowledge(broker.take(rows=1))
    broker.inbox.reconnected(broker.main)
    broker.put(7, "alarm", dup=True)
    assert [delivery.stored for delivery in broker.take()] == [True]


def test_alarms_do_not_make_a_batch_longer_than_it_may_be(broker: Broker) -> None:
    broker.take(rows=2)
    for packet in range(1, 21):
        broker.put(packet, f"{packet} alarm")
    taken: list[Delivery] = []
    while batch := broker.take(rows=2):
        assert len(batch) <= 4, "as many that overtake as wait for their turn"
        broker.inbox.acknowledge(batch)
        taken += batch
    assert sum(not delivery.stored for delivery in taken) == 20, "each goes to the log once"
    assert broker.acknowledged == list(range(1, 21))


def test_what_another_line_hears_too_is_only_acknowledged(broker: Broker) -> None:
    porch = Line(broker.acknowledged.extend, elsewhere=lambda topic: topic == "t")
    broker.inbox.add_line(porch)
    broker.put(1, "press")
    broker.put(2, "press", line=porch)
    batch = broker.take()
    assert [(delivery.line is porch, delivery.stored) for delivery in batch] == [(False, False), (True, True)]
    broker.inbox.acknowledge(batch)
    assert broker.acknowledged == [1, 2]
    assert not broker.inbox.holds(porch)


def test_long_topics_weigh_too(broker: Broker) -> None:
    broker.inbox.put(broker.main, Message("t" * 60_000, b""), 1)
    assert broker.inbox.held_bytes > 60_000
    broker.inbox.acknowledge(broker.take())
    assert broker.inbox.held_bytes == 0


def test_a_line_that_is_removed_takes_what_waits_in_it_along(broker: Broker) -> None:
    broker.put(1)
    broker.put(2, line=broker.sos)
    broker.inbox.remove_line(broker.main)
    assert payloads(broker.take()) == ["2"]
    assert broker.inbox.held_bytes == 1 + WEIGHT
