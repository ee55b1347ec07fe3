"""What a command may contain. Each check raises Rejected with a code `invalid_…`; refusals for the state of things
have other codes.

The checks are as strict as the folds need: what passes here can be written to any table and never stops a projection.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NoReturn

from domain import zones
from domain.errors import Rejected
from domain.ids import KEY, REGISTERED
from domain.time import DAY_MS, SECOND_MS, from_datetime

FIRST_MS = 0
LAST_MS = from_datetime(datetime(2200, 1, 1, tzinfo=UTC))
"""Beyond any plan, and far enough from year 9999 that sums of times stay instants."""

LONGEST_TEXT = 1_000
"""Characters. Longer texts are documents, and the log is read again and again."""

LONGEST_PLANNED_S = 366 * DAY_MS // SECOND_MS
"""Live-in care may be one visit of many days; more than a year is a wrong unit."""

MOST_ITEMS = 200
"""Items of a checklist; ten times the longest that was seen."""


def invalid(about: str, message: str) -> NoReturn:
    """Refuse a command for what it contains."""
    raise Rejected(message, code=f"invalid_{about}")


def key(value: str, what: str) -> None:
    """A business key such as `v-17` (domain.ids.KEY)."""
    if not KEY.fullmatch(value):
        invalid("key", f"{what} {value!r} is not a key: 1 to 64 of letters, digits, _ . : -")


def device(value: str) -> None:
    """A device id of any dialect (domain.ids.REGISTERED)."""
    if not REGISTERED.fullmatch(value):
        invalid("key", f"device {value!r} is not an id: 1 to 128 of letters, digits, _ . : ~ -")


def text(value: str, what: str, *, needed: bool = False) -> None:
    """A line for people. No NUL and no lone surrogate: PostgreSQL holds neither."""
    if needed and not value.strip():
        invalid("text", f"{what} is empty")
    if len(value) > LONGEST_TEXT:
        invalid("text", f"{what} has {len(value)} characters; the most is {LONGEST_TEXT}")
    if any(char == "\0" or "\ud800" <= char <= "\udfff" for char in value):
        invalid("text", f"{what} holds a character that is none")


def instant(ms: int, what: str) -> None:
    """A time from 1970 until 2200, past or future: a plan with a past date is a late fact."""
    if not FIRST_MS <= ms < LAST_MS:
        invalid("time", f"{what} {ms} is not a time between 1970 and 2200 in ms")


def period(from_ms: int, until_ms: int | None) -> None:
    """A half-open period; None: without end."""
    instant(from_ms, "from_ms")
    if until_ms is not None:
        instant(until_ms, "until_ms")
        if until_ms <= from_ms:
            invalid("period", "the period ends before it begins")


def window(from_ms: int, to_ms: int, planned_s: int) -> None:
    """A promise: the window of arrival and the seconds planned. A window of one instant is a time of arrival."""
    instant(from_ms, "window_from_ms")
    instant(to_ms, "window_to_ms")
    if to_ms < from_ms:
        invalid("window", "the window ends before it begins")
    if not 0 < planned_s <= LONGEST_PLANNED_S:
        invalid("duration", f"planned_s {planned_s} is not between 1 and {LONGEST_PLANNED_S}")


def checklist(items: tuple[str, ...]) -> None:
    """A checklist's items, which are ticked by their text."""
    if len(items) > MOST_ITEMS or len(set(items)) < len(items):
        invalid("checklist", f"a checklist has at most {MOST_ITEMS} items, each different")
    for item in items:
        text(item, "an item of the checklist", needed=True)


def zone(name: str) -> None:
    """An IANA zone that the pinned database lists."""
    if name not in zones.names():
        invalid("zone", f"there is no time zone {name!r}")
