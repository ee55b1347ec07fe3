"""异地签到: the limit is 500 m beyond the fence and the check-in's own accuracy."""

from __future__ import annotations

import pytest

from tests.unit.projections.day import Day


@pytest.fixture
def day() -> Day:
    return Day().visit("v", "10:00", "10:15").phone("p")


def test_a_check_in_far_away_stands_for_its_moment_and_is_no_arrival(day: Day) -> None:
    day.says("p", "checkin", "10:02", 2_100, accuracy_m=20.0).tick("10:05")
    assert day.alerts("check_in_away") == ["check_in_away v 10:02-10:02"]
    assert day.params("check_in_away") == {"check_in_away_m": 500, "outside_m": 2000}
    assert day.steps("v") == []


def test_the_limit_counts_beyond_the_accuracy(day: Day) -> None:
    day.says("p", "checkin", "10:02", 690, accuracy_m=100.0)
    assert day.alerts("check_in_away") == []


def test_a_check_in_without_coordinates_says_nothing(day: Day) -> None:
    assert day.says("p", "checkin", "10:02", method="nfc").alerts("check_in_away") == []


def test_pressing_again_is_the_same_alert_and_an_hour_later_another(day: Day) -> None:
    day.says("p", "checkin", "10:02", 2_100).says("p", "checkin", "10:04", 3_100)
    assert day.alerts("check_in_away") == ["check_in_away v 10:02-10:04"]
    assert day.params("check_in_away")["outside_m"] == 3000
    day.says("p", "checkin", "11:00", 2_100)
    assert day.alerts("check_in_away") == ["check_in_away v 10:02-10:04", "check_in_away v 11:00-11:00"]


def test_by_policy_another_distance_is_away(day: Day) -> None:
    day.policy(check_in_away_m=5_000.0).says("p", "checkin", "10:02", 2_100)
    assert day.alerts("check_in_away") == []


def test_of_two_visits_the_nearest_hears_it(day: Day) -> None:
    day.visit("w", "12:00", "12:15", east_m=9_000).says("p", "checkin", "10:02", 4_000)
    assert day.alerts("check_in_away") == ["check_in_away v 10:02-10:02"]
