"""A clock that was wrong: what its device said is judged where the correction puts it, whenever that is decided."""

from __future__ import annotations

from itertools import permutations

import pytest

from domain.events.facts import TimeQuality
from domain.positions import Flag
from projections.alerts.book import ALERTS
from projections.views.facts import FACTS
from projections.views.tracks import TRACKS
from tests.unit.projections.day import Day, clock, fix, ms
from tests.unit.projections.memory import differences


def visited() -> Day:
    return Day().visit("v", "10:00", "10:15").phone("p")


def instants(day: Day) -> list[tuple[str, str]]:
    """(as the device says, as it is judged) of everything stored."""
    rows = [*day.cell.rows(TRACKS), *day.cell.rows(FACTS)]
    return sorted((clock(row["observed_at"]), clock(row["at"])) for row in rows)


def test_what_a_clock_an_hour_slow_dated_is_judged_an_hour_later() -> None:
    day = visited().clock("p", 60, "08:00").says("p", "checkin", "09:03").ping("p", "09:02").tick("10:30")
    assert day.steps("v") == ["at_compound 10:02", "arrived 10:03", "in_service 10:03"]
    assert instants(day) == [("09:02", "10:02"), ("09:03", "10:03")]


def test_a_correction_moves_what_is_stored_and_taking_it_back_moves_it_again() -> None:
    day = visited().ping("p", "09:02").says("p", "checkin", "09:03").tick("10:30")
    assert day.steps("v") == ["at_compound 09:02", "arrived 09:03", "in_service 09:03"]
    day.clock("p", 60, "09:00", "09:03")
    assert (day.steps("v")[0], instants(day)) == ("arrived 09:03", [("09:02", "10:02"), ("09:03", "09:03")])
    day.clock("p", 60, "09:00", "10:00")
    assert (day.steps("v")[0], instants(day)) == ("at_compound 10:02", [("09:02", "10:02"), ("09:03", "10:03")])
    day.clock("p", 0, "08:00")
    assert day.steps("v") == ["at_compound 09:02", "arrived 09:03", "in_service 09:03"]
    assert instants(day) == [("09:02", "09:02"), ("09:03", "09:03")]


def test_a_correction_far_into_another_day_is_heard_by_the_visits_of_that_day() -> None:
    """A tracker whose weeks rolled over dates everything 1024 weeks ago."""
    day, weeks = visited(), 1024 * 7 * 24 * 60
    long_ago = ms("10:02") - weeks * 60_000
    day.cell.positions([fix("p", long_ago, 0.0, 10.0)], ms("10:02"))
    assert day.tick("10:10").steps("v") == []
    assert day.clock("p", weeks, clock_of(long_ago - 60_000)).steps("v")[0] == "at_compound 10:02"


def clock_of(at_ms: int) -> str:
    """An instant of another day as `ms` takes it."""
    hours = (at_ms - ms("00:00")) / 3_600_000
    return f"{hours}:0"


def test_what_was_ahead_is_judged_at_its_corrected_time_and_again_at_receipt_without() -> None:
    day = visited()
    ahead = fix("p", ms("12:02"), 0.0, 10.0, flags=int(Flag.TIME_AHEAD))
    day.cell.positions([ahead], ms("10:30"))
    assert instants(day) == [("12:02", "10:30")]
    assert day.tick("10:40").clock("p", -120, "12:00").steps("v")[0] == "at_compound 10:02"
    assert instants(day) == [("12:02", "10:02")]
    day.cell.positions([ahead], ms("10:41"))
    assert (len(day.cell.rows(TRACKS)), day.steps("v")[0]) == (1, "at_compound 10:02")
    assert day.clock("p", 0, "12:00").steps("v")[0] == "at_compound 10:30"
    assert instants(day) == [("12:02", "10:30")]


def test_a_correction_that_leaves_a_time_ahead_of_its_receipt_does_not_make_it_believed() -> None:
    day = visited()
    day.cell.positions([fix("p", ms("12:02"), 0.0, 10.0, flags=int(Flag.TIME_AHEAD))], ms("10:00"))
    for minutes, at in ((-119, "10:00"), (-120, "10:02")):
        assert instants(day.clock("p", minutes, "12:00")) == [("12:02", at)]


def test_a_clock_that_was_never_set_is_not_corrected() -> None:
    day = visited().clock("p", 60, "00:00")
    day.cell.positions([fix("p", 0, 0.0, 10.0, flags=int(Flag.TIME_UNSET))], ms("10:02"))
    assert [clock(row["at"]) for row in day.cell.rows(TRACKS)] == ["10:02"]


def test_an_alarm_is_dated_by_the_corrected_clock_and_stays_the_same_alarm() -> None:
    day = visited().says("p", "sos", "09:04").tick("10:30").clock("p", 60, "09:00")
    (row,) = (row for row in day.cell.rows(ALERTS) if row["rule"] == "sos")
    assert (clock(row["started_at"]), row["standing"]) == ("10:04", True)
    assert day.alert_changes("sos") == ["raised", "amended"]


def test_a_fact_stays_as_it_was_said() -> None:
    day = visited().clock("p", 60, "08:00").says("p", "checkin", "09:03")
    (row,) = day.cell.rows(FACTS)
    assert (row["quality"], row["received_at"]) == (TimeQuality.DEVICE.value, None)
    assert f'"observed_at_ms":{ms("09:03")}' in row["body"]


STEPS = {
    "correction": lambda day: day.clock("p", 60, "08:00", "11:00"),
    "later word": lambda day: day.clock("p", 30, "09:30", "09:45"),
    "binding": lambda day: day.phone("p"),
    "badge": lambda day: day.phone("tag:E9F35959"),
    "slow": lambda day: day.ping("p", "09:02").says("p", "checkin", "09:35"),
    "scan": lambda day: day.says("p", "scan", "09:04", tag="E9F35959"),
}


@pytest.mark.parametrize("seed", range(10))
def test_facts_bindings_and_corrections_in_any_order_end_in_one_settled_state(seed: int) -> None:
    def told(order: list[str]) -> Day:
        day = Day().visit("v", "10:00", "10:15").hangs("p", "site of v", "11:00").tick("10:20")
        for name in order:
            STEPS[name](day)
        return day.tick("13:00")

    kept, said = list(STEPS), ["correction", "later word", "binding"]  # what is said of one device keeps its order
    orders = [list(order) for order in permutations(kept) if sorted(said, key=order.index) == said]
    day = told(orders[seed * 37 % len(orders)])
    assert not differences(day.cell.settled(), told(kept).cell.settled())
    assert instants(day) == instants(told(kept))
    assert day.steps("v")[:2] == ["at_compound 10:02", "arrived 10:05"]
