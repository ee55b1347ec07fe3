"""The `clock` role: appends `TimeAdvanced`, by which everything that judges absence learns that time has passed.

In mode `followed` nothing beats here: ticks arrive on the wire, and ingest appends what `followed_tick` makes of them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import msgspec

from domain.errors import ConcurrentAppend, CorruptLog, Transient
from domain.events.clock import TimeAdvanced
from domain.time import SECOND_MS, Ms
from eventlog.clock import MAX_AHEAD_S, Tick, carried_ms, wall_ms
from eventlog.entry import Append, Entry

logger = logging.getLogger(__name__)

STREAM = "clock"

MAX_WAIT_S = 1.0
"""Longest wait before the wall clock is looked at again: it may have been set, or the machine been asleep."""


class ClockLog(Protocol):
    """What the metronome needs of an `EventLog`."""

    def newest(self, stream: str) -> Entry | None:
        """The newest event of a stream."""

    def append(self, appends: Sequence[Append]) -> int:
        """Append or raise ConcurrentAppend."""


class _Newest(NamedTuple):
    tick: Tick | None
    version: int


def newest_tick(log: ClockLog) -> Tick | None:
    """The newest tick in the log, for `LogClock`; None before the first. Raises CorruptLog, Transient."""
    return _newest(log).tick


def followed_tick(log: ClockLog, to_ms: Ms, wall: Callable[[], Ms] = wall_ms) -> Append | None:
    """What to append when the wire says that it is `to_ms`; None where the cell's time is there already or further."""
    tick, version = _newest(log)
    if tick is not None and to_ms <= tick.cell_ms:
        return None
    return _append(Tick(wall(), to_ms, 0.0), version)


class WallPace(msgspec.Struct, frozen=True):
    """The cell's time is the wall's. After a pause: one jump. Where the wall went back: nothing until it caught up."""

    rate: float = 1.0

    def cell_ms(self, newest: Tick | None, wall_now_ms: Ms) -> Ms:
        """The cell's time at a wall instant."""
        return wall_now_ms

    def wait_ms(self, newest: Tick, wall_now_ms: Ms, every_ms: int) -> float:
        """Wall ms until the next tick is due."""
        return newest.cell_ms + every_ms - wall_now_ms


class ScaledPace(msgspec.Struct, frozen=True):
    """The cell's time starts at `start_ms` and runs at `rate`; what lies in the log is carried on.

    A tick older than `max_ahead_s` wall seconds has halted every `LogClock`, so time goes on from there, and a tick is
    due at once. The same holds where the wall clock was set back by so much, or the rate has changed.
    """

    start_ms: Ms
    rate: float
    max_ahead_s: float = MAX_AHEAD_S

    def cell_ms(self, newest: Tick | None, wall_now_ms: Ms) -> Ms:
        """The cell's time at a wall instant, as a LogClock tells it."""
        return self.start_ms if newest is None else carried_ms(newest, wall_now_ms, self.max_ahead_s)

    def wait_ms(self, newest: Tick, wall_now_ms: Ms, every_ms: int) -> float:
        """Wall ms until the next tick is due."""
        elapsed_ms = wall_now_ms - newest.wall_ms
        until_halt_ms = self.max_ahead_s * SECOND_MS - abs(elapsed_ms)
        if newest.rate != self.rate or until_halt_ms <= 0:
            return 0
        return min(every_ms / self.rate - elapsed_ms, until_halt_ms)


class Metronome:
    """Ticks every `every_ms` of the cell's time, at most `max_ticks_per_s` times in a wall second.

    Expected versions keep two metronomes from ticking twice: the second reads the first one's tick and goes on from it.
    """

    def __init__(
        self,
        log: ClockLog,
        pace: WallPace | ScaledPace,
        *,
        every_ms: int = 5 * SECOND_MS,
        max_ticks_per_s: float = 10.0,
        backoff_first_s: float = 0.2,
        backoff_max_s: float = 10.0,
        wall: Callable[[], Ms] = wall_ms,
        wait: Callable[[threading.Event, float], bool] = threading.Event.wait,
    ) -> None:
        self._log, self._pace = log, pace
        self._every_ms, self._gap_ms = every_ms, SECOND_MS / max_ticks_per_s
        self._backoff_first_s, self._backoff_max_s = backoff_first_s, backoff_max_s
        self._wall, self._wait = wall, wait
        self._newest: _Newest | None = None

    def run(self, stop: threading.Event) -> None:
        """Beat until told to stop. What Transient errors hold up is made good by one tick; other errors end it."""
        pause_s = self._backoff_first_s
        while not stop.is_set():
            try:
                wait_s = self.beat()
                pause_s = self._backoff_first_s
            except Transient as error:
                logger.warning("no tick for now: %s; trying again in %.1f s", error, pause_s)
                self._newest = None
                wait_s, pause_s = pause_s, min(pause_s * 2, self._backoff_max_s)
            self._wait(stop, wait_s)

    def beat(self) -> float:
        """Append a tick if one is due; seconds until it is worth looking again. Raises Transient, CorruptLog."""
        wall_now_ms = self._wall()
        newest = self._newest = self._newest or self._read(wall_now_ms)
        wait_ms = self._wait_ms(newest.tick, wall_now_ms)
        if wait_ms > 0:
            return min(wait_ms / SECOND_MS, MAX_WAIT_S)
        cell_ms = self._pace.cell_ms(newest.tick, wall_now_ms)
        if newest.tick is not None:
            cell_ms = max(cell_ms, Ms(newest.tick.cell_ms + 1))
        tick = Tick(wall_now_ms, cell_ms, self._pace.rate)
        try:
            self._log.append([_append(tick, newest.version)])
        except ConcurrentAppend:
            self._newest = None
            return 0
        self._newest = _Newest(tick, newest.version + 1)
        return min(max(self._wait_ms(tick, wall_now_ms) / SECOND_MS, 0), MAX_WAIT_S)

    def _read(self, wall_now_ms: Ms) -> _Newest:
        newest = _newest(self._log)
        if isinstance(self._pace, WallPace) and newest.tick is not None:
            ahead_ms = newest.tick.cell_ms - wall_now_ms
            if ahead_ms > self._every_ms:
                logger.warning("the log is %.0f s ahead of the wall clock: no ticks until then", ahead_ms / SECOND_MS)
        return newest

    def _wait_ms(self, newest: Tick | None, wall_now_ms: Ms) -> float:
        if newest is None:
            return 0
        return max(self._pace.wait_ms(newest, wall_now_ms, self._every_ms), self._gap_left_ms(newest, wall_now_ms))

    def _gap_left_ms(self, newest: Tick, wall_now_ms: Ms) -> float:
        elapsed_ms = wall_now_ms - newest.wall_ms
        return self._gap_ms - elapsed_ms if elapsed_ms >= 0 else 0


def _newest(log: ClockLog) -> _Newest:
    entry = log.newest(STREAM)
    if entry is None:
        return _Newest(None, 0)
    event = entry.event
    if not isinstance(event, TimeAdvanced):
        raise CorruptLog(f"the stream {STREAM} holds {event.TOPIC}")
    return _Newest(Tick(event.wall_ms, event.recorded_at_ms, event.rate), entry.version)


def _append(tick: Tick, version: int) -> Append:
    event = TimeAdvanced(recorded_at_ms=tick.cell_ms, wall_ms=tick.wall_ms, rate=tick.rate)
    return Append(STREAM, [event], version)
