"""A company on one day, out of a seed: its people, whose homes they go to, and what was promised to whom.

company (plan) → mishaps (what goes wrong) → rounds (each worker's day) → fleet day (plan, messages, truth)
"""

from __future__ import annotations

from random import Random
from typing import Any, Literal, NamedTuple

from simulators.names import SERVICES, customer, person
from simulators.phone import MINUTE_MS
from simulators.streets import COMPOUNDS, Compound
from simulators.town import UTC_OFFSET_H, ZONE, Person, Point, distance_m, to_grid
from simulators.travel import E_BIKE_MPS, WALK_MPS, Place
from simulators.wire import rfc3339

_WINDOW_MIN = 30
WINDOW_MS = _WINDOW_MIN * MINUTE_MS
FIRST_WINDOW_MS = 75 * MINUTE_MS
"""From the day's start; nobody has to set out earlier."""
DAY_MIN = 12 * 60
_QUARTER_MIN = 15
_QUARTER_MS = _QUARTER_MIN * MINUTE_MS
_PLANNED_MIN = (30, 45, 60, 90, 120)
_BETWEEN_MIN = 15
"""At least so long between the latest planned end of a visit and the next window: there are ways to go."""
_WALKING = 0.1
"""Share of the workers who go on foot."""
_BIKE_M, _FOOT_M = (1_500.0, 3_600.0), (1_000.0, 1_500.0)
"""Straight, from one home to the next."""
_APART_M = 1_000.0
"""A worker's homes of one day lie so far apart: being at one is not being at another."""


class Fence(NamedTuple):
    """A site's geofence: a circle of `radius_m`, or the compound's outline widened by `buffer_m`."""

    middle: Point
    radius_m: float = 0.0
    ring: tuple[Point, ...] = ()
    buffer_m: float = 0.0

    def outside_m(self, at: Point) -> float:
        """Metres outside of it; not above 0 inside."""
        if not self.ring:
            return distance_m(at, self.middle) - self.radius_m
        (u, v), (u0, v0), (u1, v1) = to_grid(at), to_grid(self.ring[0]), to_grid(self.ring[2])
        du, dv = max(u0 - u, 0.0, u - u1), max(v0 - v, 0.0, v - v1)
        return distance_m(Point(du, dv), Point(0.0, 0.0)) - self.buffer_m

    def body(self) -> dict[str, Any]:
        """As POST /v1/plan takes it."""
        if self.ring:
            return {"shape": "polygon", "ring": [list(at.degrees) for at in self.ring], "buffer_m": self.buffer_m}
        lat, lon = self.middle.degrees
        return {"shape": "circle", "lat": lat, "lon": lon, "radius_m": self.radius_m}


class Visit(NamedTuple):
    """A promise: somebody comes within half an hour from `opens_ms` and stays for `planned_ms`."""

    key: str
    site: str
    compound: Compound
    fence: Fence
    customer: str
    service: str
    opens_ms: int
    planned_ms: int
    reader: str | None
    """A device at the door that reads tags and codes."""
    contact: str | None

    @property
    def closes_ms(self) -> int:
        """The end of the window."""
        return self.opens_ms + WINDOW_MS

    @property
    def ends_ms(self) -> int:
        """The latest that it ends as planned."""
        return self.closes_ms + self.planned_ms

    @property
    def place(self) -> Place:
        return Place(self.compound.at, self.compound.gate)


class Member(NamedTuple):
    """A worker with their day's visits in order."""

    key: str
    person: Person
    home: Compound
    mps: float
    app: Literal["native", "owntracks"]
    visits: tuple[Visit, ...]

    @property
    def on_foot(self) -> bool:
        return self.mps < 2 * WALK_MPS


