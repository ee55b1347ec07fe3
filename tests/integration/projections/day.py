"""A seeded day at the level of the log: a few workers, a dozen visits, phones with gaps, late uploads and repeats."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from uuid import UUID

from domain.events import Event
from domain.events.clock import TimeAdvanced
from domain.events.device import DeviceBound, DeviceClockCorrected
from domain.events.facts import CheckedIn, CheckedOut, SosRaised, TagScanned
from domain.events.site import SiteRegistered
from domain.events.visit import VisitRescheduled, VisitScheduled
from domain.geo import Circle
from domain.ids import fact_id
from domain.positions import Position, PositionBatch
from domain.time import HOUR_MS, MINUTE_MS, Ms, utc_day
from eventlog.entry import Append
from eventlog.log import EventLog

START_MS = 1_790_000_000_000 // MINUTE_MS * MINUTE_MS
HOME = (31.2, 121.4)

Fact = Position | CheckedIn | CheckedOut | SosRaised | TagScanned


def plan(seed: int, workers: int = 4, each: int = 3) -> list[tuple[str, Event]]:
    """(stream, event) of the plan, in order."""
    rng = random.Random(seed)
    said: list[tuple[str, Event]] = []
    for w in range(workers):
        said.append(
            (
                f"device/phone-{w}",
                DeviceBound(recorded_at_ms=Ms(START_MS), device=f"phone-{w}", worker=f"w{w}", from_ms=Ms(0)),
            )
        )
        for v in range(each):
            name = f"{w}-{v}"
            fence = Circle(HOME[0] + rng.uniform(-0.03, 0.03), HOME[1] + rng.uniform(-0.03, 0.03), 120.0)
            said.append(
                (
                    f"site/s{name}",
                    SiteRegistered(
                        recorded_at_ms=Ms(START_MS),
                        site=f"s{name}",
                        customer=f"c{name}",
                        name=name,
                        zone="Asia/Shanghai",
                        fence=fence,
                    ),
                )
            )
            at = Ms(START_MS + HOUR_MS + v * 2 * HOUR_MS)
            said.append(
                (
                    f"visit/v{name}",
                    VisitScheduled(
                        recorded_at_ms=Ms(START_MS),
                        visit=f"v{name}",
                        site=f"s{name}",
                        customer=f"c{name}",
                        service="cleaning",
                        worker=f"w{w}",
                        window_from_ms=at,
                        window_to_ms=at,
                        planned_s=3600,
                    ),
                )
            )
    return said


def facts(seed: int, workers: int = 4, each: int = 3, every_s: int = 20) -> list[Fact]:
    """What the phones saw, in observed order: driving to each site, silence indoors, some checks, an SOS."""
    rng = random.Random(seed + 1)
    fences = {e.site: e.fence for _, e in plan(seed, workers, each) if isinstance(e, SiteRegistered)}
    seen: list[Fact] = []
    for w in range(workers):
        device, here = f"phone-{w}", HOME
        for v in range(each):
            fence = fences[f"s{w}-{v}"]
            assert isinstance(fence, Circle)
            leave = START_MS + HOUR_MS + v * 2 * HOUR_MS - 30 * MINUTE_MS
            travel_s = rng.choice([20, 25, 29, 45, 75]) * 60
            for s in range(0, travel_s, every_s):
                share = s / travel_s
                seen.append(
                    _fix(
                        rng,
                        device,
                        leave + s * 1000,
                        here[0] + (fence.lat - here[0]) * share,
                        here[1] + (fence.lon - here[1]) * share,
                    )
                )
            arrived = leave + travel_s * 1000
            for s in range(0, rng.choice([60, 240]), every_s):
                seen.append(_fix(rng, device, arrived + s * 1000, fence.lat, fence.lon))
            if rng.random() < 0.6:
                seen.append(_check(CheckedIn, device, arrived + 3 * MINUTE_MS))
            if rng.random() < 0.6:
                seen.append(_check(CheckedOut, device, arrived + 58 * MINUTE_MS))
            seen.append(_scan(f"reader-{w}-{v}", f"0000000{w}", arrived + 2 * MINUTE_MS))
            here = (fence.lat, fence.lon)
        at = Ms(START_MS + 3 * HOUR_MS + w)
        seen.append(
            SosRaised(recorded_at_ms=at, fact=fact_id(device, "sos", at, b""), device=device, observed_at_ms=at)
        )
    seen.sort(key=_at)
    return seen


def write(log: EventLog, seed: int, *, disorder: int = 0, batch: int = 7, tick_s: int = 30) -> int:
    """Append the day; returns the instant of the last tick. `disorder` shuffles and repeats facts by its own seed, and
    says sooner what is otherwise said at the end: whose the badges are, where a reader hangs, how wrong a clock was."""
    versions: dict[str, int] = {}

    def say(said: Sequence[tuple[str, Event]]) -> None:
        for stream, event in said:
            log.append([Append(stream, [event], versions.get(stream, 0))])
            versions[stream] = versions.get(stream, 0) + 1

    say(plan(seed))
    rng = random.Random(disorder)
    told = facts(seed)
    if disorder:
        told = [fact for _, fact in sorted(_delays(told, rng), key=lambda pair: pair[0])]
        told += rng.sample(told, len(told) // 10)
    end = max(_at(fact) for fact in told) + 8 * HOUR_MS
    now = START_MS
    late = afterwards()
    for group in _groups(told, batch if not disorder else rng.randint(3, 40)):
        if disorder and late and rng.random() < 0.1:
            say([late.pop(0)])
        due = min(max(_at(fact) for fact in group), end)
        while now + tick_s * 1000 <= due:
            now += tick_s * 1000
            say([("clock", TimeAdvanced(recorded_at_ms=Ms(now), wall_ms=Ms(now)))])
        positions = [fact for fact in group if isinstance(fact, Position)]
        if positions:
            log.append([], batch=PositionBatch.of(now, positions))
        for fact in group:
            if not isinstance(fact, Position):
                say([(f"facts/{fact.device}/{utc_day(START_MS)}", fact)])
    say(late)
    moved = Ms(START_MS + 5 * HOUR_MS + 40 * MINUTE_MS)
    change = VisitRescheduled(
        recorded_at_ms=Ms(START_MS), visit="v0-2", window_from_ms=moved, window_to_ms=moved, planned_s=3600
    )
    say([("visit/v0-2", change)])
    while now < end:
        now = min(end, now + (HOUR_MS if disorder else 10 * MINUTE_MS))
        say([("clock", TimeAdvanced(recorded_at_ms=Ms(now), wall_ms=Ms(now)))])
    return end


def afterwards(workers: int = 4) -> list[tuple[str, Event]]:
    """(stream, event) of what becomes known later about the past: each worker's badge, a reader of every first site, a
    clock that ran slow for an hour and a half and was then put right too far."""
    badges: list[tuple[str, Event]] = []
    for w in range(workers):
        tag, reader = f"tag:0000000{w}", f"reader-{w}-0"
        badges += [
            (f"device/{tag}", DeviceBound(recorded_at_ms=Ms(START_MS), device=tag, worker=f"w{w}", from_ms=Ms(0))),
            (
                f"device/{reader}",
                DeviceBound(recorded_at_ms=Ms(START_MS), device=reader, site=f"s{w}-0", from_ms=Ms(0)),
            ),
        ]
    slow = Ms(START_MS + HOUR_MS // 2), Ms(START_MS + 2 * HOUR_MS)
    fast = Ms(START_MS + 2 * HOUR_MS + 30 * MINUTE_MS), Ms(START_MS + 4 * HOUR_MS)
    return badges + [
        (
            "device/phone-1",
            DeviceClockCorrected(
                recorded_at_ms=Ms(START_MS), device="phone-1", offset_ms=offset_ms, from_ms=since, until_ms=until
            ),
        )
        for offset_ms, (since, until) in ((20 * MINUTE_MS, slow), (-10 * MINUTE_MS, fast), (15 * MINUTE_MS, slow))
    ]


def _scan(device: str, tag: str, at_ms: int) -> TagScanned:
    fact: UUID = fact_id(device, "scan", at_ms, tag.encode())
    return TagScanned(recorded_at_ms=Ms(at_ms), fact=fact, device=device, observed_at_ms=Ms(at_ms), tag=tag)


def _fix(rng: random.Random, device: str, at_ms: int, lat: float, lon: float) -> Position:
    return Position(
        device=device,
        observed_at_ms=at_ms,
        lat_e7=round((lat + rng.gauss(0, 8e-5)) * 1e7),
        lon_e7=round((lon + rng.gauss(0, 8e-5)) * 1e7),
        accuracy_dm=rng.choice([50, 120, 400]),
    )


def _check(cls: type[CheckedIn] | type[CheckedOut], device: str, at_ms: int) -> CheckedIn | CheckedOut:
    fact: UUID = fact_id(device, cls.KIND, at_ms, b"")
    return cls(recorded_at_ms=Ms(at_ms), fact=fact, device=device, observed_at_ms=Ms(at_ms))


def _at(fact: Fact) -> int:
    at = fact.observed_at_ms
    assert at is not None
    return at


def _delays(told: Sequence[Fact], rng: random.Random) -> Iterator[tuple[int, Fact]]:
    """Each fact with the instant it comes in: mostly soon, sometimes hours later."""
    for fact in told:
        late = rng.choice([0, 0, 1000, 60_000]) if rng.random() < 0.9 else rng.randrange(3 * HOUR_MS)
        yield _at(fact) + late, fact


def _groups(told: Sequence[Fact], size: int) -> Iterator[Sequence[Fact]]:
    for start in range(0, len(told), size):
        yield told[start : start + size]
