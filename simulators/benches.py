"""Places to spend the time between two visits, or to go to in the middle of one."""

from __future__ import annotations

from random import Random

from simulators.company import Visit
from simulators.town import Point, distance_m
from simulators.travel import Place
from simulators.ways import crossings_near, way

_NEAR_M, _FAR_M = (350.0, 850.0), (900.0, 1_250.0)
_TOWARDS_M = 100.0
_CLEAR_M = 320.0
_WIDER_M = (0.0, 500.0, 2_000.0)


def bench(rng: Random, before: Visit, after: Visit, *, far: bool) -> Place:
    """A bench near the visit before and not towards the one after; `far`: and the way on does not pass the first."""
    ahead_m = distance_m(before.compound.at, after.compound.at)
    least_m, most_m = _FAR_M if far else _NEAR_M
    for wider_m in _WIDER_M:  # near the edge of the city there is little to choose from
        found = crossings_near(before.compound.at, least_m, most_m + wider_m)
        rng.shuffle(found)
        for at in found:
            away = distance_m(at, after.compound.at) >= ahead_m - _TOWARDS_M and before.fence.outside_m(at) > 150.0
            if away and (not far or _clear_m(at, after, before.compound.at) > _CLEAR_M):
                return Place(at, at)
    raise ValueError(f"there is no bench near {before.compound.name}")


def errand(rng: Random, visit: Visit, least_m: float, most_m: float) -> Place:
    """Somewhere outside a site's fence, so far from it."""
    found = crossings_near(visit.compound.at, least_m, most_m + 200.0)
    fitting = [at for at in found if least_m <= visit.fence.outside_m(at) <= most_m]
    at = rng.choice(fitting or found)
    return Place(at, at)


def _clear_m(start: Point, after: Visit, spot: Point) -> float:
    return min(distance_m(stop.point, spot) for stop in way(start, after.compound.gate))
