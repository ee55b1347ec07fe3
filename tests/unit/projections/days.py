"""Random days for the judge's properties, and the ways in which one day can be told.

Times lie on a coarse grid and places are few, so that ties, repeats and fences touched twice are common.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

import msgspec
from hypothesis import strategies as st

from domain.events import Event
from domain.events.device import DeviceBound, DeviceClockCorrected, DeviceUnbound
from domain.events.facts import Fact, TimeQuality
from domain.events.policy import PolicyAdopted
from domain.events.site import SiteRegistered
from domain.events.visit import VisitCancelled, VisitReassigned, VisitRescheduled, VisitScheduled
from domain.geo import Circle
from domain.positions import Flag, Position
from domain.time import HOUR_MS, MINUTE_MS, SECOND_MS, Ms
from tests.unit.projections.day import MIDNIGHT_MS, degrees, fact, fix
from tests.unit.projections.memory import Cell

WORKERS = ("w0", "w1")
DEVICES = ("p0", "p1", "p2")
TAGS = ("74103794", "E9F35959", "beacon:1de4b189115e45f6b44e509352269977:0:7")
THINGS = ("tag:74103794", "tag:E9F35959", TAGS[2])
"""Their ids in the registry."""
SITES = {"s0": 0.0, "s1": 250.0, "s2": 4_000.0}

Thing = Position | Fact


class Told(NamedTuple):
    """A day: decisions in their order, facts in any, ticks, and a last tick later than all of them."""

    plan: list[Event]
    facts: list[Thing]
    ticks: list[int]
    end_ms: int


def at_ms(thing: Thing) -> int:
    """When its device says that it was."""
    assert thing.observed_at_ms is not None
    return thing.observed_at_ms


# one day ---------------------------------------------------------------------------------------------------

_minute = st.integers(0, 24).map(lambda n: MIDNIGHT_MS + 9 * HOUR_MS + n * 10 * MINUTE_MS)
"""09:00 to 13:00."""
_worker = st.sampled_from(["w0", "w0", "w0", "w1", None])
_device = st.sampled_from(["p0", "p0", "p0", "p1", "p2"])
_bound = st.sampled_from(["p0", "p0", "p1", "p2", *THINGS])
_site_name = st.sampled_from(["s0", "s0", "s1", "s2"])


@st.composite
def plans(draw: st.DrawFn, *, far: bool) -> list[Event]:
    """Sites, phones and promises first, then what was changed. `far`: over several days, some visits lasting days."""
    said: list[Event] = [_site(name, east_m, 100.0) for name, east_m in SITES.items()]
    said += [
        DeviceBound(recorded_at_ms=_EARLY, device=device, worker=worker, from_ms=Ms(0))
        for device, worker in zip(DEVICES, WORKERS, strict=False)
    ]
    said += [
        DeviceBound(recorded_at_ms=_EARLY, device=THINGS[0], site="s0", from_ms=Ms(0)),
        DeviceBound(recorded_at_ms=_EARLY, device=THINGS[1], worker="w0", from_ms=Ms(0)),
    ]
    visits = [f"v{n}" for n in range(draw(st.integers(1, 4)))]
    for visit in visits:
        start = draw(_minute) + (draw(st.integers(0, 3)) * 24 * HOUR_MS if far else 0)
        said.append(
            VisitScheduled(
                recorded_at_ms=_EARLY,
                visit=visit,
                site=draw(_site_name),
                customer="c",
                service="cleaning",
                worker=draw(_worker),
                window_from_ms=Ms(start),
                window_to_ms=Ms(start + draw(st.sampled_from([0, 15])) * MINUTE_MS),
                planned_s=draw(st.sampled_from([600, 3600, 3 * 86_400] if far else [600, 3600])),
            )
        )
    said += draw(st.lists(_changes(visits), max_size=6))
    return said


def _site(name: str, east_m: float, radius_m: float) -> SiteRegistered:
    lat, lon = degrees(east_m, 0.0)
    return SiteRegistered(
        recorded_at_ms=_EARLY, site=name, customer="c", name=name, zone="UTC", fence=Circle(lat, lon, radius_m)
    )


_EARLY = Ms(MIDNIGHT_MS + 6 * HOUR_MS)


def _changes(visits: list[str]) -> st.SearchStrategy[Event]:
    visit = st.sampled_from(visits)
    recorded = _minute.map(Ms)
    return st.one_of(
        st.builds(
            lambda visit, recorded, start: VisitRescheduled(
                recorded_at_ms=recorded,
                visit=visit,
                window_from_ms=Ms(start),
                window_to_ms=Ms(start + 20 * MINUTE_MS),
                planned_s=1800,
            ),
            visit,
            recorded,
            _minute,
        ),
        st.builds(lambda v, r, w: VisitReassigned(recorded_at_ms=r, visit=v, worker=w), visit, recorded, _worker),
        st.builds(lambda v, r: VisitCancelled(recorded_at_ms=r, visit=v), visit, recorded),
        st.builds(
            lambda d, whose, since, hours: DeviceBound(
                recorded_at_ms=_EARLY,
                device=d,
                **whose,
                from_ms=Ms(since),
                until_ms=None if hours is None else Ms(since + hours * HOUR_MS),
            ),
            _bound,
            st.sampled_from([{"worker": "w0"}, {"worker": "w1"}, {"site": "s0"}, {"site": "s1"}]),
            _minute,
            st.sampled_from([None, 1, 4]),
        ),
        st.builds(lambda d, at: DeviceUnbound(recorded_at_ms=_EARLY, device=d, at_ms=Ms(at)), _bound, _minute),
        st.builds(
            lambda d, minutes, since, hours: DeviceClockCorrected(
                recorded_at_ms=_EARLY,
                device=d,
                offset_ms=minutes * MINUTE_MS,
                from_ms=Ms(since),
                until_ms=None if hours is None else Ms(since + hours * HOUR_MS),
            ),
            _device,
            st.sampled_from([-60, -10, 0, 10]),
            _minute,
            st.sampled_from([None, 1, 4]),
        ),
        st.builds(
            lambda since, values: PolicyAdopted(recorded_at_ms=_EARLY, from_ms=Ms(since), values=values),
            _minute,
            st.sampled_from(
                [
                    {"lateness_by_door": 1.0},
                    {"dwell_s": 30.0, "late_s": 0.0},
                    {"listen_after_s": 0.0},
                    {"lead_s": 600.0},
                ]
            ),
        ),
        st.builds(lambda name, radius_m: _site(name, SITES[name], radius_m), _site_name, _radius),
    )


_radius = st.sampled_from([50.0, 130.0])


@st.composite
def trips(draw: st.DrawFn, visits: list[VisitScheduled]) -> list[Thing]:
    """A phone near a visit's time and place: approaching, driving past, dwelling, silent, out and back again."""
    visit = draw(st.sampled_from(visits))
    at = visit.window_from_ms + draw(_around) * 10 * MINUTE_MS
    device, site_m = draw(_device), SITES[visit.site]
    worker = draw(_claim)
    extras = b"" if worker is None else msgspec.json.encode({"worker": worker})
    seen: list[Thing] = []
    for away_m, every_s, count in draw(st.lists(_legs, min_size=1, max_size=7)):
        accuracy_m = draw(_accuracy_m)
        for _ in range(count):
            seen.append(fix(device, at, site_m + away_m, accuracy_m, extras=extras))
            at += every_s * SECOND_MS
    return seen


