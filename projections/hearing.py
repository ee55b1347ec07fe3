"""Which visit hears which fact, and how a fact looks from there.

The same rules serve facts as they arrive and facts read back to fold a visit again, so both see the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from domain.events.facts import POSITION, RANK, Fact, OutingDeclared, TagScanned, Witness
from domain.geo import Circle, Fence, distance_m, outside_m
from domain.ids import FactId
from domain.positions import NULL, PositionBatch
from projections.progress.state import Key, Plan, Seen
from projections.world import Promise, World


def sees_position(plan: Plan, at_ms: int) -> bool:
    """Whether a visit listens to its worker's positions at an instant."""
    return plan.listen_from_ms <= at_ms < plan.close_ms


def hears(world: World, promise: Promise, plan: Plan, fact: Fact) -> bool:
    """Whether a fact (not a position) is about this visit: its worker sent it, in its time, and it names this visit
    or, naming none, lies nearest to this one of the worker's visits."""
    worker = world.actor(fact)
    if worker is None or worker != promise.worker or not sees_position(plan, fact.at_ms):
        return False
    named = getattr(fact, "visit", None)
    if named is not None:
        return bool(named == promise.visit)
    return not isinstance(fact, Witness) or nearest(world, worker, fact) == promise.visit


def nearest(world: World, worker: str, fact: Fact) -> str | None:
    """Whose check-in is it? The visit whose promised window (for a check-out: planned end) lies nearest in time; where
    a tag says at which site it was made, of the visits there that may listen, if there are any."""
    ending = fact.KIND == "checkout"
    reach_ms = world.longest_ms + world.margin_ms  # what listens is no farther off, so what lies nearer is not either

    def away_ms(p: Promise) -> int:
        lag = p.planned_s * 1000 if ending else 0
        return max(p.window_from_ms + lag - fact.at_ms, fact.at_ms - p.window_to_ms - lag, 0)

    near = world.visits_near(worker, fact.at_ms - reach_ms, fact.at_ms + reach_ms)
    standing = [p for p in near if p.cancelled_ms is None or p.cancelled_ms > fact.at_ms]
    site = world.site_of(fact)
    if site is not None:
        standing = [p for p in standing if p.site == site and _may_listen(world, p, fact.at_ms)] or standing
    return min(standing, key=lambda p: (away_ms(p), p.window_from_ms, p.visit)).visit if standing else None


def _may_listen(world: World, promise: Promise, at_ms: int) -> bool:
    return promise.window_from_ms - world.margin_ms <= at_ms < promise.end_ms + world.margin_ms


def seen_fact(world: World, plan: Plan, fact: Fact) -> Seen:
    """A fact as the visit's fold takes it."""
    seen = Seen(fact.at_ms, RANK[fact.KIND], fact.fact.bytes, fact.KIND)
    if isinstance(fact, OutingDeclared):
        return Seen(*_head(seen), on=fact.on)
    if not isinstance(fact, Witness | TagScanned):
        return seen
    site = world.site_of(fact)
    here = None if site is None else site == world.promises[plan.visit].site
    if isinstance(fact, Witness) and fact.lat is not None and fact.lon is not None:
        away = float(np.round(outside_m(plan.fence, fact.lat, fact.lon), 1)[0])
        lat, lon = round(fact.lat * 1e7), round(fact.lon * 1e7)
        return Seen(*_head(seen), lat, lon, fact.accuracy_m, away, here=here)
    return Seen(*_head(seen), here=here)


def seen_positions(
    plan: Plan,
    at_ms: NDArray[np.int64],
    lat_e7: NDArray[np.int32],
    lon_e7: NDArray[np.int32],
    accuracy_dm: NDArray[np.int32],
    facts: list[FactId],
) -> list[Seen]:
    """Columns of positions as the visit's fold takes them, in fold order. Distances are rounded to 0.1 m."""
    away = outside_m(plan.fence, lat_e7 * 1e-7, lon_e7 * 1e-7)
    columns = lat_e7.tolist(), lon_e7.tolist(), accuracy_dm.tolist(), np.round(away, 1).tolist()
    return sorted(_seen(at_ms.tolist(), *columns, facts), key=_key)


@dataclass(frozen=True, slots=True)
class Heard:
    """What a visit hears of a batch: the numbers of the rows, and the rows in fold order."""

    plan: Plan
    rows: list[int]
    seen: list[Seen]


def hear(
    world: World, plan_of: Callable[[str], Plan | None], batch: PositionBatch, claims: dict[int, str]
) -> list[Heard]:
    """What each visit hears of a batch, all distances in one go. `claims`: the workers that rows name."""
    at, heard = batch.at_ms().tolist(), dict[str, Heard]()
    for row, number in enumerate(batch.device.tolist()):
        worker = claims.get(row) or world.worker_of(batch.devices[number], at[row])
        if worker is None:
            continue
        for promise in world.visits_near(worker, at[row], at[row]):
            plan = plan_of(promise.visit)
            if plan is not None and sees_position(plan, at[row]) and world.leads(plan, batch.devices[number], at[row]):
                heard.setdefault(promise.visit, Heard(plan, [], [])).rows.append(row)
    if not heard:
        return []
    all_rows = [row for one in heard.values() for row in one.rows]
    facts, mine = batch.facts(), batch.take(np.array(all_rows))
    away = _away_m([one.plan.fence for one in heard.values() for _ in one.rows], mine.lat_e7, mine.lon_e7)
    columns = mine.lat_e7.tolist(), mine.lon_e7.tolist(), mine.accuracy_dm.tolist(), np.round(away, 1).tolist()
    seen = _seen([at[row] for row in all_rows], *columns, [facts[row] for row in all_rows])
    for one in heard.values():
        one.seen.extend(sorted(islice(seen, len(one.rows)), key=_key))
    return list(heard.values())


def _away_m(fences: list[Fence], lat_e7: NDArray[np.int32], lon_e7: NDArray[np.int32]) -> NDArray[np.float64]:
    """How far outside its own fence each row lies: `outside_m`, for all circles at once."""
    lat, lon = lat_e7 * 1e-7, lon_e7 * 1e-7
    circles = [fence if isinstance(fence, Circle) else _NOWHERE for fence in fences]
    radius_m = np.array([circle.radius_m for circle in circles])
    lats, lons = np.array([circle.lat for circle in circles]), np.array([circle.lon for circle in circles])
    away: NDArray[np.float64] = distance_m(lats, lons, lat, lon) - radius_m
    for row, fence in enumerate(fences):
        if not isinstance(fence, Circle):
            away[row] = outside_m(fence, lat[row], lon[row])[0]
    return away


_NOWHERE = Circle(0.0, 0.0, 0.0)


def _seen(
    at_ms: list[int],
    lat_e7: list[int],
    lon_e7: list[int],
    accuracy_dm: list[int],
    away_m: list[float],
    facts: list[FactId],
) -> Iterator[Seen]:
    rank, rows = RANK[POSITION], zip(at_ms, lat_e7, lon_e7, accuracy_dm, away_m, facts, strict=True)
    for at, lat, lon, accuracy, away, fact in rows:
        yield Seen(at, rank, fact.bytes, POSITION, lat, lon, None if accuracy == NULL else accuracy / 10.0, away)


def _key(seen: Seen) -> Key:
    return seen.key


def _head(seen: Seen) -> tuple[int, int, bytes, str]:
    return seen.at_ms, seen.rank, seen.fact, seen.kind
