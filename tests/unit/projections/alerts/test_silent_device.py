"""设备失联 before a promise of 10:00–10:15: ten minutes on the way, forty at rest, watched from 09:00 on."""

from __future__ import annotations

import pytest

from tests.unit.projections.day import Day


@pytest.fixture
def day() -> Day:
    return Day().visit("v", "10:00", "10:15").phone("p")


def test_silence_on_the_way_stands_until_the_next_news(day: Day) -> None:
    day.walk("p", "09:30", "09:40", 5_000, 3_000).tick("09:49:59")
    assert day.alerts("silent_device") == []
    assert day.tick("09:50").alerts("silent_device") == ["silent_device v 09:50"]
    day.ping("p", "10:05", 1_500)
    assert day.alerts("silent_device") == ["silent_device v 09:50-10:05"]
    assert day.params("silent_device") == {"silent_s": 600}


def test_a_tunnel_is_no_silence(day: Day) -> None:
    day.walk("p", "09:30", "09:40", 5_000, 3_000).tick("09:48").ping("p", "09:49", 1_500).tick("09:58")
    assert day.alerts("silent_device") == []


def test_a_backlog_that_comes_late_refutes_it(day: Day) -> None:
    day.walk("p", "09:30", "09:40", 5_000, 3_000).tick("09:55")
    assert day.alerts("silent_device") == ["silent_device v 09:50"]
    day.walk("p", "09:41", "09:54", 2_900, 1_000)
    assert day.alerts("silent_device") == []
    assert day.alert_changes("silent_device").count("retracted") == 1


def test_at_rest_phones_may_be_silent_for_longer(day: Day) -> None:
    day.ping("p", "09:10", 5_000).tick("09:49:59")
    assert day.alerts("silent_device") == []
    assert day.tick("09:50").alerts("silent_device") == ["silent_device v 09:50"]


def test_long_before_the_window_silence_does_not_matter(day: Day) -> None:
    assert day.ping("p", "07:30", 5_000).tick("09:39").alerts("silent_device") == []
    assert day.tick("09:40").alerts("silent_device") == ["silent_device v 09:40"]


def test_who_was_never_heard_is_silent_too(day: Day) -> None:
    assert day.tick("09:39").alerts("silent_device") == []
    assert day.tick("09:40").alerts("silent_device") == ["silent_device v 09:40"]


def test_who_has_no_phone_is_not_silent() -> None:
    assert Day().visit("v", "10:00", "10:15").tick("12:00").alerts("silent_device", "at_risk") == []


def test_indoors_phones_say_nothing(day: Day) -> None:
    day.walk("p", "09:30", "09:50", 3_000, 0).ping("p", "09:51").tick("11:30")
    assert day.steps("v")[-1].startswith("in_service")
    assert day.alerts("silent_device") == []


def test_a_will_is_no_news(day: Day) -> None:
    day.walk("p", "09:30", "09:40", 5_000, 3_000).says("p", "status", "09:45", online=False).tick("09:52")
    assert day.alerts("silent_device") == ["silent_device v 09:50"]


def test_during_the_visit_before_silence_does_not_matter(day: Day) -> None:
    day.visit("w", "11:30", "11:45", minutes=60, east_m=4_000)
    day.walk("p", "09:30", "09:50", 3_000, 0).ping("p", "09:51").tick("11:54:59")
    assert day.alerts("silent_device") == []
    assert day.tick("11:55").alerts("silent_device") == ["silent_device w 11:55"]


def test_it_ends_where_the_next_visit_begins_to_wait(day: Day) -> None:
    day.visit("w", "13:00", "13:15", east_m=4_000).walk("p", "09:30", "09:40", 5_000, 3_000).tick("13:00")
    assert day.alerts("silent_device") == ["silent_device v 09:50-11:15", "silent_device w 12:40"]


def test_a_cancellation_ends_it(day: Day) -> None:
    day.walk("p", "09:30", "09:40", 5_000, 3_000).tick("09:55").cancel("v", "09:56").tick("10:30")
    assert day.alerts("silent_device") == ["silent_device v 09:50-09:56"]


def test_who_rests_on_the_way_may_be_silent_for_as_long_as_at_home(day: Day) -> None:
    day.walk("p", "09:20", "09:28", 5_000, 3_000).stay("p", "09:28:30", "09:31", 3_000, every_s=15).tick("10:10")
    assert day.steps("v")[0].startswith("on_the_way")
    assert day.alerts("silent_device") == []
    assert day.tick("10:11").alerts("silent_device") == ["silent_device v 10:11"]


def test_a_red_light_is_no_rest(day: Day) -> None:
    day.walk("p", "09:20", "09:28", 5_000, 3_000, every_s=12).stay("p", "09:28:12", "09:28:48", 3_000, every_s=12)
    assert day.tick("09:39").alerts("silent_device") == ["silent_device v 09:38:48"]
