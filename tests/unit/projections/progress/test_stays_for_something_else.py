"""Being at the place is not always being there for the visit: earlier stays, and waiting at a closed door."""

from __future__ import annotations

from tests.unit.projections.day import Day


def two_visits_to_one_home() -> Day:
    """In the morning and, after another customer, again in the afternoon."""
    day = Day().phone("p").site("home").visit("morning", "09:00", "09:15", site="home")
    return day.visit("between", "10:30", "10:45", east_m=5_000).visit("again", "12:00", "12:15", site="home")


def test_a_stay_that_ended_before_the_approach_is_not_this_visits_arrival() -> None:
    day = two_visits_to_one_home()
    day.stay("p", "09:01", "10:01").walk("p", "10:02", "10:20", 300, 5_000).stay("p", "10:31", "11:30", 5_000)
    day.walk("p", "11:31", "11:50", 4_700, 300).stay("p", "12:03", "12:10").tick("12:20")
    assert day.steps("again")[-3:] == ["at_compound 12:03", "arrived 12:08", "in_service 12:13"]
    assert not any(step.startswith("at_compound 09") for step in day.steps("again"))
    assert day.steps("morning")[0] == "at_compound 09:01"


def test_a_stay_that_silence_would_have_proved_is_not_either() -> None:
    day = two_visits_to_one_home()
    day.ping("p", "09:20").tick("09:40").ping("p", "10:05", 800).ping("p", "10:10", 900)
    day.ping("p", "12:06").tick("12:12")
    assert [step for step in day.steps("again") if step.startswith("at_compound")] == ["at_compound 12:06"]


def test_whoever_came_early_and_is_still_there_when_the_approach_may_begin_has_come() -> None:
    day = Day().phone("p").visit("v", "10:00", "10:15").stay("p", "07:40", "07:45").tick("08:29")
    assert day.steps("v") == []
    day.tick("08:30")
    assert day.steps("v")[0] == "at_compound 07:40"


def test_whoever_came_early_and_left_again_has_not_come() -> None:
    day = Day().phone("p").visit("v", "10:00", "10:15").stay("p", "07:40", "07:45").stay("p", "07:50", "07:53", 900)
    assert day.tick("10:10").steps("v") == []


def test_an_overlong_visit_before_does_not_delay_an_arrival_in_time() -> None:
    day = Day().phone("p").visit("long", "06:00", "06:15", minutes=600, east_m=5_000).visit("v", "10:00", "10:15")
    assert day.stay("p", "09:50", "09:55").tick("10:00").steps("v")[0] == "at_compound 09:50"


def test_a_closed_door_refutes_a_service_that_only_silence_spoke_for() -> None:
    day = Day().phone("p").visit("v", "10:00", "10:15").stay("p", "10:00", "10:04").tick("10:14")
    assert day.steps("v")[-1] == "in_service 10:10"
    day.says("p", "no_access", "10:16", visit="v").tick("11:00")
    assert day.steps("v") == ["at_compound 10:00", "arrived 10:05", "no_access 10:16"]


def test_a_closed_door_after_a_check_in_is_only_noted() -> None:
    day = Day().phone("p").visit("v", "10:00", "10:15").stay("p", "10:00", "10:04")
    day.says("p", "checkin", "10:06", visit="v").says("p", "no_access", "10:16", visit="v").tick("10:20")
    assert day.steps("v")[-1] == "in_service 10:06"
