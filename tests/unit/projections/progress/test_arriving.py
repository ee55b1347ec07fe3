"""given a promise for 10:00–10:15 → when a phone comes near → then these steps. The fence has a radius of 100 m."""

from __future__ import annotations

import pytest

from tests.unit.projections.day import Day


@pytest.fixture
def day() -> Day:
    return Day().visit("v", "10:00", "10:15").phone("p")


def test_driving_past_is_no_arrival(day: Day) -> None:
    day.walk("p", "10:00", "10:02", -900, 900, every_s=10).tick("10:40")
    assert "at_compound" not in " ".join(day.steps("v"))


def test_standing_still_inside_is_an_arrival_since_the_first_fix_inside(day: Day) -> None:
    day.walk("p", "09:58", "09:59:40", 500, 100, every_s=20).stay("p", "10:00", "10:01:30").tick("10:02")
    assert day.steps("v")[-1] == "at_compound 09:59:40"


def test_standing_still_for_less_than_the_dwell_time_is_no_arrival_yet(day: Day) -> None:
    day.stay("p", "10:00", "10:01", every_s=20).tick("10:02")
    assert day.steps("v") == []


def test_two_fixes_an_hour_apart_indoors_are_an_arrival(day: Day) -> None:
    day.ping("p", "10:00").ping("p", "11:00", 50).tick("11:00")
    assert day.steps("v") == ["at_compound 10:00", "arrived 10:05", "in_service 10:10"]


def test_one_fix_inside_and_then_silence_is_an_arrival_when_the_silence_has_lasted(day: Day) -> None:
    day.ping("p", "10:00").tick("10:04:59")
    assert day.steps("v") == []
    day.tick("10:05")
    assert day.steps("v") == ["at_compound 10:00", "arrived 10:05"]


def test_pacing_about_inside_is_an_arrival_only_once_it_falls_silent(day: Day) -> None:
    day.ping("p", "10:00", -80).ping("p", "10:01", 80).ping("p", "10:02", -80).ping("p", "10:03", 80).tick("10:07")
    assert day.steps("v") == []
    day.tick("10:08")
    assert day.steps("v")[0] == "at_compound 10:00"


def test_going_in_and_out_again_begins_the_entry_anew(day: Day) -> None:
    day.ping("p", "10:00").ping("p", "10:01", 400).stay("p", "10:10", "10:12").tick("10:12")
    assert day.steps("v") == ["at_compound 10:10"]


def test_vague_fixes_are_ignored(day: Day) -> None:
    day.stay("p", "10:00", "10:01").ping("p", "10:01:30", accuracy_m=201.0).tick("10:01:30")
    assert day.steps("v") == []
    day.ping("p", "10:01:31", accuracy_m=200.0)
    assert day.steps("v") == ["at_compound 10:00"]


def test_a_fix_without_an_accuracy_is_taken_as_it_is(day: Day) -> None:
    day.ping("p", "10:00", accuracy_m=None).ping("p", "10:02", accuracy_m=None).tick("10:02")
    assert day.steps("v") == ["at_compound 10:00"]


def test_a_phone_first_seen_inside_has_arrived_without_having_been_on_the_way(day: Day) -> None:
    day.stay("p", "09:58", "10:00").tick("10:00")
    assert day.steps("v") == ["at_compound 09:58"]


def test_coming_nearer_is_being_on_the_way_then_nearby(day: Day) -> None:
    day.walk("p", "09:30", "09:59", 6_000, 200, every_s=60).tick("10:00")
    assert day.steps("v") == ["on_the_way 09:30", "nearby 09:56"]


def test_the_way_begins_where_they_left_not_where_it_was_noticed(day: Day) -> None:
    day.stay("p", "09:00", "09:30", 5_000, every_s=300).walk("p", "09:31", "09:40", 4_960, 2_500, every_s=20)
    assert day.steps("v") == ["on_the_way 09:31:20"]


