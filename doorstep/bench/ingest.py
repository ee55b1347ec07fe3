"""Messages a second from MQTT to committed, against a bare paho loop on the same broker in the same run."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from urllib.parse import urlsplit

import msgspec
import psycopg

from doorstep.bench.cell import Stored, cell, finish_load, log_bytes, start_load
from doorstep.bootstrap import Running

_DEVICES = 1_000
_PATIENCE_S = 60.0
"""How long what the broker acknowledged may take to be committed after the load has ended."""


class Ingested(msgspec.Struct, frozen=True):
    """One run: the broker's sync setting, the asked rate (None: as fast as it goes), and what came of it."""

    sync_interval: str
    asked_per_s: float | None
    published_per_s: float
    committed_per_s: float
    bare_paho_per_s: float | None
    committed: int
    missing: int
    bytes_per_ping: float


def measure(sync_interval: str, *, rate: float | None, seconds: float, bare: bool) -> Ingested:
    """Start a cell, load it, and count what is committed. `bare`: measure a bare paho loop first."""
    with cell(sync_interval) as (running, _), psycopg.connect(running.database_url, autocommit=True) as conn:
        bare_per_s = _bare(running, seconds) if bare else None
        stored = Stored(conn)
        already = _introduce(running, stored)
        before = log_bytes(conn)
        load = start_load(running, seconds=seconds, rate=rate)
        began, last, rows = time.monotonic(), time.monotonic(), 0
        sent = None
        while sent is None or (rows < sent.acknowledged and time.monotonic() - last < _PATIENCE_S):
            now_rows = stored.look() - already
            if now_rows > rows:
                began = began if rows else time.monotonic()
                rows, last = now_rows, time.monotonic()
            if load.poll() is not None and sent is None:
                sent = finish_load(load, 10)
            time.sleep(0.1)
        grown = log_bytes(conn) - before
        return Ingested(
            sync_interval,
            rate,
            round(sent.acknowledged / sent.seconds, 1),
            round(rows / max(last - began, 0.001), 1),
            bare_per_s,
            rows,
            sent.acknowledged - rows,
            round(grown / max(rows, 1), 1),
        )


def _introduce(running: Running, stored: Stored) -> int:
    """Let every phone speak once, so that numbering new devices is not counted as the cost of a ping."""
    sent = finish_load(start_load(running, seconds=2.0, rate=_DEVICES), _PATIENCE_S)
    end = time.monotonic() + _PATIENCE_S
    while (rows := stored.look()) < sent.acknowledged and time.monotonic() < end:
        time.sleep(0.1)
    return rows


def _bare(running: Running, seconds: float) -> float:
    """What a paho subscriber with manual acknowledgement and nothing behind it takes from the same broker."""
    url = urlsplit(running.mqtt_url)
    command = [sys.executable, "-m", "simulators.bare", "--host", str(url.hostname), "--port", str(url.port)]
    subscriber = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert subscriber.stdout is not None
    subscriber.stdout.readline()
    finish_load(start_load(running, seconds=seconds, rate=None, root="bare/v1"), seconds + _PATIENCE_S)
    out, _ = subscriber.communicate(timeout=_PATIENCE_S)
    counted: dict[str, float] = json.loads(out)
    return round(counted["count"] / counted["seconds"], 1)