def company(
    seed: int, start_ms: int, *, workers: int, visits: int, owntracks: float, day_min: int = DAY_MIN
) -> list[Member]:
    """The company of a seed on the day that begins at an instant. `owntracks`: share of the workers with that app.

    Raises ValueError where the visits do not fit into the day.
    """
    rng = Random(f"{seed}/company")
    most = -(-visits // workers)
    if day_min < most * (_WINDOW_MIN + _PLANNED_MIN[0] + _BETWEEN_MIN):
        raise ValueError(f"{most} visits of one worker do not fit into {day_min} minutes")
    with_owntracks = set(rng.sample(range(workers), round(workers * owntracks)))
    members, first = [], 0
    for number in range(workers):
        count = visits // workers + (number < visits % workers)
        app: Literal["native", "owntracks"] = "owntracks" if number in with_owntracks else "native"
        members.append(
            _member(Random(f"{seed}/worker {number}"), f"s{seed}", number, first, count, app, start_ms, day_min)
        )
        first += count
    return members


def plans(members: list[Member], start_ms: int, devices: dict[str, str]) -> list[dict[str, list[dict[str, Any]]]]:
    """The plan in parts as POST /v1/plan takes them, none of more than 5 000 lines. `devices`: by worker."""

    def say(at_ms: int) -> str:
        return rfc3339(at_ms, UTC_OFFSET_H)

    visits = [(member, visit) for member in members for visit in member.visits]
    since, until = say(start_ms - 60 * MINUTE_MS), say(start_ms + 24 * 60 * MINUTE_MS)
    people: dict[str, list[dict[str, Any]]] = {
        "workers": [
            {"worker": m.key, "name": m.person.name, "surname": m.person.surname, "title": m.person.title}
            for m in members
        ],
        "bindings": [{"device": devices[m.key], "worker": m.key, "from": since} for m in members],
        "shifts": [{"shift": f"{m.key}-shift", "worker": m.key, "from": since, "until": until} for m in members],
    }
    parts = [people]
    for at in range(0, len(visits), 1_000):
        some = visits[at : at + 1_000]
        parts.append(
            {
                "customers": [{"customer": f"{v.key}-c", "name": v.customer, "locale": "zh-CN"} for _, v in some],
                "sites": [
                    {
                        "site": v.site,
                        "customer": f"{v.key}-c",
                        "name": v.compound.name,
                        "address": f"{v.compound.street}{v.compound.number}弄",
                        "zone": ZONE,
                        "fence": v.fence.body(),
                    }
                    for _, v in some
                ],
                "bindings": [
                    {"device": device, "site": v.site, "from": since}
                    for _, v in some
                    for device in (v.reader, v.contact)
                    if device is not None
                ],
                "visits": [
                    {
                        "visit": v.key,
                        "site": v.site,
                        "customer": f"{v.key}-c",
                        "service": v.service,
                        "worker": member.key,
                        "window_from": say(v.opens_ms),
                        "window_to": say(v.closes_ms),
                        "planned_s": v.planned_ms // 1000,
                        "checklist": list(SERVICES[v.service]),
                    }
                    for member, v in some
                ],
            }
        )
    return parts


def _member(
    rng: Random,
    prefix: str,
    number: int,
    first: int,
    count: int,
    app: Literal["native", "owntracks"],
    start_ms: int,
    day_min: int,
) -> Member:
    on_foot = rng.random() < _WALKING
    mps = WALK_MPS * rng.uniform(0.97, 1.1) if on_foot else E_BIKE_MPS * rng.uniform(0.92, 1.08)
    compounds = _round_of(rng, count + 1, _FOOT_M if on_foot else _BIKE_M)
    visits, slot_min = [], day_min // max(count, 1) // _QUARTER_MIN * _QUARTER_MIN
    opening_ms = -(-(start_ms + FIRST_WINDOW_MS) // _QUARTER_MS) * _QUARTER_MS
    for turn, compound in enumerate(compounds[1:]):
        planned = rng.choice([m for m in _PLANNED_MIN if m + _WINDOW_MIN + _BETWEEN_MIN <= slot_min])
        spare = (slot_min - planned - _WINDOW_MIN - _BETWEEN_MIN) // _QUARTER_MIN
        opens_min = turn * slot_min + rng.randint(0, spare) * _QUARTER_MIN
        key = f"{prefix}-v{first + turn + 1:04}"
        reader = f"{key}-reader" if rng.random() < 0.8 and app == "owntracks" else None
        visits.append(
            Visit(
                key,
                f"{key}-site",
                compound,
                _fence(rng, compound),
                customer(rng),
                rng.choice(list(SERVICES)),
                opening_ms + opens_min * MINUTE_MS,
                planned * MINUTE_MS,
                reader,
                f"{key}-door" if rng.random() < 0.15 else None,
            )
        )
    return Member(f"{prefix}-w{number + 1:03}", person(rng), compounds[0], mps, app, tuple(visits))


def _round_of(rng: Random, count: int, step_m: tuple[float, float]) -> list[Compound]:
    """Somebody's own home, and the homes that they go to: each within reach of the one before, all well apart."""
    while True:
        found = [rng.choice(COMPOUNDS)]
        while len(found) < count:
            near = [
                c
                for c in COMPOUNDS
                if step_m[0] <= distance_m(c.at, found[-1].at) <= step_m[1]
                and all(distance_m(c.at, other.at) >= _APART_M for other in found)
            ]
            if not near:
                break
            found.append(rng.choice(near))
        else:
            return found


def _fence(rng: Random, compound: Compound) -> Fence:
    if rng.random() < 0.7:
        return Fence(compound.at, radius_m=rng.choice((90.0, 100.0, 120.0)))
    return Fence(compound.at, ring=compound.ring, buffer_m=30.0)
