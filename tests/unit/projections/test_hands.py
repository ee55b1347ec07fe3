"""Shared phones: whose positions they are after an act, and which of a worker's phones leads."""

from __future__ import annotations

from itertools import permutations

import pytest

from projections.alerts.book import ALERTS
from projections.views.hands import HANDS
from tests.unit.projections.day import Day, clock, ms
from tests.unit.projections.memory import differences


def two() -> Day:
    """Two workers with a promise each at one house, and a phone that is bound to the first."""
    day = Day().visit("a", "10:00", "10:15", worker="wa").visit("b", "10:00", "10:15", worker="wb").phone("p", "wa")
    return day.tick("10:00")


def came(day: Day, *visits: str) -> list[str]:
    """Of these visits, those whose worker was seen anywhere."""
    return [visit for visit in visits if day.cell.fold(visit).fix is not None]


def test_a_phone_speaks_for_whom_it_is_bound_to_until_somebody_acts_on_it() -> None:
    assert came(two().stay("p", "10:01", "10:04"), "a", "b") == ["a"]
    held = two().says("p", "delay", "09:50", worker="wb", visit="b").stay("p", "10:01", "10:04")
    assert came(held, "a", "b") == ["b"]


def test_it_goes_on_to_the_next_who_acts_on_it() -> None:
    day = two().says("p", "delay", "09:50", worker="wb", visit="b").says("p", "delay", "09:55", worker="wa", visit="a")
    assert came(day.stay("p", "10:01", "10:04"), "a", "b") == ["a"]


def test_who_goes_off_shift_on_it_gives_it_back() -> None:
    day = two().says("p", "delay", "09:50", worker="wb", visit="b").says("p", "shift", "09:55", worker="wb", on=False)
    assert came(day.stay("p", "10:01", "10:04"), "a", "b") == ["a"]
    unnamed = two().says("p", "delay", "09:50", worker="wb", visit="b").says("p", "shift", "09:55", on=False)
    assert came(unnamed.stay("p", "10:01", "10:04"), "a", "b") == ["a"]


def test_a_check_out_does_not_give_it_back_for_the_way_to_the_next_visit_is_theirs() -> None:
    day = (
        two().visit("before", "08:00", "08:15", worker="wb").says("p", "checkout", "09:30", worker="wb", visit="before")
    )
    assert came(day.stay("p", "10:01", "10:04"), "a", "b") == ["b"]


def test_who_held_it_yesterday_holds_it_no_more() -> None:
    day = Day().visit("a", "30:00", "30:15", worker="wa").visit("b", "30:00", "30:15", worker="wb").phone("p", "wa")
    day.says("p", "shift", "13:59", worker="wb", on=True).stay("p", "30:01", "30:04")
    assert came(day.tick("30:10"), "a", "b") == ["a"]


def test_an_act_that_names_nobody_and_one_that_is_not_by_hand_leave_it_where_it_is() -> None:
    day = two().says("p", "delay", "09:50", visit="a").says("p", "checkin", "09:51", worker="wb", method="door")
    day.says("p", "sos", "09:52", worker="wb")
    assert came(day.stay("p", "10:01", "10:04"), "a", "b") == ["a"]


def test_what_hangs_at_a_site_is_in_nobodys_hands() -> None:
    day = two().hangs("p", "site of a").says("p", "delay", "09:50", worker="wb", visit="b")
    assert came(day.stay("p", "10:01", "10:04"), "a", "b") == []


def test_facts_without_a_worker_are_the_holders_too_and_so_is_an_alarm() -> None:
    day = two().says("p", "sos", "10:02").says("p", "checkin", "10:03")
    assert (day.cell.fold("a").checked_in_ms, day.alert("sos")["worker"]) == (ms("10:03"), "wa")
    day.says("p", "shift", "09:50", worker="wb", on=True)
    assert (day.cell.fold("a").checked_in_ms, day.cell.fold("b").checked_in_ms) == (None, ms("10:03"))
    (row,) = (row for row in day.cell.rows(ALERTS) if row["rule"] == "sos")
    assert (row["worker"], row["subject"]) == ("wb", "wb")


# several phones of one worker ----------------------------------------------------------------------------------


def both() -> Day:
    """One promise; one phone of the worker stays at home, 3 km off, the other comes."""
    day = Day().visit("v", "10:00", "10:15").phone("home").phone("hand").tick("10:00")
    return day.ping("home", "09:30", 3_000.0).ping("hand", "09:30", 3_000.0)


def test_the_phone_of_the_last_act_leads() -> None:
    day = both().says("hand", "shift", "09:40", on=True)
    for at in ("10:01", "10:02", "10:03", "10:04"):
        day.ping("hand", at).ping("home", at + ":20", 400.0)
    assert day.steps("v")[0] == "at_compound 10:01"


