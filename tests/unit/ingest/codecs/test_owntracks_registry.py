"""What OwnTracks tells the registry: the regions that a phone watches, and whose phone it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from domain.errors import Unreadable
from domain.events.device import DeviceStatusChanged
from domain.time import Ms
from ingest.codecs.owntracks import CODEC
from ingest.message import Decoded, Message
from ingest.owntracks_registry import CARD_MOST_BYTES
from ingest.reading import Receipt

CAPTURED: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "captured_owntracks.json").read_bytes())

RECEIVED_MS = Ms(1_795_222_930_000)

HOME = {"name": "家", "lat": 31.2304, "lon": 121.4737, "radius_m": 100.0, "tst": 1_444_755_752}


def decode(said: dict[str, Any], *, retained: bool = False) -> Decoded:
    message = Message("owntracks/jane/phone/waypoint", json.dumps(said).encode(), retained=retained)
    return CODEC.decode(message, Receipt(RECEIVED_MS))


def told(said: dict[str, Any], *, retained: bool = False) -> DeviceStatusChanged:
    """The news; there is nothing else."""
    found = decode(said, retained=retained)
    assert found.status is not None
    assert found == Decoded(status=found.status)
    assert (found.status.device, found.status.recorded_at_ms) == ("jane.phone", RECEIVED_MS)
    return found.status


@pytest.mark.parametrize("retained", [False, True])
def test_a_region_is_told_with_its_centre_and_its_radius_in_metres(retained: bool) -> None:
    found = told(CAPTURED["android_waypoint"], retained=retained)
    assert (found.about, found.status) == ("region:1444755752", HOME)


def test_a_region_of_an_iphone_keeps_its_id() -> None:
    found = told(CAPTURED["iphone_waypoint"])
    assert (found.about, found.status) == ("region:6da9cf", HOME | {"rid": "6da9cf"})


def test_a_region_around_a_beacon_has_the_beacons_name_and_no_radius() -> None:
    found = told(CAPTURED["iphone_beacon_waypoint"])
    assert found.status["name"] == "门口"
    assert found.status["beacon"] == "beacon:1de4b189115e45f6b44e509352269977:3:7"
    assert "radius_m" not in found.status
    apart = {"desc": "门口", "uuid": "1DE4B189-115E-45F6-B44E-509352269977", "major": 3, "minor": 7}
    assert told(CAPTURED["iphone_beacon_waypoint"] | apart).status == found.status


def test_told_again_it_is_no_news() -> None:
    said = CAPTURED["android_waypoint"]
    again = said | {"_id": "ffffffff", "created_at": 1_795_222_999, "topic": "owntracks/jane/phone/waypoint"}
    assert told(again) == told(said)


def test_all_regions_at_once_stand_in_place_of_all_before() -> None:
    found = told(CAPTURED["waypoints"])
    office = {"name": "公司", "lat": 31.2, "lon": 121.5, "radius_m": 250.0, "tst": 1_444_755_799}
    assert (found.about, found.status) == ("regions", {"_creator": "ot 2.5", "regions": [HOME, office]})
    assert told({"_type": "waypoints", "waypoints": []}).status == {"regions": []}


def test_a_radius_and_a_time_may_be_text() -> None:
    said = CAPTURED["android_waypoint"] | {"rad": "100", "tst": "1444755752", "lat": "31.2304"}
    assert told(said) == told(CAPTURED["android_waypoint"])


def test_of_many_regions_what_cannot_be_read_is_a_fault_and_the_others_are_told() -> None:
    said = {"_type": "waypoints", "waypoints": [{"desc": "家", "rad": "wide"}, CAPTURED["iphone_waypoint"], 7]}
    found = decode(said)
    assert found.status is not None
    assert [region["rid"] for region in found.status.status["regions"]] == ["6da9cf"]
    assert [(fault.reason, fault.index) for fault in found.unreadable] == [("wrong_type", 0), ("not_an_object", 2)]
    assert decode({"_type": "waypoints", "waypoints": [7]}).status is None


def test_a_region_of_another_device_is_flagged() -> None:
    said = CAPTURED["iphone_waypoint"] | {"topic": "owntracks/john/phone/waypoint"}
    assert told(said).status["contradicts"] == "john.phone"


@pytest.mark.parametrize("retained", [False, True])
def test_a_card_is_told_with_the_name_and_without_the_picture(retained: bool) -> None:
    found = told(CAPTURED["card"], retained=retained)
    assert (found.about, found.status) == ("card", {"name": "李四", "tid": "LS", "face_bytes": 72})


def test_a_large_picture_does_not_make_a_large_entry() -> None:
    found = told(CAPTURED["card"] | {"face": "A" * 4_000_000})
    assert found.status == {"name": "李四", "tid": "LS", "face_bytes": 3_000_000}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"_type": "waypoint"}, "missing_field"),
        ({"_type": "waypoint", "desc": "x" * 201}, "out_of_range"),
        ({"_type": "waypoint", "desc": "家", "lat": 91}, "out_of_range"),
        ({"_type": "waypoint", "desc": "家", "tst": 10**30}, "bad_time"),
        ({"_type": "waypoint", "desc": "家", "uuid": "x"}, "wrong_type"),
        ({"_type": "waypoints"}, "missing_field"),
        ({"_type": "waypoints", "waypoints": {}}, "wrong_type"),
        ({"_type": "card", "name": 7}, "wrong_type"),
        ({"_type": "card", "name": "x" * 201}, "out_of_range"),
        ({"_type": "card", "face": []}, "wrong_type"),
        ({"_type": "card", "more": "x" * CARD_MOST_BYTES}, "out_of_range"),
    ],
)
def test_what_cannot_be_read_says_why(said: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        decode(said)
    assert refusal.value.code == reason
