"""Alerts as staff work through them: the list, one with all that it rests on, taking it on, resolving it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.events.alert import AlertAcknowledged, AlertResolved
from domain.events.facts import CheckedIn, Fact, SosRaised
from domain.ids import fact_id
from domain.time import DAY_MS, MINUTE_MS, Ms, isoformat, utc_day
from eventlog.entry import Append
from tests.integration.api.cell import HOME, NOON, Cell, fix, one_visit

STARTS = NOON + 60 * MINUTE_MS


def say(cell: Cell, fact: Fact) -> None:
    stream = f"facts/{fact.device}/{utc_day(NOON)}"
    cell.log.append([Append(stream, [fact], cell.log.version(stream))])


def sos(cell: Cell, at_ms: int, device: str = "phone-1") -> SosRaised:
    """Somebody presses the button; it is folded."""
    fact = fact_id(device, "sos", at_ms, b"")
    raised = SosRaised(
        recorded_at_ms=Ms(at_ms), fact=fact, device=device, observed_at_ms=Ms(at_ms), lat=31.1, lon=121.4
    )
    say(cell, raised)
    cell.fold()
    return raised


def check_in(cell: Cell, at_ms: int) -> None:
    """phone-1 tells now that it checked in then."""
    at = Ms(at_ms)
    fact = fact_id("phone-1", "checkin", at, b"")
    say(cell, CheckedIn(recorded_at_ms=cell.clock.ms, fact=fact, device="phone-1", observed_at_ms=at))


def listed(cell: Cell, **query: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = cell.ok(cell.get("/v1/alerts", params=query))["items"]
    return items


def the_sos(cell: Cell) -> str:
    """The id of a fresh alert."""
    cell.plan(**one_visit())
    sos(cell, NOON)
    (alert,) = listed(cell)
    return str(alert["alert"])


# the list


def test_alerts_come_in_pages_the_newest_first(cell: Cell) -> None:
    cell.plan(**one_visit())
    for minute in range(7):
        sos(cell, NOON + minute * MINUTE_MS)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = cell.ok(cell.get("/v1/alerts", params={"limit": 3, **({"cursor": cursor} if cursor else {})}))
        assert len(page["items"]) <= 3
        seen += [alert["started_at"] for alert in page["items"]]
        cursor = page["next"]
    assert seen == [isoformat(NOON + minute * MINUTE_MS) for minute in reversed(range(7))]


def test_alerts_are_sifted_by_what_was_decided_and_what_was_refuted(cell: Cell) -> None:
    cell.plan(**one_visit())
    for minute in range(3):
        sos(cell, NOON + minute * MINUTE_MS)
    cell.tick(STARTS + 90 * MINUTE_MS)
    cell.fold()
    check_in(cell, STARTS)
    cell.fold()
    newest, middle, _ = listed(cell, rule="sos")
    cell.ok(cell.post(f"/v1/alerts/{newest['alert']}/acknowledge"))
    cell.ok(cell.post(f"/v1/alerts/{middle['alert']}/resolve", {"verdict": "false"}))
    cell.fold()

    def minutes(**query: str) -> list[int]:
        pressed = [isoformat(NOON + minute * MINUTE_MS) for minute in range(3)]
        return [pressed.index(alert["started_at"]) for alert in listed(cell, rule="sos", **query)]

    assert minutes() == minutes(state="active") == [2, 0]
    assert minutes(state="open") == [0]
    assert minutes(state="acknowledged") == [2]
    assert minutes(state="resolved") == [1]
    assert minutes(state="all") == [2, 1, 0]
    assert minutes(state="retracted") == []
    retracted = listed(cell, state="retracted")
    assert {"late", "no_show"} <= {alert["rule"] for alert in retracted}
    assert {(alert["state"], alert["standing"]) for alert in retracted} == {("retracted", False)}


def test_alerts_are_sifted_by_worker_visit_and_day(cell: Cell) -> None:
    cell.plan(**one_visit())
    sos(cell, NOON)
    sos(cell, NOON - DAY_MS)
    sos(cell, NOON, "a-stranger")
    cell.tick(STARTS + 41 * MINUTE_MS)
    cell.fold()
    assert {alert["subject"] for alert in listed(cell, worker="w-1")} == {"w-1", "v-1"}
    assert {alert["subject"] for alert in listed(cell, visit="v-1")} == {"v-1"}
    assert {alert["started_at"] for alert in listed(cell, rule="sos", day="2026-09-20")} == {isoformat(NOON - DAY_MS)}
    assert len(listed(cell, rule="sos", day="2026-09-21", zone="UTC")) == 2


def test_an_alert_is_listed_with_the_names_of_what_it_is_about(cell: Cell) -> None:
    cell.plan(**one_visit())
    cell.tick(STARTS + 41 * MINUTE_MS)
    cell.fold()
    (late,) = listed(cell, rule="late")
    assert late["context"] == {
        "visit": "v-1",
        "customer": "c-1",
        "site": "s-1",
        "service": "cleaning",
        "worker": "w-1",
        "worker_name": "王秀兰",
        "customer_name": "Customer 1",
        "site_name": "Site 1",
        "window_from": isoformat(STARTS),
        "window_to": isoformat(STARTS + 30 * MINUTE_MS),
        "zone": "Asia/Shanghai",
    }
    assert (late["state"], late["acknowledged"], late["resolved"]) == ("open", None, None)


def test_a_call_for_help_is_told_with_the_visit_that_the_worker_is_at(cell: Cell) -> None:
    cell.plan(**one_visit())
    sos(cell, NOON - 10 * MINUTE_MS)
    sos(cell, STARTS + 5 * MINUTE_MS)
    sos(cell, NOON, "a-stranger")
    during, strange, before = listed(cell, rule="sos")
    assert (during["context"]["visit"], during["context"]["site_name"]) == ("v-1", "Site 1")
    assert (before["context"]["visit"], before["context"]["worker_name"]) == (None, "王秀兰")
    assert strange["context"] is None


# one


def test_an_alert_is_told_with_its_facts_its_history_and_the_fence(cell: Cell) -> None:
    cell.plan(**one_visit())
    pressed = sos(cell, STARTS)
    (alert,) = listed(cell, rule="sos")
    told = cell.ok(cell.get(f"/v1/alerts/{alert['alert']}"))
    assert {name: told[name] for name in alert} == alert, "as in the list"
    assert [change["change"] for change in told["history"]] == ["raised"]
    (fact,) = told["facts"]
    assert (fact["fact"], fact["kind"], fact["device"]) == (str(pressed.fact), "sos", "phone-1")
    assert (fact["lat"], fact["lon"], fact["at"]) == (31.1, 121.4, isoformat(STARTS))
    assert told["fence"] == {"shape": "circle", "lat": HOME[0], "lon": HOME[1], "radius_m": 100.0}


def test_the_positions_that_an_alert_rests_on_are_told(cell: Cell) -> None:
    cell.plan(**one_visit())
    cell.tick(STARTS + 41 * MINUTE_MS)
    cell.clock.ms = Ms(STARTS + 60 * MINUTE_MS)
    cell.seen([fix("phone-1", STARTS + 42 * MINUTE_MS + s * 20_000, *HOME) for s in range(12)])
    cell.tick(STARTS + 60 * MINUTE_MS)
    cell.fold()
    (late,) = listed(cell, rule="late")
    told = cell.ok(cell.get(f"/v1/alerts/{late['alert']}"))
    assert told["evidence"], "the arrival that ended it"
    facts = {fact["fact"]: fact for fact in told["facts"]}
    assert set(told["evidence"]) <= facts.keys()
    arrival = facts[told["evidence"][0]]
    assert (arrival["kind"], arrival["device"], arrival["accuracy_m"]) == ("position", "phone-1", 10.0)
    assert (arrival["lat"], arrival["lon"]) == HOME


def test_an_alert_that_never_was_is_not_found(shared: Cell) -> None:
    for answer in (
        shared.get(f"/v1/alerts/{uuid4()}"),
        shared.post(f"/v1/alerts/{uuid4()}/acknowledge"),
        shared.post(f"/v1/alerts/{uuid4()}/resolve", {"verdict": "true"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


# deciding


def test_a_double_click_takes_an_alert_on_once(cell: Cell) -> None:
    alert = the_sos(cell)
    first = cell.ok(cell.post(f"/v1/alerts/{alert}/acknowledge", {"by": "anna", "note": "calling her"}))
    assert (first["outcome"], first["state"], first["resolved"]) == ("created", "acknowledged", None)
    assert first["acknowledged"] == {"at": isoformat(NOON), "by": "anna", "note": "calling her"}
    cell.clock.ms = Ms(NOON + 300)
    again = cell.ok(cell.post(f"/v1/alerts/{alert}/acknowledge", {"by": "anna", "note": "calling her"}))
    assert again == first | {"outcome": "unchanged"}
    assert cell.log.version(f"alert/{alert}") == 1


def test_a_decision_carries_what_the_alert_was_about(cell: Cell) -> None:
    alert = the_sos(cell)
    (shown,) = listed(cell)
    cell.ok(cell.post(f"/v1/alerts/{alert}/acknowledge"))
    event = cell.log.read(f"alert/{alert}")[0].event
    assert event == AlertAcknowledged(
        recorded_at_ms=cell.clock.ms,
        by="staff",
        alert=UUID(alert),
        rule="sos",
        subject="w-1",
        started_ms=NOON,
        evidence=tuple(UUID(fact) for fact in shown["evidence"]),
    )


def test_of_two_people_at_once_one_has_it_and_the_other_is_told_who(cell: Cell) -> None:
    alert = the_sos(cell)
    people = [f"person-{n}" for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda by: cell.ok(cell.post(f"/v1/alerts/{alert}/acknowledge", {"by": by})), people))
    assert sorted(answer["outcome"] for answer in answers) == ["created"] + ["unchanged"] * 7
    (winner,) = [p for p, answer in zip(people, answers, strict=True) if answer["outcome"] == "created"]
    assert {answer["acknowledged"]["by"] for answer in answers} == {winner}


def test_a_decision_is_read_back_from_the_position_that_it_answered(cell: Cell) -> None:
    alert = the_sos(cell)
    cell.ok(cell.post(f"/v1/alerts/{alert}/acknowledge", {"by": "anna"}))
    done = cell.ok(cell.post(f"/v1/alerts/{alert}/resolve", {"verdict": "excused", "note": "a test", "by": "bert"}))
    cell.fold()
    told = cell.ok(cell.get(f"/v1/alerts/{alert}?min_position={done['position']}"))
    assert told["acknowledged"] == done["acknowledged"] == {"at": isoformat(NOON), "by": "anna", "note": ""}
    assert told["resolved"] == done["resolved"]
    assert told["resolved"] == {"at": isoformat(NOON), "by": "bert", "verdict": "excused", "note": "a test"}
    assert told["state"] == done["state"] == "resolved"
    assert [(c["change"], c["by"]) for c in told["history"]] == [
        ("raised", None),
        ("acknowledged", "anna"),
        ("resolved", "bert"),
    ]


def test_the_last_verdict_holds_and_the_same_again_is_no_news(cell: Cell) -> None:
    alert = the_sos(cell)
    outcomes = []
    for verdict in ("true", "true", "false", "true"):
        done = cell.ok(cell.post(f"/v1/alerts/{alert}/resolve", {"verdict": verdict}))
        outcomes.append((done["outcome"], done["resolved"]["verdict"]))
    assert outcomes == [("created", "true"), ("unchanged", "true"), ("created", "false"), ("created", "true")]
    events = [entry.event for entry in cell.log.read(f"alert/{alert}")]
    assert [event.verdict for event in events if isinstance(event, AlertResolved)] == ["true", "false", "true"]


def test_what_is_resolved_cannot_be_taken_on(cell: Cell) -> None:
    alert = the_sos(cell)
    cell.ok(cell.post(f"/v1/alerts/{alert}/resolve", {"verdict": "true"}))
    answer = cell.post(f"/v1/alerts/{alert}/acknowledge")
    assert (answer.status_code, answer.json()["code"]) == (409, "alert_resolved")


@pytest.mark.parametrize("body", [None, {}, {"verdict": "maybe"}, {"verdict": "true", "surprise": 1}])
def test_a_verdict_is_one_of_three(shared: Cell, body: Any) -> None:
    answer = shared.post(f"/v1/alerts/{uuid4()}/resolve", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


def test_an_alert_on_the_board_says_what_was_decided(cell: Cell) -> None:
    cell.plan(**one_visit())
    cell.tick(STARTS + 41 * MINUTE_MS)
    cell.fold()
    (late,) = listed(cell, rule="late")
    cell.ok(cell.post(f"/v1/alerts/{late['alert']}/acknowledge"))
    cell.fold()
    (shown,) = cell.ok(cell.get("/v1/board?day=2026-09-21"))["visits"]
    assert {alert["state"] for alert in shown["alerts"] if alert["rule"] == "late"} == {"acknowledged"}
