"""Between the network threads and the committer: what was delivered and is not acknowledged yet.

A broker that reconnects, or waits too long, delivers again what it already delivered, with DUP set (MQTT 3.1.1,
section 4.4). Such a repeat takes the place of its twin here instead of standing in line behind it, so an outage of the
database, however long, holds no more than the broker's in-flight limit, nor more bytes than are allowed. One that
crossed its acknowledgement is recognised as well, and only acknowledged again (ingest/repeats.py).

Repeats are rare and messages are not: what a repeat needs to be found is gathered when the first one comes.
"""

from __future__ import annotations

import math
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence

import msgspec

from ingest.message import Message
from ingest.repeats import Acknowledged

Acknowledge = Callable[[Sequence[int]], None]
"""Acknowledges the packets of these ids, in this order, on a connection that stands."""

WIDEST_BATCH_BYTES = 16 << 20
"""Payloads that end a batch early: the largest single message a broker of ours carries, so memory stays small."""

MESSAGE_BYTES = 500
"""What a message weighs here beside its topic and its payload."""

URGENT = re.compile(rb"(?i)sos|alarm|panic|emergency")
"""What a payload that raises an alarm holds, in any dialect. Others that hold it lose nothing by being early."""

_LOOK_S = 0.5


class Line:
    """One session's deliveries, in the order received. `connection` counts its connections; acknowledgements of an
    older one are void, because the broker may have given its packet ids to other messages. The present one began, or
    the last one was lost, at `changed_at_s` of the monotonic clock. An `urgent` line is taken first. What another line
    hears `elsewhere`, by its topic, is only acknowledged.
    """

    def __init__(
        self, acknowledge: Acknowledge, *, urgent: bool = False, elsewhere: Callable[[str], bool] = lambda _: False
    ) -> None:
        self.acknowledge = acknowledge
        self.urgent = urgent
        self.elsewhere = elsewhere
        self.connection = 0
        self.changed_at_s = 0.0
        self.waiting: deque[Delivery] = deque()


class Delivery(msgspec.Struct, gc=False, eq=False):
    """A message and how to acknowledge it; a repeat changes the latter. `stored`: it is only to be acknowledged, for
    what it says is in the log, or goes there before it; `repeat`: because it was acknowledged before. `early`: it
    overtakes another delivery of the same message, which is the one to be acknowledged."""

    message: Message
    line: Line
    packet: int
    connection: int
    stored: bool = False
    repeat: bool = False
    taken: bool = False
    done: bool = False
    early: bool = False


