"""可能迟到 for a promise of 10:00–10:15, late from 10:25 on; by the usual detour 5 m/s are 3.7 m/s straight."""

from __future__ import annotations

import pytest

from tests.unit.projections.day import Day, ms


@pytest.fixture
def day() -> Day:
    return Day().visit("v", "10:00", "10:15").phone("p")


def test_on_the_way_the_estimate_says_it(day: Day) -> None:
    day.walk("p", "10:00", "10:05", 9_000, 8_000).tick("10:05")
    (alert,) = day.alerts("at_risk")
    assert alert.startswith("at_risk v 10:0")
    assert day.alerts("late") == []
    assert day.params("at_risk")["grace_s"] == 600
    assert day.params("at_risk")["expected_ms"] > day.params("at_risk")["promised_ms"] + 600_000
    assert len(day.alert("at_risk")["evidence"]) == 1


def test_in_good_time_it_does_not_stand(day: Day) -> None:
    day.walk("p", "09:30", "09:50", 5_000, 500).stay("p", "09:52", "09:56").tick("10:30")
    assert day.alerts("at_risk") == []
    assert day.alert_changes("at_risk") == []


def test_it_ends_with_the_deadline_that_makes_it_lateness(day: Day) -> None:
    day.walk("p", "10:00", "10:05", 9_000, 8_000).tick("10:30")
    assert day.alerts("at_risk")[0].endswith("-10:25")
    assert day.alerts("late") == ["late v 10:25"]


def test_it_ends_with_the_recovery_and_stays_one_alert(day: Day) -> None:
    day.walk("p", "10:00", "10:04", 7_000, 6_500).walk("p", "10:05", "10:09", 5_800, 1_000).tick("10:10")
    (alert,) = day.alerts("at_risk")
    assert "-10:0" in alert
    assert "retracted" not in day.alert_changes("at_risk")


def test_who_has_not_set_out_is_at_risk_when_the_way_takes_longer_than_there_is_time(day: Day) -> None:
    """3 800 m away: 3 700 m to the fence by streets at 5 m/s are 16 min 39 s."""
    day.ping("p", "09:55", 3_800).tick("10:08:20")
    assert day.alerts("at_risk") == []
    assert day.tick("10:08:30").alerts("at_risk") == ["at_risk v 10:08:21"]


def test_setting_out_in_time_averts_it(day: Day) -> None:
    day.ping("p", "09:40", 3_800).walk("p", "09:42", "09:58", 3_800, 300).stay("p", "10:00", "10:03").tick("10:30")
    assert day.alert_changes("at_risk") == []


def test_who_was_not_heard_is_given_a_usual_way(day: Day) -> None:
    assert day.tick("09:54:59").alerts("at_risk") == []
    assert day.tick("09:55").alerts("at_risk") == ["at_risk v 09:55"]


def test_an_arrival_that_becomes_known_late_refutes_it(day: Day) -> None:
    day.tick("10:10").says("p", "checkin", "09:50")
    assert day.alerts("at_risk") == []
    assert day.alert_changes("at_risk") == ["raised", "retracted"]


def test_who_fell_silent_on_the_way_is_at_risk_when_next_to_no_time_is_left(day: Day) -> None:
    day.walk("p", "09:50", "09:55", 3_000, 2_000).tick("10:22:59")
    assert day.alerts("at_risk") == []
    assert day.tick("10:23").alerts("at_risk") == ["at_risk v 10:23"]


def test_nobody_at_home_is_no_risk(day: Day) -> None:
    day.says("p", "no_access", "09:50", visit="v").tick("10:30")
    assert day.alerts("at_risk") == []


def test_called_off_it_is_no_risk(day: Day) -> None:
    assert day.cancel("v", "09:30").tick("10:30").alerts("at_risk") == []


def test_a_new_promise_has_its_own_risk(day: Day) -> None:
    day.tick("09:56")
    day.reschedule("v", "11:00", "11:15")
    assert day.alerts("at_risk") == []
    assert day.tick("10:55").alerts("at_risk") == ["at_risk v 10:55"]
    assert day.alert_changes("at_risk").count("retracted") == 1


def test_whoever_is_inside_the_fence_at_the_deadline_may_be_arriving(day: Day) -> None:
    day.walk("p", "10:00", "10:23", 6_000, 300).ping("p", "10:24").tick("10:26")
    assert day.alerts("late") == []
    assert day.alerts("at_risk")[0].endswith("-10:24")
    assert day.tick("10:40").alerts("at_risk")[0].endswith("-10:24")


def test_an_estimate_just_before_the_deadline_is_no_recovery(day: Day) -> None:
    """Nobody is on the way by this policy, so each fix is judged as if they left there and then."""
    day.policy(on_the_way_m=20_000.0).ping("p", "10:00", 5_660).tick("10:01")
    assert day.alerts("at_risk") == ["at_risk v 10:00"]  # 10:25:01
    assert day.ping("p", "10:10", 3_300).tick("10:11").alerts("at_risk") == ["at_risk v 10:00"]  # 10:24:24
    assert day.ping("p", "10:12", 2_500).tick("10:13").alerts("at_risk") == ["at_risk v 10:00-10:12"]  # 10:22:48


def test_the_risk_begins_when_the_last_moment_to_leave_has_passed(day: Day) -> None:
    day.ping("p", "09:50", 5_100).tick("10:02:30")
    assert day.alerts("at_risk") == ["at_risk v 10:02:30"]
    assert day.params("at_risk")["expected_ms"] == ms("10:25")


def test_who_rests_on_the_way_is_at_risk_only_when_it_is_time_to_go_on(day: Day) -> None:
    """2 600 m away: 2 500 m to the fence by streets at 5 m/s are 11 min 15 s."""
    day.walk("p", "09:20", "09:30", 6_000, 2_600).stay("p", "09:31", "10:13", 2_600, every_s=60)
    assert day.tick("10:13").alerts("at_risk") == []
    assert day.tick("10:14").alerts("at_risk") == ["at_risk v 10:13:45"]


def test_an_arrival_that_is_ahead_of_the_clock_ends_it_when_the_clock_is_there(day: Day) -> None:
    day.ping("p", "09:55", 3_800).tick("10:20").says("p", "checkin", "10:20:30")
    assert day.alerts("at_risk") == ["at_risk v 10:08:21"]
    assert day.tick("10:20:30").alerts("at_risk") == ["at_risk v 10:08:21-10:20:30"]
