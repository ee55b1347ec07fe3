"""Tasmota: what its readers, scanners, switches and buttons publish, and what it comes to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.device_settings import DeviceSettings
from domain.errors import Unreadable
from domain.events.device import DeviceStatusChanged
from domain.events.facts import ButtonPressed, ContactChanged, Fact, StatusReported, TagScanned, TimeQuality
from domain.time import Ms, isoformat
from ingest.codecs import codec_of, read
from ingest.codecs.tasmota import CODEC
from ingest.devices import Devices
from ingest.message import NOTHING, Decoded, Message
from ingest.reading import Receipt
from tests.unit.ingest.codecs.captured import captured

SAID = captured("tasmota")
RECEIVED_MS = Ms(1_795_222_930_000)
READER = "tasmota:hall"


def receipt(zone: str = "UTC") -> Receipt:
    return Receipt(RECEIVED_MS, devices=Devices(zone=zone))


def decode(said: Any, topic: str = "tele/hall/SENSOR", *, zone: str = "UTC", retained: bool = False) -> Decoded:
    payload = said if isinstance(said, bytes) else json.dumps(said).encode()
    return CODEC.decode(Message(topic, payload, retained=retained), receipt(zone))


def one(said: Any, topic: str = "tele/hall/SENSOR", *, zone: str = "UTC") -> Fact:
    (fact,) = decode(said, topic, zone=zone).facts
    return fact


def scan(said: Any) -> TagScanned:
    fact = one(said)
    assert isinstance(fact, TagScanned)
    return fact


@pytest.mark.parametrize(
    ("which", "tag"),
    [
        ("pn532", "94D8FC5F"),
        ("pn532_ntag", "53BB1F05110001"),
        ("rc522", "BA839D07"),
        ("rdm6300", "0074380D"),
        ("wiegand", "4302741608"),
        ("ibeacon_by_address", "ble:A4C1387FC1E1"),
        ("ibeacon", "beacon:1de4b189115e45f6b44e509352269977:1:255"),
    ],
)
def test_what_a_reader_sees_is_a_scan_of_the_reader(which: str, tag: str) -> None:
    fact = scan(SAID[which])
    assert (fact.device, fact.tag, fact.quality) == (READER, tag, TimeQuality.DEVICE)


def test_rdm6300_ids_come_as_eight_hex_digits_and_keep_their_zeros() -> None:
    assert scan({"RDM6300": {"UID": "0x0074380d"}}).tag == scan(SAID["rdm6300"]).tag == "0074380D"


def test_the_data_of_a_tag_is_read_in_both_spellings() -> None:
    upper, lower = SAID["pn532"], json.loads(json.dumps(SAID["pn532"]).replace("DATA", "Data"))
    assert scan(upper).extras == scan(lower).extras == {"reader": "PN532", "data": "ILOVETASMOTA"}
    assert scan(upper).fact == scan(lower).fact
    assert scan(SAID["rc522"]).extras == {"reader": "RC522", "Type": "MIFARE 1KB"}
    assert scan(SAID["pn532_ntag"]).extras == {"reader": "PN532", "data": "room 7", "Auth": "Ok"}


# Time


def test_time_without_a_zone_is_read_in_the_zone_of_the_device() -> None:
    here = Devices({READER: DeviceSettings(zone="Asia/Shanghai")}, zone="Europe/Berlin")
    (fact,) = CODEC.decode(
        Message("tele/hall/SENSOR", json.dumps(SAID["rc522"]).encode()), Receipt(RECEIVED_MS, devices=here)
    ).facts
    assert isoformat(fact.observed_at_ms or 0) == "2021-01-23T05:10:50.000Z"
    assert isoformat(one(SAID["rc522"], zone="Europe/Berlin").observed_at_ms or 0) == "2021-01-23T12:10:50.000Z"


@pytest.mark.parametrize(
    ("stated", "at"),
    [
        ({"Time": "2026-11-21T09:02:03+08:00"}, "2026-11-21T01:02:03.000Z"),
        ({"Time": "2026-11-21T09:02:03", "Epoch": 1795222923}, "2026-11-21T01:02:03.000Z"),
        ({"Time": 1795222923}, "2026-11-21T01:02:03.000Z"),
        ({"Time": 1795222923456}, "2026-11-21T01:02:03.456Z"),
        ({"Time": "2026-11-21T01:02:03.456"}, "2026-11-21T01:02:03.456Z"),
    ],
)
def test_every_form_of_the_command_time_is_read(stated: dict[str, Any], at: str) -> None:
    assert isoformat(scan(stated | {"RC522": {"UID": "BA839D07"}}).observed_at_ms or 0) == at


def test_an_hour_that_is_shown_twice_is_the_first_and_one_never_shown_comes_of_the_old_clock() -> None:
    def at(shown: str) -> str:
        return isoformat(one({"Time": shown, "RC522": {"UID": "BA839D07"}}, zone="Europe/Berlin").observed_at_ms or 0)

    assert at("2026-10-25T02:30:00") == "2026-10-25T00:30:00.000Z"  # summer time, not 01:30Z
    assert at("2026-10-25T03:00:00") == "2026-10-25T02:00:00.000Z"
    assert at("2026-03-29T02:30:00") == "2026-03-29T01:30:00.000Z"  # winter time still
    assert at("2026-03-29T03:30:00") == "2026-03-29T01:30:00.000Z"


def test_a_clock_that_was_never_set_has_no_time() -> None:
    """It starts in 1970 with every boot, so two boots would say the same."""
    fact = scan({"Time": "1970-01-01T00:00:08", "RC522": {"UID": "BA839D07"}})
    assert (fact.observed_at_ms, fact.quality) == (None, TimeQuality.ABSENT)
    assert scan({"RC522": {"UID": "BA839D07"}}).observed_at_ms is None


@pytest.mark.parametrize(
    "time", ['"yesterday"', '"2021-02-30T00:00:00"', "true", "1e300", "99999999999999999999", "[]", '"9999-99"']
)
def test_a_time_that_is_none_is_refused(time: str) -> None:
    with pytest.raises(Unreadable):
        decode(b'{"Time":%s,"RC522":{"UID":"BA839D07"}}' % time.encode())


# Beacons


def test_a_beacon_that_timed_out_testifies_nothing() -> None:
    for which in ("ibeacon_gone", "ibeacon_hm10_gone"):
        fact = one(SAID[which])
        assert isinstance(fact, StatusReported)
        assert (fact.device, fact.extras) == (READER, {"removed": "ble:A4C1387FC1E1"})


def test_how_loud_a_beacon_was_is_kept_and_is_no_part_of_its_identity() -> None:
    near = SAID["ibeacon"] | {"IBEACON": SAID["ibeacon"]["IBEACON"] | {"RSSI": -40, "MAC": "5210A84690AC"}}
    first, second = scan(SAID["ibeacon"]), scan(near)
    assert first.fact == second.fact
    assert (first.extras["RSSI"], second.extras["RSSI"]) == (-81, -40)


# Doors and buttons


def test_a_switch_is_a_contact_of_its_own_and_on_is_open() -> None:
    fact = one(SAID["switch"])
    assert isinstance(fact, ContactChanged)
    assert (fact.device, fact.open, fact.observed_at_ms) == ("tasmota:hall:Switch1", True, 1_609_459_201_000)
    (closed,) = decode(SAID["telemetry"]).facts
    assert isinstance(closed, ContactChanged)
    assert not closed.open


def test_a_switch_has_the_name_that_it_was_given() -> None:
    assert one({"Garage door": "OFF"}).device == "tasmota:hall:Garage~20door"


@pytest.mark.parametrize(
    ("action", "press", "extras"),
    [
        ("SINGLE", "single", {}),
        ("DOUBLE", "double", {}),
        ("TRIPLE", "double", {"action": "TRIPLE"}),
        ("HOLD", "long", {}),
        ("TOGGLE", "single", {"action": "TOGGLE"}),
    ],
)
def test_an_action_of_a_button_is_a_press(action: str, press: str, extras: dict[str, str]) -> None:
    fact = one({"Button2": {"Action": action}}, "stat/hall/RESULT")
    assert isinstance(fact, ButtonPressed)
    assert (fact.device, fact.press, fact.extras) == ("tasmota:hall:Button2", press, extras)
    assert fact.observed_at_ms is None


def test_an_action_of_a_switch_is_a_contact() -> None:
    fact = one(SAID["switch_action"], "stat/hall/RESULT")
    assert isinstance(fact, ContactChanged)
    assert (fact.device, fact.open) == ("tasmota:hall:Switch1", True)


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("stat/hall/RESULT", {"Button1": {"Action": "CLEAR"}}),
        ("stat/hall/RESULT", SAID["answer"]),
        ("stat/hall/RESULT", {"Event": "Done"}),
        ("tele/hall/SENSOR", SAID["thermometer"]),
        ("tele/hall/SENSOR", b""),
    ],
)
def test_what_is_no_tag_no_door_and_no_button_says_nothing(topic: str, said: Any) -> None:
    assert decode(said, topic) in (NOTHING, Decoded(facts=[], unreadable=[]))


# The will, and what is retained


@pytest.mark.parametrize(("payload", "online"), [(b"Online", True), (b"Offline", False), (b"offline\n", False)])
def test_the_will_updates_the_registry_where_retained_and_is_a_status_where_live(payload: bytes, online: bool) -> None:
    assert decode(payload, "tele/hall/LWT", retained=True).status == DeviceStatusChanged(
        recorded_at_ms=RECEIVED_MS, device=READER, status={"online": online}
    )
    fact = one(payload, "tele/hall/LWT")
    assert isinstance(fact, StatusReported)
    assert (fact.device, fact.online, fact.observed_at_ms) == (READER, online, None)


@pytest.mark.parametrize("which", ["rc522", "switch", "ibeacon"])
def test_retained_messages_of_sensors_are_no_facts(which: str) -> None:
    assert decode(SAID[which], retained=True) == NOTHING


# Topics


def test_a_reordered_full_topic_is_read_through_the_registry() -> None:
    payload = json.dumps(SAID["rc522"]).encode()
    for own, topic in [
        ("flat/hall", "flat/hall/tele/SENSOR"),
        ("flat/hall/tele", "flat/hall/tele/SENSOR"),
        ("tele/house/hall", "tele/house/hall/SENSOR"),
    ]:
        devices = Devices({READER: DeviceSettings(topic=own, dialect="tasmota")})
        (fact,) = read(Message(topic, payload), Receipt(RECEIVED_MS, devices=devices)).facts
        assert fact.device == READER


def test_topics_and_devices_go_together() -> None:
    assert codec_of("tele/hall/SENSOR").name == codec_of("stat/hall/RESULT").name == "tasmota"
    assert CODEC.topic_of(one(SAID["rc522"], "tele/Flur Tür/SENSOR").device) == "tele/Flur Tür"
    assert CODEC.topic_of("hall") is CODEC.topic_of("tasmota:") is CODEC.topic_of("tasmota:hall:Switch1") is None


@pytest.mark.parametrize("topic", ["tele/hall/STATE", "tele//SENSOR", "tele/SENSOR", f"tele/{'x' * 200}/LWT"])
def test_other_topics_are_refused(topic: str) -> None:
    with pytest.raises(Unreadable) as unreadable:
        decode(SAID["rc522"], topic)
    assert unreadable.value.code == "unknown_topic"


# What cannot be read


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"Online", "not_json"),
        (b"[1]", "not_an_object"),
        ({"RC522": {"UID": None}}, "wrong_type"),
        ({"RC522": {"UID": " "}}, "out_of_range"),
        ({"RC522": {"UID": "x" * 201}}, "out_of_range"),
        ({"RC522": {"UID": "a\0b"}}, "out_of_range"),
        ({"IBEACON": {"RSSI": -1}}, "missing_field"),
        ({"IBEACON": {"MAC": "A4"}}, "wrong_type"),
        ({"IBEACON": {"UID": "1DE4B189115E45F6B44E509352269977", "MAJOR": "zz"}}, "wrong_type"),
        ({"x" * 200: "ON"}, "out_of_range"),
    ],
)
def test_what_cannot_be_read_is_refused(said: Any, code: str) -> None:
    with pytest.raises(Unreadable) as unreadable:
        decode(said)
    assert unreadable.value.code == code


def test_what_cannot_be_read_does_not_take_the_rest_along() -> None:
    decoded = decode({"Switch1": "ON", "RC522": {"UID": 1.5}})
    assert [type(fact) for fact in decoded.facts] == [ContactChanged]
    assert [(fault.reason, fault.index) for fault in decoded.unreadable] == [("wrong_type", 1)]


@pytest.mark.parametrize("payload", [b"On", b"\xff", b'{"a":1}'])
def test_a_will_of_other_words_is_refused(payload: bytes) -> None:
    with pytest.raises(Unreadable):
        decode(payload, "tele/hall/LWT")
