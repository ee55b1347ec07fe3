"""The Things Stack v3: messages as its MQTT server writes them, and what they come to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain.device_settings import DeviceSettings
from domain.errors import Unreadable
from domain.events.facts import Fact, SosRaised, StatusReported
from domain.ids import REGISTERED
from domain.positions import Flag, Position
from domain.time import Ms
from ingest.codecs import codec_of
from ingest.codecs.ttn import CODEC
from ingest.devices import Devices
from ingest.message import NOTHING, Decoded, Message
from ingest.reading import Receipt

CAPTURED: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "captured" / "ttn.json").read_bytes())

RECEIVED_MS = Ms(1_795_222_930_000)
HEARD_MS = 1_795_222_923_897

DEVICE = "ttn:doorstep-demo.ttn:tracker-07"
TOPIC = "v3/doorstep-demo@ttn/devices/tracker-07"


def decode(
    said: dict[str, Any] | bytes, event: str = "up", *, topic: str = TOPIC, retained: bool = False, **settings: Any
) -> Decoded:
    payload = said if isinstance(said, bytes) else json.dumps(said).encode()
    devices = Devices({DEVICE: DeviceSettings(**settings)}, zone="Asia/Shanghai")
    return CODEC.decode(Message(f"{topic}/{event}", payload, retained=retained), Receipt(RECEIVED_MS, devices=devices))


def up(fields: dict[str, Any] | None, **changes: Any) -> dict[str, Any]:
    """The captured uplink with another payload, and changes of the uplink; None leaves a field out."""
    uplink = CAPTURED["up_lgt92"]["uplink_message"] | {"decoded_payload": fields} | changes
    return CAPTURED["up_lgt92"] | {
        "uplink_message": {name: value for name, value in uplink.items() if value is not None}
    }


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
    said = decode(CAPTURED["up_lgt92"], model="dragino-lgt92")
    assert msgspec.structs.replace(position(said), extras=b"") == Position(
        device=DEVICE,
        observed_at_ms=HEARD_MS,
        lat_e7=312_304_000,
        lon_e7=1_214_737_000,
        altitude_dm=124,
        sent_ms=HEARD_MS,
    )
    assert extras(position(said)) == {
        "FW": 166,
        "LON": "ON",
        "MD": "Disable",
        "Pitch": 0,
        "Roll": 0,
        "battery_v": 3.36,
        "hdop": 0.9,
    }
    assert said.facts == []


def test_zero_and_false_fields_are_omitted() -> None:
    status = fact(decode(CAPTURED["up_least"]))
    assert isinstance(status, StatusReported)
    assert status.extras == {"data": "gkHe"}
    assert status.observed_at_ms == HEARD_MS


def test_an_uplink_without_any_payload_shows_that_the_device_lives() -> None:
    status = fact(decode({"received_at": "2026-11-21T01:02:03.897Z", "uplink_message": {}}))
    assert isinstance(status, StatusReported)
    assert (status.network, status.observed_at_ms, status.extras) == ("lorawan", HEARD_MS, {})


def test_one_coordinate_alone_is_not_taken_for_the_equator() -> None:
    assert decode(up({"Latitude": 31.2304, "Date": "2026:11:21"}), model="dragino-lgt92").positions == []


def test_places_that_the_network_remembers_are_no_fix() -> None:
    said = decode(CAPTURED["up_no_fix_with_old_places"], model="dragino-lgt92")
    assert said.positions == []
    assert isinstance(fact(said), StatusReported)


def test_an_alarm_is_a_call_for_help_beside_the_position() -> None:
    said = decode(up({"latitude": 31.2304, "longitude": 121.4737, "ALARM_status": "TRUE"}))
    sos = fact(said)
    assert isinstance(sos, SosRaised)
    assert (sos.lat, sos.lon, sos.device) == (31.2304, 121.4737, DEVICE)


def test_a_second_delivery_is_the_same_fact() -> None:
    fields = {"latitude": 31.2304, "longitude": 121.4737, "sos": True}
    first, again = decode(up(fields)), decode(up(fields, rx_metadata=[], consumed_airtime=None, locations=None))
    assert position(first).fact == position(again).fact
    assert fact(first).fact == fact(again).fact


def test_the_network_servers_time_goes_before_the_gateways_and_both_before_the_application_servers() -> None:
    fields = {"latitude": 31.2, "longitude": 121.4}
    times = [
        position(decode(up(fields, **without))).observed_at_ms
        for without in ({}, {"received_at": None}, {"received_at": None, "settings": None})
    ]
    assert times == [HEARD_MS, 1_795_222_923_801, 1_795_222_924_102]


def test_the_devices_own_time_goes_before_the_networks() -> None:
    found = position(decode(up({"latitude": 31.2, "longitude": 121.4, "fix_time": 1_795_222_900})))
    assert (found.observed_at_ms, found.sent_ms) == (1_795_222_900_000, HEARD_MS)


def test_a_simulated_uplink_is_marked() -> None:
    said = decode(up({"latitude": 31.2, "longitude": 121.4, "sos": True}) | {"simulated": True})
    assert position(said).flags & Flag.MOCK_TRUE
    assert extras(position(said))["simulated"] is True


# The device


def test_two_applications_may_have_the_same_device_id() -> None:
    topics = ("v3/one/devices/dev1", "v3/two/devices/dev1", "v3/two@acme/devices/dev1")
    devices = [position(decode(up({"lat": 31, "lon": 121}), topic=topic)).device for topic in topics]
    assert devices == ["ttn:one:dev1", "ttn:two:dev1", "ttn:two.acme:dev1"]
    assert all(REGISTERED.fullmatch(device) for device in devices)


def test_the_longest_ids_fit_into_the_registry() -> None:
    longest = "a" * 36
    said = decode(up({"lat": 31, "lon": 121}), topic=f"v3/{longest}@{longest}/devices/{longest}")
    assert REGISTERED.fullmatch(position(said).device)


def test_the_open_source_server_has_no_tenant() -> None:
    said = decode(CAPTURED["up_lgt92"], topic="v3/doorstep-demo/devices/tracker-07")
    assert position(said).device == "ttn:doorstep-demo:tracker-07"
    assert "contradicts" not in extras(position(said))


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ({"device_id": "tracker-08"}, "ttn:doorstep-demo:tracker-08"),
        ({"device_id": "tracker-07", "application_ids": {"application_id": "other"}}, "ttn:other:tracker-07"),
    ],
)
def test_another_device_in_the_payload_is_kept_and_the_topics_counts(ids: dict[str, Any], said: str) -> None:
    found = position(decode(up({"lat": 31, "lon": 121}) | {"end_device_ids": ids}))
    assert (found.device, extras(found)["contradicts"]) == (DEVICE, said)


# Other messages


def test_a_device_that_joins_is_there() -> None:
    status = fact(decode(CAPTURED["join"], "join"))
    assert isinstance(status, StatusReported)
    assert (status.online, status.network, status.observed_at_ms) == (True, "lorawan", 1_795_222_922_500)


def test_a_location_that_a_service_solved_is_a_position() -> None:
    found = position(decode(CAPTURED["solved_by_network"], "location/solved"))
    assert (found.lat_e7, found.lon_e7, found.accuracy_dm) == (312_311_000, 1_214_712_000, 12_000)
    assert found.flags == Flag.NETWORK
    assert extras(found) == {"service": "lora-cloud-geolocation-v3", "source": "SOURCE_LORA_RSSI_GEOLOCATION"}


def test_a_solved_location_leaves_zeros_out() -> None:
    solved = {"location": {"longitude": 32.5, "source": "SOURCE_GPS"}}
    found = position(decode(CAPTURED["solved_by_network"] | {"location_solved": solved}, "location/solved"))
    assert (found.lat_e7, found.accuracy_dm, found.flags) == (0, None, Flag.GPS)


def test_a_location_from_the_payload_is_the_uplinks_own_and_not_told_twice() -> None:
    assert decode(CAPTURED["solved_from_payload"], "location/solved") == NOTHING


@pytest.mark.parametrize("place", [{}, {"latitude": 52.4, "longitude": 4.9, "source": "SOURCE_REGISTRY"}])
def test_a_place_that_somebody_entered_and_none_at_all_are_no_location(place: dict[str, Any]) -> None:
    solved = {"location_solved": {"location": place}}
    assert decode(CAPTURED["solved_by_network"] | solved, "location/solved") == NOTHING


@pytest.mark.parametrize(
    ("event", "case"),
    [
        ("down/queued", "down_queued"),
        ("down/push", "down_queued"),
        ("service/data", "service_data"),
        ("up/normalized", "up_lgt92"),
    ],
)
def test_downlinks_and_what_services_say_are_nothing(event: str, case: str) -> None:
    assert decode(CAPTURED[case], event) == NOTHING


# What cannot be read


@pytest.mark.parametrize("event", ["up", "join", "location/solved"])
@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"\xff",
        b"[]",
        b"7",
        b"[" * 100_000,
        b'{"received_at":"now"}',
        b'{"uplink_message":{"decoded_payload":{"lat":NaN}}}',
        b'{"uplink_message":{"frm_payload":"\\ud800"}}',
    ],
)
def test_junk_is_unreadable(event: str, junk: bytes) -> None:
    with pytest.raises(Unreadable):
        decode(junk, event)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"uplink_message": []},
        {"uplink_message": {"decoded_payload": [1]}},
        {"uplink_message": {"frm_payload": 7}},
        {"uplink_message": {}, "end_device_ids": []},
        {"uplink_message": {}, "end_device_ids": {"device_id": "a\0b"}},
        {"uplink_message": {"received_at": "2026-11-21T01:02:03"}},
    ],
)
def test_an_uplink_of_another_shape_is_unreadable(said: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        decode(said)


@pytest.mark.parametrize("latitude", [1e300, 91, "NaN"])
def test_a_location_beyond_the_earth_is_unreadable(latitude: Any) -> None:
    with pytest.raises(Unreadable):
        decode({"location_solved": {"location": {"latitude": latitude, "longitude": 2}}}, "location/solved")


@pytest.mark.parametrize(
    "topic",
    [
        "v3/app/devices/dev1",
        "v3/app/devices/dev1/party",
        "v3/App/devices/dev1/up",
        "v3/app@/devices/dev1/up",
        "v3/app/devices/" + "d" * 37 + "/up",
        "v3/app/devices/dev1/up\n",
        "v3/",
    ],
)
def test_other_topics_are_unknown(topic: str) -> None:
    with pytest.raises(Unreadable) as caught:
        CODEC.decode(Message(topic, b"{}"), Receipt(RECEIVED_MS))
    assert caught.value.code == "unknown_topic"


def test_retained_is_old() -> None:
    assert decode(CAPTURED["up_lgt92"], retained=True) == NOTHING


def test_its_topics_are_its_own_and_no_devices() -> None:
    assert codec_of(f"{TOPIC}/up").name == "ttn"
    assert CODEC.topic_of(DEVICE) is None
