"""Writes: commands on the log, checked against the log, each once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any

import psycopg

from domain.crs import wgs84_to_gcj02
from domain.events.visit import VisitReassigned, VisitRescheduled, VisitScheduled
from domain.time import MINUTE_MS, isoformat
from tests.integration.api.cell import NOON, Cell, binding, customer, one_visit, site, visit, worker

LATER = {"window_from": isoformat(NOON + 180 * MINUTE_MS), "window_to": isoformat(NOON + 210 * MINUTE_MS)}


def test_everything_can_be_entered_one_by_one(cell: Cell) -> None:
    for path, body, kind, id in [
        ("/v1/customers", customer(), "customer", "c-1"),
        ("/v1/sites", site(), "site", "s-1"),
        ("/v1/workers", worker(), "worker", "w-1"),
        ("/v1/devices/phone-1/bindings", {"worker": "w-1", "from": isoformat(NOON)}, "binding", "phone-1"),
        ("/v1/devices/phone-1/unbind", {"from": isoformat(NOON + MINUTE_MS)}, "binding", "phone-1"),
        (
            "/v1/shifts",
            {"shift": "h-1", "worker": "w-1", "from": isoformat(NOON), "until": isoformat(NOON + MINUTE_MS)},
            "shift",
            "h-1",
        ),
        ("/v1/shifts/h-1/cancel", None, "shift", "h-1"),
        ("/v1/policies", {"from": isoformat(NOON), "values": {"late_s": 300}}, "policy", "policy"),
        ("/v1/visits", visit(), "visit", "v-1"),
        ("/v1/visits/v-1/reschedule", LATER, "visit", "v-1"),
        ("/v1/visits/v-1/reassign", {"worker": None, "reason": "ill"}, "visit", "v-1"),
        ("/v1/visits/v-1/cancel", {"reason": "moved away"}, "visit", "v-1"),
    ]:
        head = cell.log.head()
        answer = cell.ok(cell.post(path, body))
        assert answer == {"kind": kind, "id": id, "outcome": "created", "position": head + 1}, path
        again = cell.ok(cell.post(path, body))
        assert again == {"kind": kind, "id": id, "outcome": "unchanged", "position": head + 1}, path


def test_events_carry_the_cells_time_and_who_asked(cell: Cell) -> None:
    cell.plan(**one_visit())
    (entry,) = cell.log.read("visit/v-1")
    assert isinstance(entry.event, VisitScheduled)
    assert (entry.event.recorded_at_ms, entry.event.by) == (NOON, "staff")


def test_a_reschedule_keeps_what_it_does_not_name_and_says_whose_wish_it_was(cell: Cell) -> None:
    cell.plan(**one_visit())
    wish = {"asked_by": "customer", "channel": "phone", "agreed_at": isoformat(NOON - MINUTE_MS), "reason": "school"}
    cell.ok(cell.post("/v1/visits/v-1/reschedule", LATER | wish))
    event = cell.log.read("visit/v-1")[-1].event
    assert isinstance(event, VisitRescheduled)
    assert (event.planned_s, event.asked_by, event.agreed_at_ms) == (7_200, "customer", NOON - MINUTE_MS)


def test_a_site_of_a_chinese_map_is_stored_in_wgs84(cell: Cell) -> None:
    lat, lon = wgs84_to_gcj02(31.2, 121.4)
    cell.ok(cell.post("/v1/customers", customer()))
    cell.ok(cell.post("/v1/sites", site(lat=lat, lon=lon) | {"crs": "gcj02"}))
    fence: Any = cell.log.read("site/s-1")[-1].event
    assert (round(fence.fence.lat, 6), round(fence.fence.lon, 6)) == (31.2, 121.4)
    assert fence.zone == "Asia/Shanghai"


def test_what_a_command_names_must_exist(cell: Cell) -> None:
    cell.plan(**one_visit())
    head = cell.log.head()
    from_ = isoformat(NOON)
    shift = {"shift": "h", "worker": "w-2", "from": from_, "until": isoformat(NOON + 1)}
    for path, body, code in [
        ("/v1/sites", site(2), "unknown_customer"),
        ("/v1/devices/d/bindings", {"worker": "w-2", "from": from_}, "unknown_worker"),
        ("/v1/devices/d/bindings", {"site": "s-2", "from": from_}, "unknown_site"),
        ("/v1/shifts", shift, "unknown_worker"),
        ("/v1/visits", visit(2, site="s-2"), "unknown_site"),
        ("/v1/visits", visit(2, customer="c-2"), "unknown_customer"),
        ("/v1/visits", visit(2, worker="w-2"), "unknown_worker"),
        ("/v1/visits/v-1/reassign", {"worker": "w-2"}, "unknown_worker"),
    ]:
        answer = cell.post(path, body)
        assert (answer.status_code, answer.json()["code"]) == (422, code), path
    assert cell.log.head() == head


def test_existence_is_asked_of_the_log_not_of_the_projection(cell: Cell) -> None:
    cell.plan(customers=[customer()], sites=[site()], workers=[worker()])
    assert cell.ok(cell.post("/v1/visits", visit()))["outcome"] == "created", "nothing was folded yet"


def test_a_plan_answers_line_by_line_and_carries_on_after_refusals(cell: Cell) -> None:
    lines = one_visit()
    lines["visits"] = [visit(1), visit(2, site="s-9"), visit(3, planned_s=0), visit(1), visit(1, service="cooking")]
    answer = cell.plan(**lines)
    assert [(line["kind"], line["id"], line["outcome"]) for line in answer["lines"]] == [
        ("customer", "c-1", "created"),
        ("site", "s-1", "created"),
        ("worker", "w-1", "created"),
        ("binding", "phone-1", "created"),
        ("visit", "v-1", "created"),
        ("visit", "v-2", "refused"),
        ("visit", "v-3", "refused"),
        ("visit", "v-1", "unchanged"),
        ("visit", "v-1", "refused"),
    ]
    codes = [line["problem"]["code"] for line in answer["lines"] if "problem" in line]
    assert codes == ["unknown_site", "invalid_duration", "conflict"]
    assert answer["position"] == cell.log.head() == 5


def test_a_plan_sent_again_changes_nothing(cell: Cell) -> None:
    first = cell.plan(**one_visit())
    again = cell.plan(**one_visit())
    assert {line["outcome"] for line in again["lines"]} == {"unchanged"}
    assert again["position"] == first["position"]


def test_a_plan_of_two_hundred_lines_takes_less_than_a_second(cell: Cell) -> None:
    lines = {
        "customers": [customer(n) for n in range(40)],
        "sites": [site(n) for n in range(40)],
        "workers": [worker(n) for n in range(20)],
        "bindings": [binding(n) for n in range(20)],
        "visits": [visit(n, site=f"s-{n % 40}", customer=f"c-{n % 40}", worker=f"w-{n % 20}") for n in range(80)],
    }
    began = perf_counter()
    answer = cell.plan(**lines)
    took_s = perf_counter() - began
    assert {line["outcome"] for line in answer["lines"]} == {"created"}
    assert answer["position"] == 200
    assert took_s < 1.0


def test_writers_who_race_for_one_stream_all_succeed(cell: Cell) -> None:
    cell.plan(customers=[customer()], sites=[site()], workers=[worker(n) for n in range(8)], visits=[visit()])
    bodies = [{"worker": f"w-{n}", "reason": "race"} for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda body: cell.post("/v1/visits/v-1/reassign", body), bodies))
    outcomes = sorted(answer.json().get("outcome", answer.text) for answer in answers)
    events = [entry.event for entry in cell.log.read("visit/v-1")]
    assert set(outcomes) <= {"created", "unchanged"}
    assert sum(isinstance(event, VisitReassigned) for event in events) == outcomes.count("created")


def test_a_key_gives_the_same_answer_though_the_world_has_moved_on(cell: Cell) -> None:
    cell.plan(**one_visit() | {"workers": [worker(1), worker(2)]})
    key = {"Idempotency-Key": "k-1"}
    first = cell.ok(cell.post("/v1/visits/v-1/reassign", {"worker": "w-2"}, headers=key))
    cell.ok(cell.post("/v1/visits/v-1/reassign", {"worker": "w-1"}))
    again = cell.ok(cell.post("/v1/visits/v-1/reassign", {"worker": "w-2"}, headers=key))
    assert again == first
    event = cell.log.read("visit/v-1")[-1].event
    assert isinstance(event, VisitReassigned)
    assert event.worker == "w-1", "it was not done twice"


def test_a_key_of_another_request_is_refused(cell: Cell) -> None:
    key = {"Idempotency-Key": "k-1"}
    cell.ok(cell.post("/v1/customers", customer(1), headers=key))
    for path, body in (("/v1/customers", customer(2)), ("/v1/workers", worker(1))):
        answer = cell.post(path, body, headers=key)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert cell.log.version("customer/c-2") == 0


def test_a_refused_request_may_use_its_key_again(cell: Cell) -> None:
    key = {"Idempotency-Key": "k-1"}
    assert cell.post("/v1/sites", site(), headers=key).status_code == 422
    cell.ok(cell.post("/v1/customers", customer()))
    assert cell.ok(cell.post("/v1/sites", site(), headers=key))["outcome"] == "created"


def test_the_same_key_many_times_at_once_is_done_once(cell: Cell) -> None:
    cell.plan(**one_visit() | {"workers": [worker(1), worker(2)]})
    key = {"Idempotency-Key": "k-1"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: cell.post("/v1/visits/v-1/reassign", {"worker": "w-2"}, headers=key), range(8))
        )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["outcome"] for answer in answers}) == 1
    assert cell.log.version("visit/v-1") == 2


def test_a_plan_may_have_a_key(cell: Cell) -> None:
    key = {"Idempotency-Key": "plan"}
    first = cell.ok(cell.post("/v1/plan", one_visit(), headers=key))
    assert cell.ok(cell.post("/v1/plan", one_visit(), headers=key)) == first


def test_an_answer_whose_position_was_not_noted_is_given_with_the_head(cell: Cell) -> None:
    key = {"Idempotency-Key": "k-1"}
    first = cell.ok(cell.post("/v1/customers", customer(), headers=key))
    cell.ok(cell.post("/v1/workers", worker()))
    with psycopg.connect(cell.dsn) as conn:
        conn.execute("UPDATE api.answers SET position = NULL")
    assert cell.ok(cell.post("/v1/customers", customer(), headers=key)) == first | {"position": 2}


def test_old_keys_are_forgotten(cell: Cell) -> None:
    cell.ok(cell.post("/v1/customers", customer(1), headers={"Idempotency-Key": "old"}))
    with psycopg.connect(cell.dsn) as conn:
        conn.execute("UPDATE api.answers SET kept_at = now() - interval '25 hours'")
    cell.ok(cell.post("/v1/customers", customer(2), headers={"Idempotency-Key": "new"}))
    with psycopg.connect(cell.dsn) as conn:
        assert [row[0] for row in conn.execute("SELECT key FROM api.answers")] == ["new"]