_around = st.integers(-6, 6)
_claim = st.sampled_from([None, None, None, None, None, *WORKERS])
_accuracy_m = st.sampled_from([5.0, 5.0, 5.0, 40.0, 150.0, 300.0, None])
_legs = st.tuples(
    st.sampled_from([0.0, 0.0, 0.0, 40.0, 125.0, 145.0, 150.0, 400.0, 700.0, 2_000.0, 1_000_000.0]),
    st.sampled_from([20, 60, 60, 150, 600, 1800]),
    st.integers(1, 4),
)
"""(metres from the site, seconds between fixes, fixes)"""


@st.composite
def words(draw: st.DrawFn, visits: list[VisitScheduled]) -> list[Thing]:
    """One fact that is no position, near a visit's time."""
    near = draw(st.sampled_from(visits))
    kind = draw(
        st.sampled_from(
            ["checkin", "checkin", "checkout", "scan", "scan", "shift", "no_access", "outing", "status", "sos"]
        )
    )
    named = draw(st.sampled_from(visits)).visit
    fields: dict[str, Any] = {"worker": draw(_claim)}
    if kind in ("checkin", "checkout"):
        fields["visit"] = draw(st.sampled_from([None, None, named]))
        fields["tag"] = draw(st.sampled_from([None, None, *TAGS]))
        where = draw(st.sampled_from([None, 0.0, 250.0, 4_000.0]))
        if where is not None:
            fields["lat"], fields["lon"] = degrees(where, 0.0)
    elif kind == "scan":
        fields["tag"] = draw(st.sampled_from(TAGS))
    elif kind in ("no_access", "outing"):
        fields["visit"] = named
    if kind in ("outing", "shift"):
        fields["on"] = draw(st.booleans())
    at = near.window_from_ms + draw(_around) * 10 * MINUTE_MS
    if draw(st.booleans()):
        at += near.planned_s * 1000
    return [fact(kind, draw(_device), at, **fields)]


