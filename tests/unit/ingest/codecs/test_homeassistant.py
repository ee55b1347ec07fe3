"""Home Assistant's tag scanners: the payloads of its documentation, and what they come to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.device_settings import DeviceSettings
from domain.errors import Unreadable
from domain.events.facts import TagScanned
from domain.time import Ms, isoformat
from ingest.codecs import codec_of, read
from ingest.codecs.homeassistant import CODEC
from ingest.devices import Devices
from ingest.message import NOTHING, Decoded, Message
from ingest.reading import Receipt
from tests.unit.ingest.codecs.captured import captured

SAID = captured("homeassistant")
RECEIVED_MS = Ms(1_795_222_930_000)
SCANNER = "homeassistant:0AFFD2"


def decode(payload: bytes, topic: str = "0AFFD2/tag_scanned", *, zone: str = "UTC", retained: bool = False) -> Decoded:
    receipt = Receipt(RECEIVED_MS, devices=Devices(zone=zone))
    return CODEC.decode(Message(topic, payload, retained=retained), receipt)


def scan(said: Any, **more: Any) -> TagScanned:
    payload = said.encode() if isinstance(said, str) else json.dumps(said).encode()
    (fact,) = decode(payload, **more).facts
    assert isinstance(fact, TagScanned)
    return fact


def test_the_message_of_a_tasmota_reader_is_read_as_tasmota_says_it() -> None:
    fact = scan(SAID["tasmota"], zone="Asia/Shanghai")
    assert (fact.device, fact.tag) == (SCANNER, "E9F35959")
    assert isoformat(fact.observed_at_ms or 0) == "2020-09-28T09:02:10.000Z"
    assert fact.extras == {"reader": "PN532", "data": "ILOVETASMOTA"}


@pytest.mark.parametrize("said", [SAID["plain"], '"e9:f3:59:59"', "0xe9f35959", " E9-F3-59-59\n"])
def test_a_tag_alone_is_a_scan_without_a_time(said: str) -> None:
    fact = scan(said)
    assert (fact.device, fact.tag, fact.observed_at_ms) == (SCANNER, "E9F35959", None)


@pytest.mark.parametrize("uid", ["12E34567", "00742108", "12345678"])
def test_a_tag_that_looks_like_a_number_is_a_tag(uid: str) -> None:
    assert scan(uid).tag == uid


def test_an_object_that_names_the_tag_is_read() -> None:
    fact = scan(SAID["object"])
    assert (fact.tag, fact.extras) == ("04A15C226F6180", {"scanner": "hall"})


def test_a_retained_scan_is_no_fact() -> None:
    assert decode(b"E9F35959", retained=True) == decode(b"") == NOTHING


def test_topics_of_one_and_two_parts_and_of_the_registry_are_read() -> None:
    assert codec_of("0AFFD2/tag_scanned").name == codec_of("house/hall/tag_scanned").name == "homeassistant"
    hall = scan(SAID["plain"], topic="house/hall/tag_scanned").device
    assert hall == "homeassistant:house~2fhall"
    assert CODEC.topic_of(hall) == "house/hall"
    devices = Devices({SCANNER: DeviceSettings(topic="a/b/c/tags", dialect="homeassistant")})
    for topic in ("a/b/c/tags", "a/b/c/tags/tag_scanned"):
        (fact,) = read(Message(topic, b"E9F35959"), Receipt(RECEIVED_MS, devices=devices)).facts
        assert fact.device == SCANNER


@pytest.mark.parametrize(
    "device", ["0AFFD2", "homeassistant:", "homeassistant:doorstep~2fv1~2fp1", "homeassistant:zigbee2mqtt"]
)
def test_devices_of_other_dialects_have_no_topic_here(device: str) -> None:
    assert CODEC.topic_of(device) is None


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"\xff\xfe", "not_utf8"),
        (b"   ", "out_of_range"),
        (b"x" * 201, "out_of_range"),
        (b"{", "not_json"),
        (b"{}", "missing_field"),
        (b'{"PN532":{"DATA":""}}', "missing_field"),
        (b'{"uid":[]}', "wrong_type"),
        (b'{"Time":"never","PN532":{"UID":"E9F35959"}}', "bad_time"),
    ],
)
def test_what_cannot_be_read_is_refused(payload: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as unreadable:
        decode(payload)
    assert unreadable.value.code == code


def test_a_scanner_without_a_name_is_refused() -> None:
    with pytest.raises(Unreadable):
        decode(b"E9F35959", "/tag_scanned")


def test_what_a_device_of_another_dialect_is_called_makes_it_no_scanner() -> None:
    assert codec_of("zigbee2mqtt/tag_scanned").name == "zigbee2mqtt"
    assert codec_of("home/hall/tag_scanned").name == "homeassistant"
