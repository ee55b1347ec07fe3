"""Timeliness over days, as staff ask for it."""

from __future__ import annotations

from typing import Any

import pytest

from domain.time import DAY_MS, HOUR_MS, MINUTE_MS, Ms, isoformat
from tests.integration.api.cell import HOME, NOON, Cell, fix, one_visit, site, visit, worker

STARTS = NOON + 60 * MINUTE_MS
DAY = "2026-09-21"


def counted(cell: Cell, query: str) -> Any:
    cell.fold()
    return cell.ok(cell.get(f"/v1/timeliness?{query}"))


def test_kept_late_missed_and_open_promises_are_counted(cell: Cell) -> None:
    elsewhere = {"site": "s-2", "customer": "c-1", "worker": "w-2"}
    lines = one_visit() | {"workers": [worker(1), worker(2)], "sites": [site(1), site(2, lat=31.4, customer=1)]}
    lines["visits"] = [
        visit(1),
        visit(2, service="cooking", **elsewhere),
        visit(3, starts_ms=STARTS + 2 * HOUR_MS, service="cooking", **elsewhere),
        visit(4, starts_ms=STARTS, worker=None, site="s-2"),
    ]
    cell.plan(**lines)
    cell.ok(cell.post("/v1/visits/v-4/cancel"))
    cell.approach("phone-1", STARTS + 36 * MINUTE_MS, to_m=600)
    cell.seen([fix("phone-1", STARTS + 41 * MINUTE_MS + s * 20_000, *HOME) for s in range(12)])
    cell.tick(STARTS + 90 * MINUTE_MS)
    told = counted(cell, f"by=worker&from={DAY}")
    assert (told["by"], told["from"], told["to"], told["zone"]) == ("worker", DAY, DAY, None)
    assert told["clock"]["now"] == isoformat(cell.clock.ms)
    first, second = told["items"]
    late_s = first.pop("lateness_s")
    assert 600 < late_s["p50"] == late_s["p90"] < 780
    assert first == {
        "key": "w-1",
        "name": "王秀兰",
        "visits": 1,
        "arrived": 1,
        "on_time": 0,
        "late": 1,
        "missed": 0,
        "open": 0,
        "on_time_rate": 0.0,
        "served_ratio": None,
    }
    assert [second[name] for name in ("key", "visits", "arrived", "missed", "open")] == ["w-2", 2, 0, 1, 1]
    assert (told["total"]["visits"], told["total"]["key"]) == (3, None), "what was called off is not counted"
    services = counted(cell, f"by=service&from={DAY}")["items"]
    assert [(row["key"], row["visits"]) for row in services] == [("cleaning", 1), ("cooking", 2)]
    sites = counted(cell, f"by=site&from={DAY}")["items"]
    assert [(row["key"], row["name"]) for row in sites] == [("s-1", "Site 1"), ("s-2", "Site 2")]


def test_a_day_is_local_where_the_visit_is_or_where_it_is_asked_for(cell: Cell) -> None:
    four = NOON - NOON % DAY_MS + 20 * HOUR_MS  # 04:00 in Shanghai, 22:00 in Berlin
    lines = one_visit() | {"sites": [site(1), site(2, customer=1) | {"zone": "Europe/Berlin"}]}
    lines["visits"] = [visit(1, starts_ms=four), visit(2, starts_ms=four, site="s-2"), visit(3, starts_ms=four - 1)]
    cell.plan(**lines)

    def days(query: str) -> dict[str, int]:
        return {row["key"]: row["visits"] for row in counted(cell, f"by=day&{query}")["items"]}

    assert days("from=2026-09-21&to=2026-09-22") == {"2026-09-21": 2, "2026-09-22": 1}
    assert days("from=2026-09-22&to=2026-09-22") == {"2026-09-22": 1}
    assert days("from=2026-09-21&to=2026-09-22&zone=Asia/Shanghai") == {"2026-09-21": 1, "2026-09-22": 2}
    assert days("from=2026-09-21&to=2026-09-22&zone=Europe/Berlin") == {"2026-09-21": 3}


def test_today_is_where_it_begins(cell: Cell) -> None:
    cell.plan(**one_visit())
    told = counted(cell, "")
    assert (told["by"], told["from"], told["to"], told["total"]["open"]) == ("day", DAY, DAY, 1)
    cell.clock.ms = Ms(NOON + 2 * DAY_MS)
    assert counted(cell, "")["total"]["visits"] == 0


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("by=weather", "invalid_request"),
        ("from=2026-09-22&to=2026-09-21", "invalid_period"),
        ("from=2026-01-01&to=2026-04-03", "invalid_period"),
        ("from=0001-01-01", "invalid_day"),
        ("zone=Mars/Base", "invalid_zone"),
    ],
)
def test_what_cannot_be_counted_is_refused(shared: Cell, query: str, code: str) -> None:
    answer = shared.get(f"/v1/timeliness?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, code)
