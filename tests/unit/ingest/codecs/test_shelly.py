"""Shelly Gen2 and later: its notifications, and what they come to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.device_settings import DeviceSettings
from domain.errors import Unreadable
from domain.events.facts import ButtonPressed, ContactChanged, Fact, StatusReported
from domain.time import Ms
from ingest.codecs import codec_of, read
from ingest.codecs.shelly import CODEC
from ingest.devices import Devices
from ingest.message import NOTHING, Decoded, Message
from ingest.reading import Receipt
from tests.unit.ingest.codecs.captured import captured

SAID = captured("shelly")
RECEIVED_MS = Ms(1_795_222_930_000)
BOX = "shellyplusi4-a8032abe54dc"
TOPIC = f"{BOX}/events/rpc"


def decode(said: Any, topic: str = TOPIC, *, retained: bool = False) -> Decoded:
    payload = said if isinstance(said, bytes) else json.dumps(said).encode()
    return CODEC.decode(Message(topic, payload, retained=retained), Receipt(RECEIVED_MS))


def one(said: Any, topic: str = TOPIC) -> Fact:
    (fact,) = decode(said, topic).facts
    return fact


def event(**fields: Any) -> dict[str, Any]:
    return {"src": BOX, "method": "NotifyEvent", "params": {"ts": 1795222923.46, "events": [fields]}}


# Buttons


def test_a_press_of_an_input_is_a_press_of_a_button_of_its_own() -> None:
    fact = one(SAID["button"])
    assert isinstance(fact, ButtonPressed)
    assert (fact.device, fact.press, fact.observed_at_ms) == (f"{BOX}:input:0", "single", 1_795_222_923_450)
    assert fact.extras == {}


@pytest.mark.parametrize(
    ("words", "press", "action"),
    [
        ("single_push", "single", None),
        ("double_push", "double", None),
        ("triple_push", "double", "triple_push"),
        ("long_push", "long", None),
        ("long_double_push", "long", "long_double_push"),
        ("hold_press", "long", None),
    ],
)
def test_the_kinds_of_presses(words: str, press: str, action: str | None) -> None:
    fact = one(event(component="input:3", event=words))
    assert isinstance(fact, ButtonPressed)
    assert (fact.device, fact.press, fact.extras.get("action")) == (f"{BOX}:input:3", press, action)


@pytest.mark.parametrize("which", ["halves_of_a_press", "settings_changed"])
def test_the_halves_of_a_press_are_no_presses_and_settings_say_nothing(which: str) -> None:
    assert decode(SAID[which]).facts == []


def test_a_blu_button_behind_a_gateway_is_a_device_of_its_own() -> None:
    fact = one(SAID["blu_button"])
    assert isinstance(fact, ButtonPressed)
    assert (fact.device, fact.press) == (f"{BOX}:bthomedevice:200", "long")
    remote = one(SAID["blu_remote"])
    assert (remote.device, remote.extras) == (f"{BOX}:bthomedevice:201:2", {"action": "triple_push"})


@pytest.mark.parametrize("words", ["toggle", "btn_down", "btn_up", "rotate_left", "new_objects"])
def test_events_that_tell_of_no_press_are_none(words: str) -> None:
    assert decode(event(component="input:0", event=words, state=True)).facts == []


# Doors


def test_a_wired_contact_that_is_on_is_open() -> None:
    fact = one(SAID["wired_door"])
    assert isinstance(fact, ContactChanged)
    assert (fact.device, fact.open, fact.observed_at_ms) == (f"{BOX}:input:1", True, 1_795_222_923_460)


def test_a_blu_door_has_the_time_of_its_own_packet_so_that_a_full_status_repeats_it() -> None:
    door = one(SAID["blu_door"])
    assert isinstance(door, ContactChanged)
    assert (door.device, door.open, door.observed_at_ms) == (f"{BOX}:bthomesensor:201", True, 1_795_222_923_000)
    again = [fact for fact in decode(SAID["full_status"]).facts if isinstance(fact, ContactChanged)]
    assert [fact.fact for fact in again] == [door.fact]


def test_batteries_are_states_of_the_device_that_has_them() -> None:
    states = [fact for fact in decode(SAID["full_status"]).facts if isinstance(fact, StatusReported)]
    assert [(fact.device, fact.battery_pct) for fact in states] == [(f"{BOX}:bthomedevice:200", 100), (BOX, 73)]


# Time


@pytest.mark.parametrize("ts", [None, 0, 17.5])
def test_before_its_clock_is_set_it_has_no_time(ts: float | None) -> None:
    assert one(event(component="input:0", event="single_push", ts=ts)).observed_at_ms is None


def test_without_a_time_of_its_own_an_event_has_that_of_its_frame() -> None:
    assert one(event(component="input:0", event="single_push")).observed_at_ms == 1_795_222_923_460


# Who it is


def test_the_topic_counts_where_the_source_names_another_shelly() -> None:
    fact = one(SAID["button"], "shellyplus1-b0b21c001122/events/rpc")
    assert fact.device == "shellyplus1-b0b21c001122:input:0"
    assert fact.extras == {"contradicts": BOX}
    assert one(SAID["button"], f"{BOX.upper()}/events/rpc").extras == {}


def test_a_prefix_of_ones_own_contradicts_nothing() -> None:
    fact = one(SAID["button"], "Flur Tür/events/rpc")
    assert (fact.device, fact.extras) == ("shelly:Flur~20T~c3~bcr:input:0", {})
    assert CODEC.topic_of("shelly:Flur~20T~c3~bcr") == "Flur Tür"


@pytest.mark.parametrize(("payload", "online"), [(b"true", True), (b"false", False)])
def test_online_is_for_the_registry_where_retained_and_a_state_where_live(payload: bytes, online: bool) -> None:
    status = decode(payload, f"{BOX}/online", retained=True).status
    assert status is not None
    assert (status.device, status.status) == (BOX, {"online": online})
    fact = one(payload, f"{BOX}/online")
    assert isinstance(fact, StatusReported)
    assert (fact.device, fact.online) == (BOX, online)


def test_retained_notifications_are_old_ones() -> None:
    assert decode(SAID["button"], retained=True) == decode(b"") == NOTHING


def test_topics_and_devices_go_together() -> None:
    assert codec_of(TOPIC).name == codec_of(f"{BOX}/online").name == "shelly"
    assert CODEC.topic_of(BOX) == BOX
    for device in (f"{BOX}:input:0", "p1", "shelly:", "shelly:doorstep~2fv1~2fp1"):
        assert CODEC.topic_of(device) is None
    assert codec_of("zigbee2mqtt/online").name == "zigbee2mqtt"


def test_a_prefix_of_several_parts_is_read_through_the_registry() -> None:
    devices = Devices({BOX: DeviceSettings(topic="flat7/hall/shelly", dialect="shelly")})
    message = Message("flat7/hall/shelly/events/rpc", json.dumps(SAID["button"]).encode())
    (fact,) = read(message, Receipt(RECEIVED_MS, devices=devices)).facts
    assert (fact.device, fact.extras) == (f"{BOX}:input:0", {})


@pytest.mark.parametrize("topic", ["/events/rpc", f"{BOX}/status/input:0", f"{'x' * 200}/online"])
def test_other_topics_are_refused(topic: str) -> None:
    with pytest.raises(Unreadable) as unreadable:
        decode(SAID["button"], topic)
    assert unreadable.value.code == "unknown_topic"


@pytest.mark.parametrize(
    ("said", "topic", "code"),
    [
        (b"true", TOPIC, "not_an_object"),
        (b"on", TOPIC, "not_json"),
        ({"method": "NotifyEvent"}, TOPIC, "not_an_object"),
        ({"method": "NotifyEvent", "params": {"events": {}}}, TOPIC, "missing_field"),
        ({"method": "Reboot", "params": {}}, TOPIC, "unknown_value"),
        (event(component="input:0"), TOPIC, "missing_field"),
        (event(component="input:0", event="single_push", ts="now"), TOPIC, "bad_time"),
        (event(component="input:0", event="single_push", ts=1e300), TOPIC, "bad_time"),
        (b"yes", f"{BOX}/online", "unknown_value"),
    ],
)
def test_what_cannot_be_read_is_refused(said: Any, topic: str, code: str) -> None:
    with pytest.raises(Unreadable) as unreadable:
        decode(said, topic)
    assert unreadable.value.code == code


def test_an_event_that_cannot_be_read_does_not_take_the_others_along() -> None:
    said = event(component="input:0", event="single_push")
    said["params"]["events"].insert(0, {"component": "input:1"})
    decoded = decode(said)
    assert [fact.device for fact in decoded.facts] == [f"{BOX}:input:0"]
    assert [(fault.reason, fault.index) for fault in decoded.unreadable] == [("missing_field", 0)]
