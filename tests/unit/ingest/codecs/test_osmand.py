"""Traccar Client and OsmAnd: what they send, version by version (ids and places changed), and what it comes to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain.device_settings import DeviceSettings
from domain.errors import Unreadable
from domain.events.facts import Fact, SosRaised, StatusReported, TimeQuality
from domain.positions import CRS_MASK, QUALITY_MASK, Flag, Position
from domain.time import Ms, isoformat
from ingest.codecs import codec_of
from ingest.codecs.osmand import CODEC, MOST_FIELDS
from ingest.devices import Devices
from ingest.message import NOTHING, Decoded, Message
from ingest.reading import Receipt

CAPTURED: dict[str, Any] = json.loads((Path(__file__).parent / "captured_osmand.json").read_bytes())

FIX_MS = 1_795_222_923_000
RECEIVED_MS = Ms(FIX_MS + 7_000)


def decode(
    said: Any,
    *,
    device: str = "354120",
    retained: bool = False,
    devices: Devices | None = None,
    at_ms: int = RECEIVED_MS,
) -> Decoded:
    payload = said if isinstance(said, bytes) else (said if isinstance(said, str) else json.dumps(said)).encode()
    receipt = Receipt(Ms(at_ms), devices=devices or Devices())
    return CODEC.decode(Message(f"osmand/{device}", payload, retained=retained), receipt)


def position(said: Any, **how: Any) -> Position:
    found = decode(said, **how)
    assert not found.facts
    (only,) = found.positions
    return only


def fact(said: Any, **how: Any) -> Fact:
    found = decode(said, **how)
    assert not found.positions
    (only,) = found.facts
    return only


def extras(found: Position) -> dict[str, Any]:
    return dict(msgspec.json.decode(found.extras or b"{}"))


def query(**changes: Any) -> str:
    """The least query there is, with changes; None leaves a field out."""
    fields = {"id": "354120", "timestamp": "1795222923", "lat": "31.2304", "lon": "121.4737"} | changes
    return "&".join(f"{name}={value}" for name, value in fields.items() if value is not None)


def nested(**changes: Any) -> dict[str, Any]:
    """The least `location` there is, with changes."""
    location = {"timestamp": "2026-11-21T01:02:03Z", "coords": {"latitude": 31.2304, "longitude": 121.4737}} | changes
    return {"location": location, "device_id": "354120"}


# The clients, version by version


def test_the_old_client_sends_a_query_with_knots() -> None:
    found = position(CAPTURED["android_7"])
    assert msgspec.structs.replace(found, extras=b"") == Position(
        device="354120",
        observed_at_ms=FIX_MS,
        lat_e7=312_301_534,
        lon_e7=1_214_703_121,
        accuracy_dm=None,
        speed_cms=130,
        heading_cdeg=27_150,
        altitude_dm=80,
        battery_pct=93,
    )
    assert extras(found) == {}


def test_an_sos_is_raised_beside_the_position() -> None:
    said = decode(CAPTURED["android_7_sos"])
    (found,) = said.positions
    assert (found.accuracy_dm, found.battery_pct, found.flags) == (125, 41, int(Flag.MOCK_TRUE))
    assert extras(found) == {"alarm": "sos", "charge": "true"}
    (sos,) = said.facts
    assert sos == SosRaised(
        recorded_at_ms=RECEIVED_MS,
        fact=sos.fact,
        device="354120",
        observed_at_ms=Ms(FIX_MS),
        lat=31.2301534,
        lon=121.4703121,
    )


def test_an_iphone_says_minus_one_where_it_does_not_know_and_converts_even_that() -> None:
    found = position(CAPTURED["iphone_7"])
    assert (found.speed_cms, found.heading_cdeg, found.battery_pct, found.accuracy_dm) == (None, None, None, 50)


def test_client_ten_sends_the_query_as_a_form() -> None:
    found = position(CAPTURED["client_10_form"])
    assert (found.speed_cms, found.heading_cdeg, found.accuracy_dm, found.battery_pct) == (130, 27_150, 142, 93)
    assert extras(found) == {"charge": "false", "battery_health": "good", "battery_voltage": "4102"}


def test_client_ten_may_send_an_array_of_flat_objects_still_in_knots_and_an_alarm_without_a_fix() -> None:
    said = decode(CAPTURED["client_10_json"])
    (found,) = said.positions
    assert (found.observed_at_ms, found.speed_cms, found.battery_pct) == (FIX_MS, 130, 93)
    status, sos = said.facts
    assert isinstance(status, StatusReported)
    assert (status.battery_pct, status.extras) == (92, {"alarm": "sos", "charge": False})
    assert isinstance(sos, SosRaised)
    assert (sos.lat, sos.lon, sos.observed_at_ms) == (None, None, FIX_MS + 7_000)


def test_client_nine_nests_it_with_metres_a_second_and_a_battery_of_one() -> None:
    found = position(CAPTURED["client_9"])
    assert msgspec.structs.replace(found, extras=b"") == Position(
        device="354120",
        observed_at_ms=FIX_MS + 862,
        lat_e7=312_301_534,
        lon_e7=1_214_703_121,
        accuracy_dm=50,
        speed_cms=130,
        heading_cdeg=6_300,
        altitude_dm=357,
        battery_pct=79,
    )
    assert extras(found) == {
        "activity": {"type": "walking"},
        "battery": {"is_charging": False},
        "event": "motionchange",
        "is_moving": True,
        "odometer": 1520.4,
    }


def test_client_nine_raises_an_sos_in_its_extras_and_knows_neither_speed_nor_battery() -> None:
    said = decode(CAPTURED["client_9_iphone_sos"])
    (found,) = said.positions
    (sos,) = said.facts
    assert isinstance(sos, SosRaised)
    assert (found.speed_cms, found.heading_cdeg, found.battery_pct, found.flags) == (None, None, None, Flag.MOCK_TRUE)
    assert extras(found)["extras"] == {"alarm": "sos"}
    assert extras(found)["coords"]["floor"] is None


def test_osmand_itself_counts_milliseconds_and_its_hdop_is_kept_and_not_taken_for_metres() -> None:
    found = position(CAPTURED["osmand_app"])
    assert (found.observed_at_ms, found.accuracy_dm, found.altitude_dm) == (FIX_MS + 579, None, 2240)
    assert extras(found) == {"hdop": "6.0"}


def test_cells_and_networks_without_a_place_are_kept_as_a_status() -> None:
    found = fact(CAPTURED["cells_only"])
    assert found == StatusReported(
        recorded_at_ms=RECEIVED_MS,
        fact=found.fact,
        device="354120",
        observed_at_ms=Ms(FIX_MS),
        battery_pct=50,
        extras={"cell": ["460,00,16,2224", "460,00,16,2223,-90"], "wifi": "00-14-22-01-23-45,-80"},
    )


# Fields


@pytest.mark.parametrize(
    ("said", "name", "value"),
    [
        ({"speed": "40"}, "speed_cms", 2_058),
        ({"speed": "0"}, "speed_cms", 0),
        ({"speed": "-1"}, "speed_cms", None),
        ({"heading": "10"}, "heading_cdeg", 1_000),
        ({"bearing": "20", "heading": "10"}, "heading_cdeg", 2_000),
        ({"bearing": "360"}, "heading_cdeg", 0),
        ({"altitude": "-12.3"}, "altitude_dm", -123),
        ({"accuracy": "0"}, "accuracy_dm", None),
        ({"accuracy": "-1"}, "accuracy_dm", None),
        ({"batt": "0"}, "battery_pct", 0),
        ({"batt": "77.6"}, "battery_pct", 78),
        ({"batt": ""}, "battery_pct", None),
        ({"mock": "true"}, "flags", int(Flag.MOCK_TRUE)),
        ({"mock": "0"}, "flags", int(Flag.MOCK_FALSE)),
        ({"lat": None, "lon": None, "location": "31.5, 121.5"}, "lat_e7", 315_000_000),
        ({"lat": None, "lon": None, "location": "31.5,121.5"}, "lon_e7", 1_215_000_000),
    ],
)
def test_units_and_unknowns_of_the_query(said: dict[str, Any], name: str, value: int | None) -> None:
    assert getattr(position(query(**said)), name) == value


@pytest.mark.parametrize(
    ("stated", "iso"),
    [
        ("1795222923", "2026-11-21T01:02:03.000Z"),
        ("1795222923.25", "2026-11-21T01:02:03.250Z"),
        ("1795222923%1C", "2026-11-21T01:02:03.000Z"),
        ("1795222923579", "2026-11-21T01:02:03.579Z"),
        ("2026-11-21T01%3A02%3A03Z", "2026-11-21T01:02:03.000Z"),
        ("2026-11-21T01:02:03.579Z", "2026-11-21T01:02:03.579Z"),
        ("2026-11-21T09:02:03%2B08:00", "2026-11-21T01:02:03.000Z"),
        ("2026-11-21T09:02:03+08:00", "2026-11-21T01:02:03.000Z"),
        ("2026-11-21+09%3A02%3A03", "2026-11-21T01:02:03.000Z"),
        ("2026-11-21T09:02:03", "2026-11-21T01:02:03.000Z"),
    ],
)
def test_the_timestamp_is_seconds_milliseconds_or_iso_and_without_a_zone_in_the_devices(stated: str, iso: str) -> None:
    devices = Devices({"354120": DeviceSettings(zone="Asia/Shanghai")})
    assert isoformat(position(query(timestamp=stated), devices=devices).observed_at_ms) == iso


def test_a_fix_without_a_time_is_dated_at_its_receipt_and_says_so() -> None:
    first = position(query(timestamp=None))
    later = position(query(timestamp=None), at_ms=RECEIVED_MS + 10_000)
    assert (first.observed_at_ms, first.flags & QUALITY_MASK) == (RECEIVED_MS, Flag.TIME_UNSET)
    assert first.fact != later.fact, "standing still is said twice and is two facts"
    assert fact("id=354120&batt=5").quality is TimeQuality.ABSENT


@pytest.mark.parametrize("valid", ["false", "0", "no", "A"])
def test_a_place_that_the_tracker_disowns_is_kept_as_a_status_and_not_believed(valid: str) -> None:
    found = fact(query(valid=valid, batt="7", accuracy="5"))
    assert isinstance(found, StatusReported)
    assert found.battery_pct == 7
    assert found.extras == {"valid": False, "lat": 31.2304, "lon": 121.4737, "accuracy": 5.0}
    position(query(valid="true"))
    position(query(valid="1"))


def test_an_sos_says_where_even_if_the_tracker_is_not_sure() -> None:
    status, sos = decode(query(valid="false", alarm="sos")).facts
    assert isinstance(status, StatusReported)
    assert isinstance(sos, SosRaised)
    assert (sos.lat, sos.extras) == (31.2304, {"valid": False})


@pytest.mark.parametrize(
    ("alarm", "raised"), [("sos", True), ("SOS", True), ("lowBattery,sos", True), ("sosa", False), ("general", False)]
)
def test_of_all_alarms_only_sos_calls_for_help_and_the_others_are_kept(alarm: str, raised: bool) -> None:
    said = decode(query(alarm=alarm))
    assert [type(each) for each in said.facts] == [SosRaised] * raised
    assert extras(said.positions[0])["alarm"] == alarm


def test_a_driver_is_the_tracking_companys_name_for_somebody_and_no_worker_of_ours() -> None:
    found = position(query(driverUniqueId="iButton-17", worker="w-1"))
    assert extras(found) == {"driverUniqueId": "iButton-17", "worker": "w-1"}
    (_, sos) = decode(query(lat=None, lon=None, alarm="sos", worker="w-1", driverUniqueId="d")).facts
    assert sos.worker == "w-1"


def test_a_field_without_a_value_says_nothing() -> None:
    assert position(query(speed="", event="")).fact == position(query()).fact


@pytest.mark.parametrize(
    ("level", "battery_pct", "kept"),
    [(0.4, 40, {}), (1, 100, {}), (0, 0, {}), (-1, None, {}), (55, None, {"level": 55}), ("x", None, {"level": "x"})],
)
def test_a_battery_of_the_nested_form_is_a_share_of_one(
    level: Any, battery_pct: int | None, kept: dict[str, Any]
) -> None:
    found = position(nested(battery={"level": level, "is_charging": True}))
    assert found.battery_pct == battery_pct
    assert extras(found)["battery"] == kept | {"is_charging": True}


def test_a_nested_location_may_be_an_array_and_what_cannot_be_read_of_it_is_a_fault() -> None:
    one, other = nested()["location"], nested(timestamp="2026-11-21T01:02:13Z")["location"]
    said = decode({"location": [one, {"timestamp": "soon"}, other], "device_id": "354120"})
    assert [found.observed_at_ms - FIX_MS for found in said.positions] == [0, 10_000]
    assert [(fault.reason, fault.index) for fault in said.unreadable] == [("bad_time", 1)]


def test_a_nested_location_without_coordinates_is_a_status() -> None:
    found = fact({"location": {"timestamp": "2026-11-21T01:02:03Z", "event": "heartbeat"}, "device_id": "354120"})
    assert (found.observed_at_ms, found.extras) == (FIX_MS, {"event": "heartbeat"})


@pytest.mark.parametrize("alarm", [{"location": {"alarm": "sos"}}, {"alarm": "sos"}])
def test_a_nested_sos_is_heard_wherever_it_stands(alarm: dict[str, Any]) -> None:
    said = nested()
    said = said | alarm | {"location": said["location"] | alarm.get("location", {})}
    assert [type(each) for each in decode(said).facts] == [SosRaised]


# Coordinate systems

SHANGHAI_GCJ02 = {"lat": "31.17530398364597", "lon": "121.531541859215"}
SHANGHAI_E7 = (311_774_276, 1_215_272_106)


@pytest.mark.parametrize("name", ["crs", "coordType"])
def test_a_shifted_fix_may_name_its_system(name: str) -> None:
    found = position(query(**SHANGHAI_GCJ02, **{name: "gcj02"}))
    assert (found.lat_e7, found.lon_e7) == SHANGHAI_E7
    assert found.flags & CRS_MASK == Flag.GCJ02
    coords = {"latitude": 31.17530398364597, "longitude": 121.531541859215, name: "gcj02ll"}
    again = position(nested(coords=coords))
    assert (again.lat_e7, again.lon_e7, again.flags) == (*SHANGHAI_E7, found.flags)


def test_the_registry_names_it_for_a_device_that_does_not_and_the_field_goes_before() -> None:
    devices = Devices({"354120": DeviceSettings(crs="gcj02")})
    found = position(query(**SHANGHAI_GCJ02), devices=devices)
    assert (found.lat_e7, found.lon_e7) == SHANGHAI_E7
    straight = position(query(**SHANGHAI_GCJ02, crs="wgs84"), devices=devices)
    assert (straight.lat_e7, straight.flags & CRS_MASK) == (311_753_040, 0)
    (sos,) = decode(query(**SHANGHAI_GCJ02, alarm="sos"), devices=devices).facts
    assert isinstance(sos, SosRaised)
    assert (sos.lat, sos.lon, sos.extras) == (31.1774276, 121.5272106, {"crs": "gcj02"})


def test_an_sos_is_where_its_fix_is_in_whatever_system_that_is_named() -> None:
    (named,) = decode(query(**SHANGHAI_GCJ02, crs="gcj02", alarm="sos")).facts
    assert isinstance(named, SosRaised)
    assert (named.lat, named.lon) == (31.1774276, 121.5272106)
    devices = Devices({"354120": DeviceSettings(crs="gcj02")})
    (straight,) = decode(query(alarm="sos", crs="wgs84"), devices=devices).facts
    assert isinstance(straight, SosRaised)
    assert (straight.lat, straight.lon, straight.extras) == (31.2304, 121.4737, {})


# Identity and topics


@pytest.mark.parametrize("said", [query(id="999"), query(id=None, deviceid="999"), {**nested(), "device_id": "999"}])
def test_a_payload_that_names_another_device_is_the_topics_and_flagged(said: Any) -> None:
    found = position(said)
    assert found.device == "354120"
    assert extras(found)["contradicts"] == "999"
    assert found.fact != position(query()).fact


@pytest.mark.parametrize(
    "said", [query(id=None), query(), {"id": 354120, "lat": 31.2304, "lon": 121.4737, "timestamp": 1}]
)
def test_a_payload_that_names_its_own_device_or_none_is_not_flagged(said: Any) -> None:
    assert extras(position(said)) == {}


def test_an_sos_of_a_payload_that_names_another_device_is_raised_and_flagged() -> None:
    (sos,) = decode(query(id="999", alarm="sos")).facts
    assert (sos.device, sos.extras) == ("354120", {"contradicts": "999"})


def test_a_name_that_is_spelt_otherwise_in_the_registry_is_no_contradiction() -> None:
    assert extras(position(query(id="jane%27s"), device="jane~27s")) == {}


def test_a_fix_is_one_fact_in_the_query_the_form_and_the_flat_object() -> None:
    said = {"id": "354120", "timestamp": 1_795_222_923, "lat": 31.2304, "lon": 121.4737, "batt": 41}
    as_query = position(query(batt="41"))
    assert {position(form).fact for form in (said, [said], "/?" + query(batt="41"), "?" + query(batt="41.0"))} == {
        as_query.fact
    }


def test_a_retained_message_is_no_fact() -> None:
    assert decode(query(), retained=True) == NOTHING


@pytest.mark.parametrize(
    "topic", ["osmand/", "osmand/a/b", "osmand/a b", "osmand/李", "osmand/" + "x" * 129, "elsewhere"]
)
def test_a_topic_without_a_device_is_refused(topic: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        CODEC.decode(Message(topic, query().encode()), Receipt(RECEIVED_MS))
    assert refusal.value.code == "unknown_topic"


def test_its_topics_are_its_own_and_can_be_given() -> None:
    assert codec_of("osmand/354120") is CODEC
    assert CODEC.topic_of("jane.phone") == "osmand/jane.phone"
    assert CODEC.topic_of("a/b") is None


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"", "empty"),
        (b"  ", "empty"),
        (b"/?", "empty"),
        (b"lat=1&lon=\xff", "not_utf8"),
        (b"id=%ff", "not_utf8"),
        (b"{", "not_json"),
        (b"[[]]x", "not_json"),
        ("&".join(["a=1"] * (MOST_FIELDS + 1)), "out_of_range"),
        (query(lat="91"), "out_of_range"),
        (query(lat="NaN"), "out_of_range"),
        (query(lat="here"), "wrong_type"),
        (query(lat=None), "missing_field"),
        (query(lat=None, lon=None, location="31.2"), "wrong_type"),
        (query(lat=None, lon=None, location="null,null"), "wrong_type"),
        (query(timestamp="soon"), "bad_time"),
        (query(timestamp="+"), "bad_time"),
        (query(timestamp="１７９５２２２９２３"), "bad_time"),
        (query(timestamp="9" * 20), "bad_time"),
        (query(speed="fast"), "wrong_type"),
        (query(speed="1e9"), "out_of_range"),
        (query(batt="101"), "out_of_range"),
        (query(crs="mercator"), "unknown_value"),
        (query(worker="x" * 201), "out_of_range"),
        (nested(coords={"latitude": 1}), "missing_field"),
        (nested(mock="yes"), "wrong_type"),
        (nested(battery=[]), "wrong_type"),
        ({**nested(), "device_id": 10**300}, "out_of_range"),
    ],
)
def test_what_cannot_be_read_says_why(said: Any, reason: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        decode(said)
    assert refusal.value.code == reason
