"""Customers, workers and sites: entered once, restated when something is new."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.decide import (
    RegisterCustomer,
    RegisterSite,
    RegisterWorker,
    customer_stream,
    site_stream,
    stream_of,
    worker_stream,
)
from domain.events.customer import CustomerRegistered
from domain.events.site import SiteRegistered
from domain.events.worker import WorkerRegistered
from domain.geo import Circle, Polygon

NOON = 1_780_000_000_000
HOME = Circle(lat=31.2304, lon=121.4737, radius_m=80.0)

CUSTOMER = RegisterCustomer(at_ms=NOON, by="office", customer="c-1", name="张三")
WORKER = RegisterWorker(at_ms=NOON, by="office", worker="w-1", name="李四", surname="李", title="阿姨")
SITE = RegisterSite(
    at_ms=NOON, by="office", site="s-1", customer="c-1", name="家", address="南京路 1", zone="Asia/Shanghai", fence=HOME
)
ENTERED = {
    CUSTOMER: CustomerRegistered(recorded_at_ms=NOON, by="office", customer="c-1", name="张三", locale="zh-CN"),
    WORKER: WorkerRegistered(recorded_at_ms=NOON, by="office", worker="w-1", name="李四", surname="李", title="阿姨"),
    SITE: SiteRegistered(
        recorded_at_ms=NOON,
        by="office",
        site="s-1",
        customer="c-1",
        name="家",
        address="南京路 1",
        zone="Asia/Shanghai",
        fence=HOME,
    ),
}
EACH = pytest.mark.parametrize("command", list(ENTERED))


@EACH
def test_a_new_entry_is_made(given, command):
    given().when(command).then(ENTERED[command])


@EACH
def test_the_same_particulars_from_another_person_later_are_no_news(given, command):
    given(ENTERED[command]).when(replace(command, at_ms=NOON + 1, by="import")).then_nothing()


@EACH
def test_other_particulars_restate_the_entry(given, command):
    new = {"name": "王五", "at_ms": NOON + 1}
    restated = replace(ENTERED[command], name="王五", recorded_at_ms=NOON + 1)
    given(ENTERED[command]).when(replace(command, **new)).then(restated)


@EACH
def test_particulars_may_return_to_what_they_were(given, command):
    between = replace(ENTERED[command], name="王五")
    given(ENTERED[command], between).when(command).then(ENTERED[command])


@EACH
@pytest.mark.parametrize("name", ["", "　", "a\0", "x" * 1_001])
def test_a_name_is_a_line_for_people(given, command, name):
    given().when(replace(command, name=name)).then_refused("invalid_text")


def test_what_is_not_said_stays_as_it_is_known(given):
    english = replace(ENTERED[CUSTOMER], locale="en")
    given(english).when(replace(CUSTOMER, name="王五")).then(replace(english, name="王五"))
    aunt = replace(ENTERED[WORKER], title="姐")
    given(aunt).when(replace(WORKER, name=None, surname="王", title=None)).then(replace(aunt, surname="王"))
    resurveyed = replace(SITE, name=None, address=None, fence=None, zone="UTC")
    given(ENTERED[SITE]).when(resurveyed).then(replace(ENTERED[SITE], zone="UTC"))


def test_a_zone_and_a_fence_may_be_for_new_sites_only(given):
    other = replace(SITE, zone="UTC", fence=replace(HOME, radius_m=90.0), only_new=("zone", "fence"))
    given(ENTERED[SITE]).when(other).then_nothing()
    given().when(other).then(replace(ENTERED[SITE], zone="UTC", fence=other.fence))


def test_a_new_entry_needs_a_name_and_a_place(given):
    given().when(replace(WORKER, name=None)).then_refused("invalid_text")
    given().when(replace(SITE, name=None)).then_refused("invalid_text")
    given().when(replace(SITE, fence=None)).then_refused("invalid_fence")


def test_keys_are_keys(given):
    given().when(replace(CUSTOMER, customer="c 1")).then_refused("invalid_key")
    given().when(replace(WORKER, worker="李")).then_refused("invalid_key")
    given().when(replace(SITE, site="")).then_refused("invalid_key")
    given().when(replace(SITE, customer="")).then_refused("invalid_key")


@pytest.mark.parametrize("zone", ["", "Asia/Peking", "asia/shanghai", "../etc/passwd", "Factory", "UTC+8", "Asia"])
def test_a_zone_that_the_pinned_database_does_not_list_is_refused(given, zone):
    given().when(replace(SITE, zone=zone)).then_refused("invalid_zone")


# rings whose corners read otherwise where longitudes are not unwrapped at the date line
SIMPLE_ACROSS = ((0.004, 179.999), (0.001, -179.999), (0.002, -179.999), (0.0, -179.998), (0.003, -179.998))
CROSSED_ACROSS = ((0.0, -179.999), (0.003, -179.999), (0.003, -179.998), (0.003, 179.998), (0.001, 179.999))
SQUARE = ((31.0, 121.0), (31.0, 121.001), (31.001, 121.001), (31.001, 121.0))


@pytest.mark.parametrize(
    "fence",
    [
        Circle(lat=31.0, lon=121.0, radius_m=5.0),
        Circle(lat=-90.0, lon=-180.0, radius_m=5_000.0),
        Polygon(ring=SQUARE[:3]),
        Polygon(ring=SQUARE[::-1], buffer_m=20.0),
        Polygon(ring=(*SQUARE, SQUARE[0])),
        Polygon(ring=SIMPLE_ACROSS),
    ],
    ids=["least", "most", "triangle", "clockwise", "closed", "date line"],
)
def test_a_fence_that_can_be_judged_is_accepted(given, fence):
    given().when(replace(SITE, fence=fence)).then(replace(ENTERED[SITE], fence=fence))


@pytest.mark.parametrize(
    "fence",
    [
        Circle(lat=31.0, lon=121.0, radius_m=4.9),
        Circle(lat=31.0, lon=121.0, radius_m=5_000.1),
        Circle(lat=31.0, lon=121.0, radius_m=float("nan")),
        Circle(lat=31.0, lon=121.0, radius_m=float("inf")),
        Circle(lat=90.1, lon=121.0, radius_m=50.0),
        Circle(lat=31.0, lon=-180.1, radius_m=50.0),
        Circle(lat=float("nan"), lon=121.0, radius_m=50.0),
        Circle(lat=31.0, lon=float("inf"), radius_m=50.0),
        Polygon(ring=()),
        Polygon(ring=SQUARE[:2]),
        Polygon(ring=(SQUARE[0], SQUARE[1], SQUARE[0], SQUARE[1])),
        Polygon(ring=(SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3])),
        Polygon(ring=((31.0, 121.0), (31.001, 121.001), (31.002, 121.002))),
        Polygon(ring=CROSSED_ACROSS),
        Polygon(ring=(*SQUARE[:3], (float("nan"), 121.0))),
        Polygon(ring=(*SQUARE[:3], (31.0, 181.0))),
        Polygon(ring=((31.0, 121.0), (31.0, 122.0), (32.0, 122.0))),
        Polygon(ring=tuple((31.0, 121.0 + i * 1e-6) for i in range(1_001))),
        Polygon(ring=SQUARE, buffer_m=-1.0),
        Polygon(ring=SQUARE, buffer_m=float("nan")),
    ],
    ids=repr,
)
def test_a_fence_that_cannot_be_judged_is_refused(given, fence):
    given().when(replace(SITE, fence=fence)).then_refused("invalid_fence")


def test_each_entry_has_a_stream_of_its_own():
    assert customer_stream("c-1") == "customer/c-1" == stream_of(CUSTOMER)
    assert worker_stream("w-1") == "worker/w-1" == stream_of(WORKER)
    assert site_stream("s-1") == "site/s-1" == stream_of(SITE)
