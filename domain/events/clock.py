"""Time as an event. The metronome appends `TimeAdvanced`; absence is judged when one is folded."""

from __future__ import annotations

from typing import ClassVar

from domain.events.base import Event
from domain.time import Ms


class TimeAdvanced(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The cell's clock reached `recorded_at_ms`.

    `wall_ms` is the wall clock at that moment and `rate` the cell's ms per wall ms, so that any process can
    carry the cell's time on from the newest tick. `rate` 0: the time stands still until the next tick.
    """

    TOPIC: ClassVar[str] = "doorstep.clock.time_advanced"

    wall_ms: Ms
    rate: float = 1.0
