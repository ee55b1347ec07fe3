"""Run the measurements and print them. `doorstep bench` is this."""

from __future__ import annotations

import sys

import msgspec

from doorstep.bench import fanout, ingest


def run(what: str, *, seconds: float, as_json: bool) -> None:
    """`what`: ingest, fanout, rebuild or all. One cell at a time, so that no measurement disturbs another."""
    results: dict[str, list[object]] = {}
    if what in ("ingest", "all"):
        results["ingest"] = [
            ingest.measure("always", rate=None, seconds=seconds, bare=True),
            ingest.measure("always", rate=1_000, seconds=seconds, bare=False),
            ingest.measure("100ms", rate=8_000, seconds=seconds, bare=False),
            ingest.measure("100ms", rate=None, seconds=seconds, bare=True),
        ]
    if what in ("fanout", "all"):
        results["fanout"] = [fanout.measure("always", rate=1_000, seconds=seconds)]
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(results), indent=2).decode() + "\n")
        return
    for name, rows in results.items():
        for row in rows:
            figures = msgspec.to_builtins(row)
            print(name + "  " + "  ".join(f"{key}={value}" for key, value in figures.items()), flush=True)
