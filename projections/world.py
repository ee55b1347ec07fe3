"""What the plan says: customers' promises, sites, who carries which device, and the policies, as the log has them.

The judge asks it two things: what a visit is judged against (`plan`), and which visits a fact concerns.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from math import inf
from typing import Any

import msgspec
from msgspec.structs import replace

from domain.bindings import THINGS, Bindings
from domain.bindings import evolve as bind
from domain.events import Event
from domain.events.device import DeviceBound, DeviceClockCorrected, DeviceUnbound
from domain.events.policy import PolicyAdopted
from domain.events.site import SiteRegistered
from domain.events.visit import VisitCancelled, VisitReassigned, VisitRescheduled, VisitScheduled
from domain.geo import Fence
from domain.hands import HELD_MS
from domain.policies import DEFAULT, in_force
from projections.progress.state import Cause, Plan, Status, Transition
from projections.whose import FORGOTTEN_MS, Whose

MARGINS = ("listen_before_s", "listen_after_s")
"""How far beyond its promised time a visit may listen, by policy."""


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

    @property
    def end_ms(self) -> int:
        """The latest that it ends as planned."""
        return self.window_to_ms + self.planned_s * 1000


class World(Whose):
    """The plan of a cell, in memory; part of the judge's snapshot."""

    promises: dict[str, Promise] = {}
    fences: dict[str, Fence] = {}
    visits: dict[str, list[str]] = {}
    """By worker, in order of their windows."""
    adoptions: list[tuple[int, dict[str, Any]]] = []
    longest_ms: int = 0
    """From the start of a window to the planned end, of the longest visit ever promised."""
    margin_ms: int = max(getattr(DEFAULT, name) for name in MARGINS) * 1000
    """The widest that any policy ever let a visit listen beyond its promised time."""

    def apply(self, event: Event) -> set[str]:
        """Fold one event of the plan; returns the visits that must be judged again from their beginning."""
        match event:
            case VisitScheduled():
                return self._schedule(event)
            case VisitRescheduled(visit=visit) | VisitReassigned(visit=visit) | VisitCancelled(visit=visit):
                return self._change(visit, event)
            case SiteRegistered(site=site):
                self.fences[site] = event.fence
                here = [promise for promise in self.promises.values() if promise.site == site]
                return {promise.visit for promise in here} | {v for promise in here for v in self._followers(promise)}
            case DeviceBound(device=device) | DeviceUnbound(device=device):
                return self._bind(device, event)
            case DeviceClockCorrected(device=device):
                self._correct(device, event)
                return set()
            case PolicyAdopted(from_ms=from_ms):
                self.adoptions.append((from_ms, event.values))
                self.lead_ms = max(self.lead_ms, int(event.values.get("lead_s", 0) * 1000))
                self.margin_ms = max(self.margin_ms, *(int(event.values.get(name, 0) * 1000) for name in MARGINS))
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
        listen_ms = promise.window_from_ms - policy.listen_before_s * 1000
        close_ms = promise.end_ms + policy.listen_after_s * 1000
        own_from_ms, own_to_ms = listen_ms, promise.end_ms
        before, after = self._before(promise), self._after(promise)
        if before is not None:
            approach_ms = max(approach_ms, before.window_from_ms + before.planned_s * 500)
            own_from_ms = max(listen_ms, min(before.end_ms, promise.window_from_ms))
        if after is not None:
            own_to_ms = min(own_to_ms, after.window_from_ms)
        return Plan(
            visit=visit,
            worker=promise.worker,
            tracked=self._tracked(promise),
            fence=self.fences[promise.site],
            elsewhere=self._elsewhere(promise, before),
            listen_from_ms=listen_ms,
            close_ms=close_ms if promise.cancelled_ms is None else min(close_ms, promise.cancelled_ms),
            own_from_ms=own_from_ms,
            own_to_ms=own_to_ms,
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

    def forgotten_ms(self, known_ms: int) -> int:
        """What was done before then matters to no visit that is still judged."""
        return known_ms - FORGOTTEN_MS - self.longest_ms - 2 * self.margin_ms - HELD_MS

    def visits_of(self, worker: str) -> list[Promise]:
        """The worker's visits in order of their windows."""
        return [self.promises[visit] for visit in self.visits.get(worker, ())]

    def visits_near(self, worker: str, from_ms: int, until_ms: float) -> Iterator[Promise]:
        """The worker's visits that may listen within [from_ms, until_ms], and perhaps some more, in order."""
        mine = self.visits.get(worker, [])
        place = bisect_left(mine, from_ms - self.longest_ms - self.margin_ms, key=self._start)
        for visit in mine[place:]:
            promise = self.promises[visit]
            if promise.window_from_ms - self.margin_ms > until_ms:
                return
            if promise.end_ms + self.margin_ms >= from_ms:
                yield promise

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
        return {promise.visit for worker in workers for promise in self.visits_near(worker, since, inf)}

    def _index(self, old: Promise | None, new: Promise) -> None:
        self.longest_ms = max(self.longest_ms, new.end_ms - new.window_from_ms)
        if old is not None and old.worker is not None:
            self.visits[old.worker].remove(old.visit)
        if new.worker is not None:
            mine = self.visits.setdefault(new.worker, [])
            mine.append(new.visit)
            mine.sort(key=lambda visit: (self._start(visit), visit))

    def _start(self, visit: str) -> int:
        return self.promises[visit].window_from_ms

    def _neighbours(self, promise: Promise) -> set[str]:
        """The worker's visits that are judged otherwise because of this one: whose check-in is it, and when may the
        next approach begin?"""
        if promise.worker is None:
            return set()
        reach_ms = self.longest_ms + 2 * self.margin_ms
        near = self.visits_near(promise.worker, promise.window_from_ms - reach_ms, promise.end_ms + reach_ms)
        return {p.visit for p in near if self._rivals(p, promise)} | set(self._followers(promise))

    def _rivals(self, one: Promise, other: Promise) -> bool:
        """Whether a fact that `one` hears may lie nearer to the other: no farther off than it lies from `one`."""
        heard_from_ms, heard_to_ms = one.window_from_ms - self.margin_ms, one.end_ms + self.margin_ms
        away_ms = max(other.window_from_ms - heard_to_ms, heard_from_ms - other.end_ms)
        return away_ms <= heard_to_ms - heard_from_ms

    def _followers(self, promise: Promise) -> Iterator[str]:
        """The visits that have this one before them, or would have if it stood: up to the next that stands, and all
        that begin with that."""
        mine, next_ms = self.visits.get(promise.worker or "", []), inf
        for visit in mine[bisect_right(mine, promise.window_from_ms, key=self._start) :]:
            follower = self.promises[visit]
            if follower.window_from_ms > next_ms:
                return
            yield visit
            if follower.cancelled_ms is None:
                next_ms = min(next_ms, follower.window_from_ms)

    def _elsewhere(self, promise: Promise, before: Promise | None) -> Fence | None:
        """Where the worker's visit before is, if it is somewhere else."""
        return None if before is None or before.site == promise.site else self.fences.get(before.site)

    def _tracked(self, promise: Promise) -> bool:
        """Whether a device that speaks by itself is bound to the worker at any time of the promised window."""
        worker, from_ms, to_ms = promise.worker, promise.window_from_ms, promise.window_to_ms
        speaking = (device for device in self.devices.get(worker or "", ()) if not device.startswith(THINGS))
        bindings = (self.bindings.get(device) for device in speaking)
        return any(
            period.worker == worker
            and period.from_ms <= to_ms
            and (period.until_ms is None or period.until_ms > from_ms)
            for bound in bindings
            if bound
            for period in bound.periods
        )

    def _after(self, promise: Promise) -> Promise | None:
        """The worker's visit after this one, if it still stands."""
        mine = self.visits.get(promise.worker or "", [])
        for visit in mine[bisect_right(mine, promise.window_from_ms, key=self._start) :]:
            if self.promises[visit].cancelled_ms is None:
                return self.promises[visit]
        return None

    def _before(self, promise: Promise) -> Promise | None:
        """The worker's visit before this one, if it still stands."""
        mine = self.visits.get(promise.worker or "", [])
        for visit in reversed(mine[: bisect_left(mine, promise.window_from_ms, key=self._start)]):
            if self.promises[visit].cancelled_ms is None:
                return self.promises[visit]
        return None
