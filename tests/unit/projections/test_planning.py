"""given what was heard → when the plan changes → then the visit is judged again from its beginning."""

from __future__ import annotations

from projections.views.progress import TRANSITIONS
from projections.views.timeliness import TIMELINESS
from tests.unit.projections.day import Day, clock


def test_a_visit_that_is_planned_after_the_fact_hears_it() -> None:
    day = Day().phone("p").stay("p", "10:00", "10:02").says("p", "checkin", "10:03").tick("10:20")
    assert day.visit("v", "10:00", "10:15").steps("v") == ["at_compound 10:00", "arrived 10:03", "in_service 10:03"]


def test_a_visit_that_is_planned_after_its_deadline_was_missed_then() -> None:
    assert Day().tick("13:00").visit("v", "10:00", "10:15").steps("v") == ["missed 10:45"]


def test_a_visit_whose_site_is_not_known_yet_is_judged_when_it_is() -> None:
    day = Day().phone("p").visit("v", "10:00", "10:15", site="s").stay("p", "10:00", "10:02").tick("10:02")
    assert "v" not in day.cell.judge.state.judged
    assert day.site("s").steps("v") == ["at_compound 10:00"]


def test_a_site_that_is_surveyed_again_moves_the_arrival() -> None:
    day = Day().phone("p").site("s").visit("v", "10:00", "10:15", site="s")
    day.walk("p", "10:00", "10:04", 500, 0).stay("p", "10:04", "10:10").tick("10:10")
    assert "at_compound 10:03:30" in day.steps("v")
    day.site("s", 100)
    assert "at_compound 10:02:30" in day.steps("v")


def test_a_cancelled_visit_ends_when_it_was_cancelled_and_needs_no_tick() -> None:
    day = Day().visit("v", "10:00", "10:15").phone("p").tick("09:00").cancel("v", "09:30")
    fold = day.cell.fold("v")
    assert (fold.status, clock(fold.status_at_ms)) == ("cancelled", "09:30")
    day.says("p", "checkin", "10:03").tick("20:00")
    assert day.steps("v") == []
    assert day.alerts("late") == []


def test_what_happened_before_a_cancellation_stands() -> None:
    day = Day().visit("v", "10:00", "10:15").phone("p").tick("10:00").cancel("v", "10:10").says("p", "checkin", "10:03")
    assert day.tick("10:10").steps("v") == ["arrived 10:03", "in_service 10:03"]
    assert day.cell.fold("v").status == "cancelled"


def test_a_cancellation_after_the_end_changes_nothing() -> None:
    day = Day().visit("v", "10:00", "10:15").phone("p").says("p", "checkin", "10:03").says("p", "checkout", "11:03")
    day.tick("12:00").cancel("v", "12:00")
    assert day.cell.fold("v").status == "finished"


def test_a_rescheduled_visit_is_judged_by_its_last_promise() -> None:
    day = Day().visit("v", "10:00", "10:15").phone("p").tick("10:50")
    assert day.steps("v") == ["missed 10:45"]
    day.reschedule("v", "11:00", "11:15").says("p", "checkin", "11:10").tick("11:30")
    assert day.steps("v") == ["arrived 11:10", "in_service 11:10"]
    (row,) = day.cell.rows(TIMELINESS)
    assert (clock(row["first_to"]), clock(row["promised_to"]), row["on_time"]) == ("10:15", "11:15", True)


def test_a_reassigned_visit_is_judged_by_the_other_workers_facts_from_the_beginning() -> None:
    day = Day().visit("v", "10:00", "10:15").phone("p").phone("q", worker="x")
    day.says("p", "checkin", "10:03").says("q", "checkin", "10:09").tick("10:20").reassign("v", "x")
    assert day.steps("v") == ["arrived 10:09", "in_service 10:09"]
    assert day.reassign("v", None).tick("10:46").steps("v") == ["missed 10:45"]


def test_the_plan_may_take_a_visit_back_to_the_first_worker() -> None:
    day = Day().visit("v", "10:00", "10:15").phone("p").says("p", "checkin", "10:03").tick("10:20")
    day.reassign("v", "x").reassign("v", "w")
    assert day.steps("v") == ["arrived 10:03", "in_service 10:03"]


def test_a_policy_with_a_past_date_is_a_late_fact() -> None:
    day = Day().visit("v", "10:00", "10:15").phone("p").stay("p", "10:00", "10:01").tick("10:01")
    assert day.steps("v") == []
    assert day.policy(dwell_s=60.0).steps("v") == ["at_compound 10:00"]


def test_a_policy_holds_for_visits_whose_window_opens_in_its_time() -> None:
    day = Day().visit("v", "10:00", "10:15").tick("10:20").policy("10:01", no_show_s=0.0)
    assert day.steps("v") == []
    assert day.policy("10:00", no_show_s=0.0).steps("v") == ["missed 10:15"]


def test_two_times_are_kept_of_every_step_when_it_was_true_and_since_when_we_knew() -> None:
    day = Day().visit("v", "10:00", "10:15").phone("p").tick("11:00").tick("12:00").says("p", "checkin", "10:03")
    rows = [
        (row["status"], clock(row["at"]), clock(row["known_from"]), row["known_to"] and clock(row["known_to"]))
        for row in day.cell.rows(TRANSITIONS)
        if row["step"] > 0
    ]
    assert sorted(rows) == [
        ("arrived", "10:03", "12:00", None),
        ("in_service", "10:03", "12:00", None),
        ("missed", "10:45", "11:00", "12:00"),
    ]


def test_a_phone_of_the_evening_makes_nobody_silent_in_the_morning_whenever_it_is_bound() -> None:
    for day in (
        Day().visit("v", "10:00", "10:15").tick("12:00").phone("p", since="16:00"),
        Day().phone("p", since="16:00").visit("v", "10:00", "10:15").tick("12:00"),
        Day().visit("v", "10:00", "10:15").tick("12:00").phone("p").unbind("p", "09:59"),
    ):
        assert day.alerts("silent_device", "at_risk") == []
        world = day.cell.judge.state.world
        assert world.plan("v") == day.cell.judge._plan("v")


def test_a_phone_that_was_carried_when_the_window_began_may_be_silent() -> None:
    day = Day().visit("v", "10:00", "10:15").tick("12:00").phone("p", since="09:30", until="10:01")
    assert day.alerts("silent_device") == ["silent_device v 09:40-11:15"]


def test_where_the_visit_before_is_decides_whether_one_was_on_the_way() -> None:
    day = Day().visit("before", "09:00", "09:15", minutes=30, east_m=9_000).visit("v", "10:00", "10:15").phone("p")
    day.walk("p", "09:20", "09:30", 6_000, 3_050).stay("p", "09:30:30", "09:32:30", 3_000)
    assert day.steps("v") == ["on_the_way 09:20"]
    day.site("site of before", 3_000)
    assert day.steps("v") == []
