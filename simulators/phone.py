"""A worker's phone: where its owner truly is in, what it says about that out.

Moving, it reports every 10 to 15 s with an error that wanders; indoors it falls silent but for a vague fix now and
then; without network it keeps its fixes and sends them as one array.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import atan2, degrees, sqrt
from random import Random
from typing import NamedTuple

from simulators.town import UTC_OFFSET_H, Point, distance_m, street_way
from simulators.wire import Message, Position, Report, Timed, encode, encode_backlog, rfc3339

MINUTE_MS = 60_000

_PING_S = (10.0, 15.0)
_INDOOR_PING_S = (15 * 60.0, 25 * 60.0)
_SEND_DELAY_MS = (300, 2_500)
_STREET_ERROR_M = 5.0
_INDOOR_ERROR_M = 18.0
_ERROR_MEMORY = 0.85
"""Errors of neighbouring fixes are alike: a phone drifts, it does not jump about."""
_WALK_MPS = 1.25
_WALK_M = 60.0
_RED_LIGHT_S = (8.0, 50.0)
_BATTERY_PCT_PER_H = 5.0


class Sending(NamedTuple):
    """A message and when the phone sends it."""

    at_ms: int
    message: Message


class Mark(NamedTuple):
    """Truly there at that time."""

    at_ms: int
    point: Point


def ride(rng: Random, a: Point, b: Point, mps: float, avoiding: list[Point] | None = None) -> list[Mark]:
    """From a to b by e-bike at about `mps`, the last metres on foot; begins at 0 ms.

    `avoiding`: of several ways the one that stays farthest from these places is taken.
    """
    ways = [street_way(rng, a, b) for _ in range(20 if avoiding else 1)]
    way = max(ways, key=lambda w: _clearance_m(w, avoiding or []))
    at_s, marks = 0.0, [Mark(0, way[0])]
    for start, end in pairwise(way):
        length = distance_m(start, end)
        speed = mps * rng.uniform(0.85, 1.15)
        walked = min(_WALK_M, length) if end is way[-1] else 0.0
        if walked:
            at_s += (length - walked) / speed
            marks.append(Mark(round(at_s * 1000), _between(start, end, 1 - walked / length)))
        at_s += walked / _WALK_MPS if walked else length / speed
        marks.append(Mark(round(at_s * 1000), end))
        if end is not way[-1] and rng.random() < 0.6:
            at_s += rng.uniform(*_RED_LIGHT_S)
            marks.append(Mark(round(at_s * 1000), end))
    return marks


def shifted(marks: list[Mark], by_ms: int) -> list[Mark]:
    """The same way at another time."""
    return [Mark(mark.at_ms + by_ms, mark.point) for mark in marks]


class Phone:
    """One phone with its habits; collects what it sends."""

    def __init__(self, rng: Random, device: str, on_since_ms: int) -> None:
        self.device = device
        self.sendings: list[Sending] = []
        self._rng = rng
        self._on_since_ms = on_since_ms
        self._battery_pct = rng.uniform(80, 100)
        self._error = Point(0.0, 0.0)

    def moves(self, marks: list[Mark], offline_ms: tuple[int, int] | None = None) -> None:
        """Report a way, but for a time without network: what lies in it is sent at its end."""
        kept: list[Report] = []
        for at_ms in self._times(marks[0].at_ms, marks[-1].at_ms, _PING_S):
            fix = self._fix(marks, at_ms, _STREET_ERROR_M)
            if offline_ms and offline_ms[0] <= at_ms < offline_ms[1]:
                kept.append(fix)
            else:
                self.says(at_ms, fix)
        if kept and offline_ms:
            self.sendings.append(Sending(self._sent_ms(offline_ms[1]), encode_backlog(self.device, kept)))

    def stays(self, point: Point, from_ms: int, until_ms: int) -> None:
        """Report a stay indoors: some fixes while coming in, then next to nothing."""
        settling_ms = min(from_ms + round(self._rng.uniform(100, 160) * 1000), until_ms)
        there = [Mark(from_ms, point), Mark(until_ms, point)]
        for at_ms in self._times(from_ms, settling_ms, _PING_S):
            self.says(at_ms, self._fix(there, at_ms, _INDOOR_ERROR_M / 2))
        for at_ms in self._times(settling_ms, until_ms, _INDOOR_PING_S):
            self.says(at_ms, self._fix(there, at_ms, _INDOOR_ERROR_M))

    def says(self, at_ms: int, report: Report) -> None:
        """Send a report of something that happened at `at_ms`."""
        self.sendings.append(Sending(self._sent_ms(at_ms), encode(self.device, report)))

    def battery_pct(self, at_ms: int) -> int:
        """What is left."""
        used = (at_ms - self._on_since_ms) / 3_600_000 * _BATTERY_PCT_PER_H
        return max(round(self._battery_pct - used), 5)

    def _sent_ms(self, at_ms: int) -> int:
        return at_ms + self._rng.randint(*_SEND_DELAY_MS)

    def _times(self, from_ms: int, until_ms: int, gap_s: tuple[float, float]) -> Iterator[int]:
        at_ms = from_ms + round(self._rng.uniform(0, gap_s[0]) * 1000)
        while at_ms < until_ms:
            yield at_ms
            at_ms += round(self._rng.uniform(*gap_s) * 1000)

    def _fix(self, marks: list[Mark], at_ms: int, error_m: float) -> Timed:
        rng = self._rng
        point, mps, heading = _truth(marks, at_ms)
        fresh = sqrt(1 - _ERROR_MEMORY**2) * error_m
        self._error = Point(
            self._error.x * _ERROR_MEMORY + rng.gauss(0, fresh), self._error.y * _ERROR_MEMORY + rng.gauss(0, fresh)
        )
        lat, lon = Point(point.x + self._error.x, point.y + self._error.y).degrees
        return Position(
            time=rfc3339(at_ms, UTC_OFFSET_H),
            lat=lat,
            lon=lon,
            accuracy=round(error_m * rng.uniform(1.2, 2.4), 1),
            speed=round(max(mps + rng.gauss(0, 0.3), 0.0), 1),
            heading=round(heading) % 360 if heading is not None else None,
            battery=self.battery_pct(at_ms),
            provider="gps" if error_m == _STREET_ERROR_M else "fused",
        )


def _truth(marks: list[Mark], at_ms: int) -> tuple[Point, float, float | None]:
    """Place, speed and heading at a time within the marks."""
    for a, b in pairwise(marks):
        if a.at_ms <= at_ms < b.at_ms:
            length, took_ms = distance_m(a.point, b.point), b.at_ms - a.at_ms
            heading = degrees(atan2(b.point.x - a.point.x, b.point.y - a.point.y)) if length else None
            return _between(a.point, b.point, (at_ms - a.at_ms) / took_ms), length * 1000 / took_ms, heading
    return marks[-1].point, 0.0, None


def _between(a: Point, b: Point, share: float) -> Point:
    return Point(a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share)


def _clearance_m(way: list[Point], places: list[Point]) -> float:
    """How near the way comes to the nearest of the places."""
    steps = [_between(a, b, i / 10) for a, b in pairwise(way) for i in range(11)]
    return min((distance_m(step, place) for step in steps for place in places), default=0.0)
