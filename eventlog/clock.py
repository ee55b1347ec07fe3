"""What time it is in the cell. The only reader of the wall clock; all else is told the time, or reads it in the log.

In mode `wall` the cell's time is the wall's. In `scaled` and `followed` it is what the ticks in the log say, and every
process carries it on from the newest one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple, Protocol

from domain.errors import Transient
from domain.time import SECOND_MS, Ms

REFRESH_S = 0.5
"""How long a process trusts the tick it knows; half of what a reader of a page would notice."""

MAX_AHEAD_S = 2.0
"""How far, in wall seconds, time may run on without a tick: a lost metronome halts the cell's time within a glance."""


class ClockMode(StrEnum):
    """Where the cell's time comes from."""

    WALL = "wall"
    SCALED = "scaled"
    """A start instant and a rate: a demo day."""
    FOLLOWED = "followed"
    """Ticks arrive on the wire: a replay."""


class Tick(NamedTuple):
    """At `wall_ms` the cell's time was `cell_ms`, and went on at `rate` ms per wall ms (0: it stood still)."""

    wall_ms: Ms
    cell_ms: Ms
    rate: float


class CellClock(Protocol):
    """Tells the cell's time."""

    def now_ms(self) -> Ms:
        """The cell's time; never less than it said before in this process."""


def wall_ms() -> Ms:
    """The wall clock. It may go back."""
    return Ms(time.time_ns() // 1_000_000)  # noqa: TID251


def carried_ms(tick: Tick, wall_now_ms: Ms, max_ahead_s: float) -> Ms:
    """The cell's time at a wall instant, carried on from a tick by at most `max_ahead_s` wall seconds, never back."""
    elapsed_ms = min(max(wall_now_ms - tick.wall_ms, 0), max_ahead_s * SECOND_MS)
    return Ms(tick.cell_ms + int(elapsed_ms * tick.rate))


class WallClock:
    """Mode `wall`. Where the wall clock is set back, time stands still until it has caught up.

    `not_before_ms`: the newest tick in the log, so that this also holds from one process to the next.
    """

    def __init__(self, wall: Callable[[], Ms] = wall_ms, *, not_before_ms: int = 0) -> None:
        self._wall = wall
        self._lock = threading.Lock()
        self._last_ms = Ms(not_before_ms)

    def now_ms(self) -> Ms:
        """See CellClock."""
        with self._lock:
            self._last_ms = max(self._last_ms, self._wall())
            return self._last_ms


class LogClock:
    """Modes `scaled` and `followed`: the newest tick in the log, carried on.

    `read_newest` reads that tick (None: there is none yet, and it is `before_first_ms`). It is asked every `refresh_s`
    by one thread at a time, the others go on with the tick they know. While it raises Transient the known tick serves;
    where none is known yet the error is passed on.
    """

    def __init__(
        self,
        read_newest: Callable[[], Tick | None],
        *,
        before_first_ms: Ms,
        refresh_s: float = REFRESH_S,
        max_ahead_s: float = MAX_AHEAD_S,
        wall: Callable[[], Ms] = wall_ms,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read_newest = read_newest
        self._refresh_s, self._max_ahead_s = refresh_s, max_ahead_s
        self._wall, self._monotonic = wall, monotonic
        self._lock, self._reading = threading.Lock(), threading.Lock()
        self._refresh_at_s = monotonic()
        self._tick: Tick | None = None
        self._read = False
        self._last_ms = before_first_ms

    def now_ms(self) -> Ms:
        """See CellClock."""
        if self._monotonic() >= self._refresh_at_s and self._reading.acquire(blocking=not self._read):
            try:
                self._refresh()
            finally:
                self._reading.release()
        with self._lock:
            if self._tick is not None:
                self._last_ms = max(self._last_ms, carried_ms(self._tick, self._wall(), self._max_ahead_s))
            return self._last_ms

    def saw(self, tick: Tick) -> None:
        """A tick that this process appended or read in passing; older ones change nothing."""
        with self._lock:
            if self._tick is None or tick.cell_ms >= self._tick.cell_ms:
                self._tick = tick

    def _refresh(self) -> None:
        try:
            tick = self._read_newest()
        except Transient:
            if not self._read:
                raise
            tick = None
        self._read, self._refresh_at_s = True, self._monotonic() + self._refresh_s
        if tick is not None:
            self.saw(tick)
