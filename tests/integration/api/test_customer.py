"""The customer's view on real tables: what they see, what is withheld, and for whom a link works."""

from __future__ import annotations

from typing import Any

from domain.time import MINUTE_MS, Ms, isoformat
from tests.integration.api.cell import HOME, NOON, Cell, binding, customer, fix, one_visit, site, visit, worker

STARTS = NOON + 60 * MINUTE_MS


def seen(cell: Cell, visit: str = "v-1") -> Any:
    return cell.ok(cell.get(f"/v1/track/{cell.link(visit)}", token=None))


def test_before_anybody_is_on_the_way_there_is_the_promise_and_no_position(cell: Cell) -> None:
    cell.plan(**one_visit())
    cell.fold()
    view = seen(cell)
    assert view["visit"] == {
        "visit": "v-1",
        "service": "cleaning",
        "window_from": isoformat(STARTS),
        "window_to": isoformat(STARTS + 30 * MINUTE_MS),
        "planned_s": 7_200,
        "zone": "Asia/Shanghai",
        "revision": 1,
    }
    assert (view["status"], view["position"], view["eta"]) == ("scheduled", None, None)
    assert view["position_withheld"] == "not_on_the_way"
    assert view["worker"] == {"called": "王阿姨"}
    assert "王秀兰" not in str(view)


def test_on_the_way_they_see_where_and_when(cell: Cell) -> None:
    cell.plan(**one_visit())
    last = cell.approach("phone-1", STARTS - 10 * MINUTE_MS)
    cell.fold()
    view = seen(cell)
    assert view["status"] == "on_the_way"
    assert view["position"]["at"] == isoformat(last)
    assert view["position_withheld"] is None
    assert view["eta"]["made_at"] == isoformat(last)
    assert [step["status"] for step in view["steps"]] == ["scheduled", "on_the_way"]
    assert all(step.keys() == {"status", "at"} for step in view["steps"])
    assert view["stale"] is None
    cell.clock.ms = Ms(last + 121_000)
    assert seen(cell)["stale"] == {"since": isoformat(last)}, "the cell's time alone makes it stale"


def test_near_another_customers_home_the_position_is_withheld(cell: Cell) -> None:
    cell.plan(
        customers=[customer(1), customer(2)],
        sites=[site(1), site(2, lat=HOME[0] - 1_500 / 111_195.0)],
        workers=[worker()],
        bindings=[binding()],
        visits=[visit()],
    )
    at = cell.approach("phone-1", STARTS - 10 * MINUTE_MS, to_m=1_700)
    cell.fold()
    view = seen(cell)
    assert (view["position"], view["position_withheld"]) == (None, "near_other_site")
    assert view["eta"]["remaining_m"] % 100 == 0
    cell.clock.ms = Ms(at + MINUTE_MS)
    cell.seen([fix("phone-1", at + MINUTE_MS, HOME[0] - 1_190 / 111_195.0)])
    cell.fold()
    view = seen(cell)
    assert view["position"] is not None, "310 m from the other home"


def test_another_site_of_the_same_customer_hides_nothing(cell: Cell) -> None:
    cell.plan(
        customers=[customer(1)],
        sites=[site(1), site(2, lat=HOME[0] - 1_500 / 111_195.0, customer=1)],
        workers=[worker()],
        bindings=[binding()],
        visits=[visit()],
    )
    cell.approach("phone-1", STARTS - 10 * MINUTE_MS)
    cell.fold()
    assert seen(cell)["position"] is not None


def test_inside_another_customers_wide_compound_nothing_is_shown(cell: Cell) -> None:
    lat, lon = HOME[0] - 1_500 / 111_195.0, HOME[1]
    ring = [
        [lat - 0.001, lon - 0.03],
        [lat + 0.004, lon - 0.03],
        [lat + 0.004, lon + 0.001],
        [lat - 0.001, lon + 0.001],
    ]
    compound = site(2) | {"fence": {"shape": "polygon", "ring": ring}}
    cell.plan(
        customers=[customer(1), customer(2)],
        sites=[site(1), compound],
        workers=[worker()],
        bindings=[binding()],
        visits=[visit()],
    )
    cell.approach("phone-1", STARTS - 10 * MINUTE_MS)
    cell.fold()
    assert seen(cell)["position_withheld"] == "near_other_site"


def test_the_search_for_homes_near_by_works_across_the_date_line(cell: Cell) -> None:
    here, beyond = site(1, lat=10.0, lon=-179.98), site(2, lat=10.0, lon=179.9999)
    cell.plan(
        customers=[customer(1), customer(2)],
        sites=[here, beyond],
        workers=[worker()],
        bindings=[binding()],
        visits=[visit()],
    )
    cell.clock.ms = Ms(STARTS)
    start = STARTS - 10 * MINUTE_MS
    cell.seen([fix("phone-1", start + n * 20_000, 10.0, -179.95 - n * 0.005) for n in range(4)])
    cell.seen([fix("phone-1", start + 200_000, 10.0, -179.9995)])
    cell.fold()
    view = seen(cell)
    assert (view["status"], view["position_withheld"]) == ("on_the_way", "near_other_site")


def test_a_visit_that_is_over_tells_when_it_was_done_and_where_nobody_is(cell: Cell) -> None:
    cell.plan(**one_visit())
    cell.fold()
    cell.clock.ms = Ms(NOON + MINUTE_MS)
    cell.ok(cell.post("/v1/visits/v-1/cancel", {"reason": "the worker drank"}))
    cell.fold()
    view = seen(cell)
    assert (view["status"], view["ended"], view["over"]) == ("cancelled", True, True)
    assert "drank" not in str(view), "wording never blames"


def test_a_link_opens_one_visit_only(cell: Cell) -> None:
    cell.plan(**one_visit() | {"visits": [visit(1), visit(2, starts_ms=STARTS + 300 * MINUTE_MS)]})
    cell.fold()
    assert seen(cell, "v-1")["visit"]["visit"] == "v-1"
    assert seen(cell, "v-2")["visit"]["visit"] == "v-2"
    token = cell.link("v-1")
    assert cell.get("/v1/visits/v-1", token=token).status_code == 401, "a customer's link is no staff token"


def test_a_link_is_made_with_its_address_and_its_end(cell: Cell) -> None:
    cell.plan(**one_visit())
    link = cell.ok(cell.post("/v1/visits/v-1/links"))
    assert link["url"] == f"http://cell.test/v/{link['token']}"
    assert link["expires_at"].endswith(".000Z")


def test_any_token_gets_the_page(cell: Cell) -> None:
    good, bad = cell.get(f"/v/{cell_link(cell)}", token=None), cell.get("/v/garbage", token=None)
    assert good.status_code == bad.status_code
    assert good.content == bad.content


def cell_link(cell: Cell) -> str:
    cell.plan(**one_visit())
    return cell.link()
