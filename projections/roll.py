"""The roll of devices, tags and beacons: what each said last, and how its clock runs. A fold of the log.

A ping changes only the memory; it is part of the judge's state, so a restart keeps it. Rows are told where all pages
agree: a device's first message and decisions about it at once, all else at ticks, those that wait longest first (an
upsert per ping, or per flush, would cost more than the ping). Which entry tells what follows from the log alone, so the
live run and a rebuild with any size of pages have equal rows at the same place in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

import msgspec

from domain.bindings import Bindings, thing_of
from domain.bindings import evolve as bind
from domain.device_settings import DeviceSettings
from domain.events.clock import TimeAdvanced
from domain.events.device import (
    DeviceBound,
    DeviceClockCorrected,
    DeviceConfigured,
    DeviceNumbered,
    DeviceStatusChanged,
    DeviceUnbound,
)
from domain.events.facts import POSITION, Fact, TimeQuality
from domain.positions import QUALITY_MASK, Flag, PositionBatch
from domain.time import HOUR_MS
from eventlog.entry import Entry

TOLD_PER_TICK = 1_000
"""Rows that a tick writes, in 50 ms; an eighth of what waits where that is more. A fleet of a thousand is 5 s old where
people look at it, one of ten thousand half a minute, and no tick holds up what follows for long."""

CONTRADICTS = "contradicts"
"""Of a fact's extras: the id that the payload named while its topic belongs to another device."""
LONGEST_SAID = 200
"""Characters of a text in the last message; the whole of it is among the facts."""
_UNTOLD = frozenset((*Fact.__struct_fields__, "code")) - {"worker"}
"""What of a fact is told elsewhere, and service codes, which are secrets between customer and worker."""


class Lead(msgspec.Struct, array_like=True):
    """How far a clock ran ahead of receipt at the most, in the newest hour of messages and in the one before.

    A message is never received before it is sent, so the clock is *at least* that far ahead. Late uploads look like a
    slow clock; the most of many is that of the freshest. Two hours only, so that a clock that was set right shows it.
    """

    hour: int = -1
    most_ms: int = 0
    count: int = 0
    hour_before: int = -1
    most_before_ms: int = 0
    count_before: int = 0

    def note(self, lead_ms: int, hour: int) -> None:
        """One message, received in an hour of the cell's time since 1970."""
        if hour <= self.hour:
            if lead_ms > self.most_ms:
                self.most_ms = lead_ms
            self.count += 1
        else:
            self.hour_before, self.most_before_ms, self.count_before = self.hour, self.most_ms, self.count
            self.hour, self.most_ms, self.count = hour, lead_ms, 1

    def estimate(self) -> tuple[int, int, int] | None:
        """(ms ahead at least, of how many messages, received since); None: it never said a time."""
        if self.hour_before < 0:
            return (self.most_ms, self.count, self.hour * HOUR_MS) if self.hour >= 0 else None
        most_ms = max(self.most_ms, self.most_before_ms)
        return most_ms, self.count + self.count_before, self.hour_before * HOUR_MS


class Correction(msgspec.Struct, frozen=True, array_like=True):
    """A `DeviceClockCorrected`, as it was said."""

    offset_ms: int
    from_ms: int
    until_ms: int | None
    reason: str
    by: str
    recorded_ms: int


class Heard(msgspec.Struct, array_like=True):
    """One device. Instants `…recorded_ms` are of receipt, `…at_ms` those that facts are judged at.

    `kind`, `fix` or `said` (JSON): the message with the latest `at_ms`; `fix` is lat_e7, lon_e7, accuracy_dm,
    speed_cms, heading_cdeg; `reader`: who scanned or heard a thing that does not speak by itself; `sent`, `claimed`:
    what the times of sending and of observation say of the clock.
    """

    known_ms: int
    number: int | None = None
    first_recorded_ms: int | None = None
    first_at_ms: int = 0
    last_recorded_ms: int = 0
    last_at_ms: int = -1
    messages: int = 0
    kind: str = ""
    fix: tuple[int, int, int, int, int] | None = None
    said: str | None = None
    reader: str | None = None
    battery_pct: int | None = None
    battery_at_ms: int | None = None
    status: str | None = None
    status_at_ms: int | None = None
    ahead: int = 0
    unset: int = 0
    contradictions: int = 0
    contradicts: str | None = None
    contradicted_ms: int | None = None
    sent: Lead = msgspec.field(default_factory=Lead)
    claimed: Lead = msgspec.field(default_factory=Lead)
    bindings: Bindings = Bindings()
    settings: DeviceSettings | None = None
    corrections: tuple[Correction, ...] = ()


