"""Zigbee2MQTT: doors, buttons and SOS buttons as it publishes them, and what they come to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.device_settings import DeviceSettings
from domain.errors import Unreadable
from domain.events.device import DeviceStatusChanged
from domain.events.facts import ButtonPressed, ContactChanged, Fact, SosRaised, StatusReported
from domain.ids import REGISTERED
from domain.time import Ms
from ingest.codecs import codec_of, read
from ingest.codecs.zigbee2mqtt import CODEC
from ingest.devices import Devices
from ingest.message import NOTHING, Decoded, Message
from ingest.reading import Receipt
from tests.unit.ingest.codecs.captured import captured

SAID = captured("zigbee2mqtt")
RECEIVED_MS = Ms(1_795_222_930_000)
AT_MS = 1_795_222_923_456
SENSOR = "zigbee2mqtt:front"


def decode(said: Any, name: str = "front", *, retained: bool = False) -> Decoded:
    payload = said if isinstance(said, bytes) else json.dumps(said).encode()
    return CODEC.decode(Message(f"zigbee2mqtt/{name}", payload, retained=retained), Receipt(RECEIVED_MS))


def one(said: Any, name: str = "front") -> Fact:
    (fact,) = decode(said, name).facts
    return fact


# Doors


@pytest.mark.parametrize(("which", "is_open"), [("door_closed", False), ("door_open", True)])
def test_contact_true_is_closed(which: str, is_open: bool) -> None:
    fact = one(SAID[which])
    assert isinstance(fact, ContactChanged)
    assert (fact.device, fact.open) == (SENSOR, is_open)


def test_a_heartbeat_without_a_contact_says_nothing_of_the_door() -> None:
    fact = one(SAID["heartbeat"])
    assert isinstance(fact, StatusReported)
    assert (fact.device, fact.battery_pct, fact.online) == (SENSOR, 91, None)
    assert fact.extras == {"linkquality": 60, "voltage": 2985}


def test_battery_and_signal_are_kept_beside_a_door() -> None:
    assert one(SAID["door_closed"]).extras == {"battery_pct": 100, "linkquality": 87, "voltage": 2900}
    assert one({"contact": True, "battery": "100.00"}).extras == {"battery_pct": 100}
    assert one({"contact": True, "battery": 255}).extras == {"battery": 255}


# Doubled messages


def test_the_same_state_of_the_same_instant_is_the_same_fact_whatever_the_signal_is() -> None:
    first = one(SAID["door_open"])
    second = one(SAID["door_open"] | {"linkquality": 90, "battery": 96})
    assert first.fact == second.fact
    assert first.observed_at_ms == AT_MS
    assert one(SAID["door_open"] | {"contact": True}).fact != first.fact


def test_a_second_press_a_moment_later_is_a_second_fact() -> None:
    first = one({"action": "single", "last_seen": "2026-11-21T01:02:03.456Z"})
    second = one({"action": "single", "last_seen": "2026-11-21T01:02:03.920Z"})
    assert first.fact != second.fact


@pytest.mark.parametrize("last_seen", ["2026-11-21T01:02:03.456Z", "2026-11-21T09:02:03.456+08:00", AT_MS, AT_MS + 0.0])
def test_last_seen_in_milliseconds_is_the_time_of_the_message(last_seen: Any) -> None:
    assert one({"contact": True, "last_seen": last_seen}).observed_at_ms == AT_MS


@pytest.mark.parametrize("last_seen", ["2026-11-21T09:02:03+08:00", "Invalid date", 0, "1970-01-01T00:00:00.000Z"])
def test_last_seen_in_whole_seconds_or_unset_is_no_time_for_two_presses_would_be_one(last_seen: Any) -> None:
    fact = one({"action": "single", "last_seen": last_seen})
    assert fact.observed_at_ms is None
    assert fact.extras["last_seen"] == last_seen


def test_without_last_seen_it_has_no_time() -> None:
    assert one(SAID["button"]).observed_at_ms is one({"contact": True, "last_seen": None}).observed_at_ms is None


# Buttons


@pytest.mark.parametrize(
    ("action", "device", "press"),
    [
        ("single", SENSOR, "single"),
        ("double", SENSOR, "double"),
        ("hold", SENSOR, "long"),
        ("long", SENSOR, "long"),
        ("long_press", SENSOR, "long"),
        ("triple", SENSOR, "double"),
        ("toggle", SENSOR, "single"),
        ("press", SENSOR, "single"),
        ("1_single", f"{SENSOR}:1", "single"),
        ("left_double", f"{SENSOR}:left", "double"),
        ("single_left", f"{SENSOR}:left", "single"),
        ("button_2_hold", f"{SENSOR}:button_2", "long"),
        ("arrow_left_click", f"{SENSOR}:arrow_left", "single"),
        ("on_press", f"{SENSOR}:on", "single"),
        ("up_hold", f"{SENSOR}:up", "long"),
        ("1_initial_press", f"{SENSOR}:1", "single"),
        ("off", f"{SENSOR}:off", "single"),
    ],
)
def test_a_press_is_told_in_the_words_of_many_makers(action: str, device: str, press: str) -> None:
    fact = one({"action": action})
    assert isinstance(fact, ButtonPressed)
    assert (fact.device, fact.press) == (device, press)
    assert fact.extras["action"] == action


@pytest.mark.parametrize("action", ["", None, "release", "hold_release", "on_press_release", "1_short_release"])
def test_an_empty_action_says_nothing_and_a_release_is_no_second_press(action: str | None) -> None:
    assert not [fact for fact in decode({"action": action}).facts if isinstance(fact, ButtonPressed)]
    (status,) = decode(SAID["after_a_press"]).facts
    assert isinstance(status, StatusReported)


def test_an_action_that_is_no_press_is_kept() -> None:
    fact = one({"action": "rotate_left"})
    assert isinstance(fact, StatusReported)
    assert fact.extras == {"action": "rotate_left"}


# SOS


@pytest.mark.parametrize(
    "said",
    [
        SAID["sos_tuya"],
        SAID["sos_heiman_old"],
        {"action": "panic"},
        {"action": "sos"},
        {"action": "1_sos"},
        {"emergency": True},
        {"action": "emergency", "last_seen": "rubbish"},
        {"action": "emergency", "contact": "rubbish"},
    ],
)
def test_an_sos_button_raises_an_sos(said: Any) -> None:
    (fact,) = decode(said).facts
    assert isinstance(fact, SosRaised)
    assert fact.device == SENSOR


def test_an_sos_field_that_is_false_is_none() -> None:
    assert decode({"sos": False, "linkquality": 3}).facts == []


# The device


@pytest.mark.parametrize("payload", [b'{"state":"offline"}', b"offline", b"Offline"])
def test_availability_in_both_forms_is_a_state(payload: bytes) -> None:
    assert decode(payload, "front/availability", retained=True).status == DeviceStatusChanged(
        recorded_at_ms=RECEIVED_MS, device=SENSOR, status={"online": False}
    )
    fact = one(payload, "front/availability")
    assert isinstance(fact, StatusReported)
    assert (fact.device, fact.online) == (SENSOR, False)


@pytest.mark.parametrize(
    ("name", "device"),
    [
        ("Flur Tür", "zigbee2mqtt:Flur~20T~c3~bcr"),
        ("kitchen/door", "zigbee2mqtt:kitchen~2fdoor"),
        ("大门", "zigbee2mqtt:~e5~a4~a7~e9~97~a8"),
        ("0x00158d0001a2b3c4", "zigbee2mqtt:0x00158d0001a2b3c4"),
    ],
)
def test_names_with_spaces_slashes_and_any_letter_become_ids_and_back(name: str, device: str) -> None:
    assert one(SAID["door_open"], name).device == device
    assert REGISTERED.fullmatch(device)
    assert CODEC.topic_of(device) == f"zigbee2mqtt/{name}"
    assert codec_of(f"zigbee2mqtt/{name}").name == "zigbee2mqtt"


@pytest.mark.parametrize(
    "name",
    [
        "bridge/state",
        "bridge/devices",
        "bridge/request/permit_join",
        "house2/bridge/logging",
        "front/set",
        "front/set/state",
        "front/get",
    ],
)
@pytest.mark.parametrize("payload", [b"online", b"[]", b'{"contact":true}'])
def test_what_the_bridge_says_and_what_others_ask_says_nothing(name: str, payload: bytes) -> None:
    assert decode(payload, name) == NOTHING


@pytest.mark.parametrize("which", ["door_open", "button", "sos_tuya"])
def test_a_retained_state_is_no_fact(which: str) -> None:
    assert decode(SAID[which], retained=True) == NOTHING


def test_a_plug_says_nothing_of_doors_and_buttons() -> None:
    assert decode(SAID["plug"]).facts == []
    assert decode(b"") == NOTHING


def test_a_bridge_with_a_topic_of_its_own_names_its_devices_after_itself() -> None:
    devices = Devices({"zigbee2mqtt:house2": DeviceSettings(topic="z2m-house2", dialect="zigbee2mqtt")})
    receipt = Receipt(RECEIVED_MS, devices=devices)
    (fact,) = read(Message("z2m-house2/front", json.dumps(SAID["door_open"]).encode()), receipt).facts
    assert fact.device == one(SAID["door_open"], "house2/front").device == "zigbee2mqtt:house2~2ffront"
    assert read(Message("z2m-house2/bridge/state", b"online"), receipt) == NOTHING


# What cannot be read


@pytest.mark.parametrize(
    ("said", "name", "code"),
    [
        (b"true", "front", "not_an_object"),
        (b"single", "front", "not_json"),
        ({"contact": "open"}, "front", "wrong_type"),
        ({"contact": 1}, "front", "wrong_type"),
        ({"action": "x" * 130 + "_single"}, "front", "out_of_range"),
        (b"maybe", "front/availability", "unknown_value"),
        (SAID["door_open"], "", "unknown_topic"),
        (SAID["door_open"], "x" * 200, "unknown_topic"),
        (b"online", "/availability", "unknown_topic"),
    ],
)
def test_what_cannot_be_read_is_refused(said: Any, name: str, code: str) -> None:
    with pytest.raises(Unreadable) as unreadable:
        decode(said, name)
    assert unreadable.value.code == code


def test_a_contact_that_cannot_be_read_does_not_take_the_sos_along() -> None:
    decoded = decode({"action": "emergency", "contact": "rubbish"})
    assert [type(fact) for fact in decoded.facts] == [SosRaised]
    assert [fault.reason for fault in decoded.unreadable] == ["wrong_type"]
