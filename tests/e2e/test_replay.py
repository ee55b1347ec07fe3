"""`doorstep replay`: a recorded day over MQTT into a cell, and every visit at a true stop is found."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.errors import Rejected
from doorstep.replay import Address, Replayed, fresh_cell, replay_to
from doorstep.settings import Settings, inherited_environ
from tests.integration.doorstep.parents import ROOT

pytestmark = pytest.mark.e2e

LIMIT_S = 120.0
START_S = 1_500_000_000
METRE = 1 / 111_195


def write_day(file: Path) -> None:
    """A phone that drives north for ten minutes, is indoors and nearly silent for half an hour, and drives on."""
    rows = ["ts,write_ts,lat,lon,accuracy_m,speed_mps,bearing,altitude,filter"]

    def fix(at_s: float, north_m: float, speed: float = -1.0) -> None:
        rows.append(f"{START_S + at_s},{START_S + at_s + 2},{37 + north_m * METRE:.7f},-122.0,12.0,{speed},-1,,")

    for at_s in range(0, 600, 15):
        fix(at_s, at_s * 10.0, 10.0)
    for at_s in (600, 630, 660, 1_500):
        fix(at_s, 6_000.0 + at_s % 7)
    rows.append(f"0,{START_S + 1_501},37.0,-122.0,12.0,-1,-1,,")
    for at_s in range(2_400, 3_000, 15):
        fix(at_s, 6_500.0 + (at_s - 2_400) * 10.0, 10.0)
    file.write_bytes(gzip.compress("\n".join(rows).encode()))


def test_a_day_of_which_only_the_track_is_known(tmp_path: Path) -> None:
    write_day(tmp_path / "location.csv.gz")
    done = subprocess.run(
        [sys.executable, "-m", "doorstep.cli", "replay", str(tmp_path), "--fresh", "--json"],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        cwd=ROOT,
        env=inherited_environ(),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    (visit,) = told["visits"]
    assert told["summary"]["found"] == told["summary"]["of"] == 1
    assert told["messages"] == 85
    assert visit["told_by"] == "the track itself"
    assert abs(visit["truth_s"] - START_S - 600) <= 15
    assert abs(visit["error_s"]) <= 60
    assert visit["status"] == "finished"


@pytest.fixture(scope="module")
def data() -> Path:
    folder = Settings.read().data
    if not (folder / "traces").is_dir():
        pytest.skip(f"no recordings at {folder}: set DOORSTEP_DATA")
    return folder


@pytest.fixture(scope="module")
def cell(data: Path) -> Iterator[Address]:
    with fresh_cell(Settings.read()) as address:
        yield address


def play(cell: Address, data: Path, source: str, speed: float | None = None) -> Replayed:
    return replay_to(
        cell,
        data / "traces" / source,
        data=data,
        speed=speed,
        worker="w",
        device="phone",
        every_ms=10_000,
    )


@pytest.mark.slow
def test_every_true_stop_of_two_real_phones_is_found(cell: Address, data: Path) -> None:
    day = play(cell, data, "emission/shankari_2015-07-22")
    assert (day.summary.found, day.summary.of) == (4, 4), day.lines()
    # their pipeline's end of a trip lies minutes inside the stay
    assert all(arrival.error_s is not None and -420 <= arrival.error_s <= 60 for arrival in day.arrivals), day.lines()

    phone = play(cell, data, "mobilitynet/unimodal_trip_car_bike_mtv_la/ios-1/rep01_1564333996_1564342976.csv.gz")
    assert (phone.summary.found, phone.summary.of, phone.summary.timed) == (2, 2, 2), phone.lines()
    assert phone.summary.median_s is not None
    assert phone.summary.median_s <= 10, phone.lines()

    with pytest.raises(Rejected, match="past this recording"):
        play(cell, data, "emission/shankari_2015-07-22")
