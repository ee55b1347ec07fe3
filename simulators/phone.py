"""A worker's phone: where its owner truly is in, what it says about that out.

Moving, it reports every 10 to 15 s with an error that wanders; indoors it falls silent but for a fix now and then;
without network it keeps its fixes and sends them later; switched off it says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import cos, hypot, pi, sin, sqrt
from random import Random
from typing import NamedTuple

from simulators.dialects import Dialect, Fix
from simulators.town import Point
from simulators.travel import Mark, place_at
from simulators.wire import Lost, Message

MINUTE_MS = 60_000

_PING_S = (10.0, 15.0)
_INDOOR_PING_S = (15 * 60.0, 25 * 60.0)
_SEND_DELAY_MS = (300, 2_500)
_BACKLOG_GAP_MS = 40
"""Between two messages of what was kept."""
_STREET_ERROR_M, _CANYON_ERROR_M, _SETTLING_ERROR_M, _INDOOR_ERROR_M = 5.0, 14.0, 9.0, 18.0
_CANYON_MIN = (1.0, 4.0)
_ERROR_MEMORY = 0.85
"""Errors of neighbouring fixes are alike: a phone drifts, it does not jump about."""
_VAGUE_M = (210.0, 800.0)
"""What cell towers alone can say."""
_SURE_M = 20.0
"""What a phone claims that is wrong without knowing it."""
_BATTERY_PCT_PER_H = 5.0


class Sending(NamedTuple):
    """A message and when the phone sends it."""

    at_ms: int
    message: Message


class Losing(NamedTuple):
    """When a phone is lost without a word."""

    at_ms: int
    message: Lost


class Habits(NamedTuple):
    """How well a phone fixes: shares of moving and of indoor fixes that only cell towers gave, and of the minutes of a
    way in which walls hide the satellites."""

    vague_moving: float = 0.0
    vague_indoors: float = 0.0
    canyons: float = 0.0


class Thrown(NamedTuple):
    """Fixes that are far off without saying so: how many from an instant on, how far; each elsewhere, or all alike."""

    at_ms: int
    fixes: int
    away_m: float
    alike: bool


class Phone:
    """One phone with its habits; collects what it sends, and of which instants it spoke (`heard_ms`)."""

    def __init__(self, rng: Random, dialect: Dialect, on_since_ms: int, habits: Habits | None = None) -> None:
        self.dialect = dialect
        self.sendings: list[Sending] = []
        self.losses: list[Losing] = []
        self.heard_ms: list[int] = []
        self.off_ms: list[tuple[int, int]] = []
        self._rng = rng
        self._habits = habits or Habits()
        self._on_since_ms = on_since_ms
        self._battery_pct = rng.uniform(80, 100)
        self._error = (0.0, 0.0)
        """In units of the error to be expected, so that it goes on where the surroundings change."""

    def goes_off(self, from_ms: int, until_ms: int) -> None:
        """Nothing is said of [from, until). Before anything of that time is reported."""
        self.off_ms.append((from_ms, until_ms))
        if from_ms >= self._on_since_ms:
            self.losses.append(Losing(from_ms, Lost(self.dialect.connection)))

    def moves(self, marks: list[Mark], offline_ms: tuple[int, int] | None = None, thrown: Thrown | None = None) -> None:
        """Report a way, but for a time without network: what lies in it is sent at its end."""
        kept: list[Fix] = []
        canyon_until_ms, left, spot = 0, 0 if thrown is None else thrown.fixes, (0.0, 0.0)
        for at_ms in self._times(marks[0].at_ms, marks[-1].at_ms, _PING_S):
            if at_ms >= canyon_until_ms and self._rng.random() < self._habits.canyons / 12:
                canyon_until_ms = at_ms + round(self._rng.uniform(*_CANYON_MIN) * MINUTE_MS)
            error_m = _CANYON_ERROR_M if at_ms < canyon_until_ms else _STREET_ERROR_M
            fix = self._fix(marks, at_ms, error_m, self._habits.vague_moving)
            if thrown is not None and left and at_ms >= thrown.at_ms:
                if left == thrown.fixes or not thrown.alike:
                    spot = self._elsewhere(thrown.away_m)
                fix, left = self._throw(fix, spot), left - 1
            if offline_ms and offline_ms[0] <= at_ms < offline_ms[1]:
                if self._is_on(at_ms):
                    kept.append(fix)
            else:
                self.says(at_ms, self.dialect.fix(fix))
        if kept and offline_ms:
            self._catches_up(kept, offline_ms[1])

    def stays(self, at: Point, from_ms: int, until_ms: int) -> None:
        """Report a stay indoors: some fixes while coming in, then next to nothing."""
        settling_ms = min(from_ms + round(self._rng.uniform(100, 160) * 1000), until_ms)
        there = [Mark(from_ms, at)]
        for at_ms in self._times(from_ms, settling_ms, _PING_S):
            self.says(at_ms, self.dialect.fix(self._fix(there, at_ms, _SETTLING_ERROR_M, 0.0)))
        for at_ms in self._times(settling_ms, until_ms, _INDOOR_PING_S):
            fix = self._fix(there, at_ms, _INDOOR_ERROR_M, self._habits.vague_indoors)
            self.says(at_ms, self.dialect.fix(fix))

    def says(self, at_ms: int, message: Message | None) -> None:
        """Send what happened at `at_ms`; None where this dialect has no word for it."""
        if message is not None and self._is_on(at_ms):
            self.heard_ms.append(at_ms)
            self.sendings.append(Sending(self._sent_ms(at_ms), message))

    def crosses(self, at_ms: int, at: Point, site: str, *, inside: bool) -> None:
        """The phone's own geofencing notices that it enters or leaves a site."""
        fix = self._fix([Mark(at_ms, at)], at_ms, _STREET_ERROR_M, 0.0)
        self.says(at_ms, self.dialect.crossing(fix, site, inside=inside))

    def battery_pct(self, at_ms: int) -> int:
        """What is left."""
        used = (at_ms - self._on_since_ms) / 3_600_000 * _BATTERY_PCT_PER_H
        return max(round(self._battery_pct - used), 5)

    def _catches_up(self, kept: list[Fix], at_ms: int) -> None:
        sent_ms = self._sent_ms(at_ms)
        self.heard_ms += [fix.at_ms for fix in kept]
        for number, message in enumerate(self.dialect.backlog(kept, sent_ms)):
            self.sendings.append(Sending(sent_ms + number * _BACKLOG_GAP_MS, message))

    def _is_on(self, at_ms: int) -> bool:
        return not any(from_ms - _SEND_DELAY_MS[1] <= at_ms < until_ms for from_ms, until_ms in self.off_ms)

    def _sent_ms(self, at_ms: int) -> int:
        return at_ms + self._rng.randint(*_SEND_DELAY_MS)

    def _times(self, from_ms: int, until_ms: int, gap_s: tuple[float, float]) -> Iterator[int]:
        at_ms = from_ms + round(self._rng.uniform(0, gap_s[0]) * 1000)
        while at_ms < until_ms:
            yield at_ms
            at_ms += round(self._rng.uniform(*gap_s) * 1000)

    def _fix(self, marks: list[Mark], at_ms: int, error_m: float, vague_share: float) -> Fix:
        rng = self._rng
        motion, battery = place_at(marks, at_ms), self.battery_pct(at_ms)
        fresh = sqrt(1 - _ERROR_MEMORY**2)
        x, y = self._error
        self._error = x * _ERROR_MEMORY + rng.gauss(0, fresh), y * _ERROR_MEMORY + rng.gauss(0, fresh)
        if rng.random() < vague_share:
            accuracy_m = rng.uniform(*_VAGUE_M)
            lat, lon = _moved(motion.point, self._elsewhere(accuracy_m * rng.uniform(0.2, 0.6))).degrees
            return Fix(at_ms, lat, lon, round(accuracy_m, 1), None, None, battery, "network")
        lat, lon = _moved(motion.point, (self._error[0] * error_m, self._error[1] * error_m)).degrees
        accuracy_m = max(error_m * rng.uniform(1.2, 2.4), hypot(*self._error) * error_m * 0.8)
        speed_mps = round(max(motion.mps + rng.gauss(0, 0.3), 0.0), 1)
        heading = None if motion.heading_deg is None else round(motion.heading_deg) % 360
        indoors = error_m in (_INDOOR_ERROR_M, _SETTLING_ERROR_M)
        return Fix(at_ms, lat, lon, round(accuracy_m, 1), speed_mps, heading, battery, "fused" if indoors else "gps")

    def _elsewhere(self, away_m: float) -> tuple[float, float]:
        direction = self._rng.uniform(0, 2 * pi)
        return away_m * cos(direction), away_m * sin(direction)

    @staticmethod
    def _throw(fix: Fix, by: tuple[float, float]) -> Fix:
        lat, lon = Point(*by).degrees
        middle_lat, middle_lon = Point(0.0, 0.0).degrees
        return fix._replace(
            lat=round(fix.lat + lat - middle_lat, 7),
            lon=round(fix.lon + lon - middle_lon, 7),
            accuracy_m=_SURE_M,
            provider="fused",
        )


def _moved(at: Point, by: tuple[float, float]) -> Point:
    return Point(at.x + by[0], at.y + by[1])