def test_a_little_nearer_is_not_yet_on_the_way(day: Day) -> None:
    day.ping("p", "09:10", 5_000).ping("p", "09:12", 4_800).ping("p", "09:20", 5_050).ping("p", "09:24", 4_800)
    assert day.steps("v") == []
    assert day.ping("p", "09:25", 4_700).steps("v") == ["on_the_way 09:10"]


def test_a_rest_on_the_way_begins_the_way_anew(day: Day) -> None:
    day.walk("p", "09:10", "09:11", 5_000, 4_750, every_s=20).stay("p", "09:11:20", "09:14", 4_750)
    day.walk("p", "09:15", "09:16", 4_600, 4_400, every_s=20)
    assert day.steps("v") == ["on_the_way 09:15"]


def test_whoever_stays_at_the_visit_before_was_not_on_the_way_to_this_one() -> None:
    day = Day().visit("before", "09:00", "09:15", minutes=30, east_m=3_000).visit("v", "10:00", "10:15").phone("p")
    day.walk("p", "09:20", "09:30", 6_000, 3_050)
    assert day.steps("v") == ["on_the_way 09:20"]
    day.stay("p", "09:30:30", "09:32:30", 3_000)
    assert day.steps("v") == []
    day.walk("p", "09:50", "09:58", 2_800, 1_000)
    assert day.steps("v") == ["on_the_way 09:50"]


def test_passing_the_visit_before_changes_nothing() -> None:
    day = Day().visit("before", "08:30", "08:45", minutes=30, east_m=3_000).visit("v", "10:00", "10:15").phone("p")
    day.walk("p", "09:20", "09:40", 6_000, 1_000)
    assert day.steps("v") == ["on_the_way 09:20"]


def test_coming_nearer_long_before_the_visit_is_not_yet_for_it(day: Day) -> None:
    day.walk("p", "08:00", "08:25", 6_000, 1_000, every_s=60).tick("08:25")
    assert day.steps("v") == []


def test_coming_nearer_while_half_of_the_visit_before_is_not_over_is_not_for_this_one() -> None:
    day = Day().visit("before", "09:30", "09:45", minutes=30, east_m=9_000).visit("v", "10:00", "10:15").phone("p")
    day.walk("p", "09:35", "09:44", 9_000, 1_000, every_s=60)
    assert day.steps("v") == []
    day.walk("p", "09:45", "09:46", 1_000, 500, every_s=20).tick("09:46")
    assert day.steps("v")[0] == "on_the_way 09:45"


def test_a_jump_to_the_other_side_of_the_world_changes_nothing(day: Day) -> None:
    far = {"lat": 37.77, "lon": -122.42}
    day.stay("p", "10:00", "10:02").ping("p", "10:02:30", **far).stay("p", "10:03", "10:12").tick("10:30")
    assert day.steps("v") == ["at_compound 10:00", "arrived 10:05", "in_service 10:10"]


def test_two_jumps_to_different_places_confirm_nothing(day: Day) -> None:
    day.stay("p", "10:00", "10:02").ping("p", "10:03", 500_000).ping("p", "10:04", -500_000).tick("10:30")
    assert day.steps("v") == ["at_compound 10:00", "arrived 10:05", "in_service 10:10"]


def test_a_jump_is_believed_once_it_has_been_confirmed_for_a_minute(day: Day) -> None:
    day.stay("p", "10:00", "10:02").ping("p", "10:03", 500_000).ping("p", "10:03:30", 500_100)
    day.ping("p", "10:04", 500_200).ping("p", "10:05:30", 500_200).tick("10:05:30")
    assert day.steps("v") == ["at_compound 10:00", "stepped_out 10:04"]


def test_a_polygon_is_a_fence_too() -> None:
    day = Day().polygon("s", (-100, -100), (100, -100), (0, 100)).visit("v", "10:00", "10:15", site="s").phone("p")
    day.ping("p", "09:58", 80, north_m=80).ping("p", "10:00", 80, north_m=80).tick("10:00")
    assert day.steps("v") == []
    day.ping("p", "10:01", 0, north_m=80).ping("p", "10:03", 0, north_m=80).tick("10:03")
    assert day.steps("v") == ["at_compound 10:01"]
