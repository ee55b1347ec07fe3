"""What people decide stands beside their alert, whatever becomes of the alert."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from domain.events.alert import AlertAcknowledged, AlertResolved, Verdict
from domain.time import Ms
from projections.alerts.book import ALERTS, DECISIONS, HISTORY
from tests.unit.projections.day import Day, ms
from tests.unit.projections.memory import Row


@pytest.fixture
def day() -> Day:
    return Day().visit("v", "10:00", "10:15").phone("p").tick("10:30")


def about(row: Row, **changed: Any) -> dict[str, Any]:
    """A decision's fields, as whoever looks at this alert writes them."""
    said = {
        "alert": row["alert"],
        "rule": row["rule"],
        "subject": row["subject"],
        "started_ms": row["started_at"],
        "ended_ms": row["ended_at"],
        "evidence": tuple(UUID(bytes=fact) for fact in row["evidence"]),
    }
    return said | changed


def acknowledge(day: Day, at: str, row: Row, **changed: Any) -> Day:
    day.cell.say(AlertAcknowledged(recorded_at_ms=Ms(ms(at)), by="ann", note="calling", **about(row, **changed)))
    return day


def resolve(day: Day, at: str, row: Row, verdict: Verdict, **changed: Any) -> Day:
    day.cell.say(AlertResolved(recorded_at_ms=Ms(ms(at)), by="bob", verdict=verdict, **about(row, **changed)))
    return day


def decided(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in ("acknowledged_by", "acknowledged_at", "resolved_by", "resolved_at", "verdict")}


def test_who_took_it_on_and_what_it_was_stand_in_the_alert(day: Day) -> None:
    acknowledge(day, "10:31", day.alert("late"))
    resolve(day, "10:40", day.alert("late"), "excused", note="storm")
    assert decided(day.alert("late")) == {
        "acknowledged_by": "ann",
        "acknowledged_at": ms("10:31"),
        "resolved_by": "bob",
        "resolved_at": ms("10:40"),
        "verdict": "excused",
    }
    assert day.alert("late")["resolved_note"] == "storm"
    assert day.alert_changes("late") == ["raised", "acknowledged", "resolved"]
    said = [(row["change"], row["by"], row["reason"]) for row in day.cell.rows(HISTORY) if row["by"]]
    assert said == [("acknowledged", "ann", "calling"), ("resolved", "bob", "excused")]


def test_they_outlast_amendment_retraction_and_reinstatement(day: Day) -> None:
    acknowledge(day, "10:31", day.alert("late")).says("p", "checkin", "10:25")
    assert day.alerts("late") == []
    day.unbind("p", "10:00")
    assert day.alert_changes("late") == ["raised", "acknowledged", "retracted", "reinstated"]
    assert day.alert("late")["acknowledged_by"] == "ann"


def test_an_sos_is_found_by_its_fact(day: Day) -> None:
    day.says("p", "sos", "10:20").says("p", "sos", "10:25")
    first = min((row for row in day.cell.rows(ALERTS) if row["rule"] == "sos"), key=lambda row: row["started_at"])
    resolve(day, "10:30", first, "true")
    verdicts = {row["started_at"]: row["verdict"] for row in day.cell.rows(ALERTS) if row["rule"] == "sos"}
    assert verdicts == {ms("10:20"): "true", ms("10:25"): None}


def test_an_alert_that_a_changed_rule_names_otherwise_is_found_by_its_interval(day: Day) -> None:
    acknowledge(day, "10:31", day.alert("late"), alert=UUID(int=7), started_ms=ms("10:20"))
    assert day.alert("late")["acknowledged_by"] == "ann"
    (listed,) = day.cell.rows(DECISIONS)
    assert (listed["alert"], listed["attached"]) == (UUID(int=7), day.alert("late")["alert"])


def test_what_matches_nothing_is_listed_and_attaches_when_something_does(day: Day) -> None:
    acknowledge(day, "10:31", day.alert("late"), alert=UUID(int=7), rule="no_show", started_ms=ms("10:45"))
    (listed,) = day.cell.rows(DECISIONS)
    assert listed["attached"] is None
    day.cell = day.cell.restarted(day.cell.judge.snapshot(), len(day.cell.log))
    day.tick("10:50")
    assert day.alert("no_show")["acknowledged_by"] == "ann"
    (listed,) = day.cell.rows(DECISIONS)
    assert listed["attached"] == day.alert("no_show")["alert"]


def test_a_decision_about_a_rule_that_is_gone_is_listed(day: Day) -> None:
    resolve(day, "10:31", day.alert("late"), "false", rule="gone")
    (listed,) = day.cell.rows(DECISIONS)
    assert (listed["rule"], listed["attached"], listed["change"]) == ("gone", None, "resolved")


def test_the_last_word_holds(day: Day) -> None:
    resolve(day, "10:31", day.alert("late"), "false")
    resolve(day, "10:35", day.alert("late"), "true")
    assert decided(day.alert("late"))["verdict"] == "true"


def test_no_digest_reads_where_in_the_log_a_decision_stands() -> None:
    """An import counts the log anew, without the gaps that refused appends leave."""
    assert "place" in DECISIONS.places


def test_what_was_refuted_and_decided_does_not_decide_what_comes_to_stand_later() -> None:
    """A silence that was none, resolved as false; and then a real one, half an hour after."""
    day = Day().visit("v", "10:00", "10:15").phone("p").tick("09:45")
    resolve(day, "09:45", day.alert("silent_device"), "false")
    day.tick("09:50").ping("p", "09:30", 5_000).ping("p", "09:48", 5_000)
    assert day.alerts("silent_device") == []
    day.tick("10:35")
    verdicts = [row["verdict"] for row in day.cell.rows(ALERTS) if row["rule"] == "silent_device" and row["standing"]]
    assert verdicts == [None]


def test_the_first_to_take_it_on_has_it_whatever_the_alert_was_called(day: Day) -> None:
    acknowledge(day, "10:31", day.alert("late"))
    acknowledge(day, "10:33", day.alert("late"), alert=UUID(int=7))
    assert day.alert("late")["acknowledged_at"] == ms("10:31")
    assert day.alert_changes("late") == ["raised", "acknowledged"]
    assert {row["attached"] for row in day.cell.rows(DECISIONS)} == {day.alert("late")["alert"]}


def test_an_older_verdict_does_not_come_back(day: Day) -> None:
    resolve(day, "10:35", day.alert("late"), "true")
    resolve(day, "10:31", day.alert("late"), "false", alert=UUID(int=7))
    assert decided(day.alert("late"))["verdict"] == "true"
