"""Time as numbers: every instant inside Doorstep is whole milliseconds since 1970-01-01 UTC.

Whole numbers compare, sort, pack and digest without surprises; `datetime` appears at the edges only.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NewType

Ms = NewType("Ms", int)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)

SECOND_MS = 1_000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000


def to_datetime(ms: int) -> datetime:
    """Milliseconds to an aware UTC datetime. Raises OverflowError outside the years 1–9999."""
    return _EPOCH + timedelta(milliseconds=ms)


def from_datetime(at: datetime) -> Ms:
    """An aware datetime to milliseconds, truncated. Raises ValueError where it has no zone."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone is not an instant")
    return Ms((at - _EPOCH) // _MS)


def isoformat(ms: int) -> str:
    """RFC 3339 in UTC with milliseconds, e.g. `2026-11-21T01:02:03.004Z`."""
    return to_datetime(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def utc_day(ms: int) -> str:
    """The UTC date of an instant, e.g. `2026-11-21`."""
    return to_datetime(ms).date().isoformat()
