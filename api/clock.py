"""The cell's clock as pages see it: now, and whether it is the wall's."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel

from api.times import At
from eventlog.clock import CellClock, ClockMode


class ClockShape(BaseModel, frozen=True):
    """`rate`: cell seconds per wall second until the next answer; 0: the time stands still between ticks."""

    now: At
    mode: ClockMode
    rate: float


@dataclass(frozen=True, slots=True)
class ShownClock:
    """A cell's clock with its mode. Asking it may read the log: not in the event loop."""

    clock: CellClock
    mode: ClockMode = ClockMode.WALL
    rate: float = 1.0

    def now_ms(self) -> int:
        """The cell's time."""
        return self.clock.now_ms()

    def shape(self) -> ClockShape:
        """As it goes into answers. Raises Transient."""
        return ClockShape(now=self.clock.now_ms(), mode=self.mode, rate=self.rate)
