"""What truly happened at one visit, as the one who made it happen knows it. Times are epoch ms, None: it never did."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulators.company import Visit
from simulators.mishaps import Mishap

Stretch = tuple[int, int | None]
"""From, until; None: it did not end."""


@dataclass(slots=True)
class Course:
    """One visit's course. `risk_ms`: from when on no way was fast enough to be in time, had anybody known."""

    visit: Visit
    worker: str
    mishap: Mishap | None = None
    left_ms: int | None = None
    """Set out for it."""
    near_ms: int | None = None
    compound_ms: int | None = None
    door_ms: int | None = None
    service_ms: int | None = None
    no_access_ms: int | None = None
    ended_ms: int | None = None
    """Left, or the promise's planned end where nobody came."""
    risk_ms: int | None = None
    away: list[Stretch] = field(default_factory=list)
    """Off the site without having said so."""
    jumps: list[tuple[int, int]] = field(default_factory=list)
    signed_away_ms: list[int] = field(default_factory=list)
    sos_ms: list[int] = field(default_factory=list)