class Roll(msgspec.Struct):
    """Every device ever heard or spoken about."""

    devices: dict[str, Heard] = {}
    changed: dict[str, None] = {}
    """Those whose rows are older than what is known, the oldest first."""

    def apply(self, entry: Entry, dated: Callable[[Fact], Fact] = lambda fact: fact) -> Iterable[str]:
        """Note one entry; returns the devices whose rows are to be written with it. `dated` gives a fact at the instant
        that it is judged at; a batch comes so already."""
        event = entry.event
        if isinstance(event, TimeAdvanced):
            return self._tick()
        if entry.batch is not None:
            return self._positions(entry.batch)
        if isinstance(event, Fact):
            return self._fact(event, dated(event).at_ms)
        match event:
            case DeviceNumbered(device=device, number=number):
                self._of(device, event.recorded_at_ms).number = number
            case DeviceBound(device=device) | DeviceUnbound(device=device):
                heard = self._of(device, event.recorded_at_ms)
                heard.bindings = bind(heard.bindings, event)
            case DeviceConfigured(device=device, settings=settings):
                self._of(device, event.recorded_at_ms).settings = settings
            case DeviceClockCorrected(device=device):
                heard = self._of(device, event.recorded_at_ms)
                heard.corrections = (*heard.corrections, _correction(event))
            case DeviceStatusChanged(device=device, about=""):
                self._status(device, event)
            case _:
                return ()
        self.changed.pop(device, None)
        return (device,)

    def _of(self, device: str, recorded_ms: int) -> Heard:
        heard = self.devices.get(device)
        if heard is None:
            heard = self.devices[device] = Heard(recorded_ms)
        return heard

    def _tick(self) -> Iterable[str]:
        told = list(islice(self.changed, max(TOLD_PER_TICK, len(self.changed) // 8)))
        for device in told:
            del self.changed[device]
        return told

    def _positions(self, batch: PositionBatch) -> Iterable[str]:
        """A flush of ten thousand pings a second comes by here: one pass over plain lists."""
        recorded_ms, hour = batch.recorded_at_ms, batch.recorded_at_ms // HOUR_MS
        fresh: list[str] = []
        numbers = batch.device.tolist()
        known: dict[int, Heard] = {}
        for number in dict.fromkeys(numbers):
            device = batch.devices[number]
            heard = known[number] = self._of(device, recorded_ms)
            if heard.first_recorded_ms is None:
                heard.first_recorded_ms, heard.first_at_ms = recorded_ms, int(batch.at_ms()[numbers.index(number)])
                fresh.append(device)
            else:
                self.changed.setdefault(device)
            if recorded_ms > heard.last_recorded_ms:
                heard.last_recorded_ms = recorded_ms
        rows = zip(
            numbers,
            batch.at_ms().tolist(),
            batch.observed_at_ms.tolist(),
            batch.sent_ms.tolist(),
            (batch.flags & QUALITY_MASK).tolist(),
            batch.battery_pct.tolist(),
            zip(
                batch.lat_e7.tolist(),
                batch.lon_e7.tolist(),
                batch.accuracy_dm.tolist(),
                batch.speed_cms.tolist(),
                batch.heading_cdeg.tolist(),
                strict=True,
            ),
            strict=True,
        )
        for number, at_ms, claimed_ms, sent_ms, quality, battery_pct, fix in rows:
            heard = known[number]
            heard.messages += 1
            if at_ms >= heard.last_at_ms:
                heard.last_at_ms, heard.kind, heard.fix, heard.said = at_ms, POSITION, fix, None
                if battery_pct >= 0:
                    heard.battery_pct, heard.battery_at_ms = battery_pct, at_ms
            elif at_ms < heard.first_at_ms:
                heard.first_at_ms = at_ms
            if not quality:
                heard.claimed.note(claimed_ms - recorded_ms, hour)
            elif quality == Flag.TIME_AHEAD:
                heard.ahead += 1
                heard.claimed.note(claimed_ms - recorded_ms, hour)
            else:
                heard.unset += 1
            if sent_ms:
                heard.sent.note(sent_ms - recorded_ms, hour)
        for row, raw in batch.extras.items():
            if b'"contradicts"' in raw:
                _contradict(known[numbers[row]], msgspec.json.decode(raw), recorded_ms)
        return fresh

    def _fact(self, fact: Fact, at_ms: int) -> Iterable[str]:
        said = msgspec.to_builtins(fact)
        body = {name: _short(value) for name, value in said.items() if name not in _UNTOLD}
        fresh = self._heard(fact.device, fact, at_ms, body)
        heard, hour = self.devices[fact.device], fact.recorded_at_ms // HOUR_MS
        if fact.quality in (TimeQuality.DEVICE, TimeQuality.AHEAD) and fact.observed_at_ms is not None:
            heard.claimed.note(fact.observed_at_ms - fact.recorded_at_ms, hour)
        heard.ahead += fact.quality is TimeQuality.AHEAD
        heard.unset += fact.quality is TimeQuality.UNSET
        if fact.sent_ms:
            heard.sent.note(fact.sent_ms - fact.recorded_at_ms, hour)
        battery_pct = body.get("battery_pct")
        if battery_pct is not None and at_ms >= (heard.battery_at_ms or 0):
            heard.battery_pct, heard.battery_at_ms = battery_pct, at_ms
        if fact.KIND == "status" and at_ms >= (heard.status_at_ms or 0):
            heard.status, heard.status_at_ms = _json(body), at_ms
        _contradict(heard, fact.extras, fact.recorded_at_ms)
        thing = thing_of(fact)
        if thing is None or thing == fact.device:
            return fresh
        fresh += self._heard(thing, fact, at_ms, {})
        if at_ms >= self.devices[thing].last_at_ms:
            self.devices[thing].reader = fact.device
        return fresh

    def _heard(self, device: str, fact: Fact, at_ms: int, body: dict[str, Any]) -> list[str]:
        """A message of a device, or the sight of a thing; returns it if it is the first."""
        recorded_ms = fact.recorded_at_ms
        heard = self._of(device, recorded_ms)
        first = heard.first_recorded_ms is None
        if first:
            heard.first_recorded_ms, heard.first_at_ms = recorded_ms, at_ms
        else:
            self.changed.setdefault(device)
        heard.messages += 1
        heard.last_recorded_ms = max(heard.last_recorded_ms, recorded_ms)
        heard.first_at_ms = min(heard.first_at_ms, at_ms)
        if at_ms >= heard.last_at_ms:
            heard.last_at_ms, heard.kind, heard.fix, heard.said = at_ms, fact.KIND, None, _json(body)
        return [device] if first else []

    def _status(self, device: str, event: DeviceStatusChanged) -> None:
        heard = self._of(device, event.recorded_at_ms)
        at_ms = event.recorded_at_ms if event.observed_at_ms is None else event.observed_at_ms
        heard.status, heard.status_at_ms = _json(event.status), at_ms
        battery_pct = event.status.get("battery_pct")
        if type(battery_pct) is int and 0 <= battery_pct <= 100 and at_ms >= (heard.battery_at_ms or 0):
            heard.battery_pct, heard.battery_at_ms = battery_pct, at_ms


def _contradict(heard: Heard, extras: dict[str, Any], recorded_ms: int) -> None:
    other = extras.get(CONTRADICTS)
    if isinstance(other, str):
        heard.contradictions += 1
        # It stands in a column of text, and any device can say what it likes.
        heard.contradicts, heard.contradicted_ms = other[:LONGEST_SAID].replace("\0", "�"), recorded_ms


def _correction(e: DeviceClockCorrected) -> Correction:
    return Correction(e.offset_ms, e.from_ms, e.until_ms, e.reason, e.by, e.recorded_at_ms)


def _short(value: Any) -> Any:
    return value[:LONGEST_SAID] if isinstance(value, str) else value


def _json(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode()
