"""given a worker in service since 10:00, for an hour as promised → when fixes lie outside → then these steps."""

from __future__ import annotations

import pytest

from tests.unit.projections.day import Day

ARRIVED = ["at_compound 10:00", "arrived 10:00", "in_service 10:00"]


@pytest.fixture
def day() -> Day:
    day = Day().visit("v", "10:00", "10:15").phone("p")
    return day.says("p", "checkin", "10:00").ping("p", "10:00")


def test_there_is_no_exit_while_the_error_circle_still_overlaps_the_fence(day: Day) -> None:
    day.ping("p", "10:20", 250, 120).ping("p", "10:25", 250, 120).ping("p", "10:30", 250, 120).tick("10:50")
    assert day.steps("v") == ARRIVED
    day.ping("p", "10:51", 251, 120).ping("p", "10:53", 251, 120).tick("10:53")
    assert day.steps("v") == [*ARRIVED, "finished 10:51"]


def test_one_fix_outside_is_no_exit_if_the_next_is_inside(day: Day) -> None:
    day.ping("p", "10:20", 400).ping("p", "10:22").tick("10:50")
    assert day.steps("v") == ARRIVED


def test_two_fixes_outside_within_the_exit_time_are_no_exit_yet(day: Day) -> None:
    day.ping("p", "10:20", 400).ping("p", "10:21:29", 400).tick("10:22")
    assert day.steps("v") == ARRIVED
    day.ping("p", "10:21:30", 400)
    assert day.steps("v") == [*ARRIVED, "stepped_out 10:20"]


def test_a_fix_outside_and_then_silence_is_an_exit_since_that_fix(day: Day) -> None:
    day.ping("p", "10:20", 400).tick("10:29:59")
    assert day.steps("v") == ARRIVED
    day.tick("10:30")
    assert day.steps("v") == [*ARRIVED, "stepped_out 10:20"]


def test_stepping_out_and_coming_back_goes_on_with_the_service(day: Day) -> None:
    day.stay("p", "10:20", "10:24", 400).ping("p", "10:30").tick("10:55")
    assert day.steps("v") == [*ARRIVED, "stepped_out 10:20", "in_service 10:30"]


def test_coming_back_before_the_service_began_is_being_at_the_compound_again() -> None:
    day = Day().visit("v", "10:00", "10:15").phone("p").stay("p", "10:00", "10:02")
    day.stay("p", "10:03", "10:05", 400).ping("p", "10:07").tick("10:07")
    assert day.steps("v") == ["at_compound 10:00", "stepped_out 10:03", "at_compound 10:07"]


def test_leaving_after_four_fifths_of_the_planned_time_finishes(day: Day) -> None:
    day.stay("p", "10:48", "10:50", 400).tick("10:50")
    assert day.steps("v") == [*ARRIVED, "finished 10:48"]


def test_leaving_just_before_four_fifths_of_the_planned_time_is_stepping_out(day: Day) -> None:
    day.stay("p", "10:47:59", "10:50", 400).tick("10:50")
    assert day.steps("v") == [*ARRIVED, "stepped_out 10:47:59"]


def test_staying_away_too_long_finishes_at_that_deadline(day: Day) -> None:
    day.stay("p", "10:20", "10:24", 400).tick("11:30")
    assert day.steps("v") == [*ARRIVED, "stepped_out 10:20", "finished 10:50"]


def test_what_happens_after_the_end_changes_nothing(day: Day) -> None:
    day.stay("p", "10:48", "10:50", 400).stay("p", "10:52", "10:58").says("p", "checkin", "11:00").tick("12:00")
    assert day.steps("v") == [*ARRIVED, "finished 10:48"]


def test_a_declared_outing_is_neither_stepping_out_nor_the_end(day: Day) -> None:
    day.says("p", "outing", "10:10", visit="v", on=True).stay("p", "10:15", "10:58", 3_000, every_s=60).tick("11:20")
    assert day.steps("v") == ARRIVED


def test_after_an_outing_leaving_is_leaving_again(day: Day) -> None:
    day.says("p", "outing", "10:10", visit="v", on=True).stay("p", "10:15", "10:18", 3_000)
    day.says("p", "outing", "10:30", visit="v", on=False).stay("p", "10:40", "10:42", 3_000).tick("10:42")
    assert day.steps("v") == [*ARRIVED, "stepped_out 10:40"]


def test_an_outing_declared_while_away_keeps_the_visit_open(day: Day) -> None:
    day.stay("p", "10:20", "10:24", 400).says("p", "outing", "10:40", visit="v", on=True).tick("11:30")
    assert day.steps("v") == [*ARRIVED, "stepped_out 10:20"]


def test_a_visit_of_which_nothing_more_is_heard_is_concluded_when_it_stops_listening(day: Day) -> None:
    day.tick("23:00")
    assert day.steps("v") == [*ARRIVED, "finished 15:15"]
