"""Trackers, buttons and doors: what their decoders make of a payload, and how it is understood."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.device_settings import DeviceSettings
from domain.time import Ms
from ingest.models import GENERIC, MODELS
from ingest.tracker_fields import NAMES
from ingest.trackers import Reading, read

CAPTURED: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "codecs" / "captured" / "trackers.json").read_bytes()
)
"""By the name of the model, and of the case."""

AT_MS = Ms(1_795_222_918_000)
"""2026-11-21T01:01:58Z"""

HERE = {"lat": 31.2304, "lon": 121.4737}


def understood(case: str, **settings: Any) -> Reading:
    """A captured payload, read by its model; what was not understood is left to other tests."""
    return read(CAPTURED[case], DeviceSettings(model=case.split()[0], **settings))._replace(rest={})


def by(fields: dict[str, str], said: dict[str, Any], **settings: Any) -> Reading:
    return read(said, DeviceSettings(fields=fields, **settings))


def reading(**fields: Any) -> Reading:
    return Reading(understood=True, **fields)


EXPECTED = {
    "dragino-trackerd": reading(**HERE, battery_v=3.942, alarm=True, moving=True),
    "dragino-trackerd kept fix": reading(**HERE, at_ms=Ms(1_795_222_689_000)),
    "dragino-trackerd alarm indoors": reading(battery_v=3.942, alarm=True),
    "dragino-trackerd 1.5.4": reading(**HERE, battery_v=3.942, moving=False),
    "dragino-trackerd sees a beacon": reading(battery_v=3.942, beacon="beacon:e2c56db5dffb48d2b060d0f5a71096e0:1:7"),
    "dragino-trackerd sees a beacon of lost zeros": reading(battery_v=3.942),
    "dragino-lgt92": reading(**HERE, altitude_m=12.4, battery_v=3.36),
    "dragino-lds02": reading(battery_v=3.05, open=True),
    "dragino-lds03a": reading(at_ms=AT_MS, open=False),
    "milesight-ws101": reading(battery_pct=100, press="double"),
    "milesight-ws101-sos": reading(battery_pct=100, alarm=True),
    "milesight-ws301": reading(battery_pct=100, open=True),
    "milesight-at101": reading(**HERE, battery_pct=100, moving=True),
    "milesight-at101 no fix": reading(battery_pct=100, moving=False),
    "milesight-at101 kept fixes": reading(
        past=(
            reading(**HERE, at_ms=Ms(1_795_222_323_000)),
            reading(lat=31.2311, lon=121.4742, at_ms=Ms(1_795_222_623_000)),
        )
    ),
    "abeeway": reading(**HERE, at_ms=AT_MS, altitude_m=16, battery_pct=94, alarm=True),
    "abeeway 2": reading(**HERE, accuracy_m=7.84),
    "abeeway charging": reading(at_ms=AT_MS),
    "sensecap-t1000": reading(**HERE, at_ms=AT_MS, battery_pct=95, alarm=True),
    "sensecap-t1000 pressed once": reading(at_ms=AT_MS, press="single"),
    "browan-tbdw100": reading(battery_v=3.6, open=False),
    "browan-tbpb100": reading(battery_v=3.9, press="single"),
    "browan-tbpb100 alive": reading(battery_v=3.9),
    "browan-object-locator": reading(**HERE, accuracy_m=16, battery_v=3.7, moving=True),
    "browan-object-locator no fix": reading(accuracy_m=512, battery_v=3.7, moving=False, press="single"),
}


@pytest.mark.parametrize("case", CAPTURED)
def test_each_model_is_understood(case: str) -> None:
    assert understood(case) == EXPECTED[case]


def test_every_model_has_a_captured_payload_and_a_source() -> None:
    assert {case.split()[0] for case in CAPTURED} == MODELS.keys() - {GENERIC}
    for model in MODELS.values():
        assert all(link.startswith("https://") for link in (model.source, *model.also))
        assert model.fields.keys() <= NAMES.keys() | {"history"}
        assert model.words.keys() <= model.fields.keys()


def test_the_guide_names_every_model_and_every_field() -> None:
    guide = (Path(__file__).parents[3] / "docs/devices/lora.md").read_text()
    assert [name for name in (*(MODELS.keys() - {GENERIC}), *NAMES, "history") if f"`{name}`" not in guide] == []


# Traps


def test_trackerd_says_longitud() -> None:
    assert "Longitude" not in CAPTURED["dragino-trackerd"]
    assert understood("dragino-trackerd").lon == 121.4737


def test_a_kept_fix_whose_longitude_the_decoder_forgot_is_read_from_its_text() -> None:
    assert "Longitud" not in CAPTURED["dragino-trackerd kept fix"]
    assert understood("dragino-trackerd kept fix").lon == 121.4737


@pytest.mark.parametrize(("said", "meant"), [("TRUE", True), ("FALSE", False), ("true", True), (1, True), (0, False)])
def test_booleans_come_as_text_and_as_numbers(said: Any, meant: bool) -> None:
    assert read({"ALARM_status": said}, DeviceSettings()).alarm is meant


@pytest.mark.parametrize("said", ["UNKNOWN", "", None, [], {}, 7, 0.5])
def test_what_is_no_yes_is_no_alarm(said: Any) -> None:
    assert read({"ALARM_status": said}, DeviceSettings()).alarm is False


@pytest.mark.parametrize(
    "place", [(0, 0), (-0.000001, -0.000001), (2147.483647, 2147.483647), (31.2, None), (None, 121.4)]
)
def test_no_fix_is_no_place_and_stays_as_it_came(place: tuple[Any, Any]) -> None:
    said = {"latitude": place[0], "longitude": place[1]}
    got = read(said, DeviceSettings())
    assert (got.lat, got.lon, got.rest) == (None, None, said)


def test_a_place_on_the_equator_is_a_place() -> None:
    got = read({"latitude": 0, "longitude": 32.5}, DeviceSettings())
    assert (got.lat, got.lon) == (0, 32.5)


def test_a_receiver_without_a_fix_says_its_last_place_and_is_not_there() -> None:
    assert CAPTURED["browan-object-locator no fix"]["Lat"] == 31.2304
    assert understood("browan-object-locator no fix").lat is None


def test_a_battery_in_volts_is_no_percentage() -> None:
    got = understood("browan-tbdw100")
    assert (got.battery_pct, got.battery_v) == (None, 3.6)


def test_the_unit_of_a_battery_is_not_guessed() -> None:
    got = read({"battery": 3}, DeviceSettings())
    assert (got.battery_pct, got.battery_v, got.rest) == (None, None, {"battery": 3})


@pytest.mark.parametrize("level", [193, -1, "CHARGING", None, True])
def test_a_battery_beyond_its_range_is_unknown(level: Any) -> None:
    got = by({"battery_pct": "level"}, {"level": level})
    assert (got.battery_pct, got.rest) == (None, {"level": level})


def test_coordinates_may_be_scaled() -> None:
    e6, e7 = {"lat_e6": "a", "lon_e6": "b"}, {"lat_e7": "a", "lon_e7": "b"}
    assert by(e6, {"a": 31_230_400, "b": 121_473_700})[1:3] == (31.2304, 121.4737)
    assert by(e7, {"a": 312_304_000, "b": "1214737000"})[1:3] == (31.2304, 121.4737)


def test_speeds_have_units() -> None:
    assert by({"speed_kmh": "v"}, {"v": 36}).speed_mps == 10
    assert by({"speed_mps": "v"}, {"v": 10}).speed_mps == 10
    assert by({"speed_knots": "v"}, {"v": 3600}).speed_mps == 1852


def test_an_accuracy_of_0_is_unknown() -> None:
    assert by({"accuracy_m": "acc"}, {"acc": 0}).accuracy_m is None


@pytest.mark.parametrize(
    "said",
    [
        1_795_222_918,
        1_795_222_918_000,
        "1795222918",
        "2026-11-21T01:01:58Z",
        "2026-11-21T09:01:58+08:00",
        "2026-11-21 01:01:58",
        "2026:11:21 1:1:58",
    ],
)
def test_a_time_of_its_own_comes_in_many_spellings(said: Any) -> None:
    assert by({"time": "t"}, {"t": said}).at_ms == AT_MS


@pytest.mark.parametrize("said", [0, 12, "", "0:0:0", "2026-13-41 99:99:99", "1970-01-01T00:00:00Z", True, 1e300, []])
def test_a_clock_that_was_never_set_says_no_time(said: Any) -> None:
    assert by({"time": "t"}, {"t": said}).at_ms is None


def test_a_counter_called_time_is_no_time() -> None:
    assert understood("browan-tbdw100").at_ms is None
    assert read({"time": 1_795_222_918}, DeviceSettings()).at_ms is None


def test_a_time_without_a_zone_is_read_in_the_devices_zone() -> None:
    said = {"t": "2026-11-21 09:01:58"}
    assert by({"time": "t"}, said, zone="Asia/Shanghai").at_ms == AT_MS
    assert read(said, DeviceSettings(fields={"time": "t"}), "Asia/Shanghai").at_ms == AT_MS


def test_a_decoder_that_writes_utc_without_saying_so_is_known_to() -> None:
    said = CAPTURED["dragino-lds03a"]
    assert read(said, DeviceSettings(model="dragino-lds03a"), "Asia/Shanghai").at_ms == AT_MS
    assert read(said, DeviceSettings(model="dragino-lds03a", zone="Asia/Shanghai")).at_ms == AT_MS - 8 * 3_600_000


def test_a_door_that_stands_open_too_long_is_no_call_for_help() -> None:
    got = read(CAPTURED["dragino-lds02"] | {"alarm": 1}, DeviceSettings())
    assert (got.open, got.alarm, got.rest["alarm"]) == (True, False, 1)


def test_a_door_whose_alarm_the_registry_names_calls_for_help() -> None:
    got = by({"alarm": "panic"}, {"panic": "TRUE", "DOOR_OPEN_STATUS": 1})
    assert (got.open, got.alarm) == (True, True)


def test_a_contact_may_say_closed_instead() -> None:
    assert by({"closed": "contact"}, {"contact": True}).open is False


def test_a_beacon_whose_zeros_the_decoder_lost_is_kept_and_not_guessed() -> None:
    said = CAPTURED["dragino-trackerd sees a beacon of lost zeros"]
    assert len(said["UUID"]) == 31
    got = read(said, DeviceSettings(model="dragino-trackerd"))
    assert (got.beacon, got.rest["UUID"], got.rest["MAJOR"]) == (None, said["UUID"], 1)


def test_no_beacon_is_none() -> None:
    said = {"uuid": "0" * 32, "major": 0, "minor": 0}
    assert read(said, DeviceSettings(model="dragino-trackerd")).beacon is None


# Maps


def test_a_field_of_the_devices_own_goes_before_its_models() -> None:
    said = {"button_event": {"status": "short press"}, "battery": 100, "charge": 40}
    got = by({"battery_pct": "charge"}, said, model="milesight-ws101")
    assert (got.battery_pct, got.press) == (40, "single")


def test_without_its_own_field_the_model_still_counts() -> None:
    assert by({"battery_pct": "charge"}, {"battery": 100}, model="milesight-ws301").battery_pct == 100


def test_a_model_without_a_map_is_read_by_the_usual_names() -> None:
    assert read({"latitude": 31.2, "longitude": 121.4}, DeviceSettings(model="no-such-thing")).lat == 31.2


def test_a_name_that_is_none_of_ours_changes_nothing() -> None:
    assert by({"colour": "c"}, {"c": "red"}) == Reading(rest={"c": "red"})


def test_what_was_not_understood_is_left_as_it_came() -> None:
    got = read(CAPTURED["abeeway"], DeviceSettings(model="abeeway"))
    assert got.rest["header"] == {"ackToken": 0, "multiFrame": False, "type": "POSITION"}
    assert got.rest["position"]["gnssFix"] == {"COG": 0, "EHPE": 23, "SOG": 10}


def test_kept_fixes_of_which_one_is_unreadable_are_left_as_they_came() -> None:
    history = [*CAPTURED["milesight-at101 kept fixes"]["history"], {"timestamp": 0, "latitude": 31, "longitude": 121}]
    got = read({"history": history}, DeviceSettings(model="milesight-at101"))
    assert (len(got.past), got.rest) == (2, {"history": history})


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
_paths = sorted({path.split(".")[0] for model in MODELS.values() for paths in model.fields.values() for path in paths})


@settings(max_examples=50, deadline=None)
@given(said=st.dictionaries(st.sampled_from(_paths), _json, max_size=8), model=st.sampled_from(sorted(MODELS)))
def test_junk_under_known_names_is_no_error(said: dict[str, Any], model: str) -> None:
    got = read(said, DeviceSettings(model=model))
    assert got.understood or got.rest == said


@pytest.mark.parametrize("junk", [10**400, -(10**400), 1e308, "9" * 5_000, "NaN", "١٢", "1_0", "0x10", " "])
def test_numbers_beyond_measure_say_nothing(junk: Any) -> None:
    got = by(dict.fromkeys(NAMES.keys() - {"date", "time_of_day"}, "x"), {"x": junk})
    assert got == Reading(rest={"x": junk})
