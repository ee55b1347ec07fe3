"""What repeats itself and says nothing new: beacons heard every second, contacts that report how a door still is.

One beacon in reach of a gateway would be 86 400 facts a day (30 MB). A fact without a time of its own that says what
the same device said a moment ago is counted and not stored. The first is stored, and every change, and one in each span
that follows. Facts with a time are never quiet: their identity tells repeats apart.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from domain.events.facts import ButtonPressed, ContactChanged, Fact, TagScanned
from domain.time import SECOND_MS

Subject = tuple[str, str]
"""A device, and what of it repeats itself."""


class Last(NamedTuple):
    """What was stored last of a subject, and when it was recorded."""

    said: object
    recorded_at_ms: int


class Spans(msgspec.Struct, frozen=True, kw_only=True):
    """How long the same is not stored again, in ms. `press_ms`: of buttons that number their packets, sent thrice."""

    beacon_ms: int = 60 * SECOND_MS
    contact_ms: int = 60 * SECOND_MS
    press_ms: int = 2 * SECOND_MS


def told(fact: Fact, spans: Spans) -> tuple[Subject, object, int] | None:
    """What a fact without a time of its own repeats, what it says of it, and how long that is not news; None: each one
    counts."""
    match fact:
        case TagScanned(tag=tag) if tag.startswith(("beacon:", "ble:")):
            return (fact.device, tag), fact.fact, spans.beacon_ms
        case ContactChanged():
            return (fact.device, fact.KIND), fact.open, spans.contact_ms
        case ButtonPressed() if "packet" in fact.extras:
            return (fact.device, fact.KIND), fact.fact, spans.press_ms
    return None


def is_quiet(said: object, at_ms: int, span_ms: int, last: Last | None) -> bool:
    """Whether it is the same as the last, and not long after it."""
    return last is not None and last.said == said and 0 <= at_ms - last.recorded_at_ms < span_ms


def forget_old(lasts: dict[Subject, Last], before_ms: int, most: int) -> None:
    """Keep few: what is older than `before_ms` says nothing any more, where there are more than `most`."""
    if len(lasts) > most:
        for subject in [subject for subject, last in lasts.items() if last.recorded_at_ms < before_ms]:
            del lasts[subject]
