"""迟到 for a promise of 10:00–10:15 with ten minutes' grace: raised, amended, retracted, reinstated."""

from __future__ import annotations

import msgspec
import pytest

from tests.unit.projections.day import Day


@pytest.fixture
def day() -> Day:
    return Day().visit("v", "10:00", "10:15").phone("p")


def test_late_is_raised_at_the_deadline(day: Day) -> None:
    assert day.tick("10:24:59").alerts("late") == []
    assert day.tick("10:30").alerts("late") == ["late v 10:25"]
    assert (day.alert("late")["worker"], day.alert("late")["anchor"]) == ("w", "revision 1")


def test_late_is_amended_with_the_arrival_and_its_evidence(day: Day) -> None:
    day.tick("10:30").says("p", "checkin", "10:31")
    assert day.alerts("late") == ["late v 10:25-10:31"]
    assert day.alert_changes("late") == ["raised", "amended"]
    assert msgspec.json.decode(day.alert("late")["params"])["lateness_s"] == 16 * 60
    assert len(day.alert("late")["evidence"]) == 1


def test_late_is_retracted_when_a_fact_that_came_late_proves_punctuality(day: Day) -> None:
    day.tick("10:30").says("p", "checkin", "10:25")
    assert day.alerts("late") == []
    assert day.alert_changes("late") == ["raised", "retracted"]


def test_late_that_was_retracted_is_reinstated_as_the_same_alert(day: Day) -> None:
    day.tick("10:30").says("p", "checkin", "10:25")
    before = day.alert("late")["alert"]
    day.unbind("p", "10:00")
    assert day.alerts("late") == ["late v 10:25"]
    assert day.alert("late")["alert"] == before
    assert day.alert_changes("late") == ["raised", "retracted", "reinstated"]


def test_late_waits_while_somebody_is_inside(day: Day) -> None:
    day.ping("p", "10:24").tick("10:26")
    assert day.alerts("late") == []
    assert day.tick("10:29").alerts("late") == []
    assert day.alert_changes("late") == []


def test_late_stands_if_whoever_was_inside_drove_on(day: Day) -> None:
    day.ping("p", "10:24").tick("10:26").ping("p", "10:27", 900)
    assert day.alerts("late") == ["late v 10:25"]


def test_by_policy_lateness_is_measured_at_the_door(day: Day) -> None:
    day.policy(lateness_by_door=1.0).stay("p", "10:21", "10:24").tick("10:40")
    assert day.steps("v")[:2] == ["at_compound 10:21", "arrived 10:26"]
    assert day.alerts("late") == ["late v 10:25-10:26"]


def test_a_policy_that_grants_more_grace_retracts_it(day: Day) -> None:
    day.tick("10:30").policy(late_s=1800.0)
    assert day.alerts("late") == []
    assert day.tick("10:45").alerts("late", "no_show") == ["late v 10:45", "no_show v 10:45"]


def test_a_new_promise_is_late_anew(day: Day) -> None:
    day.tick("10:30").reschedule("v", "11:00", "11:15").tick("11:30")
    assert day.alerts("late") == ["late v 11:25"]
    assert sorted(day.alert_changes("late")) == ["raised", "raised", "retracted"]


def test_nobody_home_before_the_deadline_is_not_late(day: Day) -> None:
    assert day.says("p", "no_access", "10:20", visit="v").tick("12:00").alerts("late") == []


def test_a_visit_that_was_called_off_before_the_deadline_is_not_late(day: Day) -> None:
    assert day.tick("10:20").cancel("v", "10:20").tick("12:00").alerts("late") == []


def test_a_visit_that_was_called_off_after_the_deadline_was_late(day: Day) -> None:
    assert day.tick("10:28").cancel("v", "10:28").tick("12:00").alerts("late") == ["late v 10:25"]


def test_an_alert_names_the_worker_who_has_the_visit_now(day: Day) -> None:
    day.tick("10:30").reassign("v", "x")
    assert day.alert("late")["worker"] == "x"


def test_whoever_pushes_is_told_that_alerts_have_changed(day: Day) -> None:
    day.tick("10:24")
    day.cell.judge.alerted = False
    day.tick("10:24:30")
    assert not day.cell.judge.alerted
    day.tick("10:25")
    assert day.cell.judge.alerted
