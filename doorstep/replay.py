"""`doorstep replay`: a recorded day as a worker's phone, played to a running cell or to one made for it."""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from domain.errors import Rejected
from domain.time import isoformat
from doorstep import bootstrap
from doorstep.settings import Settings, WrongSetting
from doorstep.supervisor import Supervisor
from eventlog.clock import ClockMode
from simulators.arrivals import Arrival, Summary, arrival, lines, summary
from simulators.cell import Cell, CellTime, Now
from simulators.play import as_clock, in_step
from simulators.publisher import Publisher
from simulators.recordings import read_recording
from simulators.replay import Replay, replay

_SETTLE_S = 120.0
"""Longest wait, without any progress, for the cell to have judged all that was acknowledged."""
_SAY_EVERY_S = 5.0


class Replayed(NamedTuple):
    """What came of it."""

    recording: str
    messages: int
    seconds: float
    zone: str
    arrivals: list[Arrival]
    summary: Summary

    def lines(self) -> list[str]:
        """For people."""
        head = f"{self.recording}: {self.messages} messages in {self.seconds:.1f} s"
        return [head, *lines(self.arrivals, self.zone)]

    def json(self) -> bytes:
        """For programs: times in epoch seconds, errors in seconds."""
        visits = [
            {**msgspec.structs.asdict(a), "error_s": a.error_s, "door_error_s": a.door_error_s} for a in self.arrivals
        ]
        told = {"recording": self.recording, "messages": self.messages, "visits": visits, "summary": self.summary}
        return msgspec.json.encode(told)


class Address(NamedTuple):
    """Where a cell is reached."""

    api_url: str
    mqtt_url: str
    token: str
    database_url: str


@contextmanager
def fresh_cell(settings: Settings, *, starts: datetime | None = None, rate: float = 1.0) -> Iterator[Address]:
    """A cell in a temporary home, gone at the end; its clock follows ours, or is scaled where it `starts` somewhere."""
    with tempfile.TemporaryDirectory(prefix="doorstep-replay-") as home:
        settings = msgspec.structs.replace(
            settings,
            home=Path(home),
            database_url=None,
            mqtt_url=None,
            public_url=None,
            clock_mode=ClockMode.FOLLOWED if starts is None else ClockMode.SCALED,
            clock_start=starts,
            clock_rate=rate,
        )
        supervisor = Supervisor(settings, say=_say)
        with supervisor as running:
            url = f"http://127.0.0.1:{supervisor.settings.api_port}"
            yield Address(url, running.mqtt_url, bootstrap.staff_token(settings), running.database_url)


def running_cell(settings: Settings) -> Address:
    """The cell that runs on the home that is set. Raises WrongSetting where none does."""
    running = bootstrap.Running.find(settings)
    if running is None:
        raise WrongSetting(f"nothing runs on {settings.home}: start `doorstep up`, or replay with --fresh")
    return Address(running.api_url, running.mqtt_url, bootstrap.staff_token(settings), running.database_url)


def replay_to(
    address: Address,
    source: Path,
    *,
    data: Path,
    speed: float | None,
    worker: str,
    device: str,
    every_ms: int,
) -> Replayed:
    """Play a recording and compare. `speed` None: as fast as possible. Raises Rejected, PlayError."""
    recording = read_recording(source, data)
    if not recording.stops:
        raise Rejected(f"{recording.name}: nobody stays anywhere for long enough to be a visit")
    begin_s = time.monotonic()
    with (
        Cell(address.api_url, address.token) as cell,
        Publisher(address.mqtt_url, client_id=f"replay-{device}") as phone,
    ):
        now = cell.now()
        played, moved_ms = replay(recording, worker=worker, device=device), 0
        if now.mode == ClockMode.FOLLOWED:
            _tell_time(cell, phone, played, now, speed=speed, every_ms=every_ms)
        else:
            moved_ms = now.at_ms - played.from_ms
            played = replay(recording, worker=worker, device=device, moved_ms=moved_ms)
            _keep_step(cell, phone, played, now, speed=speed)
        cell.wait_until_judged(_SETTLE_S)
        arrivals = [arrival(cell.visit(visit), stop, moved_ms) for visit, stop in played.stops.items()]
    took_s = time.monotonic() - begin_s
    return Replayed(recording.name, len(played.sendings), took_s, recording.zone, arrivals, summary(arrivals))


def _tell_time(cell: Cell, phone: Publisher, played: Replay, now: Now, *, speed: float | None, every_ms: int) -> None:
    """Play to a cell that follows our clock."""
    if now.at_ms >= played.from_ms:
        raise Rejected(f"the cell's time is {isoformat(now.at_ms)}, past this recording: replay with --fresh")
    phone.tick(played.from_ms)  # before the plan: what is planned is recorded at the time that is followed
    cell.wait_until(played.from_ms, _SETTLE_S)
    cell.plan(played.plan)
    as_clock(
        played.sendings,
        phone,
        from_ms=played.from_ms,
        until_ms=played.until_ms,
        every_ms=every_ms,
        speed=speed,
        passed=_Progress(played),
    )
    cell.wait_until(played.until_ms, _SETTLE_S)


def _keep_step(cell: Cell, phone: Publisher, played: Replay, now: Now, *, speed: float | None) -> None:
    """Play to a cell whose clock goes by itself."""
    if speed != now.rate:
        own = f"{now.rate:g}"
        raise Rejected(f"this cell's time goes {own} × by itself: replay with --speed {own}, or with --fresh")
    cell.plan(played.plan)
    in_step(played.sendings, phone, CellTime(cell), threading.Event())  # Ctrl-C ends it all
    cell.wait_until(played.until_ms, float("inf"))


class _Progress:
    """Says now and then how far the day is."""

    def __init__(self, played: Replay) -> None:
        self._played = played
        self._said_s = time.monotonic()

    def __call__(self, at_ms: int) -> None:
        if time.monotonic() - self._said_s >= _SAY_EVERY_S:
            self._said_s = time.monotonic()
            begin, end = self._played.from_ms, self._played.until_ms
            _say(f"{isoformat(at_ms)}: {100 * (at_ms - begin) // (end - begin)} %")


def _say(line: str) -> None:
    """Standard output is for the result."""
    print(line, file=sys.stderr, flush=True)