class Inbox:
    """The lines of all sessions. Network threads `deliver`, the committer takes batches and acknowledges them.

    `keepalive_s`: a lost connection is noticed within twice this, so younger acknowledgements may not have arrived.
    `most_bytes`: once what is held weighs more, whoever delivers waits, and with it its connection; the broker keeps
    the rest.
    """

    def __init__(
        self,
        keepalive_s: float = 30.0,
        *,
        most_bytes: int = 256 << 20,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._most_bytes = most_bytes
        self._lines: list[Line] = []
        self._lock = threading.Lock()
        self._room = threading.Condition(self._lock)
        self._early: deque[Delivery] = deque()
        self._taken: list[Delivery] = []
        self._held: dict[int, list[Delivery]] | None = None
        self._acknowledged = Acknowledged(keepalive_s)
        self._some = threading.Event()
        self._enough = threading.Event()
        self._rows = 1
        self._closed = False
        self.received = 0
        self.held_bytes = 0

    def add_line(self, line: Line) -> None:
        """Another session; urgent ones are taken first."""
        self._lines = sorted([*self._lines, line], key=lambda each: not each.urgent)

    def remove_line(self, line: Line) -> None:
        """The session has ended; what still waits in it is forgotten, and its broker keeps it."""
        with self._lock:
            self._lines = [each for each in self._lines if each is not line]
            line.connection += 1
            self._weigh(-sum(_weight(delivery) for delivery in line.waiting))
            line.waiting.clear()
            self._held = None

    def holds(self, line: Line) -> bool:
        """Whether something of the session is not in the log yet."""
        with self._lock:
            return bool(line.waiting) or any(delivery.line is line for delivery in self._taken)

    def reconnected(self, line: Line) -> None:
        """The session has lost its connection, or has a new one."""
        with self._lock:
            line.connection += 1
            line.changed_at_s = self._monotonic()

    def put(self, line: Line, message: Message, packet: int) -> None:
        """One message was delivered as the packet of this id (0 at QoS 0)."""
        self.deliver(line, ((message, packet),))

    def deliver(self, line: Line, messages: Iterable[tuple[Message, int]]) -> None:
        """Messages and their packet ids, in the order received. Waits where there is no room."""
        with self._lock:
            while self.is_full and not line.urgent and not self._closed:
                self._room.wait(_LOOK_S)
            for message, packet in messages:
                self._put(line, message, packet)
        if not self._some.is_set():
            self._some.set()
        if len(line.waiting) >= self._rows:
            self._enough.set()

    def _put(self, line: Line, message: Message, packet: int) -> None:
        self.received += 1
        repeat = False
        if message.dup:
            if self._takes_place(line, message, packet):
                return
            repeat = self._acknowledged.recognise(_digest(message), line, packet, self._monotonic())
        stored = repeat or line.elsewhere(message.topic)
        delivery = Delivery(message, line, packet, line.connection, stored, repeat)
        if self._held is not None:
            self._held.setdefault(_digest(message), []).append(delivery)
        if len(line.waiting) >= self._rows and not line.urgent and not stored and URGENT.search(message.payload):
            self._early.append(delivery)
        line.waiting.append(delivery)
        self.held_bytes += _weight(delivery)

    def _takes_place(self, line: Line, message: Message, packet: int) -> bool:
        """Whether this repeat is one of something that is held; if so, that is to be acknowledged as the repeat."""
        if self._held is None:
            self._held = {}
            for delivery in (*self._taken, *(delivery for each in self._lines for delivery in each.waiting)):
                self._held.setdefault(_digest(delivery.message), []).append(delivery)
        for held in self._held.get(_digest(message), ()):
            same = held.line is line and held.message.topic == message.topic and held.message.payload == message.payload
            if same and (held.connection != line.connection or held.packet == packet):
                held.connection, held.packet = line.connection, packet
                return True
        return False

    def take(self, rows: int, within_s: float, stop: threading.Event, idle_s: float = 0.5) -> list[Delivery]:
        """The next batch: complete once there are `rows`, or `within_s` after its first; empty after `idle_s`."""
        self._rows = rows
        if not self._some.wait(idle_s):
            return []
        self._some.clear()
        self._enough.clear()
        if not stop.is_set() and self.depth < rows:
            self._enough.wait(within_s)
        size = 0
        with self._lock:
            batch = self._overtaking(rows)
            early = len(batch)
            for line, end in self._ends(rows):
                while line.waiting and len(batch) - early < end:
                    delivery = line.waiting.popleft()
                    delivery.taken = True
                    size += len(delivery.message.payload)
                    batch.append(delivery)
                    if size >= WIDEST_BATCH_BYTES:
                        break  # each other line may still give one
            self._taken += batch[early:]
        if self.depth:
            self._some.set()
        return batch

    def _overtaking(self, rows: int) -> list[Delivery]:
        """Copies of what raises an alarm, no more than a batch may hold. What waits for its turn is stored then, and
        only acknowledged: without a time of its own it would be a second fact."""
        copies: list[Delivery] = []
        size = 0
        while self._early and len(copies) < rows and size < WIDEST_BATCH_BYTES:
            waiting = self._early.popleft()
            if waiting.taken:
                continue  # its turn came first
            waiting.stored = True
            size += len(waiting.message.payload)
            copies.append(Delivery(waiting.message, waiting.line, 0, 0, early=True))
        return copies

    def _ends(self, rows: int) -> list[tuple[Line, int]]:
        """How long a batch may be once each line has given its part: an urgent one whatever it has, the others by how
        much waits there but at least one each, so that a flood in one session does not hold up another."""
        waiting = [(line, len(line.waiting)) for line in self._lines]
        urgent = sum(count for line, count in waiting if line.urgent)
        room, others = max(rows - urgent, 0), sum(count for line, count in waiting if not line.urgent)
        ends, given, end = [], 0, 0
        after = sum(1 for line, count in waiting if count and not line.urgent)
        for line, count in waiting:
            if line.urgent:
                ends.append((line, rows))
                continue
            given += count
            after -= bool(count)
            fair = min(math.ceil(room * given / max(others, 1)), room - after)
            end = min(max(fair, end + bool(count)), room)
            ends.append((line, rows - room + end))
        return ends

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """These are in the log: tell the broker, in the order received, unless it has been lost since."""
        now_s = self._monotonic()
        packets: dict[Line, list[int]] = {}
        with self._lock:
            for delivery in deliveries:
                if delivery.early:
                    continue
                delivery.done = True
                if delivery.message.qos and delivery.connection == delivery.line.connection:
                    packets.setdefault(delivery.line, []).append(delivery.packet)
            done = [delivery for delivery in deliveries if not delivery.early]
            for line, ids in packets.items():
                line.acknowledge(ids)
            self._acknowledged.add([(_digest(d.message), d) for d in done if d.message.qos and not d.repeat], now_s)
            self._taken = [delivery for delivery in self._taken if not delivery.done]
            self._forget(done)
            self._weigh(-sum(map(_weight, done)))

    def _forget(self, done: Sequence[Delivery]) -> None:
        if self._held is None:
            return
        if not self._taken and not any(line.waiting for line in self._lines):
            self._held = None
            return
        for delivery in done:
            digest = _digest(delivery.message)
            held = self._held[digest]
            held.remove(delivery)
            if not held:
                del self._held[digest]

    def _weigh(self, change: int) -> None:
        self.held_bytes += change
        if not self.is_full:
            self._room.notify_all()

    def close(self) -> None:
        """Nobody waits for room any more: ingest ends, and the broker keeps what is not acknowledged."""
        with self._lock:
            self._closed = True
            self._room.notify_all()

    @property
    def is_full(self) -> bool:
        """Whether the bytes that are held are all that may be."""
        return self.held_bytes >= self._most_bytes

    @property
    def depth(self) -> int:
        """Deliveries that wait."""
        return sum(len(line.waiting) for line in self._lines)


def _digest(message: Message) -> int:
    return hash((message.topic, message.payload))


def _weight(delivery: Delivery) -> int:
    return len(delivery.message.payload) + len(delivery.message.topic) + MESSAGE_BYTES
