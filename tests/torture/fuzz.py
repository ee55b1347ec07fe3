"""Codecs are given what no device should say: nothing but Unreadable leaves them, and what they read can be stored.

Guided by coverage (atheris) from the captured payloads, and by hypothesis, which makes what breaks small.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from ingest.codecs import all_codecs
from tests.torture import seeds
from tests.torture.mutations import Mutator
from tests.torture.seeds import REGISTRIES, Input
from tests.torture.storable import check

_DONE = re.compile(r"Done (\d+) runs in (\d+) second")
_LARGEST = 4_096


class Fuzzed(NamedTuple):
    """How many inputs in how long, and what failed."""

    inputs: int
    seconds: float
    failed: list[str]


def guided(inputs: int, seed: int, *, keep: Path | None = None) -> Fuzzed:
    """atheris, in a process of its own. `keep`: where what failed goes. Raises RuntimeError where it ends early."""
    with tempfile.TemporaryDirectory(prefix="doorstep-fuzz-") as folder:
        corpus, found = Path(folder, "corpus"), keep or Path(folder, "failed")
        for each in (corpus, found):
            each.mkdir(exist_ok=True, parents=True)
        for number, one in enumerate([*seeds.failed(), *seeds.seeds()]):
            (corpus / f"{number:05d}").write_bytes(one.packed()[:_LARGEST])
        command = [sys.executable, "-m", "tests.torture.guided", f"-runs={inputs}", f"-seed={seed}", str(corpus)]
        command += [f"-max_len={_LARGEST}", "-rss_limit_mb=4096", "-print_final_stats=1", "-timeout=20"]
        environ = {**os.environ, "DOORSTEP_TEST_FAILED": str(found)}  # noqa: TID251 — for a child
        began_s = time.monotonic()
        done = subprocess.run(command, env=environ, capture_output=True, text=True, errors="replace", check=False)
        said = _DONE.search(done.stderr)
        if done.returncode != 0 or said is None:
            raise RuntimeError(f"atheris ended with {done.returncode}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "  '"))]
        return Fuzzed(int(said[1]), time.monotonic() - began_s, failed)


def by_hypothesis(examples: int, seed: int) -> Fuzzed:
    """Captured payloads with one to three things changed, and any JSON at all. Raises what fails, made small."""
    begin = seeds.seeds()
    mutator = Mutator.of([one.payload for one in begin])
    count = 0

    @seeded(seed)
    @settings(
        max_examples=examples, deadline=None, database=None, phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.sampled_from(begin), st.integers(0, len(REGISTRIES) - 1), st.integers(0, 7), st.integers(0, 2**32), _JSON)
    def hold(one: Input, registry: int, flags: int, change: int, anything: object) -> None:
        nonlocal count
        count += 1
        payload = mutator.mutate(one.payload, Random(change)) if change % 8 else seeds.as_bytes(anything)
        asked = one._replace(registry=registry, flags=flags, payload=payload)
        check(asked.named, asked.message, asked.receipt)

    began_s = time.monotonic()
    hold()
    return Fuzzed(count, time.monotonic() - began_s, [])


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
_JSON = st.recursive(_SCALARS, lambda some: st.lists(some, max_size=4) | st.dictionaries(st.text(max_size=8), some))


def names() -> str:
    """The dialects, for people."""
    return ", ".join(codec.name for codec in all_codecs())
