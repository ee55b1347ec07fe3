"""What a Traccar server forwards: messages as its versions write them (ids, places changed), and what they come to."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain.device_settings import DeviceSettings
from domain.errors import Unreadable
from domain.events.facts import Fact, RegionCrossed, SosRaised, StatusReported
from domain.positions import CRS_MASK, Flag, Position
from domain.time import Ms, isoformat
from ingest.codecs import codec_of
from ingest.codecs.traccar import CODEC, device_of
from ingest.devices import Devices
from ingest.message import NOTHING, Decoded, Message
from ingest.reading import Receipt

CAPTURED: dict[str, Any] = json.loads((Path(__file__).parent / "captured_traccar.json").read_bytes())

FIX_MS = 1_795_222_923_000
RECEIVED_MS = Ms(FIX_MS + 7_000)


def decode(said: Any, *, retained: bool = False, devices: Devices | None = None) -> Decoded:
    payload = said if isinstance(said, bytes) else json.dumps(said).encode()
    receipt = Receipt(RECEIVED_MS, devices=devices or Devices())
    return CODEC.decode(Message("traccar/positions", payload, retained=retained), receipt)


def forwarded(which: str = "position", *, device: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A captured message with changes to its position (None leaves a field out) and, by `attributes`, to those."""
    said = deepcopy(CAPTURED[which])
    said["position"]["attributes"] |= changes.pop("attributes", {})
    said["position"] = {name: value for name, value in (said["position"] | changes).items() if value is not None}
    said["device"] |= device or {}
    return dict(said)


def event(**changes: Any) -> dict[str, Any]:
    """The captured event without a position, with changes to the event."""
    said = deepcopy(CAPTURED["offline"])
    said["event"] |= changes
    return dict(said)


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


# Positions


def test_a_forwarded_position_has_its_speed_in_knots() -> None:
    found = position(CAPTURED["position"])
    assert msgspec.structs.replace(found, extras=b"") == Position(
        device="354120",
        observed_at_ms=FIX_MS,
        lat_e7=312_301_534,
        lon_e7=1_214_703_121,
        accuracy_dm=125,
        speed_cms=130,
        heading_cdeg=27_150,
        altitude_dm=80,
        battery_pct=53,
    )
    assert extras(found) == {"protocol": "osmand", "attributes": {"charge": False, "motion": True}}


def test_an_older_server_writes_its_times_with_a_zone_without_a_colon() -> None:
    found = position(CAPTURED["old_server"])
    assert (found.observed_at_ms, found.accuracy_dm, found.speed_cms) == (FIX_MS, None, 0)


def test_an_accuracy_of_zero_is_what_the_server_writes_where_the_tracker_said_none() -> None:
    assert position(forwarded(accuracy=0.0)).accuracy_dm is None


def test_a_position_id_of_zero_is_no_identity_and_what_the_server_adds_is_no_content() -> None:
    first = position(forwarded(id=0))
    again = forwarded(
        id=77,
        serverTime="2026-11-22T05:00:00.000+00:00",
        address="南京路 1",
        geofenceIds=[5],
        attributes={"distance": 0.0, "totalDistance": 7_000.1, "hours": 5},
        device={"name": "另一个", "status": "offline", "lastUpdate": "2026-11-22T05:00:00.000+00:00"},
    )
    assert position(again).fact == first.fact, "a tracker that uploads its day twice has said it once"
    others = [forwarded(latitude=31.5), forwarded(fixTime="2026-11-21T01:02:04Z"), forwarded(attributes={"input": 1})]
    assert len({position(other).fact for other in others} | {first.fact}) == 4


