"""A day over MQTT, twice: quietly; and with kill -9 of every process in the middle of it, messages twice, late and in
arrays. Nothing acknowledged is missing or double, and what stands in the end is what stands after the quiet day.

DOORSTEP_TEST_KILLS sets how often each process is killed (default 2). The long form is `make torture`: docs/torture.md.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.torture import crashes, told

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

KILLS = int(os.environ.get("DOORSTEP_TEST_KILLS", "2")) * len(crashes.VICTIMS)  # noqa: TID251 — not a setting of the product
EVERY_S, RATE = 1.5, 2_000.0
SEED = 21


def test_kills_repeats_and_disorder_in_the_middle_of_the_day_change_nothing(tmp_path: Path) -> None:
    day = told.day(SEED, round(KILLS * EVERY_S * RATE), workers=20, visits=60, hours=5)
    expected = told.facts_of(day.lines)
    quiet = crashes.play(tmp_path / "quiet", day, day.lines, expected)
    rough = crashes.Rough(kills=KILLS, every_s=EVERY_S, seed=SEED, rate=RATE, ack_wait_s=2.0)
    after = crashes.play(tmp_path / "rough", day, told.rough(day.lines, SEED), expected, rough)
    print("\n" + "\n".join(crashes.summary(quiet, after)))
    assert sum(after.kills.values()) == KILLS
    assert after.rows["transitions"] > 100
    assert after.rows["alerts"] > 0
    assert crashes.differences(quiet, after) == []
