"""A probe among all phones: from its publish to the customer's open page, by the page's own stream of events."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import httpx
import msgspec

from domain.time import from_datetime, isoformat
from doorstep.bootstrap import Running
from eventlog.clock import wall_ms
from simulators.publisher import Publisher
from simulators.wire import Message

DEVICE = "probe"
SITE = (31.3, 121.5)
_LAST_FRAMES_S = 2.0


class Seen(msgspec.Struct, frozen=True):
    """Probes that were sent and that the page showed, and the milliseconds in between."""

    probes: int
    seen: int
    p50_ms: float
    p99_ms: float
    max_ms: float


class Probe:
    """A visit in half an hour and the stream of its customer's page; made by `probing`."""

    def __init__(self, running: Running, token: str) -> None:
        self._running, self._token = running, token
        self._sent: dict[int, float] = {}
        self._latencies: list[float] = []
        self.stop = threading.Event()

    def approach(self, *, count: int, per_s: float) -> None:
        """Let the worker come nearer, one fix after the other."""
        begin_s = time.monotonic()
        with Publisher(self._running.mqtt_url, client_id="bench-probe") as phone:
            for i in range(count):
                at, lat = wall_ms(), SITE[0] + 0.09 * (1 - i / count) + 0.01
                payload = {"time": at / 1000, "lat": lat, "lon": SITE[1], "accuracy": 5}
                self._sent[at] = time.monotonic()
                phone.publish(Message(f"doorstep/v1/{DEVICE}/position", json.dumps(payload).encode()))
                time.sleep(max(begin_s + (i + 1) / per_s - time.monotonic(), 0))
        time.sleep(_LAST_FRAMES_S)

    def found(self) -> Seen:
        """What came of it. Two probes within one look of the page are one change: the later one is seen."""
        ordered = sorted(self._latencies) or [float("nan")]

        def at(share: float) -> float:
            return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 1)

        return Seen(len(self._sent), len(self._latencies), at(0.5), at(0.99), round(ordered[-1], 1))

    def watch(self) -> None:
        """Read the stream; the first event that shows a probe's fix ends its clock."""
        seen: set[int] = set()
        url = f"{self._running.api_url}/v1/track/{self._token}/stream"
        with httpx.stream("GET", url, timeout=httpx.Timeout(15.0)) as stream:
            for line in stream.iter_lines():
                if self.stop.is_set():
                    return
                if not line.startswith("data:"):
                    continue
                state: dict[str, Any] = json.loads(line[5:])
                position = state.get("position")
                if not position:
                    continue
                at = from_datetime(datetime.fromisoformat(position["at"]))
                if at in self._sent and at not in seen:
                    seen.add(at)
                    self._latencies.append((time.monotonic() - self._sent[at]) * 1000)


@contextmanager
def probing(running: Running, staff: str) -> Iterator[Probe]:
    """Plan the visit and watch its page while the block runs."""
    probe = Probe(running, _plan(running, staff))
    watcher = threading.Thread(target=probe.watch, name="page", daemon=True)
    watcher.start()
    try:
        yield probe
    finally:
        probe.stop.set()
        watcher.join(30)


def _plan(running: Running, staff: str) -> str:
    """A visit in half an hour whose worker carries the probe; returns the customer's token."""
    now = wall_ms()
    window = isoformat(now + 1_800_000)
    plan = {
        "customers": [{"customer": "c", "name": "c"}],
        "sites": [
            {
                "site": "s",
                "customer": "c",
                "name": "s",
                "zone": "UTC",
                "fence": {"shape": "circle", "lat": SITE[0], "lon": SITE[1], "radius_m": 100},
            }
        ],
        "workers": [{"worker": "w", "name": "w"}],
        "bindings": [{"device": DEVICE, "worker": "w", "from": isoformat(now - 60_000)}],
        "visits": [
            {
                "visit": "v",
                "site": "s",
                "customer": "c",
                "service": "cleaning",
                "worker": "w",
                "window_from": window,
                "window_to": window,
                "planned_s": 3600,
            }
        ],
    }
    with httpx.Client(base_url=running.api_url, headers={"Authorization": f"Bearer {staff}"}, timeout=30) as client:
        client.post("/v1/plan", json=plan).raise_for_status()
        answer = client.post("/v1/visits/v/links").raise_for_status()
        return str(answer.json()["token"])
