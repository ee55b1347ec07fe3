"""Bodies of customer progress for every state that the page can be in. The day is 2025-10-21 in Shanghai."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

HOME = {"lat": 31.2304, "lon": 121.4737}
TODAY = datetime(2025, 10, 21, tzinfo=UTC) - timedelta(hours=8)
CALLED = "王阿姨"

_TAKEN: dict[str, list[tuple[str, str]]] = {
    "scheduled": [],
    "rescheduled": [("rescheduled", "07:50")],
    "on_the_way": [("on_the_way", "09:12")],
    "nearby": [("on_the_way", "09:12"), ("nearby", "09:33")],
    "at_compound": [("on_the_way", "09:12"), ("nearby", "09:33"), ("at_compound", "09:38")],
    "missed": [("missed", "10:30")],
}
_TAKEN["arrived"] = [*_TAKEN["at_compound"], ("arrived", "09:42")]
_TAKEN["no_access"] = [*_TAKEN["arrived"], ("no_access", "09:55")]
_TAKEN["in_service"] = [*_TAKEN["arrived"], ("in_service", "09:45")]
_TAKEN["stepped_out"] = [*_TAKEN["in_service"], ("stepped_out", "10:20")]
_TAKEN["finished"] = [*_TAKEN["in_service"], ("finished", "11:43")]
_TAKEN["cancelled"] = [("cancelled", "08:02")]


def at(clock: str) -> str:
    """An instant of the day by its clock time in Shanghai, `HH:MM` or `HH:MM:SS`, as the API writes it."""
    hours, minutes, seconds = (*map(int, clock.split(":")), 0)[:3]
    moment = TODAY + timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def position(clock: str, north_m: float, east_m: float, accuracy_m: float = 25.0) -> dict[str, Any]:
    """A fix so many metres from home."""
    lat, lon = HOME["lat"] + north_m / 111_195, HOME["lon"] + east_m / 95_080
    return {"lat": lat, "lon": lon, "accuracy_m": accuracy_m, "at": at(clock)}


def eta(clock: str, early: str, late: str, made: str, remaining_m: int = 1500) -> dict[str, Any]:
    """An estimate."""
    return {"at": at(clock), "early": at(early), "late": at(late), "made_at": at(made), "remaining_m": remaining_m}


def progress(status: str, now: str, **changes: Any) -> dict[str, Any]:
    """What the API says of a visit promised for 09:30 to 10:00 that is in `status` at `now`."""
    booked = {"status": "scheduled", "at": (TODAY - timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M:%S.000Z")}
    taken = [booked, *({"status": step, "at": at(clock)} for step, clock in _TAKEN[status])]
    when = {step["status"]: step["at"] for step in taken}
    ended = status in ("finished", "cancelled")
    return {
        "visit": {
            "visit": "v-1",
            "service": "cleaning",
            "window_from": at("09:30"),
            "window_to": at("10:00"),
            "planned_s": 7200,
            "zone": "Asia/Shanghai",
            "revision": 1,
        },
        "worker": {"called": CALLED},
        "status": status,
        "status_at": taken[-1]["at"],
        "over": ended,
        "steps": taken,
        "eta": None,
        "position": None,
        "position_withheld": "not_on_the_way",
        "site": {"name": "梧桐花园 3 号楼", **HOME, "fence": {"shape": "circle", **HOME, "radius_m": 150}},
        "arrived_at": when.get("at_compound"),
        "service_at": when.get("in_service"),
        "finished_at": when.get("finished"),
        "stale": None,
        "ended": ended,
        "locale": "zh-CN",
        "clock": {"now": at(now), "mode": "wall", "rate": 1.0},
        **changes,
    }


def approach(
    now: str, north_m: float, east_m: float, arrival: str, early: str, late: str, **changes: Any
) -> dict[str, Any]:
    """On the way, at a place, with an estimate."""
    shown = {
        "eta": eta(arrival, early, late, now),
        "position": position(now, north_m, east_m),
        "position_withheld": None,
    }
    return progress("on_the_way", now, **{**shown, **changes})


POLYGON = {
    "shape": "polygon",
    "ring": [[31.2292, 121.4722], [31.2316, 121.4726], [31.2313, 121.4753], [31.2290, 121.4748]],
    "buffer_m": 50,
}

STATES: dict[str, dict[str, Any]] = {
    "scheduled": progress("scheduled", "08:40"),
    "nobody_yet": progress("scheduled", "08:40", worker=None),
    "overdue": progress("scheduled", "10:04"),
    "rescheduled": progress("rescheduled", "08:40"),
    "on_the_way": approach("09:30", 900, 1400, "09:42", "09:38", "09:50"),
    "late": approach("09:52", 1900, -2400, "10:14", "10:08", "10:26"),
    "stale": approach(
        "09:33",
        900,
        1400,
        "09:42",
        "09:38",
        "09:50",
        stale={"since": at("09:30")},
        position=position("09:30", 900, 1400, 140),
    ),
    "near_other_site": approach(
        "09:30", 0, 0, "09:42", "09:38", "09:50", position=None, position_withheld="near_other_site"
    ),
    "no_fix": progress("on_the_way", "09:13", position_withheld="no_fix"),
    "nearby": progress(
        "nearby",
        "09:34:30",
        eta=eta("09:37", "09:36", "09:40", "09:34:30", 320),
        position=position("09:34:30", -330, 210, 60),
        position_withheld=None,
        site={"name": "梧桐花园 3 号楼", **HOME, "fence": POLYGON},
    ),
    "at_compound": progress("at_compound", "09:39"),
    "arrived": progress("arrived", "09:43"),
    "in_service": progress("in_service", "10:20"),
    "stepped_out": progress("stepped_out", "10:25"),
    "finished": progress("finished", "11:50"),
    "missed": progress("missed", "10:34"),
    "no_access": progress("no_access", "09:57"),
    "not_met": progress("no_access", "10:30", over=True, ended=True),
    "cancelled": progress("cancelled", "08:30"),
    "demo_clock": approach(
        "09:30", 900, 1400, "09:42", "09:38", "09:50", clock={"now": at("09:30"), "mode": "scaled", "rate": 60.0}
    ),
    "replay_clock": approach(
        "09:30", 900, 1400, "09:42", "09:38", "09:50", clock={"now": at("09:30"), "mode": "followed", "rate": 1.0}
    ),
}
