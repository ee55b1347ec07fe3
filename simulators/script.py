"""What happens on the seeded day: who goes where when, and what goes wrong.

Times are minutes after the shown visit's window opens.
"""

from __future__ import annotations

from typing import NamedTuple

from simulators.phone import MINUTE_MS
from simulators.streets import Compound

_WINDOW_MIN = 30


class Call(NamedTuple):
    """A visit in the script. `event`: late, offline on the way, no_access, sos or no_show."""

    worker: int
    opens_min: int
    planned_min: int
    event: str = ""


SCRIPT = (
    Call(0, 0, 60),
    Call(0, 120, 90),
    Call(0, 330, 60),
    Call(1, -15, 60),
    Call(1, 90, 60, event="offline"),
    Call(1, 180, 60, event="late"),
    Call(2, 15, 60),
    Call(2, 150, 120, event="sos"),
    Call(2, 360, 60),
    Call(3, 30, 60, event="no_access"),
    Call(3, 120, 90),
    Call(4, 30, 90, event="no_show"),
)


class Visit(NamedTuple):
    """A visit of the day and what it needs."""

    key: str
    call: Call
    site: str
    compound: Compound
    customer: str
    service: str
    opens_ms: int

    @property
    def closes_ms(self) -> int:
        return self.opens_ms + _WINDOW_MIN * MINUTE_MS


class Truth(NamedTuple):
    """What really happened: at the compound, at the door, gone; None where nobody came, or nobody opened."""

    visit: str
    arrived_ms: int | None = None
    door_ms: int | None = None
    left_ms: int | None = None
