"""ChirpStack v4: events as its JSON marshaler writes them, and what they come to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain.device_settings import DeviceSettings
from domain.errors import Unreadable
from domain.events.facts import ButtonPressed, ContactChanged, Fact, SosRaised, StatusReported, TagScanned, TimeQuality
from domain.positions import Flag, Position
from domain.time import Ms
from ingest.codecs import codec_of
from ingest.codecs.chirpstack import CODEC, OTHERS
from ingest.devices import Devices
from ingest.message import NOTHING, Decoded, Message
from ingest.reading import Receipt

CAPTURED: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "captured" / "chirpstack.json").read_bytes())
TRACKERS: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "captured" / "trackers.json").read_bytes())

RECEIVED_MS = Ms(1_795_222_930_000)
HEARD_MS = 1_795_222_923_775
"""2026-11-21T01:02:03.775Z"""

DEVICE = "a84041dd21834b1e"
APPLICATION = "application/17c82e96-be03-4f38-aef3-f83d48582d97"


def decode(
    said: dict[str, Any] | bytes, event: str = "up", *, eui: str = DEVICE, retained: bool = False, **settings: Any
) -> Decoded:
    payload = said if isinstance(said, bytes) else json.dumps(said).encode()
    devices = Devices({DEVICE: DeviceSettings(**settings)}, zone="Asia/Shanghai")
    message = Message(f"{APPLICATION}/device/{eui}/event/{event}", payload, retained=retained)
    return CODEC.decode(message, Receipt(RECEIVED_MS, devices=devices))


def up(fields: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """The captured uplink with another payload, and changes."""
    return CAPTURED["up_trackerd"] | {"object": fields or {}} | changes


def position(said: Decoded) -> Position:
    (found,) = said.positions
    return found


def fact(said: Decoded) -> Fact:
    (found,) = said.facts
    return found


def extras(found: Position) -> dict[str, Any]:
    return dict(msgspec.json.decode(found.extras or b"{}"))


# Uplinks


def test_a_tracker_on_the_way() -> None:
    said = decode(CAPTURED["up_trackerd"], model="dragino-trackerd")
    assert msgspec.structs.replace(position(said), extras=b"") == Position(
        device=DEVICE, observed_at_ms=HEARD_MS, lat_e7=312_304_000, lon_e7=1_214_737_000, sent_ms=HEARD_MS
    )
    assert extras(position(said)) == {
        "Hum": 58.9,
        "LON": "ON",
        "MD": 0,
        "Tem": 24.8,
        "battery_v": 3.942,
        "moving": True,
    }
    assert said.facts == []


def test_nanoseconds_are_cut_to_milliseconds() -> None:
    assert CAPTURED["up_trackerd"]["time"].endswith(".775023242+00:00")
    assert position(decode(CAPTURED["up_trackerd"])).observed_at_ms == HEARD_MS


def test_a_second_delivery_is_the_same_fact_whatever_its_deduplication_id_and_gateways() -> None:
    fields = {"latitude": 31.2, "longitude": 121.4, "sos": True, "button": "single", "open": None}
    first = decode(up(fields))
    again = decode(up(fields, deduplicationId="f7e1f2a4-0000-4000-8000-000000000000", rxInfo=[], txInfo=None, dr=3))
    assert [each.fact for each in first.positions] == [each.fact for each in again.positions]
    assert [each.fact for each in first.facts] == [each.fact for each in again.facts]
    assert len(first.facts) == 2


def test_an_alarm_is_a_call_for_help_beside_the_position() -> None:
    said = decode(up(TRACKERS["dragino-trackerd"]), model="dragino-trackerd")
    sos = fact(said)
    assert isinstance(sos, SosRaised)
    assert (sos.lat, sos.lon, sos.observed_at_ms) == (31.2304, 121.4737, HEARD_MS)
    assert position(said).lat_e7 == 312_304_000


def test_an_alarm_indoors_is_a_call_for_help_without_a_place() -> None:
    said = decode(up(TRACKERS["dragino-trackerd alarm indoors"]), model="dragino-trackerd")
    sos = fact(said)
    assert isinstance(sos, SosRaised)
    assert (sos.lat, sos.lon, sos.extras["battery_v"]) == (None, None, 3.942)
    assert said.positions == []


def test_two_calls_under_the_time_of_one_old_fix_are_two() -> None:
    fields = TRACKERS["sensecap-t1000"]
    calls = [fact(decode(up(fields, fCnt=count), model="sensecap-t1000")) for count in (7, 8, 8)]
    assert [call.observed_at_ms for call in calls] == [1_795_222_918_000] * 3
    assert calls[0].fact != calls[1].fact
    assert calls[1].fact == calls[2].fact


def test_a_door_is_a_contact_and_its_battery_a_status() -> None:
    contact, status = decode(up(TRACKERS["milesight-ws301"]), model="milesight-ws301").facts
    assert isinstance(contact, ContactChanged)
    assert isinstance(status, StatusReported)
    assert (contact.open, status.battery_pct, status.network) == (True, 100, "lorawan")
    assert (contact.extras, status.extras) == ({"tamper_status": "installed"}, {})


def test_a_button_is_a_button() -> None:
    pressed, _ = decode(up(TRACKERS["milesight-ws101"]), model="milesight-ws101").facts
    assert isinstance(pressed, ButtonPressed)
    assert pressed.press == "double"


def test_a_beacon_that_a_tracker_sees_is_a_scan() -> None:
    scan = fact(decode(up(TRACKERS["dragino-trackerd sees a beacon"]), model="dragino-trackerd"))
    assert isinstance(scan, TagScanned)
    assert (scan.device, scan.tag) == (DEVICE, "beacon:e2c56db5dffb48d2b060d0f5a71096e0:1:7")


def test_a_tracker_without_a_fix_lives() -> None:
    status = fact(decode(up({"latitude": 0, "longitude": 0, "BatV": 3.3})))
    assert isinstance(status, StatusReported)
    assert (status.network, status.observed_at_ms) == ("lorawan", HEARD_MS)
    assert status.extras == {"latitude": 0, "longitude": 0, "battery_v": 3.3}


@pytest.mark.parametrize("fields", [None, {}, {"something": {"else": 1}}])
def test_an_uplink_that_nobody_decodes_shows_that_the_device_lives_and_keeps_its_bytes(
    fields: dict[str, Any] | None,
) -> None:
    status = fact(decode(CAPTURED["up_without_codec"] | {"object": fields}, eui="24e124136b502217"))
    assert isinstance(status, StatusReported)
    assert (status.battery_pct, status.network) == (None, "lorawan")
    assert status.extras == {"data": "AXVkAwAB", "port": 85} | (fields or {})


def test_the_devices_own_time_goes_before_the_networks() -> None:
    found = position(decode(up({"latitude": 31.2, "longitude": 121.4, "fix_time": 1_795_222_900})))
    assert (found.observed_at_ms, found.sent_ms) == (1_795_222_900_000, HEARD_MS)


def test_a_fix_that_was_kept_out_of_reach_is_dated_when_it_was_made() -> None:
    said = decode(up(TRACKERS["dragino-trackerd kept fix"], fPort=4), model="dragino-trackerd")
    assert (position(said).observed_at_ms, position(said).sent_ms) == (1_795_222_689_000, HEARD_MS)


def test_several_kept_fixes_are_several_positions() -> None:
    said = decode(up(TRACKERS["milesight-at101 kept fixes"]), model="milesight-at101")
    assert [each.observed_at_ms for each in said.positions] == [1_795_222_323_000, 1_795_222_623_000]


def test_without_a_time_of_the_event_the_first_gateway_tells_it() -> None:
    later, earlier = "2026-11-21T01:02:03.900Z", "2026-11-21T01:02:03.775Z"
    fields = {"latitude": 31.2, "longitude": 121.4}
    heard = up(fields, time=None, rxInfo=[{"gwTime": later}, {"gwTime": earlier, "nsTime": later}, {"nsTime": later}])
    assert position(decode(heard)).observed_at_ms == HEARD_MS
    by_server = up(fields, time=None, rxInfo=[{"gwTime": None, "nsTime": earlier}, {"gwTime": 7}, "x"])
    assert position(decode(by_server)).observed_at_ms == HEARD_MS


def test_without_any_time_it_is_judged_at_its_receipt() -> None:
    found = position(decode(up({"latitude": 31.2, "longitude": 121.4}, time=None, rxInfo=None)))
    assert found.flags & Flag.TIME_UNSET
    assert fact(decode(up({}, time=None, rxInfo=None))).quality is TimeQuality.ABSENT


@pytest.mark.parametrize("far", [1e300, -(10**400), 2**63, "9" * 5_000])
def test_a_number_beyond_measure_costs_neither_the_call_nor_the_sign_of_life(far: Any) -> None:
    said = decode(up({"latitude": far, "longitude": far, "battery_pct": far, "sos": True, "timestamp": far}))
    assert isinstance(fact(said), SosRaised)
    assert said.positions == []


def test_a_field_map_of_the_registry_is_used() -> None:
    said = decode(up({"p": {"y": 312_304_000, "x": 1_214_737_000}}), fields={"lat_e7": "p.y", "lon_e7": "p.x"})
    assert (position(said).lat_e7, position(said).lon_e7) == (312_304_000, 1_214_737_000)


def test_coordinates_in_another_system_are_converted_for_the_call_as_well() -> None:
    said = decode(up({"latitude": 31.2304, "longitude": 121.4737, "sos": True}), crs="gcj02")
    sos = fact(said)
    assert isinstance(sos, SosRaised)
    assert position(said).lat_e7 != 312_304_000
    assert (round((sos.lat or 0) * 1e7), round((sos.lon or 0) * 1e7)) == (position(said).lat_e7, position(said).lon_e7)


# The device


def test_the_device_is_its_eui_in_small_letters() -> None:
    assert position(decode(CAPTURED["up_trackerd"], eui=DEVICE.upper())).device == DEVICE


def test_another_device_in_the_payload_is_kept_and_the_topics_counts() -> None:
    said = decode(up({"sos": True}, deviceInfo={"devEui": "24e124136b502217"}))
    assert (fact(said).device, fact(said).extras["contradicts"]) == (DEVICE, "24e124136b502217")


def test_a_name_that_no_database_can_hold_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        decode(up(deviceInfo={"devEui": "\0"}))


def test_the_same_eui_spelt_otherwise_is_no_contradiction() -> None:
    said = decode(up({"sos": True}, deviceInfo={"devEui": "A8-40-41-DD-21-83-4B-1E"}))
    assert "contradicts" not in fact(said).extras


# Other events


def test_a_location_has_coordinates_of_its_own() -> None:
    found = position(decode(CAPTURED["location"], "location"))
    assert msgspec.structs.replace(found, extras=b"") == Position(
        device=DEVICE,
        observed_at_ms=HEARD_MS,
        lat_e7=312_311_000,
        lon_e7=1_214_712_000,
        accuracy_dm=850,
        flags=int(Flag.NETWORK),
        sent_ms=HEARD_MS,
    )
    assert extras(found) == {"source": "GEO_RESOLVER_TDOA"}


def test_a_location_leaves_zeros_out() -> None:
    found = position(decode(CAPTURED["location"] | {"location": {"longitude": 32.5}}, "location"))
    assert (found.lat_e7, found.accuracy_dm) == (0, None)


@pytest.mark.parametrize("place", [{}, {"latitude": 31.2, "longitude": 121.4, "source": "CONFIG"}])
def test_a_place_that_somebody_entered_and_none_at_all_are_no_location(place: dict[str, Any]) -> None:
    assert decode(CAPTURED["location"] | {"location": place}, "location") == NOTHING


@pytest.mark.parametrize(
    ("case", "battery_pct", "said"),
    [
        ("status", 76, {"margin": 10}),
        ("status_on_mains", None, {"margin": -3, "external_power_source": True}),
        ("status_unknown", None, {"margin": 22}),
    ],
)
def test_a_battery_level_of_0_is_no_empty_battery(case: str, battery_pct: int | None, said: dict[str, Any]) -> None:
    status = fact(decode(CAPTURED[case], "status"))
    assert isinstance(status, StatusReported)
    assert (status.battery_pct, status.network, status.extras) == (battery_pct, "lorawan", said)


def test_a_device_that_joins_is_there() -> None:
    status = fact(decode(CAPTURED["join"], "join"))
    assert isinstance(status, StatusReported)
    assert (status.online, status.network, status.observed_at_ms) == (True, "lorawan", 1_795_222_923_101)


@pytest.mark.parametrize("event", sorted(OTHERS))
def test_what_the_network_says_of_itself_is_nothing(event: str) -> None:
    assert decode(CAPTURED.get(event, {}), event) == NOTHING


# What cannot be read


@pytest.mark.parametrize("event", ["up", "location", "status", "join"])
@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"\x0a\x10abc",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"time":"yesterday"}',
        b'{"object":{"latitude":NaN}}',
        b'{"object":{"latitude":1e999}}',
        b'{"object":{"\\ud800":1}}',
    ],
)
def test_junk_is_unreadable(event: str, junk: bytes) -> None:
    with pytest.raises(Unreadable):
        decode(junk, event)


@pytest.mark.parametrize(
    "change",
    [
        {"object": []},
        {"object": "TRUE"},
        {"deviceInfo": []},
        {"deviceInfo": {"devEui": 7}},
        {"fCnt": "x"},
        {"data": {}},
        {"time": 1_795_222_923},
        {"time": "2026-11-21T01:02:03"},
    ],
)
def test_an_uplink_of_another_shape_is_unreadable(change: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        decode(up() | change)


@pytest.mark.parametrize("latitude", [1e300, 91, "north"])
def test_a_location_beyond_the_earth_is_unreadable(latitude: Any) -> None:
    with pytest.raises(Unreadable):
        decode({"location": {"latitude": latitude, "longitude": 2}}, "location")


def test_fields_nested_too_deeply_are_unreadable() -> None:
    deep: dict[str, Any] = {}
    for _ in range(40):
        deep = {"x": deep}
    with pytest.raises(Unreadable, match="nested"):
        decode(up(deep))


@pytest.mark.parametrize(
    "topic",
    [
        "application/1/device/a84041dd21834b1e/event/",
        "application/1/device/a84041dd21834b1e/event/party",
        "application/1/device/a84041dd21834b1e/command/down",
        "application/1/device/tracker-07/event/up",
        "application//device/a84041dd21834b1e/event/up",
        "application/1/device/a84041dd21834b1e/event/up\n",
        "application/",
    ],
)
def test_other_topics_are_unknown(topic: str) -> None:
    with pytest.raises(Unreadable) as caught:
        CODEC.decode(Message(topic, b"{}"), Receipt(RECEIVED_MS))
    assert caught.value.code == "unknown_topic"


def test_retained_is_old() -> None:
    assert decode(CAPTURED["up_trackerd"], retained=True) == NOTHING


def test_its_topics_are_its_own_and_no_devices() -> None:
    assert codec_of(f"{APPLICATION}/device/{DEVICE}/event/up").name == "chirpstack"
    assert CODEC.topic_of(DEVICE) is None
