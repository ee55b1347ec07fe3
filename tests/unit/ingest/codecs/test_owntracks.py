"""OwnTracks: bytes as its apps send them (names and places changed), and what they come to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain.device_settings import DeviceSettings
from domain.errors import Unreadable
from domain.events.device import DeviceStatusChanged
from domain.events.facts import RANK, Fact, RegionCrossed, StatusReported, TagScanned, TimeQuality
from domain.positions import CRS_MASK, QUALITY_MASK, Flag, Position
from domain.time import Ms
from ingest.codecs import codec_of, read
from ingest.codecs.owntracks import CODEC, OTHERS, device_of
from ingest.devices import Devices
from ingest.message import NOTHING, Decoded, Message
from ingest.reading import Receipt

CAPTURED: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "captured_owntracks.json").read_bytes())

RECEIVED_MS = Ms(1_795_222_930_000)


def decode(
    said: dict[str, Any] | bytes, *, suffix: str = "", retained: bool = False, received_ms: Ms = RECEIVED_MS
) -> Decoded:
    payload = said if isinstance(said, bytes) else json.dumps(said).encode()
    return CODEC.decode(Message(f"owntracks/jane/phone{suffix}", payload, retained=retained), Receipt(received_ms))


def position(said: dict[str, Any]) -> Position:
    (found,) = decode(said).positions
    return found


def fact(said: dict[str, Any], suffix: str = "") -> Fact:
    (found,) = decode(said, suffix=suffix).facts
    return found


def location(**changes: Any) -> dict[str, Any]:
    """The least location there is, with changes; None leaves a field out."""
    said = {"_type": "location", "tst": 1_795_222_923, "lat": 31.2304, "lon": 121.4737} | changes
    return {name: value for name, value in said.items() if value is not None}


def extras(found: Position) -> dict[str, Any]:
    return dict(msgspec.json.decode(found.extras or b"{}"))


# Locations


def test_an_android_phone_on_the_way() -> None:
    found = position(CAPTURED["android_move"])
    assert msgspec.structs.replace(found, extras=b"") == Position(
        device="jane.phone",
        observed_at_ms=1_795_222_923_000,
        lat_e7=312_301_534,
        lon_e7=1_214_703_121,
        accuracy_dm=120,
        speed_cms=1_167,
        heading_cdeg=27_100,
        altitude_dm=80,
        battery_pct=93,
        flags=int(Flag.FUSED),
        sent_ms=1_795_222_924_000,
    )
    assert extras(found) == {
        "BSSID": "02:00:00:11:22:33",
        "SSID": "家",
        "_id": "82486537",
        "bs": 1,
        "conn": "w",
        "inregions": ["家"],
        "m": 2,
        "tid": "ne",
        "vac": 3,
    }


def test_an_iphone_standing_still_says_what_android_does_not() -> None:
    found = position(CAPTURED["iphone_manual"])
    assert (found.speed_cms, found.heading_cdeg, found.altitude_dm, found.battery_pct) == (0, None, 40, 34)
    assert found.sent_ms == found.observed_at_ms, "the apps say when they wrote a message where that is not its time"
    assert extras(found) == {
        "bs": 1,
        "conn": "m",
        "inregions": [],
        "inrids": ["6da9cf"],
        "m": 1,
        "motionactivities": ["stationary"],
        "p": 100.477,
        "poi": "后门",
        "t": "u",
        "tag": "shift",
        "tid": "JJ",
        "vac": 3,
    }


def test_an_old_iphone_says_minus_one_where_it_does_not_know() -> None:
    found = position(CAPTURED["iphone_2015"])
    assert (found.speed_cms, found.heading_cdeg, found.accuracy_dm, found.altitude_dm) == (None, None, 30_000, 510)


def test_what_is_left_out_is_unknown_and_not_zero() -> None:
    found = position(location())
    optional = (found.accuracy_dm, found.speed_cms, found.heading_cdeg, found.altitude_dm, found.battery_pct)
    assert optional == (None,) * 5
    assert (found.flags, found.extras) == (0, b"")


@pytest.mark.parametrize(
    ("said", "name", "value"),
    [
        ({"vel": 61}, "speed_cms", 1_694),
        ({"vel": 0}, "speed_cms", 0),
        ({"vel": -1}, "speed_cms", None),
        ({"vel": -4}, "speed_cms", None),
        ({"vel": "36"}, "speed_cms", 1_000),
        ({"cog": 360}, "heading_cdeg", 0),
        ({"cog": -1}, "heading_cdeg", None),
        ({"acc": 12.34}, "accuracy_dm", 123),
        ({"acc": 0}, "accuracy_dm", None),
        ({"acc": -1}, "accuracy_dm", None),
        ({"alt": -12.3}, "altitude_dm", -123),
        ({"batt": 0}, "battery_pct", 0),
        ({"batt": -100}, "battery_pct", None),
        ({"batt": 77.6}, "battery_pct", 78),
        ({"source": "gps"}, "flags", int(Flag.GPS)),
        ({"tst": "1795222923"}, "observed_at_ms", 1_795_222_923_000),
        ({"tst": 1_795_222_923.25}, "observed_at_ms", 1_795_222_923_250),
        ({"lat": "31.2304"}, "lat_e7", 312_304_000),
    ],
)
def test_units_and_unknowns(said: dict[str, Any], name: str, value: int | None) -> None:
    assert getattr(position(location(**said)), name) == value


def test_a_speed_is_in_kilometres_an_hour() -> None:
    assert position(location(vel=36)).speed_cms == 1_000


def test_a_time_may_come_as_text_and_is_the_same() -> None:
    assert position(location(tst="1795222923")) == position(location(tst=1_795_222_923))


def test_a_provider_without_a_flag_is_kept_as_it_came() -> None:
    found = position(location(source="passive"))
    assert (found.flags, extras(found)) == (0, {"source": "passive"})


def test_a_ping_is_dated_at_the_message_that_carries_it() -> None:
    ping = position(location(t="p", created_at=1_795_222_023))
    assert (ping.observed_at_ms, ping.sent_ms) == (1_795_222_023_000, 1_795_222_023_000)
    assert extras(ping) == {"t": "p", "tst": 1_795_222_923}


@pytest.mark.parametrize(
    "said",
    [
        {"t": "p"},
        {"t": "p", "created_at": 1_795_222_925},
        {"t": "p", "created_at": 0},
        {"t": "u", "created_at": 1_795_222_922},
    ],
)
def test_any_other_location_is_dated_at_its_fix(said: dict[str, Any]) -> None:
    assert position(location(**said)).observed_at_ms == 1_795_222_923_000


@pytest.mark.parametrize(
    ("tst", "flag"),
    [(1_795_223_051, int(Flag.TIME_AHEAD)), (0, int(Flag.TIME_UNSET)), (1_795_223_049, 0)],
)
def test_a_clock_that_is_wrong_is_flagged(tst: int, flag: int) -> None:
    assert position(location(tst=tst)).flags & QUALITY_MASK == flag


def test_a_location_is_one_fact_however_and_whenever_it_arrives() -> None:
    first = position(CAPTURED["android_move"])
    said = CAPTURED["android_move"]
    later = said | {"created_at": 1_795_229_999, "tst": str(said["tst"])}
    turned = dict(reversed(later.items()))
    (again,) = decode(turned, suffix="/anything", received_ms=Ms(RECEIVED_MS + 9)).positions
    assert again.fact == first.fact
    others = [said | {"_id": "1"}, said | {"tst": said["tst"] + 1}, said | {"lat": 31.23}, said | {"SSID": "b"}]
    assert first.fact not in {position(other).fact for other in others}


def test_a_retained_location_is_no_fact() -> None:
    assert decode(location(), retained=True) == NOTHING
    assert decode(CAPTURED["transition"], retained=True) == NOTHING


# Regions


def test_a_crossing_of_a_region_is_a_fact_with_its_coordinates() -> None:
    found = fact(CAPTURED["transition"], "/event")
    assert found == RegionCrossed(
        recorded_at_ms=RECEIVED_MS,
        fact=found.fact,
        device="jane.phone",
        observed_at_ms=Ms(1_795_222_900_000),
        sent_ms=Ms(1_795_222_900_000),
        event="enter",
        place="家",
        lat=31.2304,
        lon=121.4737,
        accuracy_m=26.0,
        extras={"wtst": 1_444_755_752, "tid": "21", "t": "c", "rid": "6da9cf"},
    )


def test_a_beacons_crossing_needs_no_coordinates() -> None:
    found = fact({"_type": "transition", "tst": 1_795_222_900, "event": "leave", "t": "b", "acc": 0})
    assert isinstance(found, RegionCrossed)
    assert (found.event, found.place, found.lat, found.lon, found.accuracy_m) == ("leave", None, None, None, None)


def test_crossings_differ_by_what_they_say_and_not_by_when_they_were_sent() -> None:
    said = CAPTURED["transition"]
    first = fact(said).fact
    assert fact(said | {"created_at": 1_795_222_999}).fact == first
    others = [
        said | {"event": "leave"},
        said | {"desc": "b"},
        said | {"tst": 1},
        said | {"lat": 31.0},
        said | {"t": "l"},
    ]
    assert len({fact(other).fact for other in others} | {first}) == 6


def test_of_one_instant_a_crossing_is_folded_after_the_position() -> None:
    assert RANK["position"] + 1 == RANK["region"]


# States


def test_a_will_is_dated_at_its_receipt_because_it_was_written_at_the_connect() -> None:
    found = fact({"_type": "lwt", "tst": 1_795_200_000})
    assert found == StatusReported(
        recorded_at_ms=RECEIVED_MS,
        fact=found.fact,
        device="jane.phone",
        quality=TimeQuality.ABSENT,
        online=False,
        extras={"tst": 1_795_200_000},
    )
    assert found.at_ms == RECEIVED_MS


@pytest.mark.parametrize(
    ("said", "permission"),
    [({"android": {"loc": loc}}, "always") for loc in (0, -1)]
    + [({"android": {"loc": loc}}, "while_in_use") for loc in (-2, -3)]
    + [({"android": {"loc": -4}}, "denied")]
    + [({"android": {"loc": loc}}, None) for loc in (7, "0", False, None, [], 0.0)]
    + [
        ({"iOS": {"locationManagerAuthorizationStatus": f"kCLAuthorizationStatus{word}"}}, permission)
        for word, permission in [
            ("AuthorizedAlways", "always"),
            ("AuthorizedWhenInUse", "while_in_use"),
            ("Denied", "denied"),
            ("Restricted", "denied"),
            ("NotDetermined", None),
        ]
    ]
    + [({"iOS": {"locationManagerAuthorizationStatus": []}}, None), ({"iOS": {}}, None), ({}, None)],
)
def test_a_status_says_whether_the_app_may_locate(said: dict[str, Any], permission: str | None) -> None:
    found = fact({"_type": "status"} | said, "/status")
    assert isinstance(found, StatusReported)
    assert (found.permission, found.online, found.observed_at_ms, found.extras) == (permission, None, None, said)


def test_a_status_keeps_the_settings_that_explain_a_gap() -> None:
    found = fact(CAPTURED["android_status"], "/status")
    assert found.ref == "51a2b3c4"
    assert found.extras["android"] == {"bo": 1, "flavour": "gms", "hib": 0, "loc": -2, "ps": 1, "version": 1, "wifi": 0}


def test_a_will_and_a_status_are_two_facts() -> None:
    assert fact({"_type": "lwt"}).fact != fact({"_type": "status"}).fact


def test_a_retained_state_updates_the_registry() -> None:
    will = decode({"_type": "lwt", "tst": 1_795_200_000, "by": "app"}, retained=True)
    expected = DeviceStatusChanged(
        recorded_at_ms=RECEIVED_MS, device="jane.phone", status={"online": False, "by": "app"}
    )
    assert will == Decoded(status=expected)
    status = decode(CAPTURED["android_status"], suffix="/status", retained=True).status
    assert status is not None
    assert status.status["permission"] == "while_in_use"
    assert "online" not in status.status


# Beacons and steps


def test_a_beacon_in_reach_is_a_scan_under_the_beacons_name() -> None:
    found = fact(CAPTURED["beacon"], "/beacon")
    assert found == TagScanned(
        recorded_at_ms=RECEIVED_MS,
        fact=found.fact,
        device="jane.phone",
        observed_at_ms=Ms(1_795_222_923_000),
        sent_ms=Ms(1_795_222_923_000),
        tag="beacon:1de4b189115e45f6b44e509352269977:3:7",
        extras={"tid": "JJ", "desc": "门口", "acc": 1, "prox": 2, "rssi": -71},
    )


def test_a_beacon_that_is_heard_many_times_at_the_time_of_one_fix_is_one_scan() -> None:
    said = CAPTURED["beacon"]
    louder = said | {"rssi": -50, "prox": 1, "acc": 0}
    assert fact(louder).fact == fact(said).fact
    assert len({fact(said | change).fact for change in ({}, {"minor": 8}, {"tst": 1_795_222_933})}) == 3
    assert isinstance(fact(said | {"uuid": said["uuid"].lower().replace("-", "")}), TagScanned)


def test_steps_are_a_status_at_their_time_with_what_was_counted() -> None:
    found = fact(CAPTURED["steps"], "/step")
    assert isinstance(found, StatusReported)
    assert (found.observed_at_ms, found.online, found.permission) == (1_795_222_923_000, None, None)
    assert found.extras["steps"] == 8_211
    assert found.extras["from"] == 1_795_132_800


# HTTP mode


def test_a_location_by_http_names_its_topic_and_is_the_same_fact_as_by_mqtt() -> None:
    by_http = CAPTURED["iphone_http"]
    found = position(by_http)
    assert "topic" not in extras(found)
    assert "contradicts" not in extras(found)
    assert found.fact == position({name: value for name, value in by_http.items() if name != "topic"}).fact


def test_an_event_by_http_names_the_topic_below_its_device() -> None:
    found = fact(CAPTURED["iphone_http_event"])
    assert isinstance(found, RegionCrossed)
    assert found.extras == {"rid": "6da9cf", "t": "c", "tid": "JJ", "wtst": 1_444_755_752}


def test_an_empty_body_says_nothing() -> None:
    assert decode(b"") == NOTHING


@pytest.mark.parametrize("topic", ["owntracks/john/phone", "owntracks/jane/tablet/event", "owntracks/Jane/phone"])
def test_a_payload_that_names_another_device_is_the_topics_and_flagged(topic: str) -> None:
    found = position(location(topic=topic))
    assert found.device == "jane.phone"
    assert extras(found) == {"topic": topic, "contradicts": device_of(topic)}
    crossed = fact(CAPTURED["iphone_http_event"] | {"topic": topic})
    assert (crossed.device, crossed.extras["contradicts"]) == ("jane.phone", device_of(topic))


@pytest.mark.parametrize("topic", ["fleet/7", "owntracks/jane", "", None, 7, ["owntracks/john/phone"]])
def test_a_topic_of_no_device_contradicts_nothing_and_is_kept(topic: Any) -> None:
    assert extras(position(CAPTURED["iphone_http"] | {"topic": topic}))["topic"] == topic


def test_a_device_on_a_topic_of_its_own_names_that_one() -> None:
    devices = Devices({"jane.phone": DeviceSettings(topic="fleet/7", dialect="owntracks")})
    receipt = Receipt(RECEIVED_MS, devices=devices)
    for topic, flagged in (("fleet/7/event", False), ("fleet/8", False), ("owntracks/john/phone", True)):
        payload = json.dumps(location(topic=topic)).encode()
        (found,) = read(Message("fleet/7", payload), receipt).positions
        assert (found.device, "contradicts" in extras(found)) == ("jane.phone", flagged)
        assert ("topic" in extras(found)) == (topic != "fleet/7/event"), "its own says nothing"


# Arrays


def test_of_an_array_everything_is_read_and_what_cannot_be_is_a_fault() -> None:
    messages = [location(), CAPTURED["transition"], {"_type": "location"}, location(tst=1_795_222_933), 7]
    found = decode(json.dumps(messages).encode())
    assert [each.observed_at_ms for each in found.positions] == [1_795_222_923_000, 1_795_222_933_000]
    assert [type(each) for each in found.facts] == [RegionCrossed]
    assert [(each.reason, each.index) for each in found.unreadable] == [("missing_field", 2), ("not_an_object", 4)]
    assert found.positions[0].fact == position(location()).fact
    assert decode(b"[]") == NOTHING


def test_an_array_tells_the_registry_one_thing() -> None:
    found = decode(json.dumps([CAPTURED["card"], location(), CAPTURED["android_waypoint"]]).encode())
    assert found.status is not None
    assert found.status.about == "card"
    assert len(found.positions) == 1
    assert [(each.reason, each.index) for each in found.unreadable] == [("out_of_range", 2)]


# Coordinates


def test_the_registry_says_in_what_coordinates_a_device_speaks() -> None:
    receipt = Receipt(RECEIVED_MS, devices=Devices({"jane.phone": DeviceSettings(crs="gcj02")}))
    there = {"lat": 31.17530398364597, "lon": 121.531541859215}

    def said(message: dict[str, Any]) -> Decoded:
        return CODEC.decode(Message("owntracks/jane/phone", json.dumps(message).encode()), receipt)

    (found,) = said(location(**there)).positions
    assert (found.lat_e7, found.lon_e7, found.flags & CRS_MASK) == (311_774_276, 1_215_272_106, Flag.GCJ02)
    (crossed,) = said(CAPTURED["transition"] | there).facts
    assert isinstance(crossed, RegionCrossed)
    assert (crossed.lat, crossed.lon, crossed.extras["crs"]) == (31.1774276, 121.5272106, "gcj02")
    told = said(CAPTURED["android_waypoint"] | there).status
    assert told is not None
    assert (told.status["lat"], told.status["lon"], told.status["crs"]) == (31.1774276, 121.5272106, "gcj02")


# What says nothing, and what cannot be read


@pytest.mark.parametrize("kind", sorted(OTHERS))
def test_orders_questions_and_an_apps_configuration_say_nothing(kind: str) -> None:
    assert decode({"_type": kind, "tst": "x"}, suffix=f"/{kind}") == NOTHING


def test_an_empty_payload_clears_what_was_retained_and_says_nothing() -> None:
    assert decode(b"") == NOTHING


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (CAPTURED["sealed"], "encrypted"),
        (CAPTURED["beacon"] | {"uuid": "x"}, "wrong_type"),
        (CAPTURED["beacon"] | {"major": 65_536}, "out_of_range"),
        (CAPTURED["steps"] | {"tst": 10**30}, "bad_time"),
        ({}, "missing_field"),
        ({"_type": "teleport"}, "unknown_value"),
        ({"_type": ["location"]}, "unknown_value"),
        (b"7", "not_an_object"),
        (b"{", "not_json"),
        (b'"\xff"', "not_utf8"),
        ({"_type": "location"}, "missing_field"),
        (location(lat=None), "missing_field"),
        (location(lat=91), "out_of_range"),
        (location(lat="nan"), "out_of_range"),
        (location(vel=1e9), "out_of_range"),
        (location(tst=10**30), "bad_time"),
        (location(tst="nan"), "bad_time"),
        (location(tst="soon"), "wrong_type"),
        (location(tst=True), "wrong_type"),
        (location(created_at=10**30), "bad_time"),
        (location(worker=7), "wrong_type"),
        (location(_id="\0"), "out_of_range"),
        ({"_type": "transition", "tst": 1_795_222_900}, "missing_field"),
        ({"_type": "transition", "tst": 1_795_222_900, "event": "dwell"}, "unknown_value"),
        ({"_type": "transition", "tst": 1_795_222_900, "event": "enter", "lat": 1}, "missing_field"),
        ({"_type": "status", "android": []}, "wrong_type"),
    ],
)
def test_what_cannot_be_read_says_why(said: dict[str, Any] | bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        decode(said)
    assert refusal.value.code == reason


# Topics


@pytest.mark.parametrize(
    ("topic", "device"),
    [
        ("owntracks/jane/phone", "jane.phone"),
        ("owntracks/jane/phone/event", "jane.phone"),
        ("owntracks/jane/phone/a/b", "jane.phone"),
        ("owntracks/jane.doe/my phone", "jane~2edoe.my~20phone"),
        ("owntracks/李/p~1", "~e6~9d~8e.p~7e1"),
        ("owntracks/Jane_D-1/P", "Jane_D-1.P"),
    ],
)
def test_a_device_is_named_after_its_topic(topic: str, device: str) -> None:
    assert device_of(topic) == device
    assert codec_of(topic) is CODEC


def test_no_two_topics_name_one_device() -> None:
    topics = ["owntracks/a.b/c", "owntracks/a/b.c", "owntracks/a~2eb/c", "owntracks/a/b", "owntracks/ab/c"]
    assert len({device_of(topic) for topic in topics}) == len(topics)


@pytest.mark.parametrize(
    "topic",
    [
        "owntracks/jane",
        "owntracks/",
        "owntracks//phone",
        "owntracks/jane/",
        "owntracks/jane//event",
        f"owntracks/{'李' * 20}/phone",
        "elsewhere/jane/phone",
    ],
)
def test_a_topic_without_a_device_is_refused(topic: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        CODEC.decode(Message(topic, b"{}"), Receipt(RECEIVED_MS))
    assert refusal.value.code == "unknown_topic"
