"""A cell of its own for one measurement, and the questions that measurements ask of it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import psycopg

from doorstep.bootstrap import Running
from doorstep.settings import Settings
from doorstep.supervisor import Supervisor


@contextmanager
def cell(sync_interval: str) -> Iterator[tuple[Running, Settings]]:
    """Everything embedded in a temporary home, on free ports, dropped afterwards."""
    with tempfile.TemporaryDirectory(prefix="doorstep-bench-") as home:
        port = random.randrange(20_000, 30_000)  # other cells may run beside this one
        settings = Settings.read({"home": Path(home), "sync_interval": sync_interval, "api_port": port})
        with Supervisor(settings, say=lambda line: None) as running:
            yield running, settings


class Sent(msgspec.Struct, frozen=True):
    """What a load reports: messages sent, acknowledged by the broker, and in how many seconds."""

    sent: int
    acknowledged: int
    seconds: float


def start_load(
    running: Running, *, seconds: float, rate: float | None, root: str = "doorstep/v1", devices: int = 1_000
) -> subprocess.Popen[bytes]:
    """Start the publishers, in a process of their own."""
    url = urlsplit(running.mqtt_url)
    command = [sys.executable, "-m", "simulators.load", "--host", str(url.hostname), "--port", str(url.port)]
    command += ["--seconds", str(seconds), "--root", root, "--devices", str(devices)]
    if rate is not None:
        command += ["--rate", str(rate)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def finish_load(process: subprocess.Popen[bytes], timeout_s: float) -> Sent:
    """Wait for the publishers' report."""
    out, _ = process.communicate(timeout=timeout_s)
    return msgspec.convert(json.loads(out), Sent)


class Stored:
    """Counts positions in the log as it grows; each look reads only what is new, so that looking costs nothing."""

    def __init__(self, conn: psycopg.Connection[tuple[int | None]]) -> None:
        self._conn = conn
        self._seen = 0
        self.rows = 0

    def look(self) -> int:
        """All positions in the log now."""
        row = self._conn.execute(
            "SELECT max(notification_id), sum((convert_from(state, 'UTF8')::json ->> 'rows')::int8) "
            "FROM eventlog.log_events WHERE notification_id > %s AND topic = 'doorstep.positions.recorded'",
            (self._seen,),
        ).fetchone()
        if row is not None and row[0] is not None:
            self._seen, self.rows = row[0], self.rows + int(row[1] or 0)  # type: ignore[misc]
        return self.rows


def log_bytes(conn: psycopg.Connection[tuple[int | None]]) -> int:
    """Bytes of the log and its payloads with all indexes."""
    row = conn.execute(
        "SELECT sum(pg_total_relation_size(c.oid))::int8 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = 'eventlog' AND c.relkind = 'r'"
    ).fetchone()
    return int(row[0] or 0) if row else 0
