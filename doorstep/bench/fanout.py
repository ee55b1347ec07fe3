"""From a phone's publish to the customer's open page, while a thousand other phones talk."""

from __future__ import annotations

import time

import msgspec

from doorstep.bench.cell import cell, finish_load, start_load
from doorstep.bench.probe import probing

PROBES_PER_S = 5.0


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
        staff = (settings.home / "staff-token").read_text().strip()
        with probing(running, staff) as probe:
            load = start_load(running, seconds=seconds + 2, rate=rate)
            time.sleep(2)  # the load is under way
            probe.approach(count=int(seconds * PROBES_PER_S), per_s=PROBES_PER_S)
            finish_load(load, seconds + 60)
        return Fanout(sync_interval, rate, **msgspec.structs.asdict(probe.found()))
