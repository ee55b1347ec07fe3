"""Reading recorded days, on small files of the two kinds with the truth that stands beside them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from simulators.errors import NoRecording
from simulators.recordings import Fix, read_recording

EMISSION = """ts,write_ts,lat,lon,accuracy_m,speed_mps,bearing,altitude,filter
1000.5,1001.0,37.0,-122.0,10.0,0,0,0,
0,1010.0,37.0,-122.0,10.0,-1,-1,,time
990.0,1009.0,37.0,-122.0,65,-1,-1,30.6,distance
5000.0,5001.0,37.1,-122.0,10.0,2.5,180,0,
"""
PLACES = """split,day,enter_ts,exit_ts,lat,lon,duration_s
dev,day-1,,1000.5,37.0,-122.0,
dev,day-1,1400.0,1699.0,37.01,-122.0,299.0
dev,day-1,2000.0,2300.0,37.02,-122.0,300.0
dev,day-1,3000.0,,37.1,-122.0,
dev,day-1,100.0,900.0,37.1,-122.0,800.0
dev,day-2,3000.0,,37.5,-122.0,
"""

# A square of about 100 m, and a street from the west into it: 0.001 degrees of longitude are 88.5 m here.
RING = [[-122.0, 37.0], [-121.9989, 37.0], [-121.9989, 37.0009], [-122.0, 37.0009], [-122.0, 37.0]]
SPEC = {
    "data": {
        "label": {
            "region": {"timezone": "America/Los_Angeles"},
            "evaluation_trips": [
                {
                    "id": "there",
                    "legs": [
                        {"id": "walk_start", "type": "ACCESS"},
                        {
                            "id": "there",
                            "type": "TRAVEL",
                            "end_loc": {
                                "properties": {"name": "Library"},
                                "geometry": {"type": "Polygon", "coordinates": [RING]},
                            },
                        },
                        {"id": "walk_end", "type": "ACCESS"},
                    ],
                }
            ],
        }
    }
}
MARKS = """timeline,phone,ts,transition,trip_id
line,ios-1,1000.0,START_EVALUATION_PERIOD,fixed:ACCURACY_CONTROL
line,ios-1,1100.0,START_EVALUATION_TRIP,there
line,ios-1,1100.1,START_EVALUATION_SECTION,walk_start
line,ios-1,1150.0,STOP_EVALUATION_SECTION,walk_start
line,ios-1,1150.1,START_EVALUATION_SECTION,there
line,ios-1,1500.0,STOP_EVALUATION_SECTION,there
line,ios-1,1500.1,START_EVALUATION_SECTION,walk_end
line,ios-1,1600.0,STOP_EVALUATION_SECTION,walk_end
line,ios-1,1600.1,STOP_EVALUATION_TRIP,there
line,ios-1,2500.0,STOP_EVALUATION_PERIOD,fixed:ACCURACY_CONTROL
line,android-1,1001.0,START_EVALUATION_PERIOD,fixed:ACCURACY_CONTROL
"""
WEST = -122.001
INSIDE = -121.9995


def write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".gz":
        with gzip.open(file, "wt", encoding="utf-8") as out:
            out.write(text)
    else:
        file.write_text(text, encoding="utf-8")
    return file


def emission_day(data: Path) -> Path:
    write(data / "truth/emission/places_stops.csv", PLACES)
    return write(data / "traces/emission/day-1/location.csv.gz", EMISSION).parent


def mobilitynet(data: Path, phones: dict[str, list[tuple[float, float]]], reference: list[tuple[float, float]]) -> Path:
    """Phones' (time, longitude) tracks of one repetition, and the reference; gives the file of the first phone."""
    truth = data / "truth/mobilitynet"
    write(truth / "spec_line.json", json.dumps(SPEC))
    write(truth / "transitions.csv", MARKS)
    if reference:
        rows = [f"{ts},37.0005,{lon},midpoint" for ts, lon in reference]
        file = truth / "reference_trajectories_with_ends/line/there/there_0.csv.gz"
        write(file, "\n".join(["ts,lat,lon,source", *rows]))
    files = []
    for phone, track in phones.items():
        rows = [f"{ts},37.0005,{lon},5,5,-1,-1,0,{ts + 1}" for ts, lon in track]
        header = "ts,lat,lon,accuracy_m,vaccuracy_m,speed_mps,bearing,altitude,write_ts"
        file = data / f"traces/mobilitynet/line/{phone}/rep00_1000_2500.csv.gz"
        files.append(write(file, "\n".join([header, *rows])))
    return files[0]


