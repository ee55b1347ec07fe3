"""What the plan says: customers' promises, sites, who carries which device, and the policies, as the log has them.

The judge asks it two things: what a visit is judged against (`plan`), and which visits a fact concerns.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from domain.bindings import Bindings
from domain.bindings import evolve as bind
from domain.events import Event
from domain.events.device import DeviceBound, DeviceUnbound
from domain.events.policy import PolicyAdopted
from domain.events.site import SiteRegistered
from domain.events.visit import VisitCancelled, VisitReassigned, VisitRescheduled, VisitScheduled
from domain.geo import Fence
from domain.policies import in_force
from domain.time import DAY_MS
from projections.progress.state import Cause, Plan, Status, Transition

NEIGHBOURS_MS = DAY_MS
"""Visits of one worker this close in time can share facts (whose check-in is it? whom do they approach?)."""


class Promise(msgspec.Struct, frozen=True, array_like=True):
    """A visit as planned: the fold of its stream."""

    visit: str
    site: str
    customer: str
    service: str
    worker: str | None
    window_from_ms: int
    window_to_ms: int
    planned_s: int
    checklist: tuple[str, ...]
    revision: int
    first_from_ms: int
    first_to_ms: int
    steps: tuple[Transition, ...]
    cancelled_ms: int | None = None


class World(msgspec.Struct):
    """The plan of a cell, in memory; part of the judge's snapshot."""

    promises: dict[str, Promise] = {}
    fences: dict[str, Fence] = {}
    bindings: dict[str, Bindings] = {}
    devices: dict[str, list[str]] = {}
    """By worker: every device that was ever bound to them or claimed to be in their hands."""
    visits: dict[str, list[str]] = {}
    """By worker, in order of their windows."""
    adoptions: list[tuple[int, dict[str, Any]]] = []
    heard_ms: dict[str, int] = {}
    """By device: the latest instant it spoke of, so that silent ones cost no query."""

    def apply(self, event: Event) -> set[str]:
        """Fold one event of the plan; returns the visits that must be judged again from their beginning."""
        match event:
            case VisitScheduled():
                return self._schedule(event)
            case VisitRescheduled(visit=visit) | VisitReassigned(visit=visit) | VisitCancelled(visit=visit):
                return self._change(visit, event)
            case SiteRegistered(site=site):
                self.fences[site] = event.fence
                return {v for v, promise in self.promises.items() if promise.site == site}
            case DeviceBound(device=device) | DeviceUnbound(device=device):
                return self._bind(device, event)
            case PolicyAdopted(from_ms=from_ms):
                self.adoptions.append((from_ms, event.values))
                return {v for v, promise in self.promises.items() if promise.window_from_ms >= from_ms}
            case _:
                return set()

    def plan(self, visit: str) -> Plan | None:
        """What the visit is judged against now; None while its site is not known."""
        promise = self.promises[visit]
        if promise.site not in self.fences:
            return None
        policy = in_force(self.adoptions, promise.window_from_ms)
        approach_ms = promise.window_from_ms - policy.on_the_way_before_s * 1000
        before = self._before(promise)
        if before is not None:
            approach_ms = max(approach_ms, before.window_from_ms + before.planned_s * 500)
        return Plan(
            visit=visit,
            worker=promise.worker,
            fence=self.fences[promise.site],
            window_from_ms=promise.window_from_ms,
            window_to_ms=promise.window_to_ms,
            planned_s=promise.planned_s,
            revision=promise.revision,
            first_from_ms=promise.first_from_ms,
            first_to_ms=promise.first_to_ms,
            approach_from_ms=approach_ms,
            steps=promise.steps,
            cancelled_ms=promise.cancelled_ms,
            policy=policy,
        )

    def worker_of(self, device: str, at_ms: int) -> str | None:
        """Who carried the device at an observed time."""
        bindings = self.bindings.get(device)
        binding = bindings.at(at_ms) if bindings else None
        return binding.worker if binding else None

    def holds(self, device: str, worker: str) -> None:
        """The device was in the worker's hands at some time."""
        held = self.devices.setdefault(worker, [])
        if device not in held:
            held.append(device)
            held.sort()

    def visits_of(self, worker: str) -> list[Promise]:
        """The worker's visits in order of their windows."""
        return [self.promises[visit] for visit in self.visits.get(worker, ())]

    def _schedule(self, e: VisitScheduled) -> set[str]:
        step = Transition(Status.SCHEDULED, e.recorded_at_ms, Cause.PLAN)
        self.promises[e.visit] = Promise(
            e.visit,
            e.site,
            e.customer,
            e.service,
            e.worker,
            e.window_from_ms,
            e.window_to_ms,
            e.planned_s,
            e.checklist,
            1,
            e.window_from_ms,
            e.window_to_ms,
            (step,),
        )
        self._index(None, self.promises[e.visit])
        return {e.visit} | self._neighbours(self.promises[e.visit])

    def _change(self, visit: str, event: Event) -> set[str]:
        old = self.promises[visit]
        match event:
            case VisitRescheduled():
                new = replace(old, planned_s=event.planned_s)
                if (event.window_from_ms, event.window_to_ms) != (old.window_from_ms, old.window_to_ms):
                    step = Transition(Status.RESCHEDULED, event.recorded_at_ms, Cause.PLAN)
                    new = replace(
                        new,
                        window_from_ms=event.window_from_ms,
                        window_to_ms=event.window_to_ms,
                        revision=old.revision + 1,
                        steps=(*old.steps, step),
                    )
            case VisitReassigned():
                new = replace(old, worker=event.worker)
            case _:
                new = replace(old, cancelled_ms=event.recorded_at_ms)
        affected = self._neighbours(old)
        self.promises[visit] = new
        self._index(old, new)
        return {visit} | affected | self._neighbours(new)

    def _bind(self, device: str, event: DeviceBound | DeviceUnbound) -> set[str]:
        old = self.bindings.get(device, Bindings())
        new = bind(old, event)
        self.bindings[device] = new
        workers = {p.worker for p in (*old.periods, *new.periods) if p.worker is not None}
        for worker in workers:
            self.holds(device, worker)
        since = event.from_ms if isinstance(event, DeviceBound) else event.at_ms
        return {
            promise.visit
            for worker in workers
            for promise in self.visits_of(worker)
            if (plan := self.plan(promise.visit)) is not None and plan.close_ms > since
        }

    def _index(self, old: Promise | None, new: Promise) -> None:
        if old is not None and old.worker is not None:
            self.visits[old.worker].remove(old.visit)
        if new.worker is not None:
            mine = self.visits.setdefault(new.worker, [])
            mine.append(new.visit)
            mine.sort(key=lambda visit: (self.promises[visit].window_from_ms, visit))

    def _neighbours(self, promise: Promise) -> set[str]:
        if promise.worker is None:
            return set()
        at = promise.window_from_ms
        near = (p for p in self.visits_of(promise.worker) if abs(p.window_from_ms - at) <= NEIGHBOURS_MS)
        return {p.visit for p in near}

    def _before(self, promise: Promise) -> Promise | None:
        """The worker's visit before this one, if it still stands."""
        if promise.worker is None:
            return None
        earlier = [
            p
            for p in self.visits_of(promise.worker)
            if p.window_from_ms < promise.window_from_ms and p.cancelled_ms is None
        ]
        return earlier[-1] if earlier else None
