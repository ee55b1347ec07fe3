"""`python -m tests.torture crashes|fuzz|days`: the parts of `make torture` one by one, with their sizes."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from doorstep.settings import Settings
from tests.torture import crashes, days, fuzz, told

WAITING_S = 0.5
"""A kill waits so long on average for its victim to be up again, on two cores."""


def run_crashes(options: argparse.Namespace) -> int:
    """The crash matrix; 1 where anything is wrong."""
    began_s = time.monotonic()
    say = _aloud if options.verbose else _silent
    messages = options.messages or round(options.rate * options.kills * (options.every_s + WAITING_S))
    workers = options.workers
    day = told.day(options.seed, messages, workers=workers, visits=workers * 4, hours=10)
    expected = told.facts_of(day.lines)
    print(f"a day of {len(day.lines)} messages, {len(expected)} facts (seed {options.seed})", flush=True)
    with tempfile.TemporaryDirectory(prefix="doorstep-quiet-") as home:
        quiet = crashes.play(Path(home), day, day.lines, expected, say=say)
    print(f"quiet: {quiet.told_s:.0f} s told, {quiet.settled_s:.0f} s settled", flush=True)
    lines = told.rough(day.lines, options.seed)
    rough = crashes.Rough(options.kills, options.every_s, options.seed, options.rate)
    with tempfile.TemporaryDirectory(prefix="doorstep-rough-") as home:
        after = crashes.play(Path(home), day, lines, expected, rough, say)
    print("\n".join(crashes.summary(quiet, after)))
    print(f"wall time: {time.monotonic() - began_s:.0f} s")
    return int(bool(crashes.differences(quiet, after)) or sum(after.kills.values()) < options.kills)


def run_fuzz(options: argparse.Namespace) -> int:
    """Codecs under a million inputs; 1 where anything but Unreadable leaves one, or what it read cannot be stored."""
    print(f"dialects: {fuzz.names()}", flush=True)
    small = fuzz.by_hypothesis(options.examples, options.seed)
    print(
        f"hypothesis: {small.inputs} inputs in {small.seconds:.0f} s, {small.inputs / small.seconds:.0f}/s", flush=True
    )
    found = fuzz.guided(options.inputs, options.seed, keep=options.keep)
    print(f"atheris: {found.inputs} inputs in {found.seconds:.0f} s, {found.inputs / found.seconds:.0f}/s")
    print("\n".join(found.failed) or "nothing but Unreadable left a codec, and all that was read can be stored")
    return int(bool(found.failed))


def run_days(options: argparse.Namespace) -> int:
    """The real days in many orders, and once over MQTT among kills; 1 where a settled digest differs."""
    try:
        real = days.real_days(Settings.read().data)
    except FileNotFoundError as error:
        print(f"skipped: {error}; set DOORSTEP_DATA")
        return 0
    wrong = days.compare(real, range(options.seed, options.seed + options.seeds), print)
    day, lines = days.for_a_cell(real, days.as_sorted(real))
    expected = told.facts_of(lines)
    with tempfile.TemporaryDirectory(prefix="doorstep-sorted-") as home:
        quiet = crashes.play(Path(home), day, lines, expected)
    rough = crashes.Rough(options.kills, 2.0, options.seed, 300.0)
    with tempfile.TemporaryDirectory(prefix="doorstep-disorder-") as home:
        after = crashes.play(Path(home), day, days.in_disorder(real, options.seed), expected, rough)
    print("over MQTT, in disorder:\n" + "\n".join(crashes.summary(quiet, after)))
    return int(bool(wrong or crashes.differences(quiet, after)))


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
    crash.add_argument("--verbose", action="store_true", help="every kill and every restart")
    crash.set_defaults(run=run_crashes)
    fuzzing = parts.add_parser("fuzz", help="codecs under what no device should say")
    fuzzing.add_argument("--inputs", type=int, default=1_000_000)
    fuzzing.add_argument("--examples", type=int, default=5_000, help="of hypothesis")
    fuzzing.add_argument("--seed", type=int, default=1)
    fuzzing.add_argument("--keep", type=Path, help="folder for inputs that fail")
    fuzzing.set_defaults(run=run_fuzz)
    real = parts.add_parser("days", help="real days in disorder")
    real.add_argument("--seeds", type=int, default=10)
    real.add_argument("--kills", type=int, default=8)
    real.add_argument("--seed", type=int, default=1)
    real.set_defaults(run=run_days)
    everything = parts.add_parser("all", help="all of it, as `make torture` does")
    everything.set_defaults(run=lambda options: _run_all(parser))
    options = parser.parse_args()
    return int(options.run(options))


def _run_all(parser: argparse.ArgumentParser) -> int:
    """One after the other; 1 where any was wrong."""
    wrong = 0
    for part in ("fuzz", "days", "crashes"):
        print(f"== {part}", flush=True)
        options = parser.parse_args([part])
        wrong |= int(options.run(options))
    return wrong


def _aloud(line: str) -> None:
    print(line, flush=True)


def _silent(line: str) -> None:
    pass


if __name__ == "__main__":
    sys.exit(main())