def test_rows_are_read_as_they_stand_and_in_file_order(tmp_path: Path) -> None:
    recording = read_recording(emission_day(tmp_path))
    assert recording.track == [
        Fix(1000.5, 1001.0, 37.0, -122.0, 10.0, 0.0, 0.0, 0.0),
        Fix(0.0, 1010.0, 37.0, -122.0, 10.0, -1.0, -1.0, None),
        Fix(990.0, 1009.0, 37.0, -122.0, 65.0, -1.0, -1.0, 30.6),
        Fix(5000.0, 5001.0, 37.1, -122.0, 10.0, 2.5, 180.0, 0.0),
    ]


def test_a_day_has_the_places_where_somebody_came_and_stayed_five_minutes(tmp_path: Path) -> None:
    recording = read_recording(emission_day(tmp_path))
    assert recording.name == "day-1"
    assert [(stop.arrived_s, stop.left_s, stop.fence["lat"]) for stop in recording.stops] == [
        (2000.0, 2300.0, 37.02),
        (3000.0, None, 37.1),
    ]
    assert recording.stops[0].fence == {"shape": "circle", "lat": 37.02, "lon": -122.0, "radius_m": 150.0}
    assert "pipeline" in recording.stops[0].told_by


def test_a_day_is_found_by_its_folder_or_by_its_file(tmp_path: Path) -> None:
    folder = emission_day(tmp_path)
    assert read_recording(folder) == read_recording(folder / "location.csv.gz")


def test_truth_may_lie_elsewhere(tmp_path: Path) -> None:
    folder = emission_day(tmp_path / "data")
    moved = tmp_path / "elsewhere/day-1"
    moved.parent.mkdir()
    folder.rename(moved)
    assert len(read_recording(moved, tmp_path / "data").stops) == 2
    assert read_recording(moved).stops != read_recording(moved, tmp_path / "data").stops


def test_a_repetition_ends_at_its_scripted_place(tmp_path: Path) -> None:
    reference = [(1400.0, WEST), (1410.0, -122.0003), (1411.0, -122.0002), (1450.0, INSIDE)]
    file = mobilitynet(tmp_path, {"ios-1": [(1400.0, WEST), (1450.0, INSIDE)]}, reference)
    recording = read_recording(file)
    assert recording.name == "ios-1 rep00"
    assert recording.zone == "America/Los_Angeles"
    (stop,) = recording.stops
    assert stop.name == "Library"
    assert stop.fence["shape"] == "polygon"
    assert stop.fence["ring"] == [[37.0, -122.0], [37.0, -121.9989], [37.0009, -121.9989], [37.0009, -122.0]]
    assert stop.fence["buffer_m"] == 20.0
    assert stop.left_s == 2500.0


def test_the_true_entry_is_the_last_crossing_into_the_widened_fence(tmp_path: Path) -> None:
    # 0.0003 degrees are 27 m, 0.0002 are 18 m outside; in, out again, and in
    reference = [
        *((1300.0, WEST), (1310.0, INSIDE), (1320.0, WEST)),
        *((1410.0, -122.0003), (1411.0, -122.0002), (1450.0, INSIDE), (1501.0, WEST), (1502.0, INSIDE)),
    ]
    (stop,) = read_recording(mobilitynet(tmp_path, {"ios-1": [(1400.0, WEST)]}, reference)).stops
    assert stop.arrived_s == 1411.0
    assert "reference" in stop.told_by


