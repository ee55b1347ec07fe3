"""Between the network threads and the committer: what was delivered and is not acknowledged yet.

A broker that reconnects, or waits too long, delivers again what it already delivered, with DUP set (MQTT 3.1.1,
section 4.4). Such a repeat takes the place of its twin here instead of standing in line behind it, so an outage of the
database, however long, holds no more than the broker's in-flight limit.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence

from ingest.message import Message

Acknowledge = Callable[[int], None]
"""Acknowledges the packet of this id on a connection that stands."""

WIDEST_BATCH_BYTES = 16 << 20
"""Payloads that end a batch early: the largest single message a broker of ours carries, so memory stays small."""


class Line:
    """One session's deliveries, in the order received. `connection` counts its connections; acknowledgements of an
    older one are void, because the broker may have given its packet ids to other messages."""

    def __init__(self, acknowledge: Acknowledge, *, urgent: bool = False) -> None:
        self.acknowledge = acknowledge
        self.urgent = urgent
        self.connection = 0
        self.waiting: deque[Delivery] = deque()


class Delivery:
    """A message and how to acknowledge it; a repeat changes the latter."""

    __slots__ = ("connection", "line", "message", "packet")

    def __init__(self, message: Message, line: Line, packet: int) -> None:
        self.message = message
        self.line = line
        self.connection = line.connection
        self.packet = packet


class Inbox:
    """The lines of all sessions. Network threads `put`, the committer takes batches and acknowledges them."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._lock = threading.Lock()
        self._held: dict[tuple[str, bytes], list[Delivery]] = {}
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
            delivery = Delivery(message, line, packet)
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
        for line in self._lines:
            while line.waiting and len(batch) < rows and size < WIDEST_BATCH_BYTES:
                delivery = line.waiting.popleft()
                size += len(delivery.message.payload)
                batch.append(delivery)
        if self.depth:
            self._some.set()
        return batch

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """These are in the log: tell the broker, in the order received, unless it has been lost since."""
        with self._lock:
            for delivery in deliveries:
                message = delivery.message
                key = (message.topic, message.payload)
                held = self._held[key]
                held.remove(delivery)
                if not held:
                    del self._held[key]
                if message.qos and delivery.connection == delivery.line.connection:
                    delivery.line.acknowledge(delivery.packet)

    @property
    def depth(self) -> int:
        """Deliveries that wait."""
        return sum(len(line.waiting) for line in self._lines)


def _takes_place(held: list[Delivery], line: Line, packet: int) -> bool:
    for delivery in held:
        if delivery.line is line and (delivery.connection != line.connection or delivery.packet == packet):
            delivery.connection, delivery.packet = line.connection, packet
            return True
    return False
