"""ESPHome's tag readers: plain text, without a clock, and retained unless told otherwise."""

from __future__ import annotations

import pytest

from domain.device_settings import DeviceSettings
from domain.errors import Unreadable
from domain.events.facts import Fact, StatusReported, TagScanned, TimeQuality
from domain.time import Ms
from ingest.codecs import codec_of, read
from ingest.codecs.esphome import CODEC
from ingest.devices import Devices
from ingest.message import NOTHING, Decoded, Message
from ingest.reading import Receipt
from tests.unit.ingest.codecs.captured import captured

SAID = {which: said.encode() for which, said in captured("esphome").items()}
RECEIVED_MS = Ms(1_795_222_930_000)
READER = "esphome:hall"


def decode(payload: bytes, topic: str = "esphome/hall/tag", *, retained: bool = False) -> Decoded:
    return CODEC.decode(Message(topic, payload, retained=retained), Receipt(RECEIVED_MS))


def one(payload: bytes, topic: str = "esphome/hall/tag") -> Fact:
    (fact,) = decode(payload, topic).facts
    return fact


@pytest.mark.parametrize(
    ("which", "tag"), [("pn532", "74103794"), ("rc522_seven_bytes", "04A15C226F6180"), ("rdm6300", "7616525")]
)
def test_a_tag_in_plain_text_is_a_scan_under_its_normal_name(which: str, tag: str) -> None:
    fact = one(SAID[which])
    assert isinstance(fact, TagScanned)
    assert (fact.device, fact.tag) == (READER, tag)


def test_a_tag_has_no_time_of_its_own() -> None:
    fact = one(SAID["pn532"])
    assert (fact.observed_at_ms, fact.quality, fact.at_ms) == (None, TimeQuality.ABSENT, RECEIVED_MS)


@pytest.mark.parametrize("topic", ["esphome/hall/tag", "esphome/hall/tag_removed"])
def test_a_retained_tag_is_an_old_one(topic: str) -> None:
    assert decode(SAID["pn532"], topic, retained=True) == NOTHING


def test_a_tag_taken_away_is_said_of_the_reader_and_is_no_scan() -> None:
    fact = one(SAID["pn532"], "esphome/hall/tag_removed")
    assert isinstance(fact, StatusReported)
    assert (fact.device, fact.extras) == (READER, {"removed": "74103794"})


def test_online_and_offline_are_states() -> None:
    status = decode(SAID["offline"], "esphome/hall/status", retained=True).status
    assert status is not None
    assert (status.device, status.status) == (READER, {"online": False})
    fact = one(SAID["online"], "esphome/hall/status")
    assert isinstance(fact, StatusReported)
    assert fact.online is True


@pytest.mark.parametrize(
    ("own", "topic", "kind"),
    [
        ("pn532", "pn532/tag", TagScanned),
        ("pn532", "pn532/tag_removed", StatusReported),
        ("pn532/tag", "pn532/tag", TagScanned),
        ("house/hall", "house/hall/nfc/tag", TagScanned),
    ],
)
def test_a_topic_of_its_own_is_read_through_the_registry(own: str, topic: str, kind: type[Fact]) -> None:
    devices = Devices({READER: DeviceSettings(topic=own, dialect="esphome")})
    (fact,) = read(Message(topic, SAID["pn532"]), Receipt(RECEIVED_MS, devices=devices)).facts
    assert (type(fact), fact.device) == (kind, READER)


def test_topics_and_devices_go_together() -> None:
    assert codec_of("esphome/hall/tag").name == "esphome"
    assert CODEC.topic_of(READER) == "esphome/hall"
    assert CODEC.topic_of("hall") is CODEC.topic_of("esphome:") is CODEC.topic_of("esphome:a~2fb") is None


@pytest.mark.parametrize("topic", ["esphome/hall/sensor/lux/state", "esphome//tag", "esphome/discover/hall"])
def test_other_topics_are_refused(topic: str) -> None:
    with pytest.raises(Unreadable) as unreadable:
        decode(SAID["pn532"], topic)
    assert unreadable.value.code == "unknown_topic"


@pytest.mark.parametrize(
    ("payload", "code"),
    [(b"\xff", "not_utf8"), (b" ", "out_of_range"), (b"x" * 201, "out_of_range"), (b"a\0", "out_of_range")],
)
def test_what_cannot_be_read_is_refused(payload: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as unreadable:
        decode(payload)
    assert unreadable.value.code == code
