"""A day's plan as CSV: what is entered, what is reported, and what is left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from domain.crs import wgs84_to_gcj02
from domain.events.device import DeviceBound
from domain.events.site import SiteRegistered
from domain.geo import Circle
from domain.time import isoformat
from tests.integration.api.cell import NOON, Cell, cell_at, customer, site, visit

HEADER = (
    "visit,customer,customer_name,site,site_name,address,lat,lon,radius_m,crs,service,worker,worker_name,"
    "worker_surname,worker_title,device,window_from,window_to,planned_min,checklist"
)


def row(number: int = 1, **changes: Any) -> str:
    cells = {
        "visit": f"v-{number}",
        "customer": "c-1",
        "customer_name": "张三",
        "site": "s-1",
        "site_name": "家",
        "address": "南京路 1 号",
        "lat": "31.2",
        "lon": "121.4",
        "radius_m": "80",
        "crs": "",
        "service": "日常保洁",
        "worker": "w-1",
        "worker_name": "王秀兰",
        "worker_surname": "王",
        "worker_title": "阿姨",
        "device": "phone-1",
        "window_from": "2026-11-22 09:00",
        "window_to": "2026/11/22 9:30",
        "planned_min": "90",
        "checklist": "厨房 | 卫生间",
    } | changes
    return ",".join(str(cells[name]) for name in HEADER.split(","))


def send(cell: Cell, *rows: str, query: str = "", **headers: str) -> Any:
    body = "\n".join((HEADER, *rows)).encode()
    answer = cell.request("POST", f"/v1/plan/csv{query}", content=body, headers={"Content-Type": "text/csv"} | headers)
    return cell.ok(answer)


def problems(report: Any) -> list[tuple[int, str | None, str]]:
    return [(line["line"], p["field"], p["code"]) for line in report["lines"] for p in line["problems"]]


def test_a_line_enters_the_visit_and_all_that_it_names(cell: Cell) -> None:
    report = send(cell, row())
    assert report["lines"] == [{"line": 2, "visit": "v-1", "outcome": "created", "problems": []}]
    assert report["counts"] == {"created": 1, "unchanged": 0, "refused": 0}
    assert report["position"] == cell.log.head() == 5
    cell.fold()
    (shown,) = cell.ok(cell.get("/v1/board?day=2026-11-22"))["visits"]
    assert (shown["customer"]["name"], shown["worker"]["name"], shown["site"]["address"]) == (
        "张三",
        "王秀兰",
        "南京路 1 号",
    )
    assert (shown["window_from"], shown["window_to"]) == ("2026-11-22T01:00:00.000Z", "2026-11-22T01:30:00.000Z")
    assert shown["planned_s"] == 5_400
    assert cell.ok(cell.get("/v1/visits/v-1"))["checklist"] == ["厨房", "卫生间"]
    bound: Any = cell.log.read("device/phone-1")[-1].event
    assert (bound.worker, isoformat(bound.from_ms), bound.until_ms) == ("w-1", "2026-11-21T20:00:00.000Z", None)


def test_the_same_table_again_changes_nothing(cell: Cell) -> None:
    rows = [row(n, window_from=f"2026-11-22 {9 + n}:00", window_to=f"2026-11-22 {9 + n}:30") for n in range(5)]
    first = send(cell, *rows)
    again = send(cell, *rows)
    assert again["counts"] == {"created": 0, "unchanged": 5, "refused": 0}
    assert again["position"] == first["position"]
    tomorrow = send(cell, row(9, window_from="2026-11-23 09:00", window_to="2026-11-23 09:30"))
    assert tomorrow["position"] == first["position"] + 1, "the phone is hers already, and all else is known"


def test_a_rehearsal_says_what_would_be_and_changes_nothing(cell: Cell) -> None:
    said = send(cell, row(1), row(2, planned_min="0"), row(1), query="?dry_run=true")
    assert [line["outcome"] for line in said["lines"]] == ["created", "refused", "unchanged"]
    assert cell.log.head() == said["position"] == 0
    assert send(cell, row(1), row(2, planned_min="0"), row(1))["lines"] == said["lines"]


def test_a_bad_line_says_what_and_where_and_leaves_the_others_alone(cell: Cell) -> None:
    report = send(
        cell,
        row(1),
        row(2, visit="v 2", planned_min="long", window_to="tomorrow"),
        row(3, lat="", radius_m=""),
        row(4, customer="", service=""),
        row(5, window_to="2026-11-22 08:00"),
        row(6, worker="", device="", worker_name="", worker_surname="", worker_title=""),
        row(7) + ",more",
        row(8, crs="mercator", lat="91"),
        row(9, worker="", device="phone-1"),
        row(10, checklist="a|a"),
        row(11, device="a/b"),
    )
    assert problems(report) == [
        (3, "visit", "invalid_key"),
        (3, "window_to", "invalid_time"),
        (3, "planned_min", "invalid_number"),
        (4, "lat", "invalid_fence"),
        (5, "customer", "invalid_key"),
        (5, "service", "invalid_text"),
        (6, "window_to", "invalid_window"),
        (8, None, "invalid_row"),
        (9, "lat", "invalid_number"),
        (9, "crs", "invalid_crs"),
        (10, "worker", "invalid_key"),
        (11, "checklist", "invalid_checklist"),
        (12, "device", "invalid_key"),
    ]
    assert report["counts"] == {"created": 2, "unchanged": 0, "refused": 9}
    assert cell.log.version("visit/v-1") == cell.log.version("visit/v-6") == 1


def test_a_refused_line_enters_nothing_of_what_it_names(cell: Cell) -> None:
    report = send(cell, row(1, customer="c-9", site="s-9", worker="w-9", device="phone-9", planned_min="9999999"))
    assert problems(report) == [(2, "planned_min", "invalid_duration")]
    assert cell.log.head() == 0
    follows = row(
        2, customer="c-9", customer_name="", site="s-9", site_name="", address="", lat="", lon="", radius_m=""
    )
    assert problems(send(cell, row(1, customer="c-9", planned_min="9999999"), follows)) == [
        (2, "planned_min", "invalid_duration"),
        (3, "site", "unknown_site"),
    ]


def test_a_visit_that_was_promised_otherwise_is_not_moved(cell: Cell) -> None:
    send(cell, row())
    assert problems(send(cell, row(planned_min="60"))) == [(2, "visit", "conflict")]


def test_a_line_may_only_name_what_is_known(cell: Cell) -> None:
    send(cell, row())
    blank = {
        name: ""
        for name in HEADER.split(",")
        if name.startswith(("customer_", "site_", "worker_")) or name in ("address", "lat", "lon", "radius_m", "device")
    }
    assert send(cell, row(2, **blank))["counts"]["created"] == 1
    assert problems(send(cell, row(3, **blank | {"worker": "w-2"}))) == [(2, "worker", "unknown_worker")]
    assert problems(send(cell, row(3, **blank | {"site": "s-2"}))) == [(2, "site", "unknown_site")]
    assert problems(send(cell, row(3, **blank | {"site": "s-2", "site_name": "x"}))) == [(2, "lat", "invalid_fence")]


def test_what_a_table_does_not_say_stays_as_it_is_known(cell: Cell) -> None:
    cell.plan(
        customers=[customer() | {"locale": "en"}],
        sites=[site() | {"zone": "Asia/Urumqi", "address": "surveyed"}],
        workers=[{"worker": "w-1", "name": "王秀兰", "surname": "王", "title": "姐"}],
    )
    head = cell.log.head()
    send(
        cell,
        row(
            customer_name="Customer 1",
            site_name="Site 1",
            address="",
            radius_m="",
            lat="31.21",
            worker_surname="",
            worker_title="",
        ),
    )
    assert cell.log.head() == head + 2, "the phone and the visit"
    send(cell, row(2, site_name="", address="", radius_m="60"))
    surveyed = cell.log.read("site/s-1")[-1].event
    assert isinstance(surveyed, SiteRegistered)
    assert (surveyed.zone, surveyed.address, surveyed.name) == ("Asia/Urumqi", "surveyed", "Site 1")
    assert surveyed.fence == Circle(lat=31.2, lon=121.4, radius_m=60.0)


def test_places_of_chinese_maps_are_stored_in_wgs84(cell: Cell) -> None:
    lat, lon = wgs84_to_gcj02(31.2, 121.4)
    send(cell, row(lat=lat, lon=lon, crs="GCJ02", radius_m=""))
    made: Any = cell.log.read("site/s-1")[-1].event
    assert (round(made.fence.lat, 6), round(made.fence.lon, 6), made.fence.radius_m) == (31.2, 121.4, 100.0)


def test_local_times_are_of_the_zone_that_is_asked_for(cell: Cell) -> None:
    send(cell, row(window_to="2026-11-22T09:30:00+01:00"), query="?zone=Europe/Berlin")
    made: Any = cell.log.read("visit/v-1")[0].event
    assert (isoformat(made.window_from_ms), isoformat(made.window_to_ms)) == (
        "2026-11-22T08:00:00.000Z",
        "2026-11-22T08:30:00.000Z",
    )
    skipped = row(2, window_from="2026-03-29 02:30", window_to="2026-03-29 04:00")
    assert problems(send(cell, skipped, query="?zone=Europe/Berlin")) == [(2, "window_from", "invalid_time")]


def test_a_phone_changes_hands_with_the_day_and_not_within_it(cell: Cell) -> None:
    send(cell, row(1))
    other = {"worker": "w-2", "worker_name": "李四"}
    report = send(cell, row(1), row(2, **other))
    assert problems(report) == [(3, "device", "conflict")]
    send(cell, row(3, **other, window_from="2026-11-23 09:00", window_to="2026-11-23 09:30"))
    events = [entry.event for entry in cell.log.read("device/phone-1")]
    assert [event.worker for event in events if isinstance(event, DeviceBound)] == ["w-1", "w-2"]
    assert send(cell, row(1))["counts"]["unchanged"] == 1, "yesterday's table does not take it back"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"visit,customer\nv-1,c-1\n", "invalid_header"),
        (b"\x81\x30\n", "invalid_csv"),
        (b"", "invalid_header"),
    ],
)
def test_what_is_wrong_with_the_table_is_one_problem(shared: Cell, body: bytes, code: str) -> None:
    answer = shared.request("POST", "/v1/plan/csv", content=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_table_may_have_a_key_and_has_a_limit(database: str, tmp_path: Path) -> None:
    with cell_at(database, tmp_path, plan_lines=2) as cell:
        key = {"Idempotency-Key": "k"}
        first = send(cell, row(1), **key)
        assert send(cell, row(1), **key) == first
        assert first["counts"]["created"] == 1
        answer = cell.request("POST", "/v1/plan/csv", content="\n".join([HEADER, *map(row, range(3))]).encode())
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_plan")


def test_a_table_and_a_plan_make_the_same_visit(cell: Cell) -> None:
    send(cell, row())
    same = visit(
        1,
        service="日常保洁",
        window_from="2026-11-22T01:00:00Z",
        window_to="2026-11-22T01:30:00Z",
        planned_s=5_400,
        checklist=["厨房", "卫生间"],
    )
    assert cell.ok(cell.post("/v1/visits", same))["outcome"] == "unchanged"
    assert cell.clock.ms == NOON
