"""When what goes out: in step with a cell's own clock, or as the clock that the cell follows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from simulators.cell import CellTime
from simulators.phone import Losing, Sending
from simulators.wire import Lost, Message

BUSY_MS = 30 * 60_000
"""So long before and after a message time goes in small steps; then in long ones, which change nothing settled."""
IDLE_EVERY_MS = 10 * 60_000

_LOOK_S = 0.5


class Wire(Protocol):
    """One connection to a broker, or one for each device. All raise BrokerSilent."""

    def publish(self, message: Message | Lost) -> None:
        """Send; waits while too many are unacknowledged."""
        ...

    def drain(self) -> None:
        """Wait until everything is acknowledged."""
        ...

    def tick(self, at_ms: int) -> None:
        """Tell a following cell the time, after all that was sent before."""
        ...


def in_step(sendings: Sequence[Sending | Losing], publisher: Wire, clock: CellTime, stop: threading.Event) -> bool:
    """Publish each message when the cell's time has come to it; what is overdue goes at once, in order.

    True when all are acknowledged, False when told to stop. Raises BrokerSilent.
    """
    for at_ms, message in sendings:
        while (left_ms := at_ms - clock.now_ms()) > 0:
            rate = clock.known.rate
            wait_s = min(left_ms / 1000 / rate, _LOOK_S) if rate > 0 else _LOOK_S
            if stop.wait(wait_s):
                return False
        publisher.publish(message)
    publisher.drain()
    return True


def as_clock(
    sendings: Sequence[Sending | Losing],
    publisher: Wire,
    *,
    from_ms: int,
    until_ms: int,
    every_ms: int,
    speed: float | None = None,
    passed: Callable[[int], None] = lambda at_ms: None,
) -> None:
    """Publish the messages and, among them, the time: a tick every `every_ms` from `from_ms` until `until_ms`.

    `speed`: no faster than so many cell seconds in a wall second (None: as fast as all is acknowledged). `passed` hears
    of every tick. Raises BrokerSilent.
    """
    begin_s, next_one, at_ms = time.monotonic(), 0, from_ms
    last_sent_ms = from_ms - BUSY_MS
    while True:
        if speed is not None:
            time.sleep(max((at_ms - from_ms) / 1000 / speed - (time.monotonic() - begin_s), 0))
        publisher.tick(at_ms)
        passed(at_ms)
        if at_ms >= until_ms:
            break
        due_ms = sendings[next_one].at_ms if next_one < len(sendings) else until_ms + BUSY_MS
        busy = due_ms - at_ms < BUSY_MS or at_ms - last_sent_ms < BUSY_MS
        at_ms = min(at_ms + (every_ms if busy else IDLE_EVERY_MS), until_ms)
        while next_one < len(sendings) and sendings[next_one].at_ms < at_ms:
            publisher.publish(sendings[next_one].message)
            last_sent_ms = sendings[next_one].at_ms
            next_one += 1
    publisher.drain()
