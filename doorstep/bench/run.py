"""Run the measurements and print them. `doorstep bench` is this."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import msgspec

from doorstep.bench import crowd, fanout, ingest

ALWAYS_STEADY_PER_S = 1_000.0
"""A broker that syncs each message takes some 3 000/s: delays are measured well below."""

SECONDS = 10.0


def run(
    what: str,
    *,
    seconds: float | None,
    as_json: bool,
    messages: int | None = None,
    devices: int = crowd.DEVICES,
    sync: str = "100ms",
) -> None:
    """`what`: ingest, fanout, crowd or all (the short ones). One cell at a time, so that no measurement disturbs
    another. `seconds` None: as long as each usually takes. `messages`: ingest takes so many in one flood, to see
    whether its memory stays flat. `devices`, `sync`: of the crowd, how many, and how often its broker syncs."""
    if what == "crowd":
        _crowd(seconds or crowd.SECONDS, devices, sync, as_json=as_json)
        return
    seconds = seconds or SECONDS
    if what == "ingest" and as_json:
        _ingest_json(seconds, messages)
        return
    results: dict[str, list[object]] = {}
    if what in ("ingest", "all"):
        results["ingest"] = list(_ingest(seconds, messages))
    if what in ("fanout", "all"):
        results["fanout"] = [fanout.measure("always", rate=1_000, seconds=seconds)]
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(results), indent=2).decode() + "\n")
        return
    for name, rows in results.items():
        for row in rows:
            figures = msgspec.to_builtins(row)
            print(name + "  " + "  ".join(f"{key}={value}" for key, value in figures.items()), flush=True)


def _ingest(seconds: float, messages: int | None) -> Iterator[ingest.Ingested]:
    yield ingest.measure("100ms", seconds=seconds, most=messages)
    if messages is None:
        yield ingest.measure("always", seconds=seconds, steady=ALWAYS_STEADY_PER_S)


def _ingest_json(seconds: float, messages: int | None) -> None:
    """One object: the figures at 100 ms, and beside them those at `always`."""
    quick, *careful = _ingest(seconds, messages)
    said = msgspec.to_builtins(quick) | {result.sync_interval: msgspec.to_builtins(result) for result in careful}
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(said), indent=2).decode() + "\n")


def _crowd(seconds: float, devices: int, sync: str, *, as_json: bool) -> None:
    found = crowd.measure(sync, devices=devices, seconds=seconds)
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n")
        return
    for name, figure in msgspec.to_builtins(found).items():
        print(f"{name}: {figure}")
