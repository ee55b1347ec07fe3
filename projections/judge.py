"""The judge: one log entry after another, each in the same few steps.

    entry → views (rows of the entry itself) → who hears it → fold, or fold again → case → views, alert book

Every entry is judged by itself, whatever page it came in, so any page size leaves the same rows. The state is a
fold of the log and nothing else; what leaves through `out` are rows, and through `changed` the visits to push.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from math import inf
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.bindings import thing_of
from domain.events import Event, decode, encode
from domain.events.alert import AlertDecision
from domain.events.clock import TimeAdvanced
from domain.events.device import DeviceBound, DeviceClockCorrected, DeviceUnbound
from domain.events.facts import Fact, TimeQuality
from domain.positions import QUALITIES, QUALITY_MASK, PositionBatch
from domain.time import DAY_MS
from eventlog.entry import Entry
from projections.alerts.book import Book, Clerk
from projections.hearing import hear, hears, seen_fact
from projections.history import History
from projections.progress.fold import advance, begin, continues, due_ms, needs_again, step
from projections.progress.state import Fold, Key, Plan, Seen
from projections.roll import Roll
from projections.tables import Table, Writer
from projections.view import Case, Judged, View, views
from projections.views.hands import HANDS
from projections.views.tracks import claimed_worker
from projections.world import World

HORIZON_MS = 35 * DAY_MS
"""Facts about visits that closed longer ago are kept, not judged (SEMANTICS, Late facts)."""
QUALITY = {flag: quality for quality, flag in QUALITIES.items()}
CHECKPOINTS = 16
"""Folds kept per visit to fold again from; one is made at each transition."""


class State(msgspec.Struct):
    """All that the judge knows: a fold of the log. Its bytes are the snapshot."""

    world: World = msgspec.field(default_factory=World)
    judged: dict[str, Judged] = {}
    book: Book = msgspec.field(default_factory=Book)
    alarms: dict[str, dict[UUID, tuple[str, bytes]]] = {}
    """By device: facts that alert by themselves (topic and body), to be told again when the device changes hands."""
    roll: Roll = msgspec.field(default_factory=Roll)
    known_ms: int = 0
    now_ms: int = 0


class Judge:
    """Folds entries into `out`. Restore it with a snapshot's bytes, or begin with none."""

    def __init__(self, namespace: UUID, history: History, out: Writer, snapshot: bytes | None = None) -> None:
        self.state = State() if snapshot is None else msgspec.msgpack.decode(snapshot, type=State)
        self.changed: set[str] = set()
        """Visits with new rows since the runner last looked."""
        self.alerted = False
        """Whether any alert was written since then."""
        self.redated = False
        """Whether stored rows were moved since then: an older snapshot could not read them as they stood."""
        self._history = history
        self._out = out
        self._views = views()
        self.clerk = Clerk(namespace)
        self._plans: dict[str, Plan | None] = {}
        self._checkpoints: dict[str, list[Fold]] = {}
        self._wakes: list[tuple[int, str]] = []
        self._wake: dict[str, int] = {}
        for visit in self.state.judged:
            self._rest(visit)

    def snapshot(self) -> bytes:
        """The whole state, to begin from at this place in the log."""
        return msgspec.msgpack.encode(self.state)

    def apply(self, entry: Entry) -> None:
        """Judge one entry."""
        state, event = self.state, entry.event
        state.known_ms = max(state.known_ms, event.recorded_at_ms)
        if entry.batch is not None:
            entry = replace(entry, batch=state.world.dated_batch(entry.batch))
        for view in self._views:
            view.on_entry(entry, state.known_ms, self._out)
        for device in state.roll.apply(entry, state.world.dated):
            for view in self._views:
                view.on_device(device, state.roll.devices[device], self._out)
        if isinstance(event, TimeAdvanced):
            self._time(event.recorded_at_ms, entry.position)
        elif entry.batch is not None:
            self._positions(entry.batch, entry.position)
        elif isinstance(event, Fact):
            self._fact(event, entry.position)
        elif isinstance(event, AlertDecision):
            self.alerted |= self.clerk.on_decision(state.book, event, entry.position, state.known_ms, self._out)
        else:
            self._planned(event, entry.position)

    # one kind of entry each

    def _time(self, to_ms: int, place: int) -> None:
        self.state.now_ms = max(self.state.now_ms, to_ms)
        while self._wakes and self._wakes[0][0] <= self.state.now_ms:
            at, visit = heapq.heappop(self._wakes)
            if self._wake.get(visit) == at:
                del self._wake[visit]
                self._conclude(visit, self._fold(visit, (), place))

    def _positions(self, batch: PositionBatch, place: int) -> None:
        claims = self._claims(batch)
        self._tracks_now(batch, place)
        doubtful = self._doubtful(batch)
        for number, at in zip(batch.device.tolist(), batch.at_ms().tolist(), strict=True):
            self._heard(batch.devices[number], at)
        for heard in hear(self.state.world, self._plan, batch, claims):
            if not self._beyond(heard.plan):
                repeat = not doubtful.isdisjoint(heard.rows)
                self._hear(heard.plan.visit, self._fold(heard.plan.visit, heard.seen, place, repeat=repeat))

    def _fact(self, said: Fact, place: int) -> None:
        world = self.state.world
        fact = world.dated(said)
        for view in self._views:
            view.on_fact(said, fact.at_ms, place, self.state.known_ms, self._out)
        if fact.worker:
            world.holds(fact.device, fact.worker)
        if thing_of(fact) is not None:
            world.scanned_ms = max(world.scanned_ms, fact.at_ms)
        again = self._acted(said, fact.at_ms, place)
        self._heard(fact.device, fact.at_ms)
        worker = world.actor(fact)
        if any(rule.kind == fact.KIND for rule in self.clerk.fact_rules):
            told = self.state.alarms.setdefault(fact.device, {})
            if fact.fact not in told:
                told[fact.fact] = (fact.TOPIC, encode(said))
                self._alarm(fact, worker)
        repeat = world.doubts(said.device, said.observed_at_ms, said.quality, said.recorded_at_ms)
        for promise in () if worker is None else world.visits_near(worker, fact.at_ms, fact.at_ms):
            plan = self._plan(promise.visit)
            if promise.visit in again:
                continue  # the history told of this fact, too
            if plan is not None and not self._beyond(plan) and hears(world, promise, plan, fact):
                self._hear(plan.visit, self._fold(plan.visit, (seen_fact(world, plan, fact),), place, repeat=repeat))

    def _acted(self, said: Fact, at_ms: int, place: int) -> set[str]:
        """Note what somebody did on a device. If it came late, what was heard since speaks for others, or does not lead
        any more: judge those visits again, and return them."""
        world, device = self.state.world, said.device
        act = world.note(said, at_ms, world.forgotten_ms(self.state.known_ms))
        if act is None:
            return set()
        again = self._unsettle(world.unsettled_by(device, act), at_ms, at_ms + world.reach_ms(device), place)
        if act.worker or act.off:
            self._hand(device)
            self._alarm_again(device)
        return again

    def _hand(self, device: str) -> None:
        """Write in whose hands the last act has put a shared phone."""
        act = self.state.world.last_named(device)
        if act is not None:
            self._out.put(HANDS, device=device, worker=None if act.off else act.worker, since=act.at_ms)

    def _tracks_now(self, batch: PositionBatch, place: int) -> None:
        """A device sends its first position: from its acts on it leads, though they came before."""
        world = self.state.world
        for device in sorted({batch.devices[number] for number in set(batch.device.tolist())} - world.tracking):
            world.tracking.add(device)
            acts = world.acts.get(device)
            if acts:
                workers = world.involved(device) & world.several
                self._unsettle(workers, acts[0].at_ms, acts[-1].at_ms + world.lead_ms, place)

    def _unsettle(self, workers: set[str], from_ms: int, until_ms: int, place: int) -> set[str]:
        """Judge again what these workers' visits hear since an instant; returns the visits."""
        again = set[str]()
        for visit in sorted(self._near(workers, from_ms, until_ms)) if workers else ():
            plan = self._plan(visit)
            if plan is not None and not self._beyond(plan):
                self._hear(visit, self._again(plan, place, (from_ms, -1, b"")))
                again.add(visit)
        return again

    def _planned(self, event: Event, place: int) -> None:
        affected = self.state.world.apply(event)
        if isinstance(event, DeviceBound | DeviceUnbound):
            since_ms = event.from_ms if isinstance(event, DeviceBound) else event.at_ms
            affected |= self._near(self._met(event.device, place, since_ms), since_ms, inf)
        elif isinstance(event, DeviceClockCorrected):
            affected = self._redate(event, place)
        for visit in affected:
            self._plans.pop(visit, None)
        for visit in sorted(affected):
            plan = self._plan(visit)
            if plan is not None and not self._beyond(plan):
                self._conclude(visit, self._again(plan, place), planned=True)
        if isinstance(event, DeviceBound | DeviceUnbound | DeviceClockCorrected):
            self._alarm_again(event.device)

    def _redate(self, event: DeviceClockCorrected, place: int) -> set[str]:
        """Move the device's rows to where its corrected clock has them; the visits that heard them, or do now."""
        world, device = self.state.world, event.device
        moved = self._history.redate(device, world.clocks[device], event.from_ms, event.until_ms)
        self._hand(device)
        self.redated = True
        if moved is None:
            return set()
        workers = world.involved(device) | self._met(device, place, -inf)
        first_ms, last_ms = moved
        return self._near(workers, first_ms, last_ms + world.reach_ms(device))

    def _met(self, name: str, place: int, since_ms: float) -> set[str]:
        """The workers whose tags a device read, or who read this tag: they may have been at its site."""
        world, workers = self.state.world, set[str]()
        for met in self._history.met(name, place) if world.may_have_been_heard([name], since_ms) else ():
            workers |= world.ever_of(met.device) | (world.ever_of(met.thing) if met.thing else set())
            workers |= {met.worker} if met.worker else set()
        return workers

    def _near(self, workers: set[str], from_ms: int, until_ms: float) -> set[str]:
        world = self.state.world
        return {promise.visit for worker in workers for promise in world.visits_near(worker, from_ms, until_ms)}

    # folding

    def _fold(self, visit: str, facts: Sequence[Seen], place: int, *, repeat: bool = False) -> Fold:
        """The visit's state with these facts and the present time: continued if they come in order, else again.
        `repeat`: some may have been judged before, at another instant; only the history knows."""
        plan = self._plan(visit)
        assert plan is not None
        now = self._now(plan)
        judged = self.state.judged.get(visit)
        state = judged.fold if judged else begin(plan)
        if needs_again(state, now):
            return self._again(plan, place)
        if repeat:
            return self._again(plan, place, min(f.key for f in facts))
        for fact in facts:
            if fact.key == state.cursor:
                continue
            if not continues(state, fact.key):
                return self._again(plan, place, min(f.key for f in facts))
            state = self._step(plan, state, fact, now)
        return advance(plan, state, now)

    def _again(self, plan: Plan, place: int, since: Key | None = None) -> Fold:
        """Fold from the last checkpoint before `since` that rests on no later silence, or from the beginning."""
        now = self._now(plan)
        kept = self._checkpoints.get(plan.visit, [])
        usable = [c for c in kept if since is not None and c.skipped_ms is None and continues(c, since)]
        state = usable[-1] if usable else begin(plan)
        self._checkpoints[plan.visit] = usable
        base = state.cursor
        promise = self.state.world.promises[plan.visit]
        for fact in self._history.heard(self.state.world, promise, plan, base[0] if base else 0, place):
            if base is None or fact.key > base:
                state = self._step(plan, state, fact, now)
        return advance(plan, state, now)

    def _step(self, plan: Plan, state: Fold, fact: Seen, now_ms: int) -> Fold:
        new = self.clerk.remember(plan, state, step(plan, state, fact, now_ms), fact)
        if new.transitions is not state.transitions:
            kept = self._checkpoints.setdefault(plan.visit, [])
            kept.append(new)
            del kept[:-CHECKPOINTS]
        return new

    def _hear(self, visit: str, fold: Fold) -> None:
        """Conclude what facts made of a visit. Of one that is over most only say that its worker went on."""
        before = self.state.judged.get(visit)
        if before is not None and fold.over and replace(before.fold, cursor=fold.cursor) == fold:
            self.state.judged[visit] = Judged(fold, before.known_ms)
        else:
            self._conclude(visit, fold)

    def _conclude(self, visit: str, fold: Fold, *, planned: bool = False) -> None:
        """Remember the fold, tell the views and the alert book, and rest until the next deadline."""
        state, plan = self.state, self._plan(visit)
        assert plan is not None
        before = state.judged.get(visit)
        after = Judged(fold, self._known(before, fold))
        state.judged[visit] = after
        case = Case(state.world.promises[visit], plan, before, after, planned, state.known_ms, self._now(plan))
        if before != after or planned:
            for view in self._views:
                view.on_visit(case, self._out)
            self.changed.add(visit)
        if fold.over:
            self._checkpoints.pop(visit, None)  # what still comes late is worth one longer query, not the memory
        self.alerted |= self.clerk.on_visit(state.book, case, self._out)
        self._rest(visit, case)

    def _known(self, before: Judged | None, fold: Fold) -> tuple[int, ...]:
        """Since when each transition has been known: those that stood before keep their time."""
        if before is not None and before.fold.transitions == fold.transitions:
            return before.known_ms
        old = list(zip(before.fold.transitions, before.known_ms, strict=True)) if before else []
        return tuple(
            old[i][1] if i < len(old) and old[i][0] == transition else self.state.known_ms
            for i, transition in enumerate(fold.transitions)
        )

    def _rest(self, visit: str, case: Case | None = None) -> None:
        """Note when the visit must be looked at again though nothing is heard."""
        plan, judged = self._plan(visit), self.state.judged[visit]
        if plan is None:
            return
        if case is None:
            promise = self.state.world.promises[visit]
            case = Case(promise, plan, judged, judged, False, self.state.known_ms, self._now(plan))
        at, alert_at = due_ms(plan, judged.fold), self.clerk.due_ms(case)
        if at is None or (alert_at is not None and alert_at < at):
            at = alert_at
        if at is None:
            self._wake.pop(visit, None)
        elif self._wake.get(visit) != at:
            self._wake[visit] = at
            heapq.heappush(self._wakes, (at, visit))

    # small things

    def _plan(self, visit: str) -> Plan | None:
        if visit not in self._plans:
            self._plans[visit] = self.state.world.plan(visit)
        return self._plans[visit]

    def _now(self, plan: Plan) -> int:
        """The newest tick; a cancellation is true when it is written, it needs no tick."""
        return max(self.state.now_ms, plan.cancelled_ms or 0)

    def _beyond(self, plan: Plan) -> bool:
        return plan.close_ms < self.state.known_ms - HORIZON_MS

    def _heard(self, device: str, at_ms: int) -> None:
        heard = self.state.world.heard_ms
        if at_ms > heard.get(device, -1):
            heard[device] = at_ms

    def _claims(self, batch: PositionBatch) -> dict[int, str]:
        claims = {}
        for row, raw in batch.extras.items():
            worker = claimed_worker(raw)
            if worker:
                claims[row] = worker
                self.state.world.holds(batch.devices[int(batch.device[row])], worker)
        return claims

    def _doubtful(self, batch: PositionBatch) -> set[int]:
        """The rows that may repeat a fact that was judged at another instant (see `World.doubts`)."""
        world = self.state.world
        qualities = [QUALITY.get(flag, TimeQuality.UNSET) for flag in (batch.flags & QUALITY_MASK).tolist()]
        if not world.ahead_ms and all(quality is TimeQuality.DEVICE for quality in qualities):
            return set()
        rows = enumerate(zip(batch.device.tolist(), batch.observed_at_ms.tolist(), qualities, strict=True))
        return {
            row
            for row, (number, claimed_ms, quality) in rows
            if world.doubts(batch.devices[number], claimed_ms, quality, batch.recorded_at_ms)
        }

    def _alarm_again(self, device: str) -> None:
        """The device is in other hands, or its clock was wrong: its alarms are told again."""
        for topic, body in self.state.alarms.get(device, {}).values():
            fact = decode(topic, body)
            assert isinstance(fact, Fact)
            fact = self.state.world.dated(fact)
            self._alarm(fact, self.state.world.actor(fact))

    def _alarm(self, fact: Fact, worker: str | None) -> None:
        self.alerted |= self.clerk.on_fact(self.state.book, fact, worker, self.state.known_ms, self._out)


def tables() -> tuple[Table, ...]:
    """Every table of the judge's unit, in the order in which a page is written."""
    return (*(table for view in views() for table in view.tables), *Clerk.tables)


__all__ = ["Judge", "State", "View", "tables"]
