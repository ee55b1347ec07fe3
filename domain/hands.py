"""In whose hands a phone is: what people did on it, in order of time.

One phone may serve several workers, and one worker may have several phones. An act that names its worker puts the phone
into their hands until somebody else acts on it, they go off shift on it, or a day's work is over; of several phones of
one worker the one of their last act leads. Both follow from the acts alone, in whatever order those arrive.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterator, Sequence

import msgspec

from domain.events.facts import Fact, ShiftDeclared, TimeQuality, Witness
from domain.time import HOUR_MS

HELD_MS = 16 * HOUR_MS
"""Longer than any shift: who took a phone yesterday does not hold it today."""

HUMAN = frozenset({"checkin", "checkout", "checklist", "shift", "no_access", "delay", "outing"})
"""Kinds that somebody tells with the phone in their hands. Not an SOS: a pendant does not lead a phone."""
BY_HAND = frozenset({"app", "nfc", "qr", "code"})
"""Methods of a check-in or check-out that are the worker's own doing, with this device."""


class Act(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """Somebody did something on a device, at `at_ms` as it is judged. `worker`: whom it named, if anybody; `off`: they
    went off shift."""

    at_ms: int
    claim_ms: int
    worker: str = ""
    off: bool = False


def act_of(said: Fact, at_ms: int) -> Act | None:
    """The act that a fact tells of. A time that was not believed at receipt says nothing about an order of acts."""
    if said.KIND not in HUMAN or said.quality is not TimeQuality.DEVICE or said.observed_at_ms is None:
        return None
    if isinstance(said, Witness) and said.method not in BY_HAND:
        return None
    off = isinstance(said, ShiftDeclared) and not said.on
    return Act(at_ms, said.observed_at_ms, said.worker or "", off)


def add(acts: list[Act], act: Act, forgotten_ms: int) -> bool:
    """Put an act into its place; False: it was there. Those before `forgotten_ms` are dropped."""
    place = bisect_right(acts, act)
    if place and acts[place - 1] == act:
        return False
    insort(acts, act)
    del acts[: bisect_right(acts, forgotten_ms, key=_at)]
    return True


def before(acts: Sequence[Act], at_ms: int, within_ms: int) -> Iterator[Act]:
    """The acts at or before an instant, the latest first, none older than `within_ms`."""
    for place in range(bisect_right(acts, at_ms, key=_at) - 1, -1, -1):
        if at_ms - acts[place].at_ms >= within_ms:
            return
        yield acts[place]


def holder(acts: Sequence[Act], at_ms: int) -> str | None:
    """Into whose hands the acts have put a device at an instant; None: they do not say."""
    for act in before(acts, at_ms, HELD_MS):
        if act.off:
            return None
        if act.worker:
            return act.worker
    return None


def _at(act: Act) -> int:
    return act.at_ms
