"""given a promise for 10:00–10:15 → when people press buttons: check in and out, nobody home → then these steps."""

from __future__ import annotations

import pytest

from projections.views.progress import PROGRESS
from projections.views.timeliness import TIMELINESS
from tests.unit.projections.day import Day, clock


@pytest.fixture
def day() -> Day:
    return Day().visit("v", "10:00", "10:15").phone("p")


def test_a_check_in_proves_the_door_and_begins_the_service(day: Day) -> None:
    day.says("p", "checkin", "10:03").tick("10:10")
    assert day.steps("v") == ["arrived 10:03", "in_service 10:03"]


def test_a_check_in_confirms_that_the_first_fix_inside_was_the_arrival_at_the_compound(day: Day) -> None:
    day.ping("p", "10:00").says("p", "checkin", "10:03", 20).tick("10:10")
    assert day.steps("v") == ["at_compound 10:00", "arrived 10:03", "in_service 10:03"]


def test_a_check_in_at_the_same_instant_as_a_fix_comes_after_it(day: Day) -> None:
    day.says("p", "checkin", "10:00").ping("p", "10:00").tick("10:00")
    assert day.steps("v") == ["at_compound 10:00", "arrived 10:00", "in_service 10:00"]


def test_a_check_in_far_away_is_noted_and_proves_nothing(day: Day) -> None:
    day.says("p", "checkin", "10:03", 601).tick("10:10")
    assert day.steps("v") == []
    (row,) = day.cell.rows(PROGRESS)
    assert clock(row["checked_in_at"]) == "10:03"


def test_a_check_in_whose_error_circle_reaches_near_enough_is_believed(day: Day) -> None:
    day.says("p", "checkin", "10:03", 650, accuracy_m=60.0).tick("10:10")
    assert day.steps("v") == ["arrived 10:03", "in_service 10:03"]


def test_a_check_in_while_stepped_out_is_coming_back(day: Day) -> None:
    day.says("p", "checkin", "10:00").ping("p", "10:00").stay("p", "10:10", "10:14", 400).says("p", "checkin", "10:20")
    day.tick("10:55")
    assert day.steps("v")[3:] == ["stepped_out 10:10", "in_service 10:20"]


def test_a_check_out_finishes(day: Day) -> None:
    day.says("p", "checkin", "10:00").says("p", "checkout", "10:20").tick("12:00")
    assert day.steps("v") == ["arrived 10:00", "in_service 10:00", "finished 10:20"]


def test_nobody_arrives_after_a_check_out(day: Day) -> None:
    day.says("p", "checkout", "10:20").stay("p", "10:21", "10:24").says("p", "checkin", "10:25").tick("12:00")
    assert day.steps("v") == ["finished 10:20"]


def test_a_check_out_after_an_exit_that_ended_the_visit_is_only_noted(day: Day) -> None:
    day.says("p", "checkin", "10:00").ping("p", "10:00").stay("p", "10:50", "10:52", 400).says("p", "checkout", "11:00")
    day.tick("11:00")
    assert day.steps("v")[-1] == "finished 10:50"
    (row,) = day.cell.rows(PROGRESS)
    assert clock(row["checked_out_at"]) == "11:00"
    assert clock(row["departed_at"]) == "10:50"


def test_a_visit_works_with_check_ins_alone() -> None:
    day = Day().visit("v", "10:00", "10:15").phone("p")
    day.says("p", "checkin", "10:16").says("p", "checkout", "11:16").tick("20:00")
    assert day.steps("v") == ["arrived 10:16", "in_service 10:16", "finished 11:16"]
    (row,) = day.cell.rows(TIMELINESS)
    assert (row["lateness_s"], row["on_time"], row["served_s"]) == (60, True, 3600)


def test_nobody_home_is_never_a_no_show(day: Day) -> None:
    day.says("p", "no_access", "10:20", visit="v").tick("20:00")
    assert day.steps("v") == ["no_access 10:20"]
    assert day.alerts("late") == []


def test_waiting_at_a_closed_door_is_presence_but_no_service(day: Day) -> None:
    day.says("p", "no_access", "09:59", visit="v").stay("p", "10:00", "10:04").tick("10:30")
    assert day.steps("v") == ["no_access 09:59"]
    (row,) = day.cell.rows(TIMELINESS)
    assert (clock(row["arrived_at"]), row["on_time"], row["served_from"]) == ("10:00", True, None)


def test_a_door_that_opens_after_all_begins_the_service(day: Day) -> None:
    day.says("p", "no_access", "10:05", visit="v").says("p", "checkin", "10:15").tick("10:20")
    assert day.steps("v") == ["no_access 10:05", "arrived 10:15", "in_service 10:15"]


def test_nobody_home_is_not_believed_once_the_service_has_begun(day: Day) -> None:
    day.says("p", "checkin", "10:00").says("p", "no_access", "10:05", visit="v").tick("10:20")
    assert day.steps("v") == ["arrived 10:00", "in_service 10:00"]


def test_kinds_that_no_step_rests_on_change_nothing(day: Day) -> None:
    day.says("p", "status", "10:00", online=True).says("p", "scan", "10:01", tag="t").says(
        "p", "shift", "10:02", on=True
    )
    day.says("p", "delay", "10:03", visit="v").says("p", "contact", "10:04", open=True).tick("10:20")
    assert day.steps("v") == []
