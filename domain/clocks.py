"""How far a device's clock was wrong, and when: the fold of its corrections into periods that never overlap.

A correction covers what the device dates within a period of its own clock, so it is a function of the claim alone and
holds for a fact however late or often it arrives. For each instant the last word counts; what lies beside it stands.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from domain.events import Event
from domain.events.device import DeviceClockCorrected
from domain.events.facts import TimeQuality
from domain.time import DAY_MS, SECOND_MS

MOST_OFFSET_MS = 2 * 1024 * 7 * DAY_MS
"""Two roll-overs of the GPS week, 39 years: a tracker with old firmware is wrong by exactly 1024 weeks."""


PLAUSIBLE_AHEAD_MS = 120 * SECOND_MS
"""So far ahead of receipt a corrected time is believed (SEMANTICS, Time)."""


class Correction(msgspec.Struct, frozen=True, array_like=True):
    """What a device dates within [from_ms, until_ms) of its own clock (None: without end) was `offset_ms` later."""

    from_ms: int
    until_ms: int | None
    offset_ms: int


class ClockPeriods(msgspec.Struct, frozen=True, array_like=True):
    """All periods of one device in which its clock is corrected, in order."""

    periods: tuple[Correction, ...] = ()

    def offset_ms(self, claim_ms: int) -> int:
        """How much later than the device claims it was; 0 outside every period."""
        place = bisect_right(self.periods, claim_ms, key=_start)
        if place:
            period = self.periods[place - 1]
            if period.until_ms is None or claim_ms < period.until_ms:
                return period.offset_ms
        return 0

    def offsets_ms(self, claims_ms: NDArray[np.int64]) -> NDArray[np.int64]:
        """The same for many claims."""
        offsets = np.zeros(len(claims_ms), np.int64)
        for period in self.periods:
            covered = claims_ms >= period.from_ms
            if period.until_ms is not None:
                covered &= claims_ms < period.until_ms
            offsets[covered] = period.offset_ms
        return offsets

    def pieces(self, from_ms: int, until_ms: int | None) -> Iterator[Correction]:
        """[from_ms, until_ms) of the device's own clock in pieces of one offset each, 0 where nothing is corrected."""
        free_ms = from_ms
        for period in self.periods:
            for piece in _within(period, from_ms, until_ms):
                if free_ms < piece.from_ms:
                    yield Correction(free_ms, piece.from_ms, 0)
                yield piece
                if piece.until_ms is None:
                    return
                free_ms = piece.until_ms
        if until_ms is None or free_ms < until_ms:
            yield Correction(free_ms, until_ms, 0)


def dated_ms(clock: ClockPeriods, claim_ms: int, quality: TimeQuality, received_ms: int) -> int:
    """The instant at which a fact is judged. A claim that was not believed at receipt is believed once a correction
    makes it plausible; a clock that was never set says nothing that could be corrected."""
    offset_ms = clock.offset_ms(claim_ms)
    if quality is TimeQuality.DEVICE:
        return claim_ms + offset_ms
    if quality is TimeQuality.AHEAD and offset_ms and claim_ms + offset_ms <= received_ms + PLAUSIBLE_AHEAD_MS:
        return claim_ms + offset_ms
    return received_ms


def evolve(clock: ClockPeriods, event: Event) -> ClockPeriods:
    """The corrections after an event of the device's stream; other events change nothing."""
    if not isinstance(event, DeviceClockCorrected):
        return clock
    pieces = [piece for old in clock.periods for piece in _beside(old, event.from_ms, event.until_ms)]
    if event.offset_ms:
        pieces.append(Correction(event.from_ms, event.until_ms, event.offset_ms))
    return ClockPeriods(tuple(_joined(sorted(pieces, key=_start))))


def _start(period: Correction) -> int:
    return period.from_ms


def _beside(old: Correction, from_ms: int, until_ms: int | None) -> Iterator[Correction]:
    """What is left of a period outside [from_ms, until_ms)."""
    if old.from_ms < from_ms:
        end_ms = from_ms if old.until_ms is None else min(old.until_ms, from_ms)
        yield Correction(old.from_ms, end_ms, old.offset_ms)
    if until_ms is not None and (old.until_ms is None or until_ms < old.until_ms):
        yield Correction(max(old.from_ms, until_ms), old.until_ms, old.offset_ms)


def _within(period: Correction, from_ms: int, until_ms: int | None) -> Iterator[Correction]:
    """The part of a period inside [from_ms, until_ms), if any."""
    since_ms = max(period.from_ms, from_ms)
    ends = [end_ms for end_ms in (period.until_ms, until_ms) if end_ms is not None]
    if not ends or since_ms < min(ends):
        yield Correction(since_ms, min(ends, default=None), period.offset_ms)


def _joined(pieces: list[Correction]) -> Iterator[Correction]:
    """Neighbours of one offset as one, so that what means the same is equal."""
    last: Correction | None = None
    for piece in pieces:
        if last is not None and (last.until_ms, last.offset_ms) == (piece.from_ms, piece.offset_ms):
            last = Correction(last.from_ms, piece.until_ms, last.offset_ms)
            continue
        if last is not None:
            yield last
        last = piece
    if last is not None:
        yield last
