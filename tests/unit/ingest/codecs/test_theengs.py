"""Bluetooth gateways: what OpenMQTTGateway and Theengs Gateway publish, and what it comes to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.device_settings import DeviceSettings
from domain.errors import Unreadable
from domain.events.facts import ButtonPressed, ContactChanged, Fact, StatusReported, TagScanned
from domain.time import Ms
from ingest.codecs import codec_of, read
from ingest.codecs.theengs import CODEC
from ingest.devices import Devices
from ingest.message import NOTHING, Decoded, Message
from ingest.reading import Receipt
from tests.unit.ingest.codecs.captured import captured

SAID = captured("theengs")
RECEIVED_MS = Ms(1_795_222_930_000)
GATEWAY = "theengs:hall"
BEACON = "beacon:1de4b189115e45f6b44e509352269977:0:7"


def decode(said: Any, heard: str = "", *, gateway: str = "hall", retained: bool = False) -> Decoded:
    payload = said if isinstance(said, bytes) else json.dumps(said).encode()
    heard = heard or (str(said["id"]).replace(":", "") if isinstance(said, dict) else "x")
    topic = f"home/{gateway}/BTtoMQTT/{heard}"
    return CODEC.decode(Message(topic, payload, retained=retained), Receipt(RECEIVED_MS))


def one(said: Any, heard: str = "", *, gateway: str = "hall") -> Fact:
    (fact,) = decode(said, heard, gateway=gateway).facts
    return fact


# Beacons


def test_an_ibeacon_is_heard_by_the_gateway_and_known_by_uuid_and_numbers_for_its_mac_rotates() -> None:
    fact, later = one(SAID["ibeacon"]), one(SAID["ibeacon_by_uuid"])
    assert isinstance(fact, TagScanned)
    assert isinstance(later, TagScanned)
    assert (fact.device, fact.tag, fact.observed_at_ms) == (GATEWAY, BEACON, None)
    assert later.tag == BEACON
    assert fact.fact == later.fact


def test_distance_is_unreliable_and_only_kept() -> None:
    fact = one(SAID["ibeacon"])
    assert (fact.extras["distance"], fact.extras["rssi"]) == (7.85288, -78)
    nearer = SAID["ibeacon"] | {"distance": 0.5, "rssi": -30}
    assert one(nearer).fact == fact.fact


def test_whatever_else_is_decoded_is_known_by_its_address() -> None:
    for which, address in [("fob", "FFFFA0003B19"), ("blind", "AABBCC001122")]:
        fact = one(SAID[which])
        assert isinstance(fact, TagScanned)
        assert (fact.device, fact.tag) == (GATEWAY, f"ble:{address}")
    assert one(SAID["blind"]).extras["open"] == 30


@pytest.mark.parametrize("which", ["undecoded", "passer_by"])
def test_strangers_that_pass_by_say_nothing(which: str) -> None:
    assert decode(SAID[which]) == NOTHING


# Doors and buttons


@pytest.mark.parametrize("is_open", [True, False])
def test_a_shelly_blu_door_is_a_device_of_its_own(is_open: bool) -> None:
    fact = one(SAID["door_open"] | {"open": is_open})
    assert isinstance(fact, ContactChanged)
    assert (fact.device, fact.open) == ("ble:3C2EF5A1B2C3", is_open)
    assert fact.extras["gateway"] == GATEWAY
    assert (fact.extras["battery_pct"], fact.extras["lux"]) == (100, 87)


def test_two_gateways_that_hear_one_press_say_the_same() -> None:
    fact = one(SAID["button"])
    other = one(SAID["button"] | {"rssi": -90}, gateway="kitchen")
    next_press = one(SAID["button"] | {"packet": 30})
    assert isinstance(fact, ButtonPressed)
    assert (fact.device, fact.press) == ("ble:BC026EA1B2C3", "single")
    assert fact.fact == other.fact != next_press.fact


@pytest.mark.parametrize(
    ("number", "press", "action"),
    [
        (1, "single", None),
        (2, "double", None),
        (3, "double", "triple"),
        (4, "double", "quadruple"),
        (9, "long", None),
        (11, "long", "hold"),
    ],
)
def test_the_numbers_of_presses(number: int, press: str, action: str | None) -> None:
    fact = one(SAID["button"] | {"button": number})
    assert isinstance(fact, ButtonPressed)
    assert (fact.press, fact.extras.get("action")) == (press, action)


@pytest.mark.parametrize("number", [0, 10])
def test_the_beacon_of_a_button_and_the_end_of_a_press_are_no_presses_but_it_was_heard(number: int) -> None:
    fact = one(SAID["button"] | {"button": number})
    assert isinstance(fact, TagScanned)
    assert (fact.device, fact.tag) == (GATEWAY, "ble:BC026EA1B2C3")


def test_of_four_buttons_each_is_a_device_and_only_the_pressed_one_speaks() -> None:
    fact = one(SAID["four_buttons"])
    assert isinstance(fact, ButtonPressed)
    assert (fact.device, fact.press) == ("ble:38398F71EEFF:button2", "long")


# Topics and payloads


def test_the_address_of_the_topic_counts_where_the_payload_names_another() -> None:
    fact = one(SAID["door_open"], "3C2EF5000000")
    assert (fact.device, fact.extras["contradicts"]) == ("ble:3C2EF5000000", "ble:3C2EF5A1B2C3")
    assert "contradicts" not in one(SAID["door_open"], "3c2ef5a1b2c3").extras
    assert one(SAID["fob"], "FFFFA0003B00").extras["contradicts"] == "ble:FFFFA0003B19"


def test_a_topic_without_an_address_leaves_it_to_the_payload() -> None:
    assert one(SAID["door_open"], "front-door").device == "ble:3C2EF5A1B2C3"


@pytest.mark.parametrize("which", ["ibeacon", "door_open", "button"])
def test_what_is_retained_was_heard_some_time_ago(which: str) -> None:
    assert decode(SAID[which], retained=True) == decode(b"") == NOTHING


def test_the_will_of_a_gateway_is_a_state() -> None:
    will = Message("home/hall/LWT", b"offline", retained=True)
    status = CODEC.decode(will, Receipt(RECEIVED_MS)).status
    assert status is not None
    assert (status.device, status.status) == (GATEWAY, {"online": False})
    (fact,) = CODEC.decode(Message("home/hall/LWT", b"online"), Receipt(RECEIVED_MS)).facts
    assert isinstance(fact, StatusReported)
    assert fact.online is True


def test_a_gateway_with_a_topic_of_its_own_is_read_through_the_registry() -> None:
    devices = Devices({GATEWAY: DeviceSettings(topic="omg/flat7", dialect="theengs")})
    message = Message("omg/flat7/BTtoMQTT/6087574C9BC2", json.dumps(SAID["ibeacon"]).encode())
    (fact,) = read(message, Receipt(RECEIVED_MS, devices=devices)).facts
    assert fact.device == GATEWAY


def test_topics_and_devices_go_together() -> None:
    assert codec_of("home/hall/BTtoMQTT/AA").name == codec_of("home/hall/LWT").name == "theengs"
    assert CODEC.topic_of(GATEWAY) == "home/hall"
    assert CODEC.topic_of("ble:3C2EF5A1B2C3") is CODEC.topic_of("theengs:") is CODEC.topic_of("hall") is None


@pytest.mark.parametrize("topic", ["home/hall/SYStoMQTT", "home//BTtoMQTT/AA", "home/LWT", f"home/{'x' * 200}/LWT"])
def test_other_topics_are_refused(topic: str) -> None:
    with pytest.raises(Unreadable) as unreadable:
        CODEC.decode(Message(topic, json.dumps(SAID["fob"]).encode()), Receipt(RECEIVED_MS))
    assert unreadable.value.code == "unknown_topic"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"online", "not_json"),
        (b"[]", "not_an_object"),
        ({"id": "x", "model_id": "ITAG"}, "missing_field"),
        (SAID["ibeacon"] | {"uuid": "1de4"}, "wrong_type"),
        (SAID["ibeacon"] | {"uuid": None}, "wrong_type"),
        (SAID["ibeacon"] | {"major": "0"}, "wrong_type"),
        (SAID["ibeacon"] | {"minor": 65536}, "out_of_range"),
        (SAID["button"] | {"button": "single"}, "wrong_type"),
    ],
)
def test_what_cannot_be_read_is_refused(said: Any, code: str) -> None:
    with pytest.raises(Unreadable) as unreadable:
        decode(said)
    assert unreadable.value.code == code


def test_a_beacon_heard_every_second_is_a_fact_every_second() -> None:
    """86 400 a day from one beacon and one gateway, unless something keeps quiet about what was just heard: for that
    its identity says nothing but who heard whom."""
    heard = [one(SAID["ibeacon"] | {"rssi": -60 - second, "distance": second / 7}) for second in range(60)]
    assert len({fact.fact for fact in heard}) == 1
