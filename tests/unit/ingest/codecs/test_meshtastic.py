"""Meshtastic: JSON as gateways of the mesh publish it, and what it comes to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain.errors import Unreadable
from domain.events.device import DeviceStatusChanged
from domain.events.facts import Fact, StatusReported, TimeQuality
from domain.positions import Flag, Position
from domain.time import Ms
from ingest.codecs import codec_of
from ingest.codecs.meshtastic import CODEC
from ingest.message import NOTHING, Decoded, Message
from ingest.reading import Receipt

CAPTURED: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "captured" / "meshtastic.json").read_bytes())

RECEIVED_MS = Ms(1_795_222_930_000)
TOPIC = "msh/CN/2/json/LongFast/!7efeee00"


def decode(said: dict[str, Any] | bytes, topic: str = TOPIC, *, retained: bool = False) -> Decoded:
    payload = said if isinstance(said, bytes) else json.dumps(said).encode()
    return CODEC.decode(Message(topic, payload, retained=retained), Receipt(RECEIVED_MS))


def at(**payload: Any) -> dict[str, Any]:
    """The captured position with changes of its payload; None leaves a field out."""
    changed = CAPTURED["position"]["payload"] | payload
    return CAPTURED["position"] | {"payload": {name: value for name, value in changed.items() if value is not None}}


def position(said: Decoded) -> Position:
    (found,) = said.positions
    return found


def fact(said: Decoded) -> Fact:
    (found,) = said.facts
    return found


def extras(found: Position) -> dict[str, Any]:
    return dict(msgspec.json.decode(found.extras or b"{}"))


# Positions


def test_a_node_on_the_way_in_1e_7_degrees() -> None:
    found = position(decode(CAPTURED["position"]))
    assert msgspec.structs.replace(found, extras=b"") == Position(
        device="7efeee00",
        observed_at_ms=1_795_222_923_000,
        lat_e7=312_304_000,
        lon_e7=1_214_737_000,
        altitude_dm=1_130,
        sent_ms=1_795_222_924_000,
    )


def test_the_outer_timestamp_is_the_receipt_and_the_payloads_time_the_fix() -> None:
    found = position(decode(CAPTURED["position"]))
    assert (found.observed_at_ms, found.sent_ms) == (1_795_222_923_000, 1_795_222_924_000)


def test_the_same_packet_through_two_gateways_is_one_fact() -> None:
    first = position(decode(CAPTURED["position"]))
    second = position(decode(CAPTURED["position_at_another_gateway"], "msh/CN/2/json/Other/!a1b2c3d4"))
    assert first.fact == second.fact
    assert first.sent_ms != second.sent_ms


def test_the_same_packet_without_a_time_through_two_gateways_is_one_fact() -> None:
    first = position(decode(at(time=None)))
    second = position(decode(at(time=None) | {"timestamp": 1_795_222_927, "sender": "!a1b2c3d4"}))
    assert first.fact == second.fact


def test_another_packet_is_another_fact() -> None:
    assert (
        position(decode(CAPTURED["position"])).fact != position(decode(CAPTURED["position"] | {"id": 452_664_790})).fact
    )


def test_from_was_signed_before_2_2() -> None:
    assert CAPTURED["position_before_2_2"]["from"] < 0
    found = position(decode(CAPTURED["position_before_2_2"], "msh/2/json/LongFast/!a961d000"))
    assert found.device == "a961d000"


def test_a_signed_and_an_unsigned_packet_id_are_the_same() -> None:
    signed = CAPTURED["position_before_2_2"]
    unsigned = signed | {"id": signed["id"] % 2**32, "from": signed["from"] % 2**32}
    assert position(decode(signed)).fact == position(decode(unsigned)).fact


@pytest.mark.parametrize("time", [0, None, 12])
def test_a_time_of_0_is_unknown(time: int | None) -> None:
    found = position(decode(at(time=time)))
    assert found.flags & Flag.TIME_UNSET
    assert (found.observed_at_ms, found.sent_ms) == (0, 1_795_222_924_000)


def test_an_old_fix_repeated_under_the_present_time_is_old() -> None:
    found = position(decode(at(timestamp=1_795_219_000)))
    assert (found.observed_at_ms, extras(found)["time"]) == (1_795_219_000_000, 1_795_222_923)


def test_a_satellite_time_after_the_message_is_not_believed() -> None:
    assert position(decode(at(timestamp=1_795_229_999))).observed_at_ms == 1_795_222_923_000


@pytest.mark.parametrize(("bits", "accuracy_dm"), [(32, None), (0, None), (None, None), (16, 3_648), (13, 29_182)])
def test_a_blurred_position_is_as_inaccurate_as_its_channel_makes_it(bits: int | None, accuracy_dm: int | None) -> None:
    assert position(decode(at(precision_bits=bits))).accuracy_dm == accuracy_dm


def test_speed_and_track_whose_units_are_disputed_are_only_kept() -> None:
    found = position(decode(CAPTURED["position"]))
    assert (found.speed_cms, found.heading_cdeg) == (None, None)
    assert (extras(found)["ground_speed"], extras(found)["ground_track"]) == (4, 17_456_000)


@pytest.mark.parametrize("place", [{"latitude_i": 0, "longitude_i": 0}, {"latitude_i": None, "longitude_i": None}])
def test_a_node_that_does_not_know_where_it_is_says_nothing(place: dict[str, Any]) -> None:
    assert decode(at(**place)) == NOTHING


def test_a_zero_that_was_left_out_is_on_the_equator() -> None:
    assert position(decode(at(latitude_i=None))).lat_e7 == 0


# Other packets


def test_telemetry_tells_the_battery() -> None:
    status = fact(decode(CAPTURED["telemetry"]))
    assert isinstance(status, StatusReported)
    assert (status.device, status.battery_pct, status.network) == ("7efeee00", 78, "meshtastic")
    assert status.extras["payload"]["voltage"] == 3.998


def test_a_battery_of_101_is_a_plug() -> None:
    said = CAPTURED["telemetry"] | {"payload": {"battery_level": 101}}
    status = fact(decode(said))
    assert isinstance(status, StatusReported)
    assert (status.battery_pct, status.extras["payload"]) == (None, {"battery_level": 101})


def test_telemetry_through_two_gateways_is_one_fact() -> None:
    first = fact(decode(CAPTURED["telemetry"]))
    again = {"timestamp": 1_795_222_927, "sender": "!a1b2c3d4", "rssi": -99, "hops_away": 2, "channel": 3}
    second = fact(decode(CAPTURED["telemetry"] | again, "msh/US/bayarea/2/json/LongFast/!a1b2c3d4"))
    assert first.fact == second.fact
    assert fact(decode(CAPTURED["telemetry"] | {"id": 1})).fact != first.fact


def test_telemetry_is_dated_by_the_gateway_and_without_that_by_its_receipt() -> None:
    assert fact(decode(CAPTURED["telemetry"])).observed_at_ms == 1_795_222_924_000
    undated = fact(decode(CAPTURED["telemetry"] | {"timestamp": 0}))
    assert (undated.observed_at_ms, undated.quality) == (None, TimeQuality.ABSENT)


@pytest.mark.parametrize("case", ["nodeinfo", "detection"])
def test_what_a_node_says_of_itself_is_a_sign_of_life(case: str) -> None:
    status = fact(decode(CAPTURED[case]))
    assert isinstance(status, StatusReported)
    assert status.extras == {
        "id": CAPTURED[case]["id"],
        "type": CAPTURED[case]["type"],
        "payload": CAPTURED[case]["payload"],
    }


@pytest.mark.parametrize("case", ["text", "undecoded"])
def test_letters_and_packets_that_nobody_decoded_are_nothing(case: str) -> None:
    assert decode(CAPTURED[case]) == NOTHING


def test_a_letter_whose_text_is_json_is_still_a_letter() -> None:
    assert decode(CAPTURED["text"] | {"payload": [1, 2]}) == NOTHING


# Topics


@pytest.mark.parametrize(
    "topic",
    [
        "msh/2/json/LongFast/!7efeee00",
        "msh/EU_868/2/json/LongFast/!7efeee00",
        "msh/US/CA/bayarea/2/json/LongFast/!7efeee00",
        "msh/US/2/2/json/LongFast/!7efeee00",
    ],
)
def test_a_region_may_be_missing_or_hold_slashes(topic: str) -> None:
    assert position(decode(CAPTURED["position"], topic)).device == "7efeee00"
    assert codec_of(topic).name == "meshtastic"


@pytest.mark.parametrize("sort", ["e/LongFast/!7efeee00", "c/LongFast/!7efeee00", "map/"])
def test_protobuf_beside_the_json_is_nothing(sort: str) -> None:
    assert decode(b"\x0a\x2d\x0d\x00\xee\xfe\x7e", f"msh/EU_868/2/{sort}") == NOTHING


def test_a_gateways_retained_state_updates_the_registry() -> None:
    said = decode(b"offline", "msh/EU_868/2/stat/!7efeee00", retained=True)
    assert said.status == DeviceStatusChanged(recorded_at_ms=RECEIVED_MS, device="7efeee00", status={"online": False})
    assert not said.facts


@pytest.mark.parametrize(("payload", "online"), [(b"online", True), (b"offline", False)])
def test_a_gateway_that_comes_or_goes_says_so(payload: bytes, online: bool) -> None:
    status = fact(decode(payload, "msh/EU_868/2/stat/!7efeee00"))
    assert isinstance(status, StatusReported)
    assert (status.device, status.online) == ("7efeee00", online)


def test_retained_is_old() -> None:
    assert decode(CAPTURED["position"], retained=True) == NOTHING


def test_a_node_has_no_topic_of_its_own() -> None:
    assert CODEC.topic_of("7efeee00") is None


# What cannot be read


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"\x0a\x10abc",
        b"[]",
        b"7",
        b"{}",
        b"[" * 100_000,
        b'{"id":1,"from":2,"type":"\\ud800"}',
        b'{"id":1,"from":NaN,"type":"position"}',
        b'{"id":1,"from":1e300,"type":"position"}',
    ],
)
def test_junk_is_unreadable(junk: bytes) -> None:
    with pytest.raises(Unreadable):
        decode(junk)


@pytest.mark.parametrize(
    "change",
    [
        {"from": 0},
        {"from": 4_294_967_295},
        {"from": -1},
        {"from": 2**32},
        {"from": "!7efeee00"},
        {"id": 2**64},
        {"type": "gossip"},
        {"type": None},
        {"timestamp": -1},
        {"timestamp": 10**30},
        {"payload": None},
        {"payload": []},
        {"payload": {"latitude_i": 10**30, "longitude_i": 1}},
        {"payload": {"latitude_i": 900_000_001, "longitude_i": 1}},
        {"payload": {"latitude_i": 1, "longitude_i": 1, "altitude": 10**12}},
        {"payload": {"latitude_i": 1, "longitude_i": 1, "time": 10**12}},
        {"payload": {"latitude_i": 1, "longitude_i": 1, "precision_bits": 33}},
    ],
)
def test_a_packet_of_another_shape_is_unreadable(change: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        decode(CAPTURED["position"] | change)


def test_a_payload_nested_too_deeply_is_unreadable() -> None:
    deep: dict[str, Any] = {}
    for _ in range(40):
        deep = {"x": deep}
    with pytest.raises(Unreadable, match="nested"):
        decode(at(**deep))


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("msh/EU_868/2/config/!7efeee00", b"{}"),
        ("msh/EU_868", b"{}"),
        ("msh/", b"{}"),
        ("msh/EU_868/2/stat/somebody", b"online"),
    ],
)
def test_other_topics_are_unknown(topic: str, payload: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        decode(payload, topic)
    assert caught.value.code == "unknown_topic"


def test_a_gateway_is_either_there_or_not() -> None:
    with pytest.raises(Unreadable):
        decode(b"\xff", "msh/EU_868/2/stat/!7efeee00")
