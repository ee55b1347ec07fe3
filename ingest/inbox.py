"""Between the network threads and the committer: what was delivered and is not acknowledged yet.

A broker that reconnects, or waits too long, delivers again what it already delivered, with DUP set (MQTT 3.1.1,
section 4.4). Such a repeat takes the place of its twin here instead of standing in line behind it, so an outage of the
database, however long, holds no more than the broker's in-flight limit. One that crossed its acknowledgement is
recognised as well, and only acknowledged again.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from ingest.message import Message

Acknowledge = Callable[[int], None]
"""Acknowledges the packet of this id on a connection that stands."""

LATELY = 65_535
"""Acknowledged messages remembered: no session has more packet ids."""

WIDEST_BATCH_BYTES = 16 << 20
"""Payloads that end a batch early: the largest single message a broker of ours carries, so memory stays small."""


class Line:
    """One session's deliveries, in the order received. `connection` counts its connections; acknowledgements of an
    older one are void, because the broker may have given its packet ids to other messages. The present one began, or
    the last one was lost, at `changed_at_s` of the monotonic clock.
    """

    def __init__(self, acknowledge: Acknowledge, *, urgent: bool = False) -> None:
        self.acknowledge = acknowledge
        self.urgent = urgent
        self.connection = 0
        self.changed_at_s = 0.0
        self.waiting: deque[Delivery] = deque()


class Delivery:
    """A message and how to acknowledge it; a repeat changes the latter."""

    __slots__ = ("connection", "line", "message", "packet", "stored")

    def __init__(self, message: Message, line: Line, packet: int, *, stored: bool = False) -> None:
        self.message = message
        self.stored = stored
        self.line = line
        self.connection = line.connection
        self.packet = packet


class Inbox:
    """The lines of all sessions. Network threads `put`, the committer takes batches and acknowledges them.

    `keepalive_s`: a lost connection is noticed within this, so younger acknowledgements may not have arrived.
    """

    def __init__(self, keepalive_s: float = 30.0, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lines: list[Line] = []
        self._lock = threading.Lock()
        self._held: dict[tuple[str, bytes], list[Delivery]] = {}
        self._acknowledged = _Acknowledged(keepalive_s)
        self._some = threading.Event()
        self._enough = threading.Event()
        self._rows = 1
        self.received = 0

    def add_line(self, line: Line) -> None:
        """Another session; urgent ones are taken first."""
        self._lines.append(line)
        self._lines.sort(key=lambda each: not each.urgent)

    def reconnected(self, line: Line) -> None:
        """The session has lost its connection, or has a new one."""
        with self._lock:
            line.connection += 1
            line.changed_at_s = self._monotonic()

    def put(self, line: Line, message: Message, packet: int) -> None:
        """A message was delivered as the packet of this id (0 at QoS 0)."""
        key = (message.topic, message.payload)
        with self._lock:
            self.received += 1
            held = self._held.get(key)
            if held is None:
                self._held[key] = held = []
            elif message.dup and _takes_place(held, line, packet):
                return
            stored = message.dup and self._acknowledged.recognise(key, line, packet, self._monotonic())
            delivery = Delivery(message, line, packet, stored=stored)
            held.append(delivery)
            line.waiting.append(delivery)
        if not self._some.is_set():
            self._some.set()
        if len(line.waiting) >= self._rows:
            self._enough.set()

    def take(self, rows: int, within_s: float, stop: threading.Event, idle_s: float = 0.5) -> list[Delivery]:
        """The next batch: complete once there are `rows`, or `within_s` after its first; empty after `idle_s`."""
        self._rows = rows
        if not self._some.wait(idle_s):
            return []
        self._some.clear()
        self._enough.clear()
        if not stop.is_set() and self.depth < rows:
            self._enough.wait(within_s)
        batch: list[Delivery] = []
        size = 0
        for line, end in self._ends(rows):
            while line.waiting and len(batch) < end:
                delivery = line.waiting.popleft()
                size += len(delivery.message.payload)
                batch.append(delivery)
                if size >= WIDEST_BATCH_BYTES:
                    break  # each other line may still give one
        if self.depth:
            self._some.set()
        return batch

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
        with self._lock:
            for delivery in deliveries:
                message = delivery.message
                key = (message.topic, message.payload)
                held = self._held[key]
                held.remove(delivery)
                if not held:
                    del self._held[key]
                if not message.qos:
                    continue
                if delivery.connection == delivery.line.connection:
                    delivery.line.acknowledge(delivery.packet)
                if not delivery.stored:
                    self._acknowledged.add(key, delivery, now_s)

    @property
    def depth(self) -> int:
        """Deliveries that wait."""
        return sum(len(line.waiting) for line in self._lines)


class _Acknowledged:
    """What was acknowledged lately."""

    def __init__(self, keepalive_s: float) -> None:
        self._keepalive_s = keepalive_s
        self._places: dict[int, list[_Place]] = {}
        self._order: deque[int] = deque()

    def add(self, key: tuple[str, bytes], delivery: Delivery, at_s: float) -> None:
        digest = hash(key)
        self._places.setdefault(digest, []).append(_Place(delivery, at_s))
        self._order.append(digest)
        if len(self._order) > LATELY:
            oldest = self._order.popleft()
            places = self._places[oldest]
            places.pop(0)
            if not places:
                del self._places[oldest]

    def recognise(self, key: tuple[str, bytes], line: Line, packet: int, now_s: float) -> bool:
        """Whether a message marked DUP is one of these.

        By its packet id on the same connection. Otherwise each whose acknowledgement may not have arrived in time
        stands for one message that says the same: on a new connection ids mean nothing, and a broker that repeats a
        message in the moment of its acknowledgement (NATS does) may give it a new id.
        """
        places = [place for place in self._places.get(hash(key), ()) if place.line is line]
        if any(place.connection == line.connection and place.packet == packet for place in places):
            return True
        for place in places:
            until_s = now_s if place.connection == line.connection else line.changed_at_s
            if until_s - place.at_s <= self._keepalive_s:
                place.connection, place.packet, place.at_s = line.connection, packet, -math.inf
                return True
        return False


class _Place:
    __slots__ = ("at_s", "connection", "line", "packet")

    def __init__(self, delivery: Delivery, at_s: float) -> None:
        self.line, self.connection, self.packet = delivery.line, delivery.connection, delivery.packet
        self.at_s = at_s


def _takes_place(held: list[Delivery], line: Line, packet: int) -> bool:
    for delivery in held:
        if delivery.line is line and (delivery.connection != line.connection or delivery.packet == packet):
            delivery.connection, delivery.packet = line.connection, packet
            return True
    return False
