"""`doorstep demo` as somebody sees it who types it: two addresses, and soon a worker who moves."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import httpx
import pytest

from doorstep.embedded.folder import choose_port
from doorstep.settings import inherited_environ

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
START_S = 60.0
WATCH_S = 60.0
STOP_S = 30.0


class Demo:
    """A running `doorstep demo` and what it has printed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._coming: SimpleQueue[str | None] = SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def says(self, pattern: str, limit_s: float) -> str:
        """Wait for a line; its first group."""
        end = time.monotonic() + limit_s
        while True:
            try:
                line = self._coming.get(timeout=max(end - time.monotonic(), 0.0))
            except Empty:
                line = None
            assert line is not None, f"no line {pattern!r} within {limit_s} s in:\n" + "".join(self.lines)
            self.lines.append(line)
            if found := re.search(pattern, line):
                return found[1]

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._coming.put(line)
        self._coming.put(None)


@contextmanager
def demo(home: Path) -> Iterator[Demo]:
    ports = {name: str(choose_port(None)) for name in ("API_PORT", "POSTGRES_PORT", "BROKER_PORT")}
    environ = {f"DOORSTEP_{name}": value for name, value in {"HOME": str(home), **ports}.items()}
    process = subprocess.Popen(
        [sys.executable, "-m", "doorstep.cli", "demo", "--no-browser", "--seed", "3"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env={**inherited_environ(), "PYTHONUNBUFFERED": "1", **environ},
    )
    with process:
        try:
            yield Demo(process)
        finally:
            process.kill()


def progress(link: str) -> Iterator[dict[str, Any]]:
    """What the customer's page is told, from the first state on."""
    base, _, token = link.partition("/v/")
    with httpx.stream("GET", f"{base}/v1/track/{token}/stream", timeout=WATCH_S) as answer:
        assert answer.status_code == 200
        event = ""
        for line in answer.iter_lines():
            if line.startswith("event:"):
                event = line.removeprefix("event:").strip()
            elif line.startswith("data:") and event == "progress":
                yield json.loads(line.removeprefix("data:"))


def test_the_customer_sees_a_worker_coming_and_a_second_start_is_a_fresh_cell(tmp_path: Path) -> None:
    with demo(tmp_path) as first:
        link = first.says(r"customer\s+(http://\S+/v/\S+)", START_S)
        console = first.says(r"console\s+(http://\S+)", 1.0)
        begin = time.monotonic()
        places: list[tuple[float, float]] = []
        etas: set[str] = set()
        statuses: list[str] = []
        for state in progress(link):
            statuses.append(state["status"])
            if state["position"] is not None and state["status"] == "on_the_way":
                places.append((state["position"]["lat"], state["position"]["lon"]))
                etas.add(state["eta"]["at"])
            if len(set(places)) >= 5 and len(etas) >= 3:
                break
            assert time.monotonic() - begin < WATCH_S, f"{statuses[-5:]}, {len(set(places))} places, {etas}"
        assert state["clock"]["mode"] == "scaled"
        assert state["worker"]["called"] == "王阿姨"

        base, _, token = console.partition("/console#token=")
        board = httpx.get(f"{base}/v1/board", headers={"Authorization": f"Bearer {token}"}).raise_for_status().json()
        assert len(board["visits"]) == 12
        stop(first)
    with demo(tmp_path) as second:
        again = second.says(r"customer\s+(http://\S+/v/\S+)", START_S)
        assert next(progress(again))["status"] in ("scheduled", "on_the_way")
        old_token, base = link.rpartition("/")[2], again.partition("/v/")[0]
        assert httpx.get(f"{base}/v1/track/{old_token}").is_client_error  # nothing is left of the first cell
        stop(second)


def stop(running: Demo) -> None:
    """Ctrl-C."""
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(STOP_S) == 0
