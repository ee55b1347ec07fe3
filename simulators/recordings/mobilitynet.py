"""A phone of MobilityNet: `<data>/traces/mobilitynet/<timeline>/<phone>/rep*.csv.gz`, with the scripted trips, their
hand marks and the 1 Hz reference tracks in `<data>/truth/mobilitynet`.

The truth of an arrival is the last crossing into the scoring fence (the spec's polygon widened by 20 m) before the
mark that ends the trip's last ride: by the reference track, else by the median of the other phones.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Sequence
from math import cos, radians
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import shapely

from simulators.errors import NoRecording
from simulators.recordings.stops import M_PER_DEG, Stop
from simulators.recordings.track import Fix, read_track

FENCE_BUFFER_M = 20.0

_WORST_ACCURACY_M = 30.0
_WIDEST_GAP_S = 20.0
_NAME = re.compile(r"rep\d+_(\d+)_(\d+)\.csv(\.gz)?")


class _Trip(NamedTuple):
    """A scripted trip as it was marked by hand: its last ride ended, and the door was reached, in epoch seconds."""

    trip: str
    began_s: float
    ride_began_s: float
    ride_ended_s: float
    ended_s: float


def is_one(file: Path) -> bool:
    """Whether the file's name is that of a repetition."""
    return _NAME.fullmatch(file.name) is not None


def stops_of(file: Path, data: Path) -> list[Stop]:
    """Where the trips of a repetition ended; none where its timeline was not scripted. Raises NoRecording."""
    timeline = file.parent.parent.name
    truth = data / "truth/mobilitynet"
    spec = truth / f"spec_{timeline}.json"
    name = _NAME.fullmatch(file.name)
    if name is None or not spec.exists():
        return []
    begin_s, end_s = float(name[1]), float(name[2])
    trips = [t for t in _trips(truth / "transitions.csv", timeline) if begin_s <= t.began_s and t.ended_s <= end_s]
    places = _places(spec)
    stops: list[Stop] = []
    for number, trip in enumerate(trips):
        if trip.trip not in places:
            raise NoRecording(f"{spec} has no trip {trip.trip}")
        leg, place, ring = places[trip.trip]
        arrived_s, told_by = _arrival(file, truth / "reference_trajectories_with_ends" / timeline / leg, trip, ring)
        left_s = trips[number + 1].began_s if number + 1 < len(trips) else end_s
        fence = {"shape": "polygon", "ring": [list(corner) for corner in ring], "buffer_m": FENCE_BUFFER_M}
        stops.append(Stop(place, arrived_s or trip.ended_s, arrived_s, left_s, fence, told_by))
    return stops


def zone_of(file: Path, data: Path) -> str | None:
    """The IANA zone in which a repetition was recorded."""
    spec = data / f"truth/mobilitynet/spec_{file.parent.parent.name}.json"
    return json.loads(spec.read_bytes())["data"]["label"]["region"]["timezone"] if spec.exists() else None


def last_crossing_s(
    fixes: Iterable[Fix], ring: Sequence[tuple[float, float]], until_s: float, widest_gap_s: float
) -> float | None:
    """When a track last came into the scoring fence; None where it did not, or was silent for too long just then."""
    fixes = [fix for fix in fixes if 0 < fix.fix_s <= until_s]
    fixes.sort()
    within = _within(fixes, ring)
    crossing = None
    for i in range(1, len(fixes)):
        if within[i] and not within[i - 1]:
            gap_s = fixes[i].fix_s - fixes[i - 1].fix_s
            crossing = fixes[i].fix_s if gap_s <= widest_gap_s else None
    return crossing


def _arrival(
    file: Path, references: Path, trip: _Trip, ring: Sequence[tuple[float, float]]
) -> tuple[float | None, str]:
    for reference in sorted(references.glob("*.csv*")):
        track = read_track(reference)
        if track and track[0].fix_s <= trip.ride_ended_s and track[-1].fix_s >= trip.ride_began_s:
            crossing = last_crossing_s(track, ring, trip.ride_ended_s, _WIDEST_GAP_S)
            if crossing is not None:
                return crossing, "fence entry by the reference track"
    found = []
    for sibling in sorted(file.parent.parent.glob("*/rep*.csv*")):
        name = _NAME.fullmatch(sibling.name)
        if name is None or sibling.parent == file.parent:
            continue
        if float(name[1]) <= trip.ride_ended_s and trip.ride_began_s <= float(name[2]):
            fixes = [f for f in read_track(sibling) if f.accuracy_m is not None and f.accuracy_m <= _WORST_ACCURACY_M]
            crossing = last_crossing_s(fixes, ring, trip.ride_ended_s, _WIDEST_GAP_S)
            if crossing is not None:
                found.append(crossing)
    if found:
        return median(found), f"fence entry by the median of {len(found)} other phones"
    return None, "no truth: neither the reference nor another phone saw the entry"


def _trips(marks: Path, timeline: str) -> list[_Trip]:
    """The hand-marked trips of a timeline, in order. One phone of it carries the marks."""
    with marks.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["timeline"] == timeline]
    by_phone: dict[str, list[tuple[float, str, str]]] = {}
    for row in rows:
        by_phone.setdefault(row["phone"], []).append((float(row["ts"]), row["transition"], row["trip_id"]))
    trips: list[_Trip] = []
    for marked in by_phone.values():
        trips += _trips_of(sorted(marked, key=lambda mark: mark[0]))
    return sorted(trips, key=lambda trip: trip.began_s)


def _trips_of(marks: list[tuple[float, str, str]]) -> list[_Trip]:
    trips: list[_Trip] = []
    began_s = ride_began_s = ride_ended_s = 0.0
    for at_s, transition, name in marks:
        walking = name.startswith("walk_")
        if transition == "START_EVALUATION_TRIP":
            began_s = at_s
        elif transition == "START_EVALUATION_SECTION" and not walking:
            ride_began_s = at_s
        elif transition == "STOP_EVALUATION_SECTION" and not walking:
            ride_ended_s = at_s
        elif transition == "STOP_EVALUATION_TRIP":
            trips.append(_Trip(name, began_s, ride_began_s, ride_ended_s, at_s))
    return trips


def _places(spec: Path) -> dict[str, tuple[str, str, list[tuple[float, float]]]]:
    """By trip: its last ride, the name of its end, and that place's corners (lat, lon)."""
    trips: list[dict[str, Any]] = json.loads(spec.read_bytes())["data"]["label"]["evaluation_trips"]
    places = {}
    for trip in trips:
        ride = [leg for leg in trip["legs"] if leg["type"] == "TRAVEL"][-1]
        end = ride["end_loc"]
        ring = [(lat, lon) for lon, lat in end["geometry"]["coordinates"][0]]
        places[trip["id"]] = ride["id"], end["properties"]["name"], ring[:-1] if ring[0] == ring[-1] else ring
    return places


def _within(fixes: Sequence[Fix], ring: Sequence[tuple[float, float]]) -> list[bool]:
    lat0, lon0 = ring[0]
    across = cos(radians(lat0)) * M_PER_DEG
    fence = shapely.Polygon([((lon - lon0) * across, (lat - lat0) * M_PER_DEG) for lat, lon in ring])
    points = shapely.points([((f.lon - lon0) * across, (f.lat - lat0) * M_PER_DEG) for f in fixes])
    return [bool(near) for near in shapely.dwithin(fence, points, FENCE_BUFFER_M)] if fixes else []
