"""The real recordings, where they are at hand: what is known of them is read as it is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from doorstep.settings import Settings
from simulators.recordings import read_recording


@pytest.fixture(scope="module")
def data() -> Path:
    folder = Settings.read().data
    if not (folder / "traces").is_dir():
        pytest.skip(f"no recordings at {folder}: set DOORSTEP_DATA")
    return folder


@pytest.mark.parametrize(
    ("day", "fixes", "stops"),
    [("shankari_2015-07-22", 433, 4), ("iphone_2016-02-22", 260, 6), ("shankari_2015-aug-21", 738, 12)],
)
def test_a_day_of_e_mission(data: Path, day: str, fixes: int, stops: int) -> None:
    recording = read_recording(data / "traces/emission" / day)
    assert (len(recording.track), len(recording.stops)) == (fixes, stops)


def test_all_arrivals_of_the_hand_marked_phone_are_timed_by_the_reference(data: Path) -> None:
    phone = data / "traces/mobilitynet/unimodal_trip_car_bike_mtv_la/ios-1"
    stops = [stop for file in sorted(phone.glob("rep*")) for stop in read_recording(file).stops]
    assert len(stops) == 12
    assert {stop.told_by for stop in stops} == {"fence entry by the reference track"}
    # entered 41 to 116 s before the vehicle is parked, where somebody marked it by hand (for the first: 1564275146.7)
    assert stops[0].arrived_s == 1564275075.0
    assert all(stop.left_s and stop.arrived_s and stop.left_s - stop.arrived_s > 1_500 for stop in stops)
