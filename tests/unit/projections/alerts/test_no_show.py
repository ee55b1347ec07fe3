"""未上门 for a promise of 10:00–10:15, half an hour after its end."""

from __future__ import annotations

import pytest

from tests.unit.projections.day import Day


@pytest.fixture
def day() -> Day:
    return Day().visit("v", "10:00", "10:15").phone("p")


def test_no_show_is_raised_at_its_deadline(day: Day) -> None:
    assert day.tick("10:44:59").alerts("late", "no_show") == ["late v 10:25"]
    assert day.tick("12:00").alerts("late", "no_show") == ["late v 10:25", "no_show v 10:45"]


def test_no_show_ends_with_an_arrival_after_all(day: Day) -> None:
    day.tick("12:00").says("p", "checkin", "10:50")
    assert day.alerts("late", "no_show") == ["late v 10:25-10:50", "no_show v 10:45-10:50"]


def test_no_show_ends_when_the_worker_stands_before_a_closed_door(day: Day) -> None:
    day.tick("12:00").says("p", "no_access", "10:50", visit="v")
    assert "no_show v 10:45-10:50" in day.alerts("late", "no_show")


def test_no_show_is_retracted_when_a_fact_that_came_late_shows_an_arrival_before(day: Day) -> None:
    day.tick("12:00").says("p", "checkin", "10:40")
    assert day.alerts("late", "no_show") == ["late v 10:25-10:40"]


def test_no_show_does_not_stand_beside_an_entry_before_its_deadline(day: Day) -> None:
    day.ping("p", "10:43").tick("12:00")
    assert day.alerts("late", "no_show") == ["late v 10:25-10:43"]


def test_no_show_never_stands_where_nobody_was_home(day: Day) -> None:
    day.tick("12:00").says("p", "no_access", "10:20", visit="v")
    assert day.alerts("late", "no_show") == []
