"""中途离开 from a visit of an hour, begun at 10:00 with a check-in."""

from __future__ import annotations

import pytest

from tests.unit.projections.day import Day


@pytest.fixture
def day() -> Day:
    return Day().visit("v", "10:00", "10:15").phone("p").says("p", "checkin", "10:00").stay("p", "10:00", "10:20")


def test_left_site_stands_from_leaving_until_they_are_back(day: Day) -> None:
    day.walk("p", "10:21", "10:25", 200, 800).stay("p", "10:26", "10:36", 800).ping("p", "10:40").tick("10:45")
    assert day.alerts("left_site") == ["left_site v 10:21-10:40"]
    assert len(day.alert("left_site")["evidence"]) >= 1


def test_left_site_is_raised_once_they_are_away_too_long(day: Day) -> None:
    day.stay("p", "10:21", "10:24", 800).tick("10:25:59")
    assert day.alerts("left_site") == []
    assert day.tick("10:26").alerts("left_site") == ["left_site v 10:21"]


def test_left_site_ends_when_silence_ends_the_visit(day: Day) -> None:
    day.stay("p", "10:21", "10:24", 800).tick("11:30")
    assert day.alerts("left_site") == ["left_site v 10:21-10:51"]


def test_fetching_something_from_the_bicycle_is_not_leaving(day: Day) -> None:
    day.stay("p", "10:21", "10:24", 200).ping("p", "10:25").tick("10:50")
    assert "stepped_out 10:21" in day.steps("v")
    assert day.alerts("left_site") == []


def test_a_declared_outing_is_the_service(day: Day) -> None:
    day.says("p", "outing", "10:20", visit="v", on=True).stay("p", "10:21", "10:40", 800).tick("10:50")
    assert day.alerts("left_site") == []


def test_leaving_after_most_of_the_planned_time_is_the_end(day: Day) -> None:
    day.stay("p", "10:20", "10:50").stay("p", "10:51", "11:10", 800).tick("11:30")
    assert day.alerts("left_site") == []


def test_leaving_twice_is_two_alerts(day: Day) -> None:
    day.stay("p", "10:21", "10:28", 800).stay("p", "10:29", "10:31").stay("p", "10:32", "10:39", 800).ping("p", "10:40")
    assert day.tick("10:41").alerts("left_site") == ["left_site v 10:21-10:29", "left_site v 10:32-10:40"]


def test_fixes_that_come_late_move_the_same_alert(day: Day) -> None:
    day.stay("p", "10:25", "10:35", 800).tick("10:36")
    before = day.alert("left_site")["alert"]
    day.stay("p", "10:21", "10:24", 800).tick("10:37")
    assert day.alerts("left_site") == ["left_site v 10:21"]
    assert day.alert("left_site")["alert"] == before
    assert day.alert_changes("left_site")[0] == "raised"
    assert set(day.alert_changes("left_site")[1:]) == {"amended"}


def test_a_check_in_that_comes_late_refutes_it(day: Day) -> None:
    day.stay("p", "10:21", "10:30", 800).tick("10:31")
    assert day.alerts("left_site") == ["left_site v 10:21"]
    day.says("p", "outing", "10:20:30", visit="v", on=True)
    assert day.alerts("left_site") == []
    assert day.alert_changes("left_site") == ["raised", "retracted"]