@pytest.mark.parametrize(
    ("stated", "iso"),
    [
        ({"fixTime": "2026-11-21T01:02:03.500Z"}, "2026-11-21T01:02:03.500Z"),
        ({"fixTime": 1_795_222_923_500}, "2026-11-21T01:02:03.500Z"),
        ({"fixTime": "2026-11-21T09:02:03"}, "2026-11-21T01:02:03.000Z"),
        ({"fixTime": None}, "2026-11-21T01:02:03.000Z"),
        ({"fixTime": None, "deviceTime": None}, isoformat(RECEIVED_MS)),
    ],
)
def test_a_position_is_dated_at_its_fix(stated: dict[str, Any], iso: str) -> None:
    devices = Devices({"354120": DeviceSettings(zone="Asia/Shanghai")})
    assert isoformat(position(forwarded(**stated), devices=devices).observed_at_ms) == iso


def test_a_tracker_that_tells_an_older_fix_keeps_both_times() -> None:
    found = position(forwarded(fixTime="2026-11-21T01:01:03.000+00:00"))
    assert found.observed_at_ms == FIX_MS - 60_000
    assert extras(found)["deviceTime"] == "2026-11-21T01:02:03.000+00:00"


@pytest.mark.parametrize("said", [{"valid": False}, {"outdated": True}])
def test_a_place_without_a_fix_is_a_sign_of_life_and_not_a_place(said: dict[str, Any]) -> None:
    found = fact(forwarded(fixTime="2026-11-21T00:00:00.000+00:00", **said))
    assert isinstance(found, StatusReported)
    assert (found.observed_at_ms, found.battery_pct) == (FIX_MS, 53)
    assert found.extras["valid"] is False
    assert (found.extras["lat"], found.extras["lon"]) == (31.2301534, 121.4703121)
    assert found.extras.get("outdated", False) is said.get("outdated", False)


@pytest.mark.parametrize(
    ("level", "battery_pct"), [(0, 0), (100, 100), (41.6, 42), (-1, None), (255, None), ("x", None)]
)
def test_a_battery_level_that_is_no_share_of_a_hundred_is_kept_as_it_came(level: Any, battery_pct: int | None) -> None:
    found = position(forwarded(attributes={"batteryLevel": level}))
    assert found.battery_pct == battery_pct
    assert extras(found)["attributes"].get("batteryLevel") == (level if level in (255, "x") else None)


def test_a_mock_position_is_marked() -> None:
    assert position(forwarded(attributes={"mock": True})).flags == Flag.MOCK_TRUE


def test_coordinates_are_converted_by_the_attribute_or_the_registry() -> None:
    there = {"latitude": 31.17530398364597, "longitude": 121.531541859215}
    named = position(forwarded(**there, attributes={"coordType": "gcj02"}))
    registered = position(forwarded(**there), devices=Devices({"354120": DeviceSettings(crs="gcj02")}))
    for found in (named, registered):
        assert (found.lat_e7, found.lon_e7, found.flags & CRS_MASK) == (311_774_276, 1_215_272_106, Flag.GCJ02)


# Alarms and events


def test_an_sos_among_several_alarms_is_raised_beside_the_position() -> None:
    said = decode(forwarded(attributes={"alarm": "vibration,sos"}))
    (found,) = said.positions
    (sos,) = said.facts
    assert extras(found)["attributes"]["alarm"] == "vibration,sos"
    assert sos == SosRaised(
        recorded_at_ms=RECEIVED_MS,
        fact=sos.fact,
        device="354120",
        observed_at_ms=Ms(FIX_MS),
        lat=31.2301534,
        lon=121.4703121,
    )


def test_an_sos_that_a_position_and_its_event_both_tell_is_one_sos_at_one_position() -> None:
    by_event = decode(CAPTURED["sos"])
    by_position = decode({name: CAPTURED["sos"][name] for name in ("position", "device")})
    assert [sos.fact for sos in by_event.facts] == [sos.fact for sos in by_position.facts] != []
    assert [found.fact for found in by_event.positions] == [found.fact for found in by_position.positions] != []


def test_an_sos_without_a_position_is_raised_all_the_same() -> None:
    found = fact(event(type="alarm", attributes={"alarm": "sos"}))
    assert isinstance(found, SosRaised)
    assert (found.device, found.observed_at_ms, found.lat) == ("354120", FIX_MS + 600_000, None)