@st.composite
def days(draw: st.DrawFn, *, far: bool = False) -> Told:
    """A whole day."""
    plan = draw(plans(far=far))
    visits = [event for event in plan if isinstance(event, VisitScheduled)]
    told = draw(st.lists(st.one_of(trips(visits), trips(visits), words(visits)), min_size=2, max_size=8))
    facts = [thing for group in told for thing in group]
    ticks = draw(st.lists(_minute, max_size=6))
    last = max(*(at_ms(thing) for thing in facts), *(event.recorded_at_ms for event in plan), *ticks, 0)
    corrected = max((e.offset_ms for e in plan if isinstance(e, DeviceClockCorrected)), default=0)
    return Told(plan, facts, sorted(ticks), last + max(corrected, 0) + draw(st.sampled_from([1, 40, 600])) * MINUTE_MS)


# ways of telling it ----------------------------------------------------------------------------------------


def orderly(told: Told) -> Cell:
    """The plan, then every fact alone as it happens, with the ticks in between."""
    cell = Cell()
    cell.now_ms = _EARLY
    for event in told.plan:
        cell.say(event)
    moments = [(at_ms(thing), thing) for thing in told.facts] + [(tick, tick) for tick in told.ticks]
    for _, moment in sorted(moments, key=lambda pair: pair[0]):
        _tell(cell, [moment])
    cell.tick(told.end_ms)
    return cell


def disorderly(told: Told, rng: Random, *, last: bool = True) -> Cell:
    """The same facts and decisions in any order (decisions keep their own), some twice, in batches of any size."""
    cell = Cell()
    cell.now_ms = _EARLY
    moments: list[Thing | int] = [*told.facts, *told.ticks, *rng.choices(told.facts, k=len(told.facts) // 3)]
    rng.shuffle(moments)
    places = sorted(rng.choice([0, rng.randrange(len(moments) + 1)]) for _ in told.plan)
    left = list(zip(places, told.plan, strict=True))
    group: list[Thing | int] = []
    for n, moment in enumerate(moments):
        while left and left[0][0] <= n:
            _tell(cell, group)
            group = []
            cell.say(left.pop(0)[1])
        group.append(moment)
        if rng.random() < 0.4:
            _tell(cell, group)
            group = []
    _tell(cell, group)
    for _, event in left:
        cell.say(event)
    if last:
        cell.tick(told.end_ms)
    return cell


def unsure(told: Told, rng: Random) -> Told:
    """The same day from devices whose clocks are sometimes found ahead: such facts are judged at receipt, and what was
    ahead at its first telling may be plausible when it is told again (SEMANTICS, Time)."""
    facts: list[Thing] = []
    for thing in told.facts:
        telling = rng.choice(["sure", "sure", "unsure", "both"])
        facts += [thing] if telling != "unsure" else []
        facts += [_ahead(thing)] if telling != "sure" else []
    return told._replace(facts=facts)


def _ahead(thing: Thing) -> Thing:
    if isinstance(thing, Position):
        return msgspec.structs.replace(thing, flags=thing.flags | Flag.TIME_AHEAD)
    return msgspec.structs.replace(thing, quality=TimeQuality.AHEAD)


def _tell(cell: Cell, moments: Sequence[Thing | int]) -> None:
    """Positions as one batch, recorded at the newest tick; the rest one by one."""
    positions = [moment for moment in moments if isinstance(moment, Position)]
    if positions:
        cell.positions(positions)
    for moment in moments:
        if isinstance(moment, int):
            cell.tick(moment)
        elif not isinstance(moment, Position):
            cell.say(msgspec.structs.replace(moment, recorded_at_ms=Ms(cell.now_ms)))
