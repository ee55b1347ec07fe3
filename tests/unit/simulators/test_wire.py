"""What phones write, byte for byte: the wire format's table, not what our reader happens to accept."""

from __future__ import annotations

import pytest

from simulators.wire import (
    Button,
    CheckIn,
    ChecklistItem,
    CheckOut,
    Contact,
    Delay,
    Message,
    NoAccess,
    Outing,
    Position,
    Report,
    Scan,
    Shift,
    Sos,
    Status,
    clock,
    encode,
    encode_backlog,
    rfc3339,
)

AT = "2026-11-21T09:02:03.004+08:00"
AT_MS = 1_795_222_923_004

WRITTEN: list[tuple[Report, str, bytes]] = [
    (
        Position(time=1437578093.881, lat=37.3887767, lon=-122.0876886, accuracy=37.5, speed=-1.0),
        "position",
        b'{"time":1437578093.881,"lat":37.3887767,"lon":-122.0876886,"accuracy":37.5,"speed":-1.0}',
    ),
    (
        Position(
            id="7",
            sent=AT,
            worker="w-1",
            time=AT,
            lat=31.2,
            lon=121.4,
            accuracy=8.0,
            speed=4.5,
            heading=90.0,
            altitude=12.0,
            battery=80,
            crs="gcj02",
            mock=False,
            provider="gps",
        ),
        "position",
        b'{"id":"7","sent":"2026-11-21T09:02:03.004+08:00","worker":"w-1","time":"2026-11-21T09:02:03.004+08:00",'
        b'"lat":31.2,"lon":121.4,"accuracy":8.0,"speed":4.5,"heading":90.0,"altitude":12.0,"battery":80,'
        b'"crs":"gcj02","mock":false,"provider":"gps"}',
    ),
    (Position(time=0.0, lat=1.0, lon=2.0), "position", b'{"time":0.0,"lat":1.0,"lon":2.0}'),
    (
        CheckIn(time=AT, method="nfc", visit="v-1", tag="04:A1"),
        "checkin",
        b'{"time":"2026-11-21T09:02:03.004+08:00","method":"nfc","visit":"v-1","tag":"04:A1"}',
    ),
    (CheckOut(time=AT, method="app"), "checkout", b'{"time":"2026-11-21T09:02:03.004+08:00","method":"app"}'),
    (
        ChecklistItem(time=AT, visit="v-1", item="厨房", done=True),
        "checklist",
        '{"time":"2026-11-21T09:02:03.004+08:00","visit":"v-1","item":"厨房","done":true}'.encode(),
    ),
    (Scan(tag="74-10-37-94"), "scan", b'{"tag":"74-10-37-94"}'),
    (Contact(open=False, time=AT), "contact", b'{"open":false,"time":"2026-11-21T09:02:03.004+08:00"}'),
    (Button(press="long"), "button", b'{"press":"long"}'),
    (Sos(time=AT, note="help"), "sos", b'{"time":"2026-11-21T09:02:03.004+08:00","note":"help"}'),
    (Shift(time=AT, on=True), "shift", b'{"time":"2026-11-21T09:02:03.004+08:00","on":true}'),
    (Delay(time=AT, visit="v-1"), "delay", b'{"time":"2026-11-21T09:02:03.004+08:00","visit":"v-1"}'),
    (
        NoAccess(time=AT, visit="v-1", reason="r"),
        "no_access",
        b'{"time":"2026-11-21T09:02:03.004+08:00","visit":"v-1","reason":"r"}',
    ),
    (
        Outing(time=AT, visit="v-1", on=False),
        "outing",
        b'{"time":"2026-11-21T09:02:03.004+08:00","visit":"v-1","on":false}',
    ),
    (
        Status(online=True, battery=9, permission="denied"),
        "status",
        b'{"online":true,"battery":9,"permission":"denied"}',
    ),
]


@pytest.mark.parametrize(("report", "kind", "payload"), WRITTEN, ids=lambda value: str(value)[:20])
def test_a_report_is_written_as_the_format_says(report: Report, kind: str, payload: bytes) -> None:
    assert encode("phone-1", report) == Message(f"doorstep/v1/phone-1/{kind}", payload)


def test_a_backlog_is_one_array() -> None:
    reports: list[Report] = [Shift(time=0.5, on=True), Shift(time=1.5, on=False)]
    payload = b'[{"time":0.5,"on":true},{"time":1.5,"on":false}]'
    assert encode_backlog("p", reports) == Message("doorstep/v1/p/shift", payload)


def test_a_backlog_holds_one_kind() -> None:
    with pytest.raises(ValueError, match="too many values"):
        encode_backlog("p", [Shift(time=0.5, on=True), Scan(tag="t")])


def test_the_clock_is_told_as_an_instant() -> None:
    assert clock(AT_MS) == Message("doorstep/v1/_clock/time", b'{"time":"2026-11-21T01:02:03.004Z"}')


def test_an_instant_is_the_same_in_every_zone() -> None:
    assert rfc3339(AT_MS, 8) == AT
    assert rfc3339(AT_MS, -7) == "2026-11-20T18:02:03.004-07:00"
