"""A device's times as epoch ms, and whether they can be judged by (SEMANTICS, Time)."""

from __future__ import annotations

import math
from datetime import datetime

from domain.errors import Unreadable
from domain.events.facts import TimeQuality
from domain.time import SECOND_MS, Ms, from_datetime

FUTURE_TOLERANCE_MS = 120 * SECOND_MS
"""How far ahead of receipt a device's time is believed, where nothing else is set."""

UNSET_BEFORE_MS = 946_684_800_000
"""2000-01-01: clocks that were never set start at 1970 or 1980."""

_FIRST_MS = -62_135_596_800_000
_LAST_MS = 253_402_300_799_999
"""The years 1 to 9999, which calendars and databases can show."""


def from_wire(time: datetime | float) -> Ms:
    """RFC 3339, or epoch seconds with fractions. Raises Unreadable (`bad_time`).

    Both are taken to the nearest microsecond, which a double holds exactly until 2106, and cut to milliseconds.
    """
    if isinstance(time, datetime):
        ms = from_datetime(time)
    elif isinstance(time, int):
        ms = Ms(time * SECOND_MS)
    elif math.isfinite(time) and abs(time) < _LAST_MS:
        ms = Ms(round(time * 1_000_000) // 1_000)
    else:
        ms = Ms(_LAST_MS + 1)
    if not _FIRST_MS <= ms <= _LAST_MS:
        raise Unreadable("the time lies outside the years 1 to 9999; numbers are seconds since 1970", code="bad_time")
    return ms


def quality(observed_at_ms: Ms | None, received_ms: Ms, tolerance_ms: int) -> TimeQuality:
    """Whether a fact is judged at its device's time or at its receipt."""
    if observed_at_ms is None:
        return TimeQuality.ABSENT
    if observed_at_ms < UNSET_BEFORE_MS:
        return TimeQuality.UNSET
    return TimeQuality.AHEAD if observed_at_ms > received_ms + tolerance_ms else TimeQuality.DEVICE
