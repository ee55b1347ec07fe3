"""`doorstep simulate`: a company's day, played by all its devices to a running cell or to one made for it."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from domain.errors import Rejected
from domain.time import isoformat, to_datetime
from doorstep.replay import Address, fresh_cell, running_cell
from doorstep.score import score_of
from doorstep.settings import Settings
from eventlog.clock import ClockMode
from simulators.cell import Cell, CellTime, Now
from simulators.company_day import CompanyDay, company_day
from simulators.facts import distinct_facts
from simulators.fleet import Fleet
from simulators.lag import Lags, watched
from simulators.phone import MINUTE_MS
from simulators.play import as_clock, in_step
from simulators.scoring import Score, lines

START = "2026-11-23T06:45:00+08:00"
"""The day of a cell that has no time of its own yet."""
_DAY_MS = 24 * 60 * MINUTE_MS
_START_UP_S = 10.0
"""Wall time in which a temporary cell comes up."""
_PREPARING_S, _PREPARING_VISIT_S = 5.0, 0.03
"""Wall time in which a day is made and its plan written, before it begins in a cell whose time goes by itself."""
_SETTLE_S = 120.0
"""Longest wait, without any progress, for the cell to have judged all that was acknowledged."""
_AHEAD_MS, _GLANCE_S = 5 * MINUTE_MS, 0.005
"""So far the day may run ahead of a cell that follows; and how often the cell is asked where it is."""
_SAY_EVERY_S = 5.0


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What to play. `speed` None: as fast as everything is acknowledged; a running clock begins the day at its now."""

    seed: int
    workers: int
    visits: int
    speed: float | None
    start_ms: int
    owntracks: float = 1 / 3
    anomalies: bool = True
    every_ms: int = 5_000
    hours: float = 12.0

    @property
    def preparing_s(self) -> float:
        """Wall time before the day can begin."""
        return _PREPARING_S + _PREPARING_VISIT_S * self.visits


class Stored(msgspec.Struct, frozen=True):
    """Distinct facts that were sent and acknowledged, and how many of this day's devices the cell holds; without
    statuses, of which a will says more than was sent."""

    sent: int
    stored: int


class Simulated(msgspec.Struct, frozen=True):
    """What came of it. `lag_ms`: from the log's head to its being folded, in wall time, sampled while playing."""

    seed: int
    workers: int
    visits: int
    start: str
    devices: int
    messages: int
    acknowledged: int
    seconds: float
    facts: Stored
    lag_ms: Lags | None
    score: Score | None

    def lines(self) -> list[str]:
        """For people."""
        told = [
            f"day of seed {self.seed} from {self.start}: {self.visits} visits of {self.workers} workers",
            f"{self.messages} messages of {self.devices} devices, {self.acknowledged} acknowledged, "
            f"in {self.seconds:.0f} s",
            f"{self.facts.stored} of {self.facts.sent} distinct facts are in the cell",
        ]
        if self.lag_ms is not None:
            lag = self.lag_ms
            told.append(
                f"behind the log: p50 {lag.p50:.0f} ms, p99 {lag.p99:.0f} ms, most {lag.most:.0f} ms of wall time"
            )
        return told + (lines(self.score) if self.score is not None else [])


@contextmanager
def cell_for(settings: Settings, ask: Ask, *, fresh: bool, mqtt_url: str | None) -> Iterator[Address]:
    """Where to play: a temporary cell, whose clock is ours or goes at the asked speed; or the one that runs."""
    if not fresh:
        found = running_cell(settings)
        yield found._replace(mqtt_url=mqtt_url or found.mqtt_url)
    elif ask.speed is None:
        with fresh_cell(settings) as found:
            yield found
    else:
        starts = to_datetime(ask.start_ms - round((_START_UP_S + ask.preparing_s) * ask.speed * 1000))
        with fresh_cell(settings, starts=starts, rate=ask.speed) as found:
            yield found


def simulate(address: Address, ask: Ask, *, truth: Path | None, scored: bool) -> Simulated:
    """Play a day to a cell. `truth`: where to write it. Raises Rejected, PlayError."""
    begin_s = time.monotonic()
    with Cell(address.api_url, address.token) as cell:
        now = cell.now()
        start_ms = _start_ms(ask, now)
        day = _day(ask, start_ms)
        if truth is not None:
            truth.write_bytes(msgspec.json.format(msgspec.json.encode(day.truth)))
        prefix = f"sim-{ask.seed}"
        with Fleet(address.mqtt_url, day.wills, prefix=prefix) as fleet:
            if now.mode == ClockMode.FOLLOWED:
                lag = None
                _tell_time(cell, fleet, day, ask)
            else:
                lag = _keep_step(cell, fleet, day)
            cell.wait_until_judged(_SETTLE_S)
            sent, acknowledged = fleet.sent, fleet.acknowledged
        seconds = time.monotonic() - begin_s
        found = score_of(cell, day.truth) if scored else None
    stored = Stored(distinct_facts(day.sendings), _stored(address.database_url, day.devices))
    return Simulated(
        ask.seed,
        ask.workers,
        ask.visits,
        isoformat(start_ms),
        len(day.devices),
        sent,
        acknowledged,
        round(seconds, 1),
        stored,
        lag,
        found,
    )


