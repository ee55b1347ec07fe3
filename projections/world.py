"""What the plan says: customers' promises, sites, who carries which device, and the policies, as the log has them.

The judge asks it two things: what a visit is judged against (`plan`), and which visits a fact concerns.
"""

from __future__ import annotations

import dataclasses
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from math import inf
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace

from domain.bindings import THINGS, Binding, Bindings, thing_of
from domain.bindings import evolve as bind
from domain.clocks import PLAUSIBLE_AHEAD_MS, ClockPeriods, dated_ms
from domain.clocks import evolve as correct
from domain.events import Event
from domain.events.device import DeviceBound, DeviceClockCorrected, DeviceUnbound
from domain.events.facts import Fact, TimeQuality
from domain.events.policy import PolicyAdopted
from domain.events.site import SiteRegistered
from domain.events.visit import VisitCancelled, VisitReassigned, VisitRescheduled, VisitScheduled
from domain.geo import Fence
from domain.hands import HELD_MS, Act, act_of, add, before, holder
from domain.policies import DEFAULT, in_force
from domain.positions import QUALITY_MASK, Flag, PositionBatch
from domain.time import DAY_MS, Ms
from projections.progress.state import Cause, Plan, Status, Transition

FORGOTTEN_MS = 35 * DAY_MS
"""No fact comes again after this long: a clock that once said 2100 must not make all that follows doubtful."""
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


