"""`doorstep simulate`: a small company's day with both dialects, and the cell understands what truly happened."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from doorstep.settings import inherited_environ
from simulators.truth import KINDS, Truth
from tests.integration.doorstep.parents import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

LIMIT_S = 180.0


def test_a_companys_day_is_understood(tmp_path: Path) -> None:
    file = tmp_path / "truth.json"
    size = ["--seed", "5", "--workers", "5", "--visits", "15", "--hours", "5"]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "doorstep.cli", "simulate", *size, "--every-s", "60"),
            *("--fresh", "--score", "--json", "--truth", str(file)),
        ],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        cwd=ROOT,
        env=inherited_environ(),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["messages"] == told["acknowledged"]
    assert told["facts"]["stored"] == told["facts"]["sent"] > 2_000
    truth = msgspec.json.decode(file.read_bytes(), type=Truth)
    alerts, statuses = told["score"]["alerts"], told["score"]["statuses"]
    assert set(alerts) == set(KINDS)
    for kind, found in alerts.items():
        assert found["true"] == sum(alert.kind == kind for alert in truth.alerts) >= 1, kind
        assert (found["precision"], found["recall"]) == (1.0, 1.0), (kind, found)
    # of 15 visits one walk to a bench weighs half a percent; of 100, .99 holds
    assert statuses["accuracy"] >= 0.985, statuses