def _start_ms(ask: Ask, now: Now) -> int:
    """When the day begins: as asked where time is ours to tell, else as soon as it is prepared."""
    if now.mode == ClockMode.FOLLOWED:
        days = max(0, -(-(now.at_ms + 1 - ask.start_ms) // _DAY_MS))
        return ask.start_ms + days * _DAY_MS
    own = f"{now.rate:g}"
    if ask.speed != now.rate:
        raise Rejected(f"this cell's time goes {own} × by itself: simulate with --speed {own}, or with --fresh")
    soon_ms = now.at_ms + round(ask.preparing_s * now.rate * 1000)
    if now.at_ms < ask.start_ms <= soon_ms + round(_START_UP_S * now.rate * 1000):
        return ask.start_ms  # a cell made for this day
    return -(-soon_ms // MINUTE_MS) * MINUTE_MS


def _day(ask: Ask, start_ms: int) -> CompanyDay:
    try:
        return company_day(
            ask.seed,
            start_ms,
            workers=ask.workers,
            visits=ask.visits,
            owntracks=ask.owntracks,
            anomalies=ask.anomalies,
            day_min=round(ask.hours * 60),
        )
    except ValueError as error:
        raise Rejected(str(error)) from error


def _tell_time(cell: Cell, fleet: Fleet, day: CompanyDay, ask: Ask) -> None:
    """Play to a cell that follows our clock."""
    fleet.tick(day.start_ms)  # before the plan: what is planned is recorded at the time that is followed
    cell.wait_until(day.start_ms, _SETTLE_S)
    _post(cell, day)
    as_clock(
        day.sendings,
        fleet,
        from_ms=day.start_ms,
        until_ms=day.end_ms,
        every_ms=ask.every_ms,
        speed=ask.speed,
        passed=_Abreast(cell, day),
    )
    cell.wait_until(day.end_ms, _SETTLE_S)


def _keep_step(cell: Cell, fleet: Fleet, day: CompanyDay) -> Lags:
    """Play to a cell whose clock goes by itself, and watch how far its projector is behind."""
    _post(cell, day)
    with watched(cell.beside()) as lags:
        in_step(day.sendings, fleet, CellTime(cell), threading.Event())  # Ctrl-C ends it all
        cell.wait_until(day.end_ms, float("inf"))
    return lags.found()


def _post(cell: Cell, day: CompanyDay) -> None:
    for part in day.plan:
        cell.plan(part)


def _stored(database_url: str, devices: tuple[str, ...]) -> int:
    """Distinct facts of the devices in the cell."""
    statement = """
        SELECT (SELECT count(DISTINCT fact) FROM judge.tracks WHERE device = ANY(%(devices)s))
             + (SELECT count(DISTINCT fact) FROM judge.facts WHERE device = ANY(%(devices)s) AND kind <> 'status')
    """
    with psycopg.connect(database_url) as conn:
        row: tuple[Any, ...] | None = conn.execute(statement, {"devices": list(devices)}).fetchone()
    assert row is not None
    return int(row[0])


class _Abreast:
    """Keeps the day from running ahead of the cell, and says now and then how far it is.

    The broker takes messages faster than they are committed. What overtakes in the cell, such as an SOS, would
    otherwise overtake hours.
    """

    def __init__(self, cell: Cell, day: CompanyDay) -> None:
        self._cell, self._day = cell, day
        self._waited_ms = day.start_ms
        self._said_s = time.monotonic()

    def __call__(self, at_ms: int) -> None:
        if at_ms - self._waited_ms >= _AHEAD_MS:
            self._cell.wait_until(self._waited_ms, _SETTLE_S, look_s=_GLANCE_S)
            self._waited_ms = at_ms
        if time.monotonic() - self._said_s >= _SAY_EVERY_S:
            self._said_s = time.monotonic()
            begin_ms, end_ms = self._day.start_ms, self._day.end_ms
            line = f"{isoformat(at_ms)}: {100 * (at_ms - begin_ms) // (end_ms - begin_ms)} %"
            print(line, file=sys.stderr, flush=True)
