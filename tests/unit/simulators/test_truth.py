"""The truth follows from what happened and from what was promised."""

from __future__ import annotations

from simulators.company import Fence, Visit
from simulators.course import Course
from simulators.streets import COMPOUNDS
from simulators.truth import TrueAlert, true_alerts, true_visit

MINUTE_MS = 60_000
OPENS_MS = 100 * MINUTE_MS


def visit(opens_ms: int = OPENS_MS, key: str = "v") -> Visit:
    home = COMPOUNDS[0]
    return Visit(key, "s", home, Fence(home.at, 100.0), "c", "做饭", opens_ms, 60 * MINUTE_MS, None, None)


def minute(at: float) -> int:
    return OPENS_MS + round(at * MINUTE_MS)


def course(**happened: int) -> Course:
    done = {"left_ms": minute(-10), "near_ms": minute(-2), "compound_ms": minute(2), "door_ms": minute(4)}
    done |= {"service_ms": minute(5), "ended_ms": minute(65)} | happened
    return Course(visit(), "w", **done)


def steps(of: Course) -> list[tuple[str, float]]:
    return [(step.status, (step.at_ms - OPENS_MS) / MINUTE_MS) for step in true_visit(of, 0).steps]


def alerts(*courses: Course, heard: list[float] | None = None) -> list[tuple[str, float, float | None]]:
    every = [minute(at) for at in (range(-100, 300, 5) if heard is None else heard)]

    def told(alert: TrueAlert) -> tuple[str, float, float | None]:
        to = None if alert.to_ms is None else (alert.to_ms - OPENS_MS) / MINUTE_MS
        return alert.kind, (alert.from_ms - OPENS_MS) / MINUTE_MS, to

    return [told(alert) for alert in true_alerts(list(courses), every)]


def test_an_ordinary_visit_goes_through_all_steps_and_alerts_nobody() -> None:
    assert steps(course()) == [
        ("scheduled", -100),
        ("on_the_way", -10),
        ("nearby", -2),
        ("at_compound", 2),
        ("arrived", 4),
        ("in_service", 5),
        ("finished", 65),
    ]
    assert alerts(course()) == []


def test_statuses_count_from_ninety_minutes_before_the_window_until_an_hour_after_the_end() -> None:
    told = true_visit(course(), 0)
    assert (told.from_ms, told.until_ms) == (minute(-90), minute(125))
    assert true_visit(course(), minute(-30)).from_ms == minute(-30)


def test_late_is_from_ten_minutes_after_the_window_until_the_arrival_and_was_at_risk_before() -> None:
    late = course(compound_ms=minute(55), door_ms=minute(57), service_ms=minute(57), risk_ms=minute(28))
    assert alerts(late) == [("late", 40, 55), ("at_risk", 28, 40)]


def test_half_an_hour_after_the_window_it_is_missed_until_somebody_comes() -> None:
    very_late = course(left_ms=minute(62), near_ms=minute(65), compound_ms=minute(70), risk_ms=minute(30))
    assert ("missed", 60) in steps(very_late)
    assert "on_the_way" not in dict(steps(very_late))
    assert ("no_show", 60, 70) in alerts(very_late)
    nobody = Course(visit(), "w", risk_ms=minute(25), ended_ms=minute(90))
    assert steps(nobody) == [("scheduled", -100), ("missed", 60)]
    assert alerts(nobody) == [("late", 40, None), ("no_show", 60, None), ("at_risk", 25, 40)]


def test_out_for_less_than_five_minutes_is_no_alert_and_for_more_it_is() -> None:
    assert alerts(course_away(10, 14)) == []
    assert alerts(course_away(10, 25)) == [("left_site", 10, 25)]
    assert steps(course_away(10, 25))[-3:] == [("stepped_out", 10), ("in_service", 25), ("finished", 65)]


def test_gone_for_good_is_finished_after_half_an_hour() -> None:
    gone = course_away(30, None)
    assert steps(gone)[-2:] == [("stepped_out", 30), ("finished", 60)]
    assert alerts(gone) == [("left_site", 30, 60)]


def course_away(left: float, back: float | None) -> Course:
    happened = course()
    happened.away.append((minute(left), None if back is None else minute(back)))
    return happened


def test_nobody_opened() -> None:
    closed = Course(
        visit(), "w", compound_ms=minute(2), door_ms=minute(4), no_access_ms=minute(18), ended_ms=minute(18)
    )
    assert steps(closed)[-1] == ("no_access", 18)
    assert alerts(closed) == []


def test_silence_on_the_way_is_too_long_after_ten_minutes_and_before_it_after_forty() -> None:
    assert alerts(course(), heard=[*range(-100, -9, 5), -8, -7, 1]) == []
    assert alerts(course(left_ms=minute(-20)), heard=[*range(-100, -19, 5), -18, 1]) == [("silent_device", -8, 1)]
    assert alerts(course(left_ms=minute(-1)), heard=[-100, -41, -2, 1]) == []
    assert alerts(course(left_ms=minute(-1)), heard=[-100, -70, -2, 1]) == [("silent_device", -20, -2)]


def test_silence_before_the_end_of_the_visit_before_is_no_ones() -> None:
    before = Course(visit(minute(-150), "u"), "w", compound_ms=minute(-140), ended_ms=minute(-60))
    after = course(left_ms=minute(-5), near_ms=minute(-4))
    assert alerts(before, after, heard=[-201, -180, -140, -25, -4, 1]) == []
    assert alerts(before, after, heard=[-201, -180, -140, -4, 1]) == [("silent_device", -20, -4)]


def test_what_happened_at_an_instant_is_told_of_it() -> None:
    happened = course()
    happened.sos_ms.append(minute(30))
    happened.signed_away_ms.append(minute(-8))
    happened.jumps.append((minute(-6), minute(-5)))
    assert alerts(happened) == [("implausible_jump", -6, -5), ("check_in_away", -8, -8), ("sos", 30, None)]
