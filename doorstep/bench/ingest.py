"""Messages a second from the broker into the log, what they cost, and how long one takes, with everything running.

Three loads on one cell, each sent by `simulators.blast` (half native, half OwnTracks): first to a bare paho loop that
writes raw payloads (`simulators.reference`), then to Doorstep as fast as the broker takes them, then at a steady rate,
from which the delays are read. The projector and the API run all the while, on the same cores.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import msgspec
import numpy as np
import psycopg

from doorstep.bench.cell import cell, log_bytes
from doorstep.bench.processes import Usage
from doorstep.bootstrap import Running
from eventlog.clock import wall_ms
from eventlog.log import EventLog

DEVICES = 2_000
STEADY_PER_S = 10_000.0
"""The rate at which delays are measured."""

_PATIENCE_S = 60.0
"""How long what the broker acknowledged may take to be committed, and then to be projected, after the load ended."""
_LOOK_S = 0.1


class Delay(msgspec.Struct, frozen=True):
    """Milliseconds from a phone's publish until the commit was seen, over all native messages of the steady load."""

    p50: float
    p99: float


class Ingested(msgspec.Struct, frozen=True):
    """One broker setting. Rates in messages/s; `ratio` of ours to the reference's; CPU seconds per million messages of
    the ingest process, and of others in `cpu_s_per_million_of`; `rss_mb` of ingest at the end. `lost`: acknowledged by
    the broker and not in the log; `doubled`: facts counted twice in the tracks."""

    messages_per_s: float
    reference_messages_per_s: float
    ratio: float
    e2e_ms: Delay
    cpu_s_per_million: float
    rss_mb: float
    lost: int
    doubled: int
    sync_interval: str
    messages: int
    steady_messages_per_s: float
    cpu_s_per_million_of: dict[str, float]
    bytes_per_message: float
    rss_mb_by_million: list[float]


def measure(sync_interval: str, *, seconds: float, steady: float = STEADY_PER_S, most: int | None = None) -> Ingested:
    """Start a cell and measure. `most`: so many messages unthrottled, whatever `seconds` says, to see whether memory
    stays flat."""
    with cell(sync_interval) as (running, _), psycopg.connect(running.database_url, autocommit=True) as conn:
        reference_per_s = _reference(running, seconds)
        watch = Commits(running)
        sent = watch.until_committed(_blast(running, seconds=2.0, rate=DEVICES))  # each phone has a number after this
        usage, before = Usage(running.processes), log_bytes(conn)
        watch.begin()
        flood = watch.until_committed(
            _blast(running, seconds=seconds if most is None else 36_000, most=most, turn=1_000)
        )
        per_s, rows, cpu = watch.per_s, watch.rows, usage.cpu_s()
        weight = (log_bytes(conn) - before) / max(rows, 1)
        watch.begin()
        calm = watch.until_committed(_blast(running, seconds=seconds, rate=steady, turn=8_000))
        watch.stop()
        acknowledged = sum(int(load["acknowledged"]) for load in (sent, flood, calm))
        distinct, doubled = _counted(conn, acknowledged)
        million = max(rows, 1) / 1e6
        return Ingested(
            messages_per_s=round(per_s, 1),
            reference_messages_per_s=round(reference_per_s, 1),
            ratio=round(per_s / reference_per_s, 3),
            e2e_ms=watch.delay(),
            cpu_s_per_million=round(cpu["ingest"] / million, 1),
            rss_mb=round(usage.rss_mb("ingest"), 1),
            lost=acknowledged - distinct,
            doubled=doubled,
            sync_interval=sync_interval,
            messages=acknowledged,
            steady_messages_per_s=round(watch.per_s, 1),
            cpu_s_per_million_of={role: round(spent / million, 1) for role, spent in cpu.items()}
            | {"generator": round(float(flood["cpu_s"]) / million, 1)},
            bytes_per_message=round(weight, 1),
            rss_mb_by_million=watch.rss_mb(usage),
        )


