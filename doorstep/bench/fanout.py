"""From a phone's publish to the customer's open page, while a thousand other phones talk."""

from __future__ import annotations

import json
import statistics
import threading
import time
from datetime import datetime
from typing import Any

import httpx
import msgspec

from domain.time import from_datetime, isoformat
from doorstep.bench.cell import cell, finish_load, start_load
from doorstep.bootstrap import Running
from eventlog.clock import wall_ms
from simulators.publisher import Publisher
from simulators.wire import Message

PROBES_PER_S = 5.0
DEVICE = "probe"
SITE = (31.3, 121.5)


class Fanout(msgspec.Struct, frozen=True):
    """Milliseconds from publish to the server-sent event that shows the position, at `load_per_s` other messages."""

    sync_interval: str
    load_per_s: float
    probes: int
    seen: int
    p50_ms: float
    p99_ms: float
    max_ms: float


def measure(sync_interval: str, *, rate: float, seconds: float) -> Fanout:
    """Start a cell with a visit, watch it, and time a probe phone's approach under load."""
    with cell(sync_interval) as (running, settings):
        token = _plan(running, (settings.home / "staff-token").read_text().strip())
        sent: dict[int, float] = {}
        latencies: list[float] = []
        stop = threading.Event()
        watcher = threading.Thread(target=_watch, args=(running, token, sent, latencies, stop))
        watcher.start()
        load = start_load(running, seconds=seconds + 2, rate=rate)
        time.sleep(2)  # the load is under way
        with Publisher(running.mqtt_url, client_id="bench-probe") as phone:
            count = int(seconds * PROBES_PER_S)
            for i in range(count):
                at, lat = wall_ms(), SITE[0] + 0.09 * (1 - i / count) + 0.01
                payload = {"time": at / 1000, "lat": lat, "lon": SITE[1], "accuracy": 5}
                sent[at] = time.monotonic()
                phone.publish(Message(f"doorstep/v1/{DEVICE}/position", json.dumps(payload).encode()))
                time.sleep(1 / PROBES_PER_S)
        finish_load(load, seconds + 60)
        time.sleep(2)  # the last frames
        stop.set()
        watcher.join(30)
    ordered = sorted(latencies)
    return Fanout(
        sync_interval,
        rate,
        len(sent),
        len(ordered),
        round(statistics.median(ordered), 1),
        round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], 1),
        round(ordered[-1], 1),
    )


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


def _watch(running: Running, token: str, sent: dict[int, float], latencies: list[float], stop: threading.Event) -> None:
    """Read the customer's stream; the first event that shows a probe's fix ends its clock."""
    seen: set[int] = set()
    url = f"{running.api_url}/v1/track/{token}/stream"
    with httpx.stream("GET", url, timeout=httpx.Timeout(15.0)) as stream:
        for line in stream.iter_lines():
            if stop.is_set():
                return
            if not line.startswith("data:"):
                continue
            state: dict[str, Any] = json.loads(line[5:])
            position = state.get("position")
            if not position:
                continue
            at = from_datetime(datetime.fromisoformat(position["at"]))
            if at in sent and at not in seen:
                seen.add(at)
                latencies.append((time.monotonic() - sent[at]) * 1000)