def test_where_the_reference_ends_outside_the_other_phones_tell(tmp_path: Path) -> None:
    phones = {
        "ios-1": [(1400.0, WEST), (1401.0, INSIDE)],  # its own word does not count
        "ios-2": [(1420.0, WEST), (1430.0, INSIDE)],
        "android-1": [(1425.0, WEST), (1440.0, INSIDE)],
        "android-2": [(1400.0, WEST), (1490.0, INSIDE)],  # silent for too long
    }
    (stop,) = read_recording(mobilitynet(tmp_path, phones, [(1400.0, WEST), (1450.0, WEST)])).stops
    assert stop.arrived_s == 1435.0
    assert stop.told_by == "fence entry by the median of 2 other phones"


def test_without_any_witness_the_stop_is_there_but_not_timed(tmp_path: Path) -> None:
    (stop,) = read_recording(mobilitynet(tmp_path, {"ios-1": [(1400.0, WEST), (1401.0, INSIDE)]}, [])).stops
    assert stop.arrived_s is None
    assert stop.about_s == 1600.1
    assert "no truth" in stop.told_by


def test_the_folder_of_a_phone_is_all_its_repetitions(tmp_path: Path) -> None:
    file = mobilitynet(tmp_path, {"ios-1": [(1400.0, WEST), (1450.0, INSIDE)]}, [(1400.0, WEST), (1401.0, INSIDE)])
    write(file.with_name("rep01_3000_4000.csv.gz"), track((3000.0, 37.0)))
    recording = read_recording(file.parent)
    assert recording.name == "ios-1"
    assert [fix.fix_s for fix in recording.track] == [1400.0, 1450.0, 3000.0]
    assert [stop.name for stop in recording.stops] == ["Library"]
    assert recording.zone == "America/Los_Angeles"


def track(*rows: tuple[float, float]) -> str:
    """(time, latitude) rows."""
    return "\n".join(["ts,lat,lon,accuracy_m", *(f"{ts},{lat},-122.0,10" for ts, lat in rows)])


def test_without_truth_the_track_shows_its_stays(tmp_path: Path) -> None:
    moving = [(float(ts), 37.0 + ts * 1e-4) for ts in range(0, 600, 30)]
    staying = [(600.0 + ts, 37.06 + (ts % 60) * 1e-6) for ts in range(0, 400, 30)]
    leaving = [(1000.0 + ts, 37.07 + ts * 1e-4) for ts in range(0, 300, 30)]
    recording = read_recording(write(tmp_path / "track.csv", track(*moving, *staying, *leaving)))
    assert [stop.arrived_s for stop in recording.stops] == [600.0]
    assert recording.name == "track"


def test_a_silence_belongs_to_the_stay_before_it(tmp_path: Path) -> None:
    file = write(tmp_path / "track.csv", track((0.0, 37.0), (60.0, 37.01), (120.0, 37.02), (3000.0, 37.03)))
    assert [(s.arrived_s, s.left_s) for s in read_recording(file).stops] == [(120.0, 3000.0)]


def test_whoever_is_there_from_the_beginning_does_not_arrive(tmp_path: Path) -> None:
    file = write(tmp_path / "track.csv", track((0.0, 37.0), (1000.0, 37.0), (1060.0, 37.01), (1090.0, 37.02)))
    assert read_recording(file).stops == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a,b\n1,2\n", "no column lat, lon, ts"),
        ("ts,lat,lon\n1,2,3\nx,2,3\n", "line 3"),
        ("ts,lat,lon\n1,2\n", "line 2"),
        ("ts,lat,lon\n0,2,3\n", "no fix with a time"),
    ],
)
def test_what_is_no_recording_says_why(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(NoRecording, match=what):
        read_recording(write(tmp_path / "track.csv", text))


def test_a_folder_without_a_track_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(NoRecording, match="no recording is there"):
        read_recording(tmp_path)
