"""Where a recording's owner really stayed: as somebody else established it, else as the track itself shows it."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, hypot, radians
from statistics import median
from typing import Any, NamedTuple

from simulators.recordings.track import Fix

M_PER_DEG = 111_195.0
LEAST_STAY_S = 300.0
CIRCLE_M = 150.0
"""Fence about a stop that is known as a point only: such points lie up to a house or two from the door."""

_ROAM_M = 100.0
_WORST_ACCURACY_M = 200.0


class Stop(NamedTuple):
    """A stay. `arrived_s` by whom `told_by` says, None where nobody can tell to the second; it began `about_s`."""

    name: str
    about_s: float
    arrived_s: float | None
    left_s: float | None
    fence: dict[str, Any]
    told_by: str


def circle(lat: float, lon: float) -> dict[str, Any]:
    """A fence about a point, as the plan takes it."""
    return {"shape": "circle", "lat": lat, "lon": lon, "radius_m": CIRCLE_M}


def apart_m(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Metres between two places."""
    return hypot(lat2 - lat1, (lon2 - lon1) * cos(radians((lat1 + lat2) / 2))) * M_PER_DEG


def stays_of(track: Sequence[Fix]) -> list[Stop]:
    """Stays that the track itself shows: within 100 m of their first fix for 5 min or more.

    A silence that ends somewhere else belongs to the stay before it: indoors phones say nothing. (The stay points of
    Li et al., "Mining user similarity based on location history", 2008.)
    """
    fixes = sorted(f for f in track if f.fix_s > 0 and (f.accuracy_m or 0.0) <= _WORST_ACCURACY_M)
    stops: list[Stop] = []
    begin = 0
    while begin < len(fixes):
        first, end = fixes[begin], begin + 1
        while end < len(fixes) and apart_m(first.lat, first.lon, fixes[end].lat, fixes[end].lon) <= _ROAM_M:
            end += 1
        last = fixes[end - 1]
        silence_s = fixes[end].fix_s - last.fix_s if end < len(fixes) else 0.0
        left_s = last.fix_s + (silence_s if silence_s >= LEAST_STAY_S else 0.0)
        if left_s - first.fix_s < LEAST_STAY_S:
            begin += 1
            continue
        stay = fixes[begin:end]
        place = circle(median(f.lat for f in stay), median(f.lon for f in stay))
        stops.append(Stop(f"stay {len(stops) + 1}", first.fix_s, first.fix_s, left_s, place, "the track itself"))
        begin = end
    if stops and stops[0].about_s <= fixes[0].fix_s:
        stops.pop(0)  # there from the beginning: nobody saw them arrive
    return stops
