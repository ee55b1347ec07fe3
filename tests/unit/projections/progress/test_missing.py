"""given a promise for 10:00–10:15 → when nobody comes, or late, or the facts do → then it is dated at its deadline."""

from __future__ import annotations

import pytest

from tests.unit.projections.day import Day


@pytest.fixture
def day() -> Day:
    return Day().visit("v", "10:00", "10:15").phone("p")


def test_a_missed_visit_is_dated_at_its_deadline_not_at_the_tick(day: Day) -> None:
    day.tick("10:44:59")
    assert day.steps("v") == []
    day.tick("13:17")
    assert day.steps("v") == ["missed 10:45"]


def test_a_visit_is_not_missed_while_somebody_is_inside_and_may_be_arriving(day: Day) -> None:
    day.ping("p", "10:44").tick("10:46")
    assert day.steps("v") == []
    day.tick("10:49")
    assert day.steps("v") == ["at_compound 10:44", "arrived 10:49"]


def test_somebody_who_was_inside_but_drove_on_has_missed_it_at_the_deadline(day: Day) -> None:
    day.ping("p", "10:44").tick("10:46").ping("p", "10:47", 900).tick("10:47")
    assert day.steps("v") == ["missed 10:45"]


def test_an_arrival_after_all_is_a_step_like_any_other(day: Day) -> None:
    day.tick("11:00").stay("p", "11:05", "11:07").tick("11:07")
    assert day.steps("v") == ["missed 10:45", "at_compound 11:05"]


def test_facts_that_come_hours_late_take_the_missing_back(day: Day) -> None:
    day.tick("13:00").stay("p", "10:10", "10:12")
    assert day.steps("v") == ["at_compound 10:10", "arrived 10:15", "in_service 10:20"]


def test_a_fact_from_beyond_the_tick_does_not_hide_the_deadline_before_it(day: Day) -> None:
    day.tick("10:44").says("p", "checkin", "10:46")
    assert day.steps("v") == ["arrived 10:46", "in_service 10:46"]
    day.tick("10:47")
    assert day.steps("v") == ["missed 10:45", "arrived 10:46", "in_service 10:46"]


def test_a_fact_at_the_very_instant_of_a_deadline_comes_before_it(day: Day) -> None:
    day.tick("12:00").says("p", "checkin", "10:45")
    assert day.steps("v") == ["arrived 10:45", "in_service 10:45"]


def test_of_several_deadlines_that_facts_from_beyond_the_tick_jumped_over_the_first_is_not_forgotten(day: Day) -> None:
    day.tick("09:59").ping("p", "10:00").says("p", "checkin", "10:20").ping("p", "10:30", 400).ping("p", "10:50")
    assert day.steps("v")[0] == "at_compound 10:00"
    day.tick("10:10")
    assert day.steps("v")[:2] == ["at_compound 10:00", "arrived 10:05"]


def test_a_late_fact_refutes_the_silence_that_was_concluded_after_it(day: Day) -> None:
    """Also where a deadline that follows from that silence is dated before the fact."""
    day.policy(walk_in_s=60.0).ping("p", "10:00").tick("10:05")
    assert day.steps("v") == ["at_compound 10:00", "arrived 10:01"]
    day.ping("p", "10:03", 900)
    assert day.steps("v") == []
