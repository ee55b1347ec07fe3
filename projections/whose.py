"""Whose a fact is, where it was and when: bindings, hands and clocks, as the log has them (docs/adr/0019).

What is known here decides nothing by itself: it is asked each time that a fact is judged, so it may become known late.
"""

from __future__ import annotations

import dataclasses
from math import inf

import msgspec
import numpy as np
from msgspec.structs import replace

from domain.bindings import THINGS, Binding, Bindings, thing_of
from domain.clocks import PLAUSIBLE_AHEAD_MS, ClockPeriods, dated_ms
from domain.clocks import evolve as correct
from domain.events.device import DeviceClockCorrected
from domain.events.facts import Fact, TimeQuality
from domain.hands import HELD_MS, Act, act_of, add, before, holder
from domain.policies import DEFAULT
from domain.positions import QUALITY_MASK, Flag, PositionBatch
from domain.time import DAY_MS, Ms
from projections.progress.state import Plan

FORGOTTEN_MS = 35 * DAY_MS
"""No fact comes again after this long: a clock that once said 2100 must not make all that follows doubtful."""


class Whose(msgspec.Struct):
    """Devices, tags and beacons of a cell, in memory; the part of the judge's world that the plan knows nothing of."""

    bindings: dict[str, Bindings] = {}
    devices: dict[str, list[str]] = {}
    """By worker: every device, tag or beacon that was ever bound to them or claimed to be in their hands."""
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

    def leads(self, plan: Plan, device: str, at_ms: int) -> bool:
        """Whether a device's positions judge a visit: not while another phone of its worker leads."""
        if plan.worker not in self.several:
            return True
        leader = self._leader(plan.worker, at_ms, plan.policy.lead_s * 1000)
        return leader is None or leader == device

    def note(self, said: Fact, at_ms: int, forgotten_ms: int) -> Act | None:
        """Remember what somebody did on a device, and forget what was done before an instant; None: nothing new."""
        act = act_of(said, at_ms)
        if act is None:
            return None
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

    def actor(self, fact: Fact) -> str | None:
        """Whose fact it is, of any kind but positions: of whom it names, else of who carries the tag that was read,
        else of who carries the device."""
        if fact.worker:
            return fact.worker
        seen = self._seen_binding(fact)
        return (seen.worker if seen else None) or self.worker_of(fact.device, fact.at_ms)

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

    def holds(self, device: str, worker: str) -> None:
        """The device was in the worker's hands at some time."""
        held = self.devices.setdefault(worker, [])
        if device not in held:
            held.append(device)
            held.sort()
            if sum(not name.startswith(THINGS) for name in held) > 1:
                self.several.add(worker)

    def doubts(self, device: str, claimed_ms: int | None, quality: TimeQuality, recorded_ms: int) -> bool:
        """Whether a fact may repeat one that was judged at another instant: what is judged at its receipt has another
        instant each time, and a time too far ahead at first may be plausible when the fact comes again."""
        if quality is TimeQuality.AHEAD and claimed_ms is not None and claimed_ms - recorded_ms < FORGOTTEN_MS:
            self.ahead_ms[device] = max(claimed_ms, self.ahead_ms.get(device, claimed_ms))
        if quality is not TimeQuality.DEVICE:
            return True
        return claimed_ms is not None and claimed_ms <= self.ahead_ms.get(device, -1)

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