def test_without_an_act_both_judge() -> None:
    day = both()
    for at in ("10:01", "10:02", "10:03", "10:04"):
        day.ping("hand", at).ping("home", at + ":20", 400.0)
    assert day.cell.fold("v").compound_ms is None


def test_the_lead_goes_with_the_next_act_ends_with_the_shift_and_lasts_as_long_as_the_policy_says() -> None:
    def seen(day: Day) -> bool:
        """Whether the phone at home is heard at 10:20."""
        before = day.cell.fold("v").fix
        return day.ping("home", "10:20", 3_000.0).cell.fold("v").fix != before

    led = both().says("hand", "checkin", "10:02").ping("hand", "10:03")
    assert not seen(led)
    assert seen(both().says("hand", "checkin", "10:02").says("home", "delay", "10:05", visit="v"))
    assert seen(both().says("hand", "shift", "10:02", on=True).says("hand", "shift", "10:05", on=False))
    assert seen(both().policy(lead_s=18 * 60).says("hand", "checkin", "10:02"))
    assert not seen(both().policy(lead_s=18 * 60 + 1).says("hand", "checkin", "10:02"))


def test_what_never_sent_a_position_does_not_lead() -> None:
    day = Day().visit("v", "10:00", "10:15").phone("tracker").phone("app").tick("10:00")
    day.says("app", "delay", "09:40", visit="v").stay("tracker", "10:01", "10:04")
    assert day.steps("v")[0] == "at_compound 10:01"
    assert day.ping("app", "09:39", 3_000.0).steps("v") == []


# what comes late -----------------------------------------------------------------------------------------------


def test_an_act_of_the_early_morning_that_comes_late_concerns_the_visits_of_the_day() -> None:
    day = two().stay("p", "10:01", "10:04").says("p", "shift", "03:20", worker="wb", on=True)
    assert came(day, "a", "b") == ["b"]


def test_an_act_before_the_visit_listens_leads_though_it_comes_late() -> None:
    day = both()
    for at in ("10:01", "10:02", "10:03", "10:04"):
        day.ping("hand", at).ping("home", at + ":20", 400.0)
    assert day.cell.fold("v").compound_ms is None
    assert day.says("hand", "shift", "06:30", on=True).steps("v")[0] == "at_compound 10:01"


def test_the_first_position_of_a_phone_makes_its_earlier_acts_lead() -> None:
    day = Day().visit("v", "10:00", "10:15").phone("tracker").phone("app").tick("10:00")
    day.says("app", "delay", "09:40", visit="v").stay("tracker", "10:01", "10:04")
    assert day.steps("v")[0] == "at_compound 10:01"
    assert day.ping("app", "20:00", 3_000.0).steps("v") == []


def test_an_act_dated_by_a_wrong_clock_has_its_place_among_the_others_once_that_is_corrected() -> None:
    day = two().says("p", "shift", "03:00", worker="wb", on=True).says("p", "shift", "03:10", worker="wa", on=True)
    day.stay("p", "10:01", "10:04")
    assert (came(day, "a", "b"), hands(day)) == (["a"], [("wa", "03:10")])
    day.clock("p", 20, "02:55", "03:05")
    assert (came(day, "a", "b"), hands(day)) == (["b"], [("wb", "03:20")])
    day.clock("p", 0, "02:55", "03:05")
    assert (came(day, "a", "b"), hands(day)) == (["a"], [("wa", "03:10")])
    day.says("p", "shift", "21:00", worker="wa", on=False)
    assert hands(day) == [(None, "21:00")]


def hands(day: Day) -> list[tuple[str | None, str]]:
    return [(row["worker"], clock(row["since"])) for row in day.cell.rows(HANDS)]


# in any order --------------------------------------------------------------------------------------------------

STEPS = {
    "took": lambda day: day.says("p", "shift", "09:50", worker="wb", on=True),
    "gave": lambda day: day.says("p", "shift", "10:08", worker="wb", on=False),
    "binding": lambda day: day.phone("q", "wb"),
    "act": lambda day: day.says("q", "checkin", "10:02", worker="wb"),
    "here": lambda day: day.ping("p", "10:01").ping("p", "10:03").ping("p", "10:10").ping("p", "10:12"),
    "there": lambda day: day.ping("q", "09:40", 2_000.0).ping("q", "10:04", 2_000.0).ping("q", "10:06", 2_000.0),
    "alarm": lambda day: day.says("p", "sos", "10:05"),
}


@pytest.mark.parametrize("seed", range(12))
def test_acts_bindings_and_facts_in_any_order_end_in_one_settled_state(seed: int) -> None:
    def told(order: list[str]) -> Day:
        day = two().tick("10:20")
        for name in order:
            STEPS[name](day)
        return day.tick("13:00")

    orders = list(permutations(STEPS))
    day = told(list(orders[seed * 419 % len(orders)]))
    assert not differences(day.cell.settled(), told(list(STEPS)).cell.settled())
    for visit in ("a", "b"):
        day.steps(visit)  # which asserts that it is the pure fold of its facts
