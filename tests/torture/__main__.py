"""`python -m tests.torture crashes|fuzz|days`: the parts of `make torture` one by one, with their sizes."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.torture import crashes, told


def run_crashes(options: argparse.Namespace) -> int:
    """The crash matrix; 1 where anything is wrong."""
    began_s = time.monotonic()
    messages = options.messages or round(options.rate * options.kills * options.every_s)
    workers = options.workers
    day = told.day(options.seed, messages, workers=workers, visits=workers * 4, hours=10)
    expected = told.facts_of(day.lines)
    print(f"a day of {len(day.lines)} messages, {len(expected)} facts (seed {options.seed})", flush=True)
    with tempfile.TemporaryDirectory(prefix="doorstep-quiet-") as home:
        quiet = crashes.play(Path(home), day, day.lines, expected)
    print(f"quiet: {quiet.told_s:.0f} s told, {quiet.settled_s:.0f} s settled", flush=True)
    lines = told.rough(day.lines, options.seed)
    rough = crashes.Rough(options.kills, options.every_s, options.seed, options.rate)
    with tempfile.TemporaryDirectory(prefix="doorstep-rough-") as home:
        after = crashes.play(Path(home), day, lines, expected, rough)
    print("\n".join(crashes.summary(quiet, after)))
    print(f"wall time: {time.monotonic() - began_s:.0f} s")
    return int(bool(crashes.differences(quiet, after)) or sum(after.kills.values()) < options.kills)


def main() -> int:
    """Parse and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parts = parser.add_subparsers(required=True)
    crash = parts.add_parser("crashes", help="kill -9 of every process under load")
    crash.add_argument("--kills", type=int, default=200)
    crash.add_argument("--every-s", type=float, default=2.0, help="seconds between two kills on average")
    crash.add_argument("--rate", type=float, default=2_000.0, help="messages a second")
    crash.add_argument("--messages", type=int, help="unset: as many as the kills take")
    crash.add_argument("--workers", type=int, default=300, help="with four visits each")
    crash.add_argument("--seed", type=int, default=1)
    crash.set_defaults(run=run_crashes)
    options = parser.parse_args()
    return int(options.run(options))


if __name__ == "__main__":
    sys.exit(main())
