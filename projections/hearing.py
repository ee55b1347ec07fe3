"""Which visit hears which fact, and how a fact looks from there.

The same rules serve facts as they arrive and facts read back to fold a visit again, so both see the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from domain.events.facts import POSITION, RANK, Fact, OutingDeclared, Witness
from domain.geo import outside_m
from domain.ids import FactId
from domain.positions import NULL, PositionBatch
from projections.progress.state import Plan, Seen
from projections.world import Promise, World


def sees_position(plan: Plan, at_ms: int) -> bool:
    """Whether a visit listens to its worker's positions at an instant."""
    return plan.listen_from_ms <= at_ms < plan.close_ms


def hears(world: World, promise: Promise, plan: Plan, fact: Fact) -> bool:
    """Whether a fact (not a position) is about this visit: its worker sent it, in its time, and it names this visit
    or, naming none, lies nearest to this one of the worker's visits."""
    worker = fact.worker or world.worker_of(fact.device, fact.at_ms)
    if worker is None or worker != promise.worker or not sees_position(plan, fact.at_ms):
        return False
    named = getattr(fact, "visit", None)
    if named is not None:
        return bool(named == promise.visit)
    return not isinstance(fact, Witness) or nearest(world, worker, fact) == promise.visit


def nearest(world: World, worker: str, fact: Fact) -> str | None:
    """Whose check-in is it? The visit whose promised window (for a check-out: planned end) lies nearest in time."""
    ending = fact.KIND == "checkout"

    def away_ms(p: Promise) -> int:
        lag = p.planned_s * 1000 if ending else 0
        return max(p.window_from_ms + lag - fact.at_ms, fact.at_ms - p.window_to_ms - lag, 0)

    standing = [p for p in world.visits_of(worker) if p.cancelled_ms is None or p.cancelled_ms > fact.at_ms]
    return min(standing, key=lambda p: (away_ms(p), p.window_from_ms, p.visit)).visit if standing else None


def seen_fact(plan: Plan, fact: Fact) -> Seen:
    """A fact as the visit's fold takes it."""
    seen = Seen(fact.at_ms, RANK[fact.KIND], fact.fact.bytes, fact.KIND)
    if isinstance(fact, Witness) and fact.lat is not None and fact.lon is not None:
        away = float(np.round(outside_m(plan.fence, fact.lat, fact.lon), 1)[0])
        lat, lon = round(fact.lat * 1e7), round(fact.lon * 1e7)
        return Seen(*_head(seen), lat, lon, fact.accuracy_m, away)
    if isinstance(fact, OutingDeclared):
        return Seen(*_head(seen), on=fact.on)
    return seen


def seen_positions(
    plan: Plan,
    at_ms: NDArray[np.int64],
    lat_e7: NDArray[np.int32],
    lon_e7: NDArray[np.int32],
    accuracy_dm: NDArray[np.int32],
    facts: list[FactId],
) -> list[Seen]:
    """Columns of positions as the visit's fold takes them, in fold order. Distances are rounded to 0.1 m."""
    away = np.round(outside_m(plan.fence, lat_e7 * 1e-7, lon_e7 * 1e-7), 1).tolist()
    rank = RANK[POSITION]
    seen = [
        Seen(at, rank, fact.bytes, POSITION, lat, lon, None if accuracy == NULL else accuracy / 10.0, metres)
        for at, lat, lon, accuracy, metres, fact in zip(
            at_ms.tolist(), lat_e7.tolist(), lon_e7.tolist(), accuracy_dm.tolist(), away, facts, strict=True
        )
    ]
    seen.sort(key=lambda s: s.key)
    return seen


def listeners(
    world: World, plan_of: Callable[[str], Plan | None], batch: PositionBatch, claims: dict[int, str]
) -> Iterator[tuple[Plan, NDArray[np.intp]]]:
    """The visits that a batch concerns, each with the batch's rows that it sees. `claims`: rows with a named worker."""
    at = batch.at_ms()
    by_worker: dict[str, list[int]] = {}
    for device in np.unique(batch.device).tolist():
        rows = np.flatnonzero(batch.device == device)
        name = batch.devices[device]
        bindings = world.bindings.get(name)
        for row in rows.tolist():
            worker = claims.get(row)
            if worker is None and bindings is not None:
                binding = bindings.at(int(at[row]))
                worker = binding.worker if binding else None
            if worker is not None and worker in world.visits:
                by_worker.setdefault(worker, []).append(row)
    for worker, mine in by_worker.items():
        rows = np.array(mine)
        times = at[rows]
        for promise in world.visits_of(worker):
            plan = plan_of(promise.visit)
            if plan is None:
                continue
            inside = (times >= plan.listen_from_ms) & (times < plan.close_ms)
            if inside.any():
                yield plan, rows[inside]


def _head(seen: Seen) -> tuple[int, int, bytes, str]:
    return seen.at_ms, seen.rank, seen.fact, seen.kind