class Commits:
    """Follows the log as it grows: how many messages, how fast, how late, and how large ingest is meanwhile."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._stop = threading.Event()
        self._usage = Usage(running.processes)
        self._rss_mb: list[float] = []
        self.begin()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def begin(self) -> None:
        """Count from here."""
        self.rows = 0
        self._first_s = self._last_s = time.monotonic()
        self._delays: list[np.ndarray[Any, Any]] = []

    @property
    def per_s(self) -> float:
        """Messages a second between the first and the last commit."""
        return self.rows / max(self._last_s - self._first_s, 1e-3)

    def delay(self) -> Delay:
        """Over everything since `begin`."""
        delays = np.concatenate(self._delays) if self._delays else np.zeros(1)
        return Delay(round(float(np.percentile(delays, 50)), 1), round(float(np.percentile(delays, 99)), 1))

    def rss_mb(self, usage: Usage) -> list[float]:
        """Of ingest, at each full million of messages and at the end."""
        return [*self._rss_mb, round(usage.rss_mb("ingest"), 1)]

    def until_committed(self, load: subprocess.Popen[bytes]) -> dict[str, float]:
        """Wait until the load has ended and all that was acknowledged is in the log, or nothing more comes."""
        sent: dict[str, float] | None = None
        while sent is None or (self.rows < sent["acknowledged"] and time.monotonic() - self._last_s < _PATIENCE_S):
            if sent is None and load.poll() is not None:
                assert load.stdout is not None
                sent = json.loads(load.stdout.read())
            time.sleep(_LOOK_S)
        return sent

    def stop(self) -> None:
        """No more."""
        self._stop.set()
        self._thread.join()

    def _follow(self) -> None:
        with EventLog(self._running.database_url) as log:
            for entries in log.follow(log.head(), 200, self._stop, poll_s=0.5):
                now_ms = wall_ms()
                for batch in (entry.batch for entry in entries if entry.batch is not None):
                    if not self.rows:
                        self._first_s = time.monotonic()
                    millions = self.rows // 1_000_000
                    self.rows += len(batch)
                    self._last_s = time.monotonic()
                    if self.rows // 1_000_000 > millions:
                        self._rss_mb.append(round(self._usage.rss_mb("ingest"), 1))
                    native = np.array(["." not in device for device in batch.devices])[batch.device]
                    self._delays.append(now_ms - batch.observed_at_ms[native])


def _counted(conn: psycopg.Connection[Any], expected: int) -> tuple[int, int]:
    """Distinct facts of the load in the tracks, and how many stand there twice, once the projector is through."""
    query = "SELECT count(*), count(DISTINCT fact) FROM judge.tracks"
    end, rows, distinct = time.monotonic() + _PATIENCE_S, 0, 0
    while rows < expected and time.monotonic() < end:
        time.sleep(1.0)
        rows, distinct = conn.execute(query).fetchone() or (0, 0)
    return distinct, rows - distinct


def _blast(
    running: Running,
    *,
    seconds: float,
    rate: float | None = None,
    most: int | None = None,
    root: str = "",
    turn: int = 0,
) -> subprocess.Popen[bytes]:
    options = {"seconds": seconds, "rate": rate, "most": most, "root": root, "turn": turn, "devices": DEVICES}
    return _start("simulators.blast", running, options)


def _start(module: str, running: Running, options: dict[str, Any], **popen: Any) -> subprocess.Popen[bytes]:
    url = urlsplit(running.mqtt_url)
    command = [sys.executable, "-m", module, "--host", str(url.hostname), "--port", str(url.port)]
    command += [f"--{name}={value}" for name, value in options.items() if value not in (None, "")]
    return subprocess.Popen(command, stdout=subprocess.PIPE, **popen)


def _reference(running: Running, seconds: float) -> float:
    """What a bare paho loop with the same insert gets from the same broker into the same database."""
    reference = _start("simulators.reference", running, {"dsn": running.database_url}, stdin=subprocess.PIPE)
    assert reference.stdout is not None
    reference.stdout.readline()
    load = _blast(running, seconds=seconds, root="reference/")
    load.communicate(timeout=seconds + _PATIENCE_S)
    out, _ = reference.communicate(timeout=_PATIENCE_S)
    counted: dict[str, float] = json.loads(out)
    return counted["count"] / counted["seconds"]