def test_an_sos_event_counts_where_the_position_does_not_repeat_the_alarm() -> None:
    said = deepcopy(CAPTURED["sos"])
    del said["position"]["attributes"]["alarm"]
    assert [type(each) for each in decode(said).facts] == [SosRaised]


@pytest.mark.parametrize(("kind", "way"), [("geofenceEnter", "enter"), ("geofenceExit", "leave")])
def test_crossing_a_geofence_of_the_server_is_the_crossing_of_a_region(kind: str, way: str) -> None:
    said = deepcopy(CAPTURED["crossing"])
    said["event"]["type"] = kind
    decoded = decode(said)
    (found,) = decoded.facts
    assert found == RegionCrossed(
        recorded_at_ms=RECEIVED_MS,
        fact=found.fact,
        device="354120",
        observed_at_ms=Ms(FIX_MS),
        event=way,  # type: ignore[arg-type]
        place="张阿姨家",
        lat=31.2301534,
        lon=121.4703121,
        accuracy_m=12.5,
        extras={"geofenceId": 5},
    )
    assert len(decoded.positions) == 1


@pytest.mark.parametrize(
    ("kind", "online"), [("deviceOnline", True), ("deviceOffline", False), ("deviceUnknown", None)]
)
def test_a_tracker_that_comes_and_goes_is_a_status(kind: str, online: bool | None) -> None:
    found = fact(event(type=kind))
    assert isinstance(found, StatusReported)
    assert (found.online, found.observed_at_ms, found.extras) == (online, FIX_MS + 600_000, {"event": kind})


@pytest.mark.parametrize("kind", ["deviceMoving", "ignitionOn", "maintenance", "alarm", "something of tomorrow"])
def test_any_other_event_is_kept_as_a_status(kind: str) -> None:
    found = fact(event(type=kind, attributes={"alarm": "lowBattery"}, more=1))
    assert isinstance(found, StatusReported)
    assert found.extras == {"event": kind, "attributes": {"alarm": "lowBattery"}, "more": 1}


# Devices and topics


@pytest.mark.parametrize(
    ("unique_id", "device"),
    [("354120", "354120"), ("AA:BB.1", "AA:BB.1"), ("li si", "li~20si"), ("li~20si", "li~7e20si"), ("李", "~e6~9d~8e")],
)
def test_the_message_says_whose_it_is_and_no_two_trackers_become_one(unique_id: str, device: str) -> None:
    assert device_of(unique_id) == device
    assert position(forwarded(device={"uniqueId": unique_id})).device == device


def test_it_speaks_for_many_so_no_device_has_a_topic() -> None:
    assert codec_of("traccar/events") is CODEC
    assert CODEC.topic_of("354120") is None


def test_a_retained_message_is_no_fact() -> None:
    assert decode(CAPTURED["position"], retained=True) == NOTHING


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"", "empty"),
        (b"id=1&lat=2", "not_json"),
        ([], "not_an_object"),
        ({}, "missing_field"),
        ({"device": {"uniqueId": "1"}}, "missing_field"),
        ({"position": {}, "device": {"id": 1}}, "missing_field"),
        (forwarded(device={"uniqueId": ""}), "out_of_range"),
        (forwarded(device={"uniqueId": "李" * 20}), "out_of_range"),
        (forwarded(device={"uniqueId": 7}), "wrong_type"),
        (forwarded(latitude=91.0), "out_of_range"),
        (forwarded(longitude=None), "missing_field"),
        (forwarded(speed=1e9), "out_of_range"),
        (forwarded(fixTime="soon"), "bad_time"),
        (forwarded(fixTime=10**300), "out_of_range"),
        (forwarded(attributes={"crs": 7}), "unknown_value"),
        (event(type=None), "wrong_type"),
        (event(eventTime="later"), "bad_time"),
    ],
)
def test_what_cannot_be_read_says_why(said: Any, reason: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        decode(said)
    assert refusal.value.code == reason
