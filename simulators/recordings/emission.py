"""A day of e-mission: `<data>/traces/emission/<day>/location.csv.gz`, and its places as that project's pipeline sees
them in `<data>/truth/emission/places_stops.csv`: the end of a trip, a comparison and not a diary."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from simulators.recordings.stops import LEAST_STAY_S, Stop, circle
from simulators.recordings.track import Fix

TRACK = "location.csv.gz"
ZONE = "America/Los_Angeles"
"""Where the published days were lived; the files do not say."""
TOLD_BY = "end of trip by e-mission's pipeline"


def stops_of(day: str, track: Sequence[Fix], data: Path) -> list[Stop]:
    """The day's places with a known arrival within the track and a stay of 5 min or more; none where none are known."""
    file = data / "truth/emission/places_stops.csv"
    if not file.exists():
        return []
    begin_s = min(fix.fix_s for fix in track if fix.fix_s > 0)
    stops: list[Stop] = []
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["day"] != day or not row["enter_ts"]:
                continue
            arrived_s, left_s = float(row["enter_ts"]), float(row["exit_ts"]) if row["exit_ts"] else None
            if arrived_s < begin_s or (left_s is not None and left_s - arrived_s < LEAST_STAY_S):
                continue
            place = circle(float(row["lat"]), float(row["lon"]))
            stops.append(Stop(f"place {len(stops) + 1}", arrived_s, arrived_s, left_s, place, TOLD_BY))
    return stops
