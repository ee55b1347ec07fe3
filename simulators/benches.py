"""Places to spend the time between two visits, or to go to in the middle of one."""

from __future__ import annotations

from random import Random

from simulators.company import Visit
from simulators.town import Point, distance_m
from simulators.travel import Place
from simulators.ways import crossings_near, way

_NEAR_M, _FAR_M = (350.0, 850.0), (900.0, 1_250.0)
_TOWARDS_M = 150.0
_CLEAR_M = 320.0
_OFF_SITE_M = 150.0
_WIDER_M = (0.0, 500.0, 1_000.0)


def bench(rng: Random, before: Visit, after: Visit, *, far: bool) -> Place:
    """A bench near the visit before, and the way to it not towards the one after; `far`: the way on from there does
    not pass the first again."""
    least_m, most_m = _FAR_M if far else _NEAR_M
    found: list[tuple[float, Point]] = []
    for wider_m in _WIDER_M:  # near the edge of the city there is little to choose from
        near = crossings_near(before.compound.at, least_m, most_m + wider_m)
        rng.shuffle(near)
        for at in near:
            if before.fence.outside_m(at) <= _OFF_SITE_M:
                continue
            if far and _clear_m(at, after, before.compound.at) < _CLEAR_M:
                continue
            nearer_m = _nearer_m(before, at, after.compound.at)
            if nearer_m <= _TOWARDS_M:
                return Place(at, at)
            found.append((nearer_m, at))
    _, at = min(found)
    return Place(at, at)


def errand(rng: Random, visit: Visit, least_m: float, most_m: float) -> Place:
    """Somewhere outside a site's fence, so far from it."""
    found = crossings_near(visit.compound.at, least_m, most_m + 200.0)
    fitting = [at for at in found if least_m <= visit.fence.outside_m(at) <= most_m]
    at = rng.choice(fitting or found)
    return Place(at, at)


def _clear_m(start: Point, after: Visit, spot: Point) -> float:
    return min(distance_m(stop.point, spot) for stop in way(start, after.compound.gate))


def _nearer_m(before: Visit, end: Point, next_one: Point) -> float:
    """How much the way to a bench comes nearer to the next visit on any stretch of it."""
    farthest_m, most_m = 0.0, 0.0
    for stop in [before.compound.at, *(stop.point for stop in way(before.compound.gate, end))]:
        ahead_m = distance_m(stop, next_one)
        farthest_m = max(farthest_m, ahead_m)
        most_m = max(most_m, farthest_m - ahead_m)
    return most_m
