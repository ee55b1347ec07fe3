"""Bytes that were once stored are read for ever, and mean what they meant.

Each topic has two frozen files: fixtures/<topic>.v<n>.json with every field set, and fixtures/least/… with only
the fields that have no default, so that a default cannot change under old events either. Never edit one. A field
with a default may be added as it is; any other change of shape is a new version, with an upcast and two more files.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from domain.device_settings import DeviceSettings
from domain.events import Event, all_topics, decode, encode
from domain.events.alert import AlertAcknowledged, AlertResolved
from domain.events.clock import TimeAdvanced
from domain.events.customer import CustomerRegistered
from domain.events.device import (
    DeviceBound,
    DeviceClockCorrected,
    DeviceConfigured,
    DeviceNumbered,
    DeviceStatusChanged,
    DeviceUnbound,
)
from domain.events.facts import (
    ButtonPressed,
    CheckedIn,
    CheckedOut,
    ChecklistTicked,
    ContactChanged,
    DelayReported,
    NoAccessReported,
    OutingDeclared,
    RegionCrossed,
    ShiftDeclared,
    SosRaised,
    StatusReported,
    TagScanned,
    TimeQuality,
)
from domain.events.policy import PolicyAdopted
from domain.events.positions import PositionsRecorded
from domain.events.shift import ShiftCancelled, ShiftPlanned
from domain.events.site import SiteRegistered
from domain.events.visit import VisitCancelled, VisitReassigned, VisitRescheduled, VisitScheduled
from domain.events.worker import WorkerRegistered
from domain.geo import Circle, Polygon

FIXTURES = Path(__file__).parent / "fixtures"

T = 1_780_000_000_123
FACT = UUID("0123456789abcdef0123456789abcdef")
SHA256 = bytes(range(32))
RING = ((31.23, 121.47), (31.23, 121.471), (31.231, 121.471))

bare = {"recorded_at_ms": T}
decided = {"recorded_at_ms": T, "by": "调度 1"}
said = {"recorded_at_ms": T, "fact": FACT, "device": "phone_1"}
said_all = {
    **said,
    "observed_at_ms": T - 60_000,
    "quality": TimeQuality.AHEAD,
    "sent_ms": T - 1_000,
    "worker": "w-1",
    "ref": "r-1",
    "extras": {"firmware": "1.2", "nested": {"a": [1, 2.5, None, True]}},
}
witnessed_all = {
    **said_all,
    "method": "nfc",
    "code": "4711",
    "visit": "v-1",
    "tag": "t-1",
    "lat": 31.2304,
    "lon": 121.4737,
    "accuracy_m": 12.5,
}
about = {
    "alert": UUID("89abcdef0123456789abcdef01234567"),
    "rule": "late",
    "subject": "v-1",
    "started_ms": T - 600_000,
}
about_all = {**about, "ended_ms": T - 1_000, "evidence": (FACT,), "note": "已电话联系"}
window = {"window_from_ms": T + 3_600_000, "window_to_ms": T + 7_200_000, "planned_s": 5_400}

EVERYTHING: list[Event] = [
    CustomerRegistered(**decided, customer="c-1", name="张三", locale="en"),
    WorkerRegistered(**decided, worker="w-1", name="李四", surname="李", title="阿姨"),
    SiteRegistered(
        **decided,
        site="s-1",
        customer="c-1",
        name="家",
        address="南京路 1 号",
        zone="Asia/Shanghai",
        fence=Circle(lat=31.2304, lon=121.4737, radius_m=80.0),
    ),
    DeviceBound(**decided, device="phone_1", worker="w-1", site="s-1", from_ms=T, until_ms=T + 1),
    DeviceUnbound(**decided, device="phone_1", at_ms=T),
    DeviceConfigured(
        **decided,
        device="phone_1",
        settings=DeviceSettings(
            topic="gate/reader",
            dialect="esphome",
            zone="Asia/Shanghai",
            crs="gcj02",
            model="trackerd",
            fields={"lat": "data.Y"},
        ),
    ),
    DeviceClockCorrected(**decided, device="phone_1", offset_ms=-3_600_000, from_ms=T, until_ms=T + 1, reason="夏令时"),
    DeviceNumbered(**bare, device="phone_1", number=7),
    DeviceStatusChanged(**bare, device="phone_1", observed_at_ms=T - 5, status={"online": False, "battery": 81}),
    ShiftPlanned(**decided, shift="early-1", worker="w-1", from_ms=T, until_ms=T + 28_800_000),
    ShiftCancelled(**decided, shift="early-1", worker="w-1"),
    VisitScheduled(
        **decided,
        **window,
        visit="v-1",
        site="s-1",
        customer="c-1",
        service="日常保洁",
        worker="w-1",
        checklist=("厨房", "卫生间"),
    ),
    VisitRescheduled(
        **decided,
        **window,
        visit="v-1",
        asked_by="customer",
        channel="telephone",
        agreed_at_ms=T - 10,
        reason="孩子放学",
    ),
    VisitReassigned(**decided, visit="v-1", worker="w-2", reason="ill"),
    VisitCancelled(**decided, visit="v-1", reason="moved away"),
    PolicyAdopted(**decided, from_ms=T, values={"late_s": 300.0, "nearby_m": 512.5}),
    AlertAcknowledged(**decided, **about_all),
    AlertResolved(**decided, **about_all, verdict="excused"),
    TimeAdvanced(**bare, wall_ms=T + 17, rate=60.0),
    PositionsRecorded(**bare, day="2026-05-28", rows=3, format=2, sha256=SHA256),
    CheckedIn(**witnessed_all),
    CheckedOut(**witnessed_all),
    ChecklistTicked(**said_all, visit="v-1", item="厨房", done=False),
    TagScanned(**said_all, tag="04:a2:3f"),
    ContactChanged(**said_all, open=True),
    ButtonPressed(**said_all, press="double"),
    SosRaised(**said_all, lat=31.2304, lon=121.4737, note="跌倒"),
    ShiftDeclared(**said_all, on=True),
    DelayReported(**said_all, visit="v-1", reason="堵车"),
    NoAccessReported(**said_all, visit="v-1", reason="没人开门"),
    OutingDeclared(**said_all, visit="v-1", on=True),
    RegionCrossed(**said_all, event="leave", place="家", lat=31.2304, lon=121.4737, accuracy_m=26.0),
    StatusReported(**said_all, online=True, battery_pct=55, permission="while_in_use", network="4g"),
]

LEAST: list[Event] = [
    CustomerRegistered(**bare, customer="c-1", name="张三"),
    WorkerRegistered(**bare, worker="w-1", name="李四"),
    SiteRegistered(**bare, site="s-1", customer="c-1", name="家", zone="UTC", fence=Polygon(ring=RING)),
    DeviceBound(**bare, device="phone_1", from_ms=T),
    DeviceUnbound(**bare, device="phone_1", at_ms=T),
    DeviceConfigured(**bare, device="phone_1", settings=DeviceSettings()),
    DeviceClockCorrected(**bare, device="phone_1", offset_ms=0, from_ms=T),
    DeviceNumbered(**bare, device="phone_1", number=0),
    DeviceStatusChanged(**bare, device="phone_1", status={}),
    ShiftPlanned(**bare, shift="early-1", worker="w-1", from_ms=T, until_ms=T + 1),
    ShiftCancelled(**bare, shift="early-1", worker="w-1"),
    VisitScheduled(**bare, **window, visit="v-1", site="s-1", customer="c-1", service="cleaning"),
    VisitRescheduled(**bare, **window, visit="v-1"),
    VisitReassigned(**bare, visit="v-1", worker=None),
    VisitCancelled(**bare, visit="v-1"),
    PolicyAdopted(**bare, from_ms=T, values={}),
    AlertAcknowledged(**bare, **about),
    AlertResolved(**bare, **about, verdict="true"),
    TimeAdvanced(**bare, wall_ms=T),
    PositionsRecorded(**bare, day="2026-05-28", rows=1, sha256=SHA256),
    CheckedIn(**said),
    CheckedOut(**said),
    ChecklistTicked(**said, visit="v-1", item="厨房"),
    TagScanned(**said, tag="04:a2:3f"),
    ContactChanged(**said, open=False),
    ButtonPressed(**said, press="single"),
    SosRaised(**said),
    ShiftDeclared(**said, on=False),
    DelayReported(**said, visit="v-1"),
    NoAccessReported(**said, visit="v-1"),
    OutingDeclared(**said, visit="v-1", on=False),
    RegionCrossed(**said, event="enter"),
    StatusReported(**said),
]


def shelf(folder: str, version: int, events: list[Event]) -> dict[str, Event]:
    """The events under the names of their files."""
    return {f"{folder}{event.TOPIC}.v{version}.json": event for event in events}


EXPECTED: Mapping[str, Event] = {**shelf("", 1, EVERYTHING), **shelf("least/", 1, LEAST)}

SHIPPED = {topic: cls for topic, cls in all_topics().items() if cls.__module__.startswith("domain.")}


def stored(name: str) -> tuple[str, int, bytes]:
    """The topic, the version and the bytes of a fixture."""
    topic, version = Path(name).name.removesuffix(".json").rsplit(".v", 1)
    return topic, int(version), (FIXTURES / name).read_bytes()


@pytest.mark.parametrize("name", EXPECTED)
def test_stored_bytes_mean_what_they_meant(name):
    topic, _, state = stored(name)
    assert decode(topic, state) == EXPECTED[name]


@pytest.mark.parametrize("name", EXPECTED)
def test_an_event_of_the_present_version_is_stored_as_the_same_bytes(name):
    topic, version, state = stored(name)
    if version == SHIPPED[topic].CLASS_VERSION:
        assert encode(EXPECTED[name]) == state == encode(decode(topic, state))


@pytest.mark.parametrize("folder", ["", "least/"])
@pytest.mark.parametrize("topic", SHIPPED)
def test_every_version_of_every_topic_has_its_bytes_kept(topic, folder):
    for version in range(1, SHIPPED[topic].CLASS_VERSION + 1):
        name = f"{folder}{topic}.v{version}.json"
        assert (FIXTURES / name).is_file(), f"freeze the bytes of {name}"
        assert name in EXPECTED, f"say what {name} means"


def test_no_bytes_are_kept_without_saying_what_they_mean():
    assert {path.relative_to(FIXTURES).as_posix() for path in FIXTURES.rglob("*.json")} == set(EXPECTED)


@pytest.mark.parametrize("name", [name for name in EXPECTED if name.startswith("least/")])
def test_the_least_that_is_stored_holds_no_default(name):
    topic, version, state = stored(name)
    if version == SHIPPED[topic].CLASS_VERSION:
        needed = {field.encode_name for field in msgspec.structs.fields(SHIPPED[topic]) if field.required}
        assert set(msgspec.json.decode(state)) == needed
