"""Judged arrivals against true ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from simulators.cell import instant_ms
from simulators.recordings import Stop

FOUND_WITHIN_S = 600.0
"""An arrival further ahead of the true one, or after the true departure, is another stay's: not found."""


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """One visit: where, when in truth and by whose word, and what was judged. Times in epoch seconds, errors in s."""

    visit: str
    place: str
    told_by: str
    truth_s: float | None
    compound_s: float | None
    door_s: float | None
    status: str
    found: bool

    @property
    def error_s(self) -> float | None:
        """Judged compound minus truth; None where either is unknown."""
        return _minus(self.compound_s, self.truth_s)

    @property
    def door_error_s(self) -> float | None:
        """Judged door minus truth; None where either is unknown."""
        return _minus(self.door_s, self.truth_s)


class Summary(msgspec.Struct, frozen=True):
    """How many were found, and how far off the found and timed ones are (absolute seconds)."""

    found: int
    of: int
    timed: int
    median_s: float | None
    p95_s: float | None


def arrival(visit: dict[str, Any], stop: Stop, moved_ms: int = 0) -> Arrival:
    """Compare a visit as GET /v1/visits/{visit} shows it with its stop, which was played `moved_ms` later."""
    first: dict[str, float] = {}
    for step in visit["timeline"]:
        if step["known_to"] is None:  # later facts have not amended it away
            first.setdefault(step["status"], (instant_ms(step["at"]) - moved_ms) / 1000)
    compound_s, door_s = first.get("at_compound"), first.get("arrived")
    came = [at for at in (compound_s, door_s) if at is not None]
    left_s = stop.left_s if stop.left_s is not None else float("inf")
    return Arrival(
        visit=visit["visit"],
        place=stop.name,
        told_by=stop.told_by,
        truth_s=stop.arrived_s,
        compound_s=compound_s,
        door_s=door_s,
        status=visit["status"],
        found=bool(came) and stop.about_s - FOUND_WITHIN_S <= min(came) <= left_s,
    )


def summary(arrivals: Sequence[Arrival]) -> Summary:
    """All of a replay's arrivals in a few figures."""
    errors = sorted(abs(a.error_s) for a in arrivals if a.found and a.error_s is not None)
    p95_s = errors[min(int(len(errors) * 0.95), len(errors) - 1)] if errors else None
    found = sum(a.found for a in arrivals)
    return Summary(found, len(arrivals), len(errors), median(errors) if errors else None, p95_s)


def lines(arrivals: Sequence[Arrival], zone: str) -> list[str]:
    """For people: a line for each visit in local time, and the summary."""
    told = [f"{'visit':<34} {'truth':<19} {'compound':<19} {'error':>9} {'door':<9} {'error':>9}  status"]
    for a in arrivals:
        mark = "" if a.found else "  NOT FOUND"
        door = _local(a.door_s, zone)[11:]
        told.append(
            f"{a.visit + ' ' + a.place:<34.34} {_local(a.truth_s, zone):<19} {_local(a.compound_s, zone):<19} "
            f"{_seconds(a.error_s):>9} {door:<9} {_seconds(a.door_error_s):>9}  {a.status}{mark}"
        )
    for told_by in sorted({a.told_by for a in arrivals}):
        told.append(f"truth: {told_by}")
    s = summary(arrivals)
    told.append(
        f"found {s.found}/{s.of}; arrival error over {s.timed}: median {_seconds(s.median_s)}, 95 % {_seconds(s.p95_s)}"
    )
    return told


def _minus(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{round(value, 1) + 0.0:.1f} s"  # no minus before 0.0


def _local(at_s: float | None, zone: str) -> str:
    return "-" if at_s is None else datetime.fromtimestamp(at_s, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")
