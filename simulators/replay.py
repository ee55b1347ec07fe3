"""A recorded day as one worker's phone, with a visit at each of its real stops."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from simulators.phone import MINUTE_MS, Sending
from simulators.recordings import Recording, Stop
from simulators.wire import Position, encode, rfc3339

_ROUND_MS = 15 * MINUTE_MS
_WINDOW_MS = 30 * MINUTE_MS
_UNKNOWN_STAY_MS = 60 * MINUTE_MS
_LISTEN_MS = 5 * 60 * MINUTE_MS
"""Time goes on so long after the last visit's planned end: then whatever silence means has been concluded."""
_NO_KEY = re.compile(r"[^A-Za-z0-9_.:-]+")


class Replay(NamedTuple):
    """What to play: the plan as POST /v1/plan takes it, the messages, the stops by visit, and from when until when."""

    plan: dict[str, list[dict[str, Any]]]
    sendings: list[Sending]
    stops: dict[str, Stop]
    from_ms: int
    until_ms: int


def replay(recording: Recording, *, worker: str, device: str, moved_ms: int = 0) -> Replay:
    """A recording as a day of a worker. `moved_ms`: every time but 0 is moved by so much; delay and disorder stay."""
    sendings, arrived_ms = [], 0
    for fix in recording.track:
        arrived_ms = max(arrived_ms, round(fix.write_s * 1000))  # in file order: a phone cannot send into the past
        position = Position(
            time=_moved(fix.fix_s, moved_ms),
            sent=_moved(fix.write_s, moved_ms),
            lat=fix.lat,
            lon=fix.lon,
            accuracy=fix.accuracy_m,
            speed=fix.speed_mps,
            heading=fix.bearing_deg,
            altitude=fix.altitude_m,
        )
        sendings.append(Sending(arrived_ms + moved_ms, encode(device, position)))
    prefix = _NO_KEY.sub("-", recording.name)
    stops = {f"{prefix}-{number}": stop for number, stop in enumerate(recording.stops, start=1)}
    visits = [_visit(visit, stop, worker, moved_ms) for visit, stop in stops.items()]
    from_ms = min([sendings[0].at_ms, *(_opens_ms(stop, moved_ms) for stop in stops.values())]) - MINUTE_MS
    ends = [_opens_ms(stop, moved_ms) + _WINDOW_MS + _stay_ms(stop) + _LISTEN_MS for stop in stops.values()]
    plan: dict[str, list[dict[str, Any]]] = {
        "customers": [{"customer": f"c-{visit}", "name": stop.name} for visit, stop in stops.items()],
        "sites": [
            {
                "site": f"s-{visit}",
                "customer": f"c-{visit}",
                "name": stop.name,
                "zone": recording.zone,
                "fence": stop.fence,
            }
            for visit, stop in stops.items()
        ],
        "workers": [{"worker": worker, "name": worker}],
        "bindings": [{"device": device, "worker": worker, "from": rfc3339(from_ms)}],
        "shifts": [],
        "visits": visits,
    }
    return Replay(plan, sendings, stops, from_ms, max([sendings[-1].at_ms + MINUTE_MS, *ends]))


def _visit(visit: str, stop: Stop, worker: str, moved_ms: int) -> dict[str, Any]:
    opens_ms = _opens_ms(stop, moved_ms)
    return {
        "visit": visit,
        "site": f"s-{visit}",
        "customer": f"c-{visit}",
        "service": "回放",
        "worker": worker,
        "window_from": rfc3339(opens_ms),
        "window_to": rfc3339(opens_ms + _WINDOW_MS),
        "planned_s": _stay_ms(stop) // 1000,
    }


def _opens_ms(stop: Stop, moved_ms: int) -> int:
    """The quarter of an hour before the arrival."""
    return round(stop.about_s * 1000) // _ROUND_MS * _ROUND_MS + moved_ms


def _stay_ms(stop: Stop) -> int:
    if stop.left_s is None:
        return _UNKNOWN_STAY_MS
    return max(round((stop.left_s - stop.about_s) / 300) * 5, 5) * MINUTE_MS


def _moved(time_s: float, moved_ms: int) -> float:
    """A time 0 stays what it is: the phone did not know better."""
    return time_s + moved_ms / 1000 if time_s > 0 and moved_ms else time_s
