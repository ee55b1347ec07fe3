"""Workers as they are now: seen last, heard last, at which visit, with how many alerts."""

from __future__ import annotations

from typing import Any

from domain.events.facts import CheckedIn
from domain.ids import fact_id
from domain.positions import Position
from domain.time import DAY_MS, HOUR_MS, MINUTE_MS, Ms, isoformat, utc_day
from eventlog.entry import Append
from tests.integration.api.cell import HOME, NOON, Cell, binding, fix, one_visit, site, visit, worker

STARTS = NOON + 60 * MINUTE_MS


def workers(cell: Cell) -> dict[str, Any]:
    cell.fold()
    return {item["worker"]: item for item in cell.ok(cell.get("/v1/workers"))["items"]}


def test_a_worker_who_was_never_heard_is_listed_with_the_next_visit(cell: Cell) -> None:
    cell.plan(**one_visit())
    assert workers(cell) == {
        "w-1": {
            "worker": "w-1",
            "name": "王秀兰",
            "surname": "王",
            "title": "阿姨",
            "devices": ["phone-1"],
            "position": None,
            "heard_at": None,
            "visit": {
                "visit": "v-1",
                "status": "scheduled",
                "window_from": isoformat(STARTS),
                "window_to": isoformat(STARTS + 30 * MINUTE_MS),
                "site_name": "Site 1",
            },
            "open_alerts": 0,
        }
    }


def test_a_worker_is_where_they_were_seen_last_and_heard_since(cell: Cell) -> None:
    cell.plan(**one_visit())
    last = cell.approach("phone-1", STARTS - 10 * MINUTE_MS)
    at = Ms(last + 1_000)
    fact = fact_id("phone-1", "checkin", at, b"")
    said = CheckedIn(recorded_at_ms=at, fact=fact, device="phone-1", observed_at_ms=at, visit="v-9")
    cell.log.append([Append(f"facts/phone-1/{utc_day(at)}", [said], 0)])
    cell.tick(cell.clock.ms)
    told = workers(cell)["w-1"]
    assert told["position"]["at"] == isoformat(last)
    assert abs(told["position"]["lat"] - HOME[0]) < 0.02
    assert (told["position"]["accuracy_m"], told["position"]["speed_mps"]) == (10.0, None)
    assert told["heard_at"] == isoformat(at)
    assert told["visit"]["status"] == "on_the_way"


def test_a_phone_that_changed_hands_tells_nothing_of_its_new_holder_from_before(cell: Cell) -> None:
    cell.plan(**one_visit() | {"workers": [worker(1), worker(2)]})
    cell.seen([fix("phone-1", NOON - MINUTE_MS, 31.1)])
    cell.ok(cell.post("/v1/devices/phone-1/bindings", {"worker": "w-2", "from": isoformat(NOON)}))
    told = workers(cell)
    assert (told["w-1"]["devices"], told["w-2"]["devices"]) == ([], ["phone-1"])
    assert (told["w-1"]["position"], told["w-2"]["position"]) == (None, None)
    cell.seen([fix("phone-1", NOON, 31.1)])
    assert workers(cell)["w-2"]["position"]["at"] == isoformat(NOON)


def test_a_shared_phone_shows_whom_it_names(cell: Cell) -> None:
    cell.plan(**one_visit() | {"workers": [worker(1), worker(2)]})
    named = Position(
        device="phone-1", observed_at_ms=NOON, lat_e7=312000000, lon_e7=1214000000, extras=b'{"worker":"w-2"}'
    )
    cell.seen([fix("phone-1", NOON - MINUTE_MS, 31.1), named])
    told = workers(cell)
    assert told["w-1"]["position"]["at"] == isoformat(NOON - MINUTE_MS)
    assert told["w-2"]["position"]["at"] == isoformat(NOON)


def test_yesterdays_position_says_nothing_about_now(cell: Cell) -> None:
    cell.plan(**one_visit())
    cell.seen([fix("phone-1", NOON, 31.1)])
    cell.clock.ms = Ms(NOON + DAY_MS)
    assert workers(cell)["w-1"]["position"] is not None
    cell.clock.ms = Ms(NOON + DAY_MS + 1)
    told = workers(cell)["w-1"]
    assert (told["position"], told["heard_at"]) == (None, None)


def test_the_visit_where_the_worker_is_comes_before_the_next_one(cell: Cell) -> None:
    far = {"site": "s-2", "customer": "c-1"}
    lines = one_visit() | {"sites": [site(1), site(2, lat=31.4, customer=1)]}
    lines["visits"] = [visit(1), visit(2, starts_ms=STARTS - 4 * HOUR_MS, **far), visit(3, starts_ms=STARTS + HOUR_MS)]
    cell.plan(**lines)
    told = workers(cell)["w-1"]["visit"]
    assert told["visit"] == "v-2", "nobody knows yet that it is missed"
    cell.tick(STARTS - HOUR_MS)
    assert workers(cell)["w-1"]["visit"]["visit"] == "v-1", "the missed one is past"
    last = cell.approach("phone-1", STARTS - 10 * MINUTE_MS)
    cell.clock.ms = Ms(last + 5 * MINUTE_MS)
    cell.seen([fix("phone-1", last + MINUTE_MS + s * 20_000, *HOME) for s in range(12)])
    cell.ok(cell.post("/v1/visits", visit(4, starts_ms=STARTS - 30 * MINUTE_MS, **far)))
    told = workers(cell)["w-1"]["visit"]
    assert (told["visit"], told["status"] in {"at_compound", "arrived", "in_service"}) == ("v-1", True)
    cell.ok(cell.post("/v1/visits/v-1/cancel"))
    assert workers(cell)["w-1"]["visit"]["visit"] != "v-1"


def test_workers_without_a_phone_are_listed_too(cell: Cell) -> None:
    cell.plan(workers=[worker(2), worker(1)], bindings=[binding(1)])
    assert [(key, item["devices"]) for key, item in workers(cell).items()] == [("w-1", ["phone-1"]), ("w-2", [])]
