"""What staff read: the board, a visit with everything, tracks, alerts."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from domain.events.facts import CheckedIn
from domain.ids import fact_id
from domain.positions import Position
from domain.time import DAY_MS, HOUR_MS, MINUTE_MS, Ms, isoformat, utc_day
from eventlog.entry import Append
from tests.integration.api.cell import HOME, NOON, Cell, binding, cell_at, customer, fix, one_visit, site, visit, worker

STARTS = NOON + 60 * MINUTE_MS


def on_the_way(cell: Cell) -> int:
    """The worker of the only visit approaches; the instant of the newest fix."""
    cell.plan(**one_visit())
    last = cell.approach("phone-1", STARTS - 10 * MINUTE_MS)
    cell.tick(cell.clock.ms)
    cell.fold()
    return last


def arrived(cell: Cell) -> None:
    """And stands at the site since ten minutes before the window opens."""
    last = on_the_way(cell)
    cell.clock.ms = Ms(last + 5 * MINUTE_MS)
    cell.seen([fix("phone-1", last + MINUTE_MS + s * 20_000, *HOME) for s in range(12)])
    cell.tick(cell.clock.ms)
    cell.fold()


def say(cell: Cell, fact: Any) -> None:
    stream = f"facts/{fact.device}/{utc_day(NOON)}"
    cell.log.append([Append(stream, [fact], cell.log.version(stream))])


def check_in(cell: Cell, at_ms: int) -> None:
    """phone-1 tells now that it checked in then."""
    at = Ms(at_ms)
    fact = fact_id("phone-1", "checkin", at, b"")
    say(cell, CheckedIn(recorded_at_ms=cell.clock.ms, fact=fact, device="phone-1", observed_at_ms=at))


# the board


def test_the_board_shows_a_visit_on_the_way(cell: Cell) -> None:
    last = on_the_way(cell)
    board = cell.ok(cell.get("/v1/board?day=2026-09-21"))
    assert (board["day"], board["zone"], board["counts"]) == ("2026-09-21", "Asia/Shanghai", {"on_the_way": 1})
    assert board["position"] == cell.log.head()
    assert board["clock"] == {"now": isoformat(cell.clock.ms), "mode": "wall", "rate": 1.0}
    (shown,) = board["visits"]
    eta, position = shown.pop("eta"), shown.pop("position")
    assert shown.pop("status_at") < isoformat(last)
    assert [alert["rule"] for alert in shown.pop("alerts")] == ["silent_device"], "before it set out"
    assert shown == {
        "visit": "v-1",
        "customer": {"customer": "c-1", "name": "Customer 1"},
        "site": {"site": "s-1", "name": "Site 1", "address": "", "lat": 31.2, "lon": 121.4},
        "worker": {"worker": "w-1", "name": "王秀兰"},
        "service": "cleaning",
        "window_from": isoformat(STARTS),
        "window_to": isoformat(STARTS + 30 * MINUTE_MS),
        "planned_s": 7_200,
        "status": "on_the_way",
        "over": False,
        "arrived_at": None,
        "lateness_s": None,
        "on_time": None,
    }
    assert isoformat(last) == eta["made_at"] == position["at"]
    assert eta["early"] < eta["at"] < eta["late"]
    assert 1_300 < eta["remaining_m"] < 1_500
    assert position["accuracy_m"] == 10.0
    assert abs(position["lat"] - 31.2) < 0.02


def test_the_board_is_of_the_business_day_where_it_is(cell: Cell) -> None:
    four = NOON - NOON % DAY_MS + 20 * HOUR_MS  # 04:00 in Shanghai
    visits = [visit(n, starts_ms=four + minutes * MINUTE_MS) for n, minutes in enumerate((-1, 0, 1_439, 1_440))]
    cell.plan(**one_visit() | {"visits": visits})
    cell.fold()

    def shown(query: str) -> list[str]:
        return [v["visit"] for v in cell.ok(cell.get(f"/v1/board{query}"))["visits"]]

    assert shown("?day=2026-09-22") == ["v-1", "v-2"]
    assert shown("?day=2026-09-22&zone=UTC") == ["v-2", "v-3"]
    cell.clock.ms = Ms(four - 1)
    assert shown("") == ["v-0"], "before four it is still yesterday"
    cell.clock.ms = Ms(four)
    assert shown("") == ["v-1", "v-2"]


def test_an_arrival_is_on_the_board_with_its_timeliness(cell: Cell) -> None:
    arrived(cell)
    (shown,) = cell.ok(cell.get("/v1/board?day=2026-09-21"))["visits"]
    assert shown["status"] in {"at_compound", "arrived"}
    assert shown["arrived_at"] < isoformat(STARTS)
    assert shown["lateness_s"] < 0
    assert shown["on_time"] is True
    assert shown["eta"] is None


def test_a_visit_that_is_late_shows_its_alert(cell: Cell) -> None:
    cell.plan(**one_visit())
    cell.tick(STARTS + 45 * MINUTE_MS)
    cell.fold()
    (shown,) = cell.ok(cell.get("/v1/board?day=2026-09-21"))["visits"]
    alert = next(alert for alert in shown["alerts"] if alert["rule"] == "late")
    assert (alert["standing"], alert["state"], alert["ended_at"]) == (True, "open", None)
    assert alert["started_at"] == isoformat(STARTS + 40 * MINUTE_MS)


# visits as a list


def test_the_list_of_visits_has_the_fences_of_their_sites(cell: Cell) -> None:
    cell.plan(**one_visit())
    cell.fold()
    page = cell.ok(cell.get("/v1/visits?day=2026-09-21&worker=w-1"))
    assert [shown["site"]["site"] for shown in page["items"]] == ["s-1"]
    assert page["fences"] == {"s-1": site()["fence"]}


# one visit


def test_a_visit_is_told_with_every_step_and_what_it_rests_on(cell: Cell) -> None:
    arrived(cell)
    told = cell.ok(cell.get("/v1/visits/v-1"))
    assert told["promises"] == {
        "first_from": isoformat(STARTS),
        "first_to": isoformat(STARTS + 30 * MINUTE_MS),
        "from": isoformat(STARTS),
        "to": isoformat(STARTS + 30 * MINUTE_MS),
        "revision": 1,
    }
    assert told["timeliness"]["on_time"] is True
    assert told["timeliness"]["lateness_s"] == told["lateness_s"]
    statuses = [step["status"] for step in told["timeline"]]
    assert statuses[:4] == ["scheduled", "on_the_way", "nearby", "at_compound"] or statuses[:3] == [
        "scheduled",
        "on_the_way",
        "at_compound",
    ]
    by_status = {step["status"]: step for step in told["timeline"]}
    assert by_status["scheduled"]["cause"] == "plan"
    assert by_status["at_compound"]["cause"] == "fact"
    facts = {fact["fact"]: fact for fact in told["facts"]}
    for step in told["timeline"]:
        assert set(step["evidence"]) <= facts.keys(), "every fact that a step rests on is told"
    evidence = facts[by_status["at_compound"]["evidence"][0]]
    assert (evidence["kind"], evidence["device"]) == ("position", "phone-1")
    assert abs(evidence["body"]["lat"] - 31.2) < 0.001
    assert told["log_position"] == cell.log.head()


def test_a_visit_tells_the_facts_of_its_worker_and_of_nobody_else(cell: Cell) -> None:
    cell.plan(**one_visit())
    at = Ms(STARTS - MINUTE_MS)
    for device, note in (("phone-1", "ours"), ("phone-2", "a stranger's")):
        fact = fact_id(device, "checkin", at, note.encode())
        say(cell, CheckedIn(recorded_at_ms=at, fact=fact, device=device, observed_at_ms=at, ref=note))
    long_ago = Ms(STARTS - 2 * DAY_MS)
    fact = fact_id("phone-1", "checkin", long_ago, b"")
    say(cell, CheckedIn(recorded_at_ms=at, fact=fact, device="phone-1", observed_at_ms=long_ago, ref="long ago"))
    cell.tick(STARTS)
    cell.fold()
    facts = cell.ok(cell.get("/v1/visits/v-1"))["facts"]
    assert [(fact["kind"], fact["body"]["ref"]) for fact in facts] == [("checkin", "ours")]


def test_a_step_that_late_facts_refuted_stays_readable(cell: Cell) -> None:
    cell.plan(**one_visit())
    cell.tick(STARTS + 90 * MINUTE_MS)
    cell.fold()
    assert cell.ok(cell.get("/v1/visits/v-1"))["status"] == "missed"
    cell.clock.ms = Ms(cell.clock.ms + MINUTE_MS)
    check_in(cell, STARTS)
    cell.fold()
    told = cell.ok(cell.get("/v1/visits/v-1"))
    missed = [step for step in told["timeline"] if step["status"] == "missed"]
    assert [step["known_to"] is not None for step in missed] == [True]
    late = next(alert for alert in told["alerts"] if alert["rule"] == "late")
    assert late["standing"] is False
    assert [change["change"] for change in late["history"]] == ["raised", "retracted"]


# tracks


def test_a_track_is_of_the_devices_while_they_were_the_workers(cell: Cell) -> None:
    cell.plan(**one_visit() | {"workers": [worker(1), worker(2)]})
    handed_over = NOON + 10 * MINUTE_MS
    cell.ok(cell.post("/v1/devices/phone-1/bindings", {"worker": "w-2", "from": isoformat(handed_over)}))
    cell.clock.ms = Ms(NOON + 20 * MINUTE_MS)
    cell.seen([fix("phone-1", NOON + n * MINUTE_MS, 31.1 + n / 1000) for n in range(20)])
    cell.fold()

    def points(name: str) -> list[dict[str, Any]]:
        answer = cell.get(
            f"/v1/workers/{name}/track", params={"from": isoformat(NOON), "to": isoformat(NOON + HOUR_MS)}
        )
        assert answer.headers["content-type"] == "application/geo+json"
        made = cell.ok(answer)
        assert made["truncated"] is False
        return [f["properties"] for f in made["features"] if f["geometry"]["type"] == "Point"]

    first, second = points("w-1"), points("w-2")
    assert len(first) == len(second) == 10
    assert first[-1]["at"] < isoformat(handed_over) <= second[0]["at"]


def test_a_shared_phone_speaks_for_whom_it_names(cell: Cell) -> None:
    cell.plan(**one_visit() | {"workers": [worker(1), worker(2)]})
    cell.clock.ms = Ms(NOON + 5 * MINUTE_MS)
    mine = Position(
        device="shared", observed_at_ms=NOON, lat_e7=312000000, lon_e7=1214000000, extras=b'{"worker":"w-2"}'
    )
    not_mine = Position(
        device="phone-1", observed_at_ms=NOON, lat_e7=312000000, lon_e7=1214000000, extras=b'{"worker":"w-2"}'
    )
    cell.seen([mine, not_mine])
    cell.fold()
    period = {"from": isoformat(NOON), "to": isoformat(NOON + HOUR_MS)}
    assert cell.ok(cell.get("/v1/workers/w-1/track", params=period))["features"] == []
    cell.ok(cell.post("/v1/devices/phone-9/bindings", {"worker": "w-2", "from": isoformat(NOON)}))
    cell.fold()
    made = cell.ok(cell.get("/v1/workers/w-2/track", params=period))
    assert {feature["properties"]["device"] for feature in made["features"]} == {"shared", "phone-1"}


def test_a_long_track_is_cut_and_says_so(database: str, tmp_path: Any) -> None:
    with cell_at(database, tmp_path, track_points=5) as cell:
        cell.plan(**one_visit())
        cell.clock.ms = Ms(NOON + HOUR_MS)
        cell.seen([fix("phone-1", NOON + n * 1_000, 31.1) for n in range(8)])
        cell.fold()
        period = {"from": isoformat(NOON), "to": isoformat(NOON + HOUR_MS)}
        made = cell.ok(cell.get("/v1/workers/w-1/track", params=period))
        assert made["truncated"] is True
        points = [f for f in made["features"] if f["geometry"]["type"] == "Point"]
        assert [point["properties"]["at"] for point in points] == [isoformat(NOON + n * 1_000) for n in range(5)]


# reading what was just written


def test_a_read_waits_until_the_projection_has_seen_a_position(cell: Cell) -> None:
    cell.fold()
    position = cell.plan(**one_visit())["position"]
    assert cell.get(f"/v1/visits/v-1?min_position={position}").status_code == 504
    folding = threading.Timer(0.05, cell.fold)
    folding.start()
    assert cell.ok(cell.get(f"/v1/visits/v-1?min_position={position}"))["visit"] == "v-1"
    folding.join()
    assert cell.ok(cell.get(f"/v1/board?day=2026-09-21&min_position={position}"))["position"] == position


@pytest.mark.parametrize(
    "path",
    [
        "/v1/board",
        "/v1/visits/v-1",
        "/v1/alerts",
        "/v1/workers/w-1/track?from=2026-09-21T00:00:00Z&to=2026-09-22T00:00:00Z",
    ],
)
def test_every_read_takes_a_position(shared: Cell, path: str) -> None:
    answer = shared.get(path + ("&" if "?" in path else "?") + "min_position=999999")
    assert (answer.status_code, answer.json()["code"]) == (504, "not_yet_projected")


def test_two_customers_of_one_name_stay_two(cell: Cell) -> None:
    cell.plan(
        customers=[customer(1), customer(2) | {"name": "Customer 1"}],
        sites=[site(1), site(2)],
        workers=[worker()],
        bindings=[binding()],
        visits=[visit(1), visit(2, site="s-2", customer="c-2")],
    )
    cell.fold()
    visits = cell.ok(cell.get("/v1/board?day=2026-09-21"))["visits"]
    assert [(v["customer"]["customer"], v["site"]["site"]) for v in visits] == [("c-1", "s-1"), ("c-2", "s-2")]
