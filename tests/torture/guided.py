"""The process that atheris drives: `python -m tests.torture.guided [libFuzzer's options] FOLDER…`.

Every change of a branch in `ingest` and `domain` guides it. What fails is written to $DOORSTEP_TEST_FAILED and does not
stop the run, so a million inputs are a million; the same failure is written once.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(include=["ingest", "domain"], enable_loader_override=False):
    from ingest.codecs import all_codecs
    from tests.torture import seeds
    from tests.torture.mutations import Mutator
    from tests.torture.storable import check

    all_codecs()  # it loads them when it is first asked

_failed = Path(os.environ["DOORSTEP_TEST_FAILED"])  # noqa: TID251 — not a setting of the product
_mutator = Mutator.of([seed.payload for seed in seeds.seeds()])
_seen: set[str] = set()


def run_one(data: bytes) -> None:
    """One input."""
    given = seeds.Input.of(data)
    try:
        check(given.named, given.message, given.receipt)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        name = f"{given.named.name}-{type(error).__name__}-{Path(where.filename).stem}-{where.lineno}"
        if name not in _seen:
            _seen.add(name)
            (_failed / f"{name}.bin").write_bytes(data)
            print(f"FAILED {name}: {error!r:.300}\n  {given.topic!r} {given.payload[:500]!r}", flush=True)


def mutate(data: bytes, most: int, seed: int) -> bytes:
    """Half of the changes know JSON, the others only bytes."""
    if seed % 2:
        return atheris.Mutate(data, most)
    rng = Random(seed)
    given = seeds.Input.of(data)
    if rng.random() < 0.05:
        given = given._replace(registry=rng.randrange(256), flags=rng.randrange(8))
    return given._replace(payload=_mutator.mutate(given.payload, rng)).packed()[:most]


if __name__ == "__main__":
    atheris.Setup(sys.argv, run_one, custom_mutator=mutate)
    atheris.Fuzz()
