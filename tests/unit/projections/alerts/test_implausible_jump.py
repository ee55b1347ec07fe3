"""位置跳变: more than 70 m/s, beyond 500 m and both accuracies."""

from __future__ import annotations

import pytest

from tests.unit.projections.day import Day


@pytest.fixture
def day() -> Day:
    return Day().visit("v", "10:00", "10:15").phone("p").walk("p", "09:30", "09:40", 5_000, 3_000)


def test_there_and_back_again_is_one_jump(day: Day) -> None:
    day.ping("p", "09:40:10", 23_000).ping("p", "09:40:20", 23_100).ping("p", "09:40:30", 2_900)
    assert day.alerts("implausible_jump") == ["implausible_jump v 09:40:10-09:40:20"]
    assert day.params("implausible_jump") == {"apart_m": 20100, "impossible_mps": 70}


def test_another_jump_much_later_is_another_alert(day: Day) -> None:
    day.ping("p", "09:40:10", 23_000).ping("p", "09:40:20", 2_900)
    day.ping("p", "09:50", 2_800).ping("p", "09:50:10", 23_000).ping("p", "09:50:20", 2_900)
    assert day.alerts("implausible_jump") == [
        "implausible_jump v 09:40:10-09:40:10",
        "implausible_jump v 09:50:10-09:50:10",
    ]


def test_far_apart_after_a_long_silence_is_travel(day: Day) -> None:
    assert day.ping("p", "09:50", 23_000).alerts("implausible_jump") == []


def test_a_vague_fix_says_nothing(day: Day) -> None:
    assert day.ping("p", "09:40:10", 23_000, 800.0).alerts("implausible_jump") == []


def test_noise_within_half_a_kilometre_is_no_jump(day: Day) -> None:
    assert day.ping("p", "09:40:01", 3_480).alerts("implausible_jump") == []


def test_a_fix_that_comes_late_is_judged_in_its_place(day: Day) -> None:
    day.walk("p", "09:41", "09:50", 2_900, 2_000).ping("p", "09:45:10", 23_000)
    assert day.alerts("implausible_jump") == ["implausible_jump v 09:45:10-09:45:10"]


def test_one_jump_between_two_visits_is_one_alert(day: Day) -> None:
    day.visit("w", "12:00", "12:15", east_m=9_000).ping("p", "09:40:10", 23_000).ping("p", "09:40:20", 2_900)
    assert day.alerts("implausible_jump") == ["implausible_jump v 09:40:10-09:40:10"]