class World(msgspec.Struct):
    """The plan of a cell, in memory; part of the judge's snapshot."""

    promises: dict[str, Promise] = {}
    fences: dict[str, Fence] = {}
    bindings: dict[str, Bindings] = {}
    devices: dict[str, list[str]] = {}
    """By worker: every device, tag or beacon that was ever bound to them or claimed to be in their hands."""
    visits: dict[str, list[str]] = {}
    """By worker, in order of their windows."""
    adoptions: list[tuple[int, dict[str, Any]]] = []
    heard_ms: dict[str, int] = {}
    """By device: the latest instant it spoke of, so that silent ones cost no query."""
    clocks: dict[str, ClockPeriods] = {}
    """By device whose clock was ever corrected."""
    acts: dict[str, list[Act]] = {}
    """By device: what people did on it, in order."""
    shared: set[str] = set()
    """The devices on which an act ever named a worker."""
    several: set[str] = set()
    """The workers with more than one device that speaks by itself."""
    tracking: set[str] = set()
    """The devices that ever sent a position. Only they lead: who checks in on another is where their tracker is."""
    lead_ms: int = DEFAULT.lead_s * 1000
    """The longest that any policy ever let an act lead."""
    scanned_ms: int = -1
    """The latest instant at which any tag or beacon was seen."""
    ahead_ms: dict[str, int] = {}
    """By device: the latest time that it claimed too far ahead; see `doubts`."""
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

    def dated(self, fact: Fact) -> Fact:
        """A fact at the instant that it is judged at: by its device's clock, corrected where that is."""
        clock = self.clocks.get(fact.device)
        if clock is None or fact.observed_at_ms is None:
            return fact
        at_ms = dated_ms(clock, fact.observed_at_ms, fact.quality, fact.recorded_at_ms)
        return fact if at_ms == fact.at_ms else replace(fact, observed_at_ms=Ms(at_ms), quality=TimeQuality.DEVICE)

    def dated_batch(self, batch: PositionBatch) -> PositionBatch:
        """Positions at the instants that they are judged at."""
        if not self.clocks:
            return batch
        clocks = {n: self.clocks.get(batch.devices[n]) for n in dict.fromkeys(batch.device.tolist())}
        if not any(clocks.values()):
            return batch
        at_ms = batch.at_ms()
        quality = batch.flags & QUALITY_MASK
        for number, clock in clocks.items():
            if clock is not None:
                mine = batch.device == number
                corrected = batch.observed_at_ms + np.where(mine, clock.offsets_ms(batch.observed_at_ms), 0)
                plausible = corrected <= batch.recorded_at_ms + PLAUSIBLE_AHEAD_MS
                ahead = (quality == int(Flag.TIME_AHEAD)) & (corrected != batch.observed_at_ms) & plausible
                at_ms = np.where(mine & ((quality == 0) | ahead), corrected, at_ms)
        return dataclasses.replace(batch, dated_ms=at_ms)

    def worker_of(self, device: str, at_ms: int) -> str | None:
        """Who carried the device at an observed time: in whose hands its users' acts have put it, else whose it is."""
        if device in self.shared:
            held = self._held(device, at_ms)
            if held is not None:
                return held
        bindings = self.bindings.get(device)
        binding = bindings.at(at_ms) if bindings else None
        return binding.worker if binding else None

    def actor(self, fact: Fact) -> str | None:
        """Whose fact it is, of any kind but positions: of whom it names, else of who carries the tag that was read,
        else of who carries the device."""
        if fact.worker:
            return fact.worker
        seen = self._seen_binding(fact)
        return (seen.worker if seen else None) or self.worker_of(fact.device, fact.at_ms)

    def leads(self, plan: Plan, device: str, at_ms: int) -> bool:
        """Whether a device's positions judge a visit: not while another phone of its worker leads."""
        if plan.worker not in self.several:
            return True
        leader = self._leader(plan.worker, at_ms, plan.policy.lead_s * 1000)
        return leader is None or leader == device

    def note(self, said: Fact, at_ms: int, known_ms: int) -> Act | None:
        """Remember what somebody did on a device; None: nothing new."""
        act = act_of(said, at_ms)
        if act is None:
            return None
        forgotten_ms = known_ms - FORGOTTEN_MS - self.longest_ms - 2 * self.margin_ms - HELD_MS
        if not add(self.acts.setdefault(said.device, []), act, forgotten_ms):
            return None
        if act.worker:
            self.shared.add(said.device)
        return act

    def last_named(self, device: str) -> Act | None:
        """The last act on a shared device that says whose it is."""
        acts = self.acts[device] if device in self.shared else ()
        return next((act for act in reversed(acts) if act.worker or act.off), None)

    def unsettled_by(self, device: str, act: Act) -> set[str]:
        """The workers of whom facts after a new act are judged otherwise because of it, as far as they may have been
        heard."""
        worker = act.worker or self.worker_of(device, act.at_ms - act.off)
        workers: set[str] = set()
        if (act.worker or act.off) and device in self.shared and self.heard_ms.get(device, -1) >= act.at_ms:
            bindings = self.bindings.get(device)
            binding = bindings.at(act.at_ms) if bindings else None
            constant = binding is not None and (binding.until_ms or inf) > act.at_ms + HELD_MS
            if not (constant and binding and self.involved(device) == {binding.worker}):
                workers |= self.involved(device)
        if worker in self.several and any(self.heard_ms.get(d, -1) >= act.at_ms for d in self.devices[worker]):
            workers.add(worker)
        return workers

    def reach_ms(self, device: str) -> int:
        """How long after an act on a device it may matter."""
        return HELD_MS + self.lead_ms if device in self.acts else 0

    def site_of(self, fact: Fact) -> str | None:
        """The site that a fact shows somebody to be at: where the tag that was read hangs, else the device itself."""
        seen = self._seen_binding(fact)
        if seen is not None and seen.site is not None:
            return seen.site
        bindings = self.bindings.get(fact.device)
        binding = bindings.at(fact.at_ms) if bindings else None
        return binding.site if binding else None

    def involved(self, device: str) -> set[str]:
        """The workers to whom a device is bound at any time, or who were ever named with it."""
        return self.ever_of(device) | {worker for worker, held in self.devices.items() if device in held}

    def ever_of(self, device: str) -> set[str]:
        """The workers to whom a device, tag or beacon is bound at any time."""
        bindings = self.bindings.get(device)
        return {p.worker for p in bindings.periods if p.worker is not None} if bindings else set()

    def may_have_been_heard(self, devices: list[str], since_ms: float) -> bool:
        """Whether any of these spoke, or may have been seen, at or after an instant."""
        return any(
            self.heard_ms.get(device, -1) >= since_ms or (self.scanned_ms >= since_ms and device.startswith(THINGS))
            for device in devices
        )

    def doubts(self, device: str, claimed_ms: int | None, quality: TimeQuality, recorded_ms: int) -> bool:
        """Whether a fact may repeat one that was judged at another instant: what is judged at its receipt has another
        instant each time, and a time too far ahead at first may be plausible when the fact comes again."""
        if quality is TimeQuality.AHEAD and claimed_ms is not None and claimed_ms - recorded_ms < FORGOTTEN_MS:
            self.ahead_ms[device] = max(claimed_ms, self.ahead_ms.get(device, claimed_ms))
        if quality is not TimeQuality.DEVICE:
            return True
        return claimed_ms is not None and claimed_ms <= self.ahead_ms.get(device, -1)

    def holds(self, device: str, worker: str) -> None:
        """The device was in the worker's hands at some time."""
        held = self.devices.setdefault(worker, [])
        if device not in held:
            held.append(device)
            held.sort()
            if sum(not name.startswith(THINGS) for name in held) > 1:
                self.several.add(worker)

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

    def _held(self, device: str, at_ms: int) -> str | None:
        """In whose hands its acts put a device; one that hangs somewhere is in nobody's."""
        return None if self._hangs(device, at_ms) else holder(self.acts[device], at_ms)

    def _leader(self, worker: str, at_ms: int, lead_ms: int) -> str | None:
        """The phone of a worker's last act; None: there is none of late, or with it they went off shift."""
        last: tuple[int, str, bool] | None = None
        for device in self.tracking.intersection(self.devices[worker]):
            for act in before(self.acts.get(device, ()), at_ms, lead_ms):
                whose = act.worker or self.worker_of(device, act.at_ms - act.off)
                if whose == worker and not self._hangs(device, act.at_ms):
                    last = max(last or (-1, "", False), (act.at_ms, device, act.off))
                    break
        return None if last is None or last[2] else last[1]

    def _hangs(self, device: str, at_ms: int) -> bool:
        bindings = self.bindings.get(device)
        binding = bindings.at(at_ms) if bindings else None
        return binding is not None and binding.site is not None

    def _seen_binding(self, fact: Fact) -> Binding | None:
        """Whose, or where, the tag or beacon is that a fact tells of."""
        thing = thing_of(fact)
        bindings = self.bindings.get(thing) if thing else None
        return bindings.at(fact.at_ms) if bindings else None

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

    def _correct(self, device: str, event: DeviceClockCorrected) -> None:
        old = self.clocks.get(device, ClockPeriods())
        new = self.clocks[device] = correct(old, event)
        if device in self.acts:
            acts = (replace(act, at_ms=act.claim_ms + new.offset_ms(act.claim_ms)) for act in self.acts[device])
            self.acts[device] = sorted(acts)
        if device in self.heard_ms:
            later_ms = max([0, *(p.offset_ms for p in new.periods)]) - min([0, *(p.offset_ms for p in old.periods)])
            self.heard_ms[device] += later_ms + PLAUSIBLE_AHEAD_MS
            self.scanned_ms = max(self.scanned_ms, self.heard_ms[device])

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
