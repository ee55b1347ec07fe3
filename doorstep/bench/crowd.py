"""Ten thousand phones with a connection each, one ping in ten seconds: what is dropped, and how late a page shows one.

The phones are a process of their own (`simulators.crowd`); everything else is a cell with the settings as they are
shipped, on the same machine.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

import msgspec
import psycopg

from doorstep.bench.cell import Stored, cell
from doorstep.bench.probe import Seen, probing
from doorstep.bench.processes import Usage
from simulators.crowd import allow_files
from simulators.errors import PlayError

DEVICES, SECONDS, EVERY_S = 10_000, 600.0, 10.0
PROBES_PER_S = 2.0
_FILES_BESIDES = 1_000
_PATIENCE_S = 120.0


class Crowded(msgspec.Struct, frozen=True):
    """`dropped`: acknowledged by the broker and not among the distinct facts of the tracks. `committed`: positions in
    the log, repeats too. `e2e`: from a probe's publish to the event on its customer's page. CPU seconds and MB by
    process, `phones` the generator's own."""

    sync_interval: str
    devices: int
    connected: int
    connects_per_s: float
    seconds: float
    sent: int
    acknowledged: int
    committed: int
    distinct: int
    dropped: int
    lost_connections: int
    e2e: Seen
    cpu_s: dict[str, float]
    rss_mb: dict[str, float]


def measure(sync_interval: str, *, devices: int = DEVICES, seconds: float = SECONDS) -> Crowded:
    """Start a cell, connect the crowd, let it talk, and count. Raises TooFewFiles, CrowdFailed."""
    allow_files(devices + _FILES_BESIDES)  # the broker inherits it
    with cell(sync_interval) as (running, settings), psycopg.connect(running.database_url, autocommit=True) as conn:
        staff = (settings.home / "staff-token").read_text().strip()
        with probing(running, staff) as probe:
            command = [sys.executable, "-m", "simulators.crowd", "--url", running.mqtt_url]
            command += ["--devices", str(devices), "--seconds", str(seconds), "--every-s", str(EVERY_S)]
            with subprocess.Popen(command, stdout=subprocess.PIPE) as crowd:
                up = _line(crowd)
                usage = Usage(running.processes)
                probe.approach(count=round(seconds * PROBES_PER_S), per_s=PROBES_PER_S)
                told = _line(crowd)
        probes = probe.found()
        stored, distinct = Stored(conn), 0
        end_s = time.monotonic() + _PATIENCE_S
        while (distinct := _distinct(conn)) < told["acknowledged"] and time.monotonic() < end_s:
            time.sleep(0.5)
        cpu = usage.cpu_s()
        return Crowded(
            sync_interval=sync_interval,
            devices=devices,
            connected=told["connected"],
            connects_per_s=up["connects_per_s"],
            seconds=seconds,
            sent=told["sent"],
            acknowledged=told["acknowledged"],
            committed=stored.look() - probes.probes,
            distinct=distinct,
            dropped=told["sent"] - distinct,
            lost_connections=told["lost_connections"],
            e2e=probes,
            cpu_s={role: round(spent, 1) for role, spent in cpu.items()} | {"phones": told["cpu_s"]},
            rss_mb={role: round(usage.rss_mb(role), 1) for role in running.processes} | {"phones": told["rss_mb"]},
        )


class CrowdFailed(PlayError):
    """The phones' process ended before its time; what it said stands above."""


def _line(crowd: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert crowd.stdout is not None
    line = crowd.stdout.readline()
    if not line:
        raise CrowdFailed(f"the phones ended with {crowd.wait()}")
    said: dict[str, Any] = json.loads(line)
    return said


def _distinct(conn: psycopg.Connection[Any]) -> int:
    """The crowd's facts as people see them; a row of `tracks` is one fact."""
    row = conn.execute("SELECT count(*) FROM judge.tracks WHERE device LIKE 'crowd-%'").fetchone()
    return int(row[0]) if row else 0
