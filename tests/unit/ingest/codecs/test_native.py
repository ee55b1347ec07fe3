"""The native dialect: bytes as devices send them, and what they come to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from domain.crs import wgs84_to_gcj02
from domain.errors import Unreadable
from domain.events.device import DeviceStatusChanged
from domain.events.facts import (
    ButtonPressed,
    CheckedIn,
    CheckedOut,
    ChecklistTicked,
    ContactChanged,
    DelayReported,
    Fact,
    NoAccessReported,
    OutingDeclared,
    ShiftDeclared,
    SosRaised,
    StatusReported,
    TagScanned,
    TimeQuality,
)
from domain.ids import fact_id
from domain.positions import CRS_MASK, QUALITY_MASK, Flag, Position
from domain.time import Ms
from ingest import wire
from ingest.codecs import codec_of
from ingest.codecs.native import CODEC
from ingest.message import NOTHING, Decoded, Message
from ingest.reading import Receipt

AT_MS = Ms(1_795_222_923_456)
AT = b'"2026-11-21T01:02:03.456Z"'
RECEIVED_MS = Ms(AT_MS + 1_000)
ANY = UUID(int=0)


def decode(kind: str, payload: bytes, *, retained: bool = False, device: str = "p1") -> Decoded:
    return CODEC.decode(Message(f"doorstep/v1/{device}/{kind}", payload, retained=retained), Receipt(RECEIVED_MS))


def one_position(payload: bytes) -> Position:
    (position,) = decode("position", payload).positions
    return position


def one_fact(kind: str, payload: bytes) -> Fact:
    (fact,) = decode(kind, payload).facts
    return fact


def without_identity(fact: Fact) -> dict[str, Any]:
    return {name: getattr(fact, name) for name in fact.__struct_fields__ if name != "fact"}


def reason(kind: str, payload: bytes) -> str:
    with pytest.raises(Unreadable) as error:
        decode(kind, payload)
    return error.value.code


# What each kind says

COMMON = b'"id":"a-1","sent":1795222930,"worker":"w1","app":{"v":[1,2.5,null]},"lang":null'
KEPT: dict[str, Any] = {
    "recorded_at_ms": RECEIVED_MS,
    "fact": ANY,
    "device": "p1",
    "observed_at_ms": AT_MS,
    "sent_ms": 1_795_222_930_000,
    "worker": "w1",
    "ref": "a-1",
    "extras": {"app": {"v": [1, 2.5, None]}, "lang": None},
}
WITNESS: dict[str, Any] = {
    "method": "nfc",
    "code": "4711",
    "visit": "v-17",
    "tag": "04:A2",
    "lat": 31.2304167,
    "lon": 121.4737013,
    "accuracy_m": 8.5,
}
CHECK = (
    b'"method":"nfc","code":"4711","visit":"v-17","tag":"04:A2","lat":31.23041671,"lon":121.47370126,"accuracy":8.52'
)
CAPTURED: list[tuple[str, bytes, type[Fact], dict[str, Any]]] = [
    ("checkin", CHECK, CheckedIn, WITNESS),
    ("checkout", CHECK, CheckedOut, WITNESS),
    (
        "checklist",
        b'"visit":"v1","item":"kitchen","done":false',
        ChecklistTicked,
        {"visit": "v1", "item": "kitchen", "done": False},
    ),
    ("scan", b'"tag":"BA839D07"', TagScanned, {"tag": "BA839D07"}),
    ("contact", b'"open":true', ContactChanged, {"open": True}),
    ("button", b'"press":"double"', ButtonPressed, {"press": "double"}),
    ("sos", '"lat":31.2,"lon":121.4,"note":"救命"'.encode(), SosRaised, {"lat": 31.2, "lon": 121.4, "note": "救命"}),
    ("shift", b'"on":true', ShiftDeclared, {"on": True}),
    ("delay", b'"visit":"v1","reason":"bus"', DelayReported, {"visit": "v1", "reason": "bus"}),
    ("no_access", b'"visit":"v1"', NoAccessReported, {"visit": "v1"}),
    ("outing", b'"visit":"v1","on":false', OutingDeclared, {"visit": "v1", "on": False}),
    (
        "status",
        b'"online":true,"battery":76.6,"permission":"while_in_use","network":"4g"',
        StatusReported,
        {"online": True, "battery_pct": 77, "permission": "while_in_use", "network": "4g"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "fields", "event", "content"), CAPTURED, ids=[each[0] for each in CAPTURED])
def test_every_field_of_every_kind_is_kept(
    kind: str, fields: bytes, event: type[Fact], content: dict[str, Any]
) -> None:
    fact = one_fact(kind, b'{"time":' + AT + b"," + fields + b"," + COMMON + b"}")
    assert without_identity(fact) == without_identity(event(**KEPT, **content))


def test_every_kind_is_read() -> None:
    assert {"position", *(kind for kind, *_ in CAPTURED)} == set(wire.KINDS)


def test_every_field_of_a_position_is_kept() -> None:
    payload = (
        b'{"time":1795222923.456,"lat":31.2304167,"lon":-121.4737012,"accuracy":8.56,"speed":1.256,"heading":271.346,'
        b'"altitude":-3.14,"battery":76.6,"crs":"wgs84","mock":true,"provider":"fused",' + COMMON + b"}"
    )
    assert one_position(payload) == Position(
        device="p1",
        observed_at_ms=AT_MS,
        lat_e7=312_304_167,
        lon_e7=-1_214_737_012,
        accuracy_dm=86,
        speed_cms=126,
        heading_cdeg=27_135,
        altitude_dm=-31,
        battery_pct=77,
        flags=Flag.MOCK_TRUE | Flag.FUSED,
        sent_ms=1_795_222_930_000,
        extras=b'{"app":{"v":[1,2.5,null]},"id":"a-1","lang":null,"worker":"w1"}',
    )


def test_what_a_position_does_not_say_is_absent() -> None:
    bare = Position(device="p1", observed_at_ms=AT_MS, lat_e7=0, lon_e7=0)
    assert one_position(b'{"lon":0,"lat":0,"time":' + AT + b"}") == bare
    nulls = b'"accuracy":null,"speed":null,"mock":null,"provider":null,"crs":null,"id":null,"worker":null,"sent":null'
    assert one_position(b'{"lon":0,"lat":0,"time":' + AT + b"," + nulls + b"}") == bare


def test_mock_said_to_be_false_differs_from_mock_unsaid() -> None:
    assert one_position(b'{"lon":0,"lat":0,"mock":false,"time":' + AT + b"}").flags == Flag.MOCK_FALSE


def test_north_is_zero_and_never_360_degrees() -> None:
    assert one_position(b'{"lon":0,"lat":0,"heading":360,"time":' + AT + b"}").heading_cdeg == 0
    assert one_position(b'{"lon":0,"lat":0,"heading":359.999,"time":' + AT + b"}").heading_cdeg == 0


def test_coordinates_of_chinese_maps_are_converted_and_their_system_is_remembered() -> None:
    lat, lon = wgs84_to_gcj02(31.2304167, 121.4737012)
    there = b'"lat":%.9f,"lon":%.9f,"crs":"gcj02","time":%s' % (lat, lon, AT)
    position = one_position(b"{" + there + b"}")
    assert (position.lat_e7, position.lon_e7) == (312_304_167, 1_214_737_012)
    assert position.flags & CRS_MASK == Flag.GCJ02
    for kind in ("checkin", "sos"):
        fact: Any = one_fact(kind, b"{" + there + b"}")
        assert (fact.lat, fact.lon, fact.extras) == (31.2304167, 121.4737012, {"crs": "gcj02"})
    assert one_position(b"{" + there.replace(b"gcj02", b"bd09") + b"}").flags & CRS_MASK == Flag.BD09


def test_a_phone_that_says_minus_one_does_not_know() -> None:
    unknown = b'"accuracy":-1,"speed":-1,"heading":-1.0,"battery":-1'
    bare = one_position(b'{"lon":0,"lat":0,"time":' + AT + b"}")
    assert one_position(b'{"lon":0,"lat":0,"time":' + AT + b"," + unknown + b"}") == bare
    fact = one_fact("checkin", b'{"time":' + AT + b',"lat":1,"lon":1,"accuracy":-1}')
    assert fact == one_fact("checkin", b'{"time":' + AT + b',"lat":1,"lon":1}')


def test_a_check_in_says_how_by_default() -> None:
    fact = one_fact("checkin", b'{"time":' + AT + b"}")
    assert isinstance(fact, CheckedIn)
    assert fact.method == "app"


def test_a_number_may_serve_as_id() -> None:
    assert one_fact("shift", b'{"id":7,"on":true,"time":' + AT + b"}").ref == "7"


# Time


@pytest.mark.parametrize(
    ("time", "observed_at_ms", "flag"),
    [
        (b"0", 0, Flag.TIME_UNSET),
        (b'"1970-01-01T00:00:05Z"', 5_000, Flag.TIME_UNSET),
        (b'"2100-01-01T00:00:00Z"', 4_102_444_800_000, Flag.TIME_AHEAD),
        (b"1795222923.456", AT_MS, 0),
        (b'"2026-11-21T09:02:03.456+08:00"', AT_MS, 0),
        (b'"2026-11-21T01:02:03.4567891234Z"', AT_MS, 0),
    ],
)
def test_the_devices_claim_is_kept_and_judged(time: bytes, observed_at_ms: int, flag: int) -> None:
    position = one_position(b'{"lat":1,"lon":2,"time":' + time + b"}")
    assert (position.observed_at_ms, position.flags & QUALITY_MASK) == (observed_at_ms, flag)
    fact = one_fact("shift", b'{"on":true,"time":' + time + b"}")
    qualities = {0: "device", Flag.TIME_AHEAD: "ahead", Flag.TIME_UNSET: "unset"}
    assert (fact.observed_at_ms, fact.quality.value) == (observed_at_ms, qualities[flag])


@pytest.mark.parametrize(
    ("kind", "field"),
    [("scan", b'"tag":"a"'), ("contact", b'"open":true'), ("button", b'"press":"long"'), ("status", b'"online":true')],
)
@pytest.mark.parametrize("time", [b"", b'"time":null,'])
def test_devices_without_a_clock_may_leave_the_time_out(kind: str, field: bytes, time: bytes) -> None:
    fact = one_fact(kind, b"{" + time + field + b"}")
    assert (fact.observed_at_ms, fact.quality, fact.at_ms) == (None, TimeQuality.ABSENT, RECEIVED_MS)


# Identity


def test_when_it_was_sent_is_no_part_of_a_facts_identity() -> None:
    said = b'{"time":%s,"lat":31.2,"lon":121.4%s}'
    for kind in ("position", "checkin"):
        ids = set()
        for more in (b"", b',"sent":1795222999', b',"sent":null,"accuracy":null'):
            decoded = decode(kind, said % (AT, more))
            ids |= {position.fact for position in decoded.positions} | {fact.fact for fact in decoded.facts}
        assert len(ids) == 1


@pytest.mark.parametrize(
    "other",
    [
        b'"worker":"w2"',
        b'"id":"b"',
        b'"visit":"v2"',
        b'"method":"nfc"',
        b'"accuracy":1',
        b'"more":0',
        b'"lat":1,"lon":1',
    ],
)
def test_whatever_else_it_says_is_part_of_its_identity(other: bytes) -> None:
    plain = one_fact("checkin", b'{"time":' + AT + b"}")
    assert one_fact("checkin", b'{"time":' + AT + b"," + other + b"}").fact != plain.fact


@pytest.mark.parametrize("spelling", ["BA839D07", "ba:83:9d:07", "BA-83-9D-07", "0xba839d07", " ba839d07 "])
def test_a_tag_is_the_same_tag_in_every_spelling(spelling: str) -> None:
    said = b'{"time":' + AT + b',"tag":"' + spelling.encode() + b'"}'
    scanned, witness = one_fact("scan", said), one_fact("checkin", said)
    assert isinstance(scanned, TagScanned)
    assert isinstance(witness, CheckedIn)
    assert scanned.tag == witness.tag == "BA839D07"
    # What was said before tags were made alike keeps its identity where it was so spelt.
    assert scanned.fact == fact_id("p1", "scan", AT_MS, b'{"tag":"BA839D07"}')


def test_identities_of_today_hold_for_ever() -> None:
    position = one_position(b'{"time":1795222923.456,"lat":31.2304167,"lon":121.4737012,"accuracy":8.5,"id":"a"}')
    assert str(position.fact) == "8b75ca45-e4b4-7572-3ae9-bcee46242ba3"
    content = (
        b'{"accuracy":8.5,"code":"4711","lat":31.2304167,"lon":121.4737013,"method":"nfc","tag":"04:A2",'
        b'"visit":"v-17","worker":"w1","x":{"a":2,"b":1}}'
    )
    said = b'{"x":{"b":1,"a":2},"worker":"w1","time":' + AT + b"," + CHECK + b"}"
    assert one_fact("checkin", said).fact == fact_id("p1", "checkin", AT_MS, content)
    assert str(fact_id("p1", "checkin", AT_MS, content)) == "fc0d7bca-397f-aac1-7930-70cbdd0d69b5"


# What cannot be read


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", "empty"),
        (b'{"time":1795222923,"lat":31.2,"lo', "not_json"),
        (b"\x00\xff\xfe\x01\x02", "not_json"),
        (b'{"time":1795222923,"lat":NaN,"lon":1}', "not_json"),
        (b'{"time":1795222923,"lat":1e999,"lon":1}', "out_of_range"),
        (b'{"a":"\xff"}', "not_utf8"),
        (b"[" * 200_000, "too_deep"),
        (b'{"a":' * 200_000, "too_deep"),
        (b"7", "not_an_object"),
        (b"null", "not_an_object"),
        (b'"x"', "not_an_object"),
        (b"{}", "missing_field"),
        (b'{"time":1795222923,"lat":1}', "missing_field"),
        (b'{"lat":1,"lon":1}', "missing_field"),
        (b'{"time":null,"lat":1,"lon":1}', "wrong_type"),
        (b'{"time":true,"lat":1,"lon":1}', "wrong_type"),
        (b'{"time":1795222923,"lat":"31","lon":1}', "wrong_type"),
        (b'{"time":1795222923,"lat":true,"lon":1}', "wrong_type"),
        (b'{"time":1795222923,"lat":1,"lon":1,"mock":1}', "wrong_type"),
        (b'{"time":1795222923,"lat":1,"lon":1,"id":1.5}', "wrong_type"),
        (b'{"time":1795222923,"lat":1,"lon":1,"worker":7}', "wrong_type"),
        (b'{"time":1795222923,"lat":90.1,"lon":1}', "out_of_range"),
        (b'{"time":1795222923,"lat":1,"lon":-180.1}', "out_of_range"),
        (b'{"time":1795222923,"lat":1,"lon":1,"accuracy":-1.1}', "out_of_range"),
        (b'{"time":1795222923,"lat":1,"lon":1,"battery":101}', "out_of_range"),
        (b'{"time":1795222923,"lat":1,"lon":1,"heading":361}', "out_of_range"),
        (b'{"time":1795222923,"lat":1,"lon":1,"id":9223372036854775808}', "out_of_range"),
        (b'{"time":1795222923,"lat":1,"lon":1,"n":1' + b"0" * 5_000 + b"}", "out_of_range"),
        (b'{"time":1795222923,"lat":1,"lon":1,"speed":1' + b"0" * 400 + b"}", "out_of_range"),
        (b'{"time":1795222923,"lat":1,"lon":1,"worker":"a\\u0000b"}', "out_of_range"),
        (b'{"time":1795222923,"lat":1,"lon":1,"worker":"' + b"w" * 201 + b'"}', "out_of_range"),
        (b'{"time":1795222923,"lat":1,"lon":1,"crs":"utm"}', "unknown_value"),
        (b'{"time":1795222923,"lat":1,"lon":1,"provider":"wifi"}', "unknown_value"),
        (b'{"time":"yesterday","lat":1,"lon":1}', "bad_time"),
        (b'{"time":"2026-11-21T01:02:03","lat":1,"lon":1}', "bad_time"),
        (b'{"time":1795222923456,"lat":1,"lon":1}', "bad_time"),
        (b'{"time":1795222923,"sent":1e12,"lat":1,"lon":1}', "bad_time"),
        (b'{"time":1795222923,"lat":1,"lon":1,"x":' + b"[" * 40 + b"]" * 40 + b"}", "too_deep"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_has_a_reason(payload: bytes, code: str) -> None:
    assert reason("position", payload) == code


def test_half_a_place_is_no_place() -> None:
    assert reason("checkin", b'{"time":1795222923,"lat":1}') == "missing_field"
    assert reason("sos", b'{"time":1795222923,"lon":1}') == "missing_field"


def test_unknown_fields_are_kept_as_deep_as_readers_can_follow() -> None:
    value = b"[" * 32 + b"]" * 32
    assert one_position(b'{"time":1795222923,"lat":1,"lon":1,"x":' + value + b"}").extras == b'{"x":' + value + b"}"


def test_numbers_of_any_size_are_kept_among_unknown_fields() -> None:
    extras = one_position(b'{"time":1,"lat":1,"lon":1,"n":123456789012345678901234567890}').extras
    assert extras == b'{"n":123456789012345678901234567890}'


# Arrays


def test_the_good_elements_of_an_array_are_read_and_the_bad_ones_named() -> None:
    good, bad = b'{"time":1795222923,"lat":1,"lon":1}', b'{"time":1795222923,"lat":91,"lon":1}'
    decoded = decode("position", b"[" + b",".join([good, bad, b"[]", good, b"{}"]) + b"]")
    assert len(decoded.positions) == 2
    assert [(fault.index, fault.reason) for fault in decoded.unreadable] == [
        (1, "out_of_range"),
        (2, "not_an_object"),
        (4, "missing_field"),
    ]


def test_an_empty_array_says_nothing() -> None:
    assert decode("position", b"[]") == Decoded(positions=[], facts=[], unreadable=[])


def test_ten_megabytes_of_an_array_are_read() -> None:
    element = b'{"time":1795222923.%03d,"lat":31.2304167,"lon":121.4737012,"note":"%s"}'
    elements = [element % (n % 1000, b"x" * 900) for n in range(10_000)]
    assert len(decode("position", b"[" + b",".join(elements) + b"]").positions) == 10_000


# Retained messages, and the cell's time


@pytest.mark.parametrize("kind", [kind for kind in wire.KINDS if kind != "status"])
def test_a_retained_message_is_no_fact(kind: str) -> None:
    assert decode(kind, b'{"time":1,"lat":1,"lon":1}', retained=True) is NOTHING


def test_a_retained_status_is_what_the_registry_knows() -> None:
    decoded = decode("status", b'{"time":%s,"sent":1,"online":false,"battery":7,"fw":"1.2"}' % AT, retained=True)
    assert decoded == Decoded(
        status=DeviceStatusChanged(
            recorded_at_ms=RECEIVED_MS,
            device="p1",
            observed_at_ms=AT_MS,
            status={"online": False, "battery": 7, "fw": "1.2"},
        )
    )


def test_the_cells_time_is_read_from_its_topic() -> None:
    said = Message("doorstep/v1/_clock/time", b'{"time":' + AT + b"}")
    assert CODEC.decode(said, Receipt(RECEIVED_MS)) == Decoded(tick_ms=AT_MS)
    retained = Message("doorstep/v1/_clock/time", b'{"time":' + AT + b"}", retained=True)
    assert CODEC.decode(retained, Receipt(RECEIVED_MS)) is NOTHING


@pytest.mark.parametrize(
    ("payload", "code"), [(b'{"time":0}', "bad_time"), (b"{}", "missing_field"), (b"5", "not_an_object")]
)
def test_a_cells_time_that_makes_no_sense_cannot_be_read(payload: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as error:
        CODEC.decode(Message("doorstep/v1/_clock/time", payload), Receipt(RECEIVED_MS))
    assert error.value.code == code


def test_the_dialect_is_found_by_its_topic() -> None:
    assert codec_of("doorstep/v1/p1/position").name == "native"
    with pytest.raises(Unreadable):
        codec_of("elsewhere/p1")
