"""Where somebody truly is on a way: marks of place and time, at riding or walking speed, with lights and pauses."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import pairwise
from math import atan2, degrees
from random import Random
from typing import NamedTuple

from simulators.town import Point, distance_m
from simulators.ways import Stop, way

WALK_MPS = 1.25
E_BIKE_MPS = 4.9
_RED_LIGHT_S = (8.0, 45.0)
_RED_SHARE = 0.35
_LOOK_MS, _AT_ONCE = 1_000, 8


class Place(NamedTuple):
    """Somewhere to be, and where its way meets the street."""

    at: Point
    gate: Point


class Mark(NamedTuple):
    """Truly there at that time."""

    at_ms: int
    point: Point


def trip(rng: Random, a: Place, b: Place, mps: float) -> list[Mark]:
    """From a place to another: on foot to the street, along the streets, on foot to the door; begins at 0 ms."""
    marks = _walked(a.at, a.gate) if a.at != a.gate else [Mark(0, a.gate)]
    marks += shifted(ride(rng, way(a.gate, b.gate), mps), marks[-1].at_ms)[1:]
    if b.at != b.gate:
        marks += shifted(_walked(b.gate, b.at), marks[-1].at_ms)[1:]
    return marks


def ride(rng: Random, stops: list[Stop], mps: float) -> list[Mark]:
    """Along a way at about `mps`, waiting at some of its lights; begins at 0 ms."""
    at_s, marks = 0.0, [Mark(0, stops[0].point)]
    for start, end in pairwise(stops):
        at_s += distance_m(start.point, end.point) / (mps * rng.uniform(0.85, 1.15))
        marks.append(Mark(round(at_s * 1000), end.point))
        if end.light and rng.random() < _RED_SHARE:
            at_s += rng.uniform(*_RED_LIGHT_S)
            marks.append(Mark(round(at_s * 1000), end.point))
    return marks


def shifted(marks: list[Mark], by_ms: int) -> list[Mark]:
    """The same way at another time."""
    return [Mark(mark.at_ms + by_ms, mark.point) for mark in marks]


def paused(marks: list[Mark], at_ms: int, for_ms: int) -> list[Mark]:
    """The same way with a halt at a time within it."""
    point = place_at(marks, at_ms).point
    before = [mark for mark in marks if mark.at_ms < at_ms]
    after = [mark for mark in marks if mark.at_ms > at_ms]
    return [*before, Mark(at_ms, point), Mark(at_ms + for_ms, point), *shifted(after, for_ms)]


class Motion(NamedTuple):
    """A true place with speed and heading (None: standing)."""

    point: Point
    mps: float
    heading_deg: float | None


def place_at(marks: list[Mark], at_ms: int) -> Motion:
    """Place, speed and heading at a time; before the first mark and after the last one they stand there."""
    number = bisect_right(marks, at_ms, key=lambda mark: mark.at_ms)
    if number == 0 or number == len(marks):
        return Motion(marks[min(number, len(marks) - 1)].point, 0.0, None)
    a, b = marks[number - 1], marks[number]
    length, took_ms = distance_m(a.point, b.point), b.at_ms - a.at_ms
    heading = degrees(atan2(b.point.x - a.point.x, b.point.y - a.point.y)) if length else None
    return Motion(between(a.point, b.point, (at_ms - a.at_ms) / took_ms), length * 1000 / took_ms, heading)


def first_ms(marks: list[Mark], holds: Callable[[Point], bool]) -> int | None:
    """The first time, to a second, at which something holds of the place for some time; None: never."""
    return _found(marks, holds, range(marks[0].at_ms, marks[-1].at_ms + _LOOK_MS, _LOOK_MS))


def last_ms(marks: list[Mark], holds: Callable[[Point], bool]) -> int | None:
    """The last time, to a second, at which something holds of the place for some time; None: never."""
    return _found(marks, holds, range(marks[-1].at_ms, marks[0].at_ms - _LOOK_MS, -_LOOK_MS))


def _found(marks: list[Mark], holds: Callable[[Point], bool], times: range) -> int | None:
    """The first of the times; a few at a time, and then one by one."""
    for number in range(0, len(times) + _AT_ONCE, _AT_ONCE):
        if holds(place_at(marks, times[min(number, len(times) - 1)]).point):
            few = times[max(number - _AT_ONCE, 0) : number + 1]
            return next(at_ms for at_ms in few if holds(place_at(marks, at_ms).point))
    return None


def between(a: Point, b: Point, share: float) -> Point:
    """The place at a share of the straight line from a to b."""
    return Point(a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share)


def _walked(a: Point, b: Point) -> list[Mark]:
    return [Mark(0, a), Mark(round(distance_m(a, b) / WALK_MPS * 1000), b)]
