"""What is scanned and heard: whose the tag is, where it or its reader hangs, and that late bindings count from then."""

from __future__ import annotations

from itertools import permutations
from random import Random

import pytest

from domain.bindings import thing_of
from projections.alerts.book import ALERTS
from projections.views.facts import FACTS
from tests.unit.projections.day import Day, clock, fact, ms
from tests.unit.projections.memory import differences

HERE = "site of v"
BADGE, DOOR = "tag:E9F35959", "tag:74103794"
BEACON = "beacon:1de4b189115e45f6b44e509352269977:0:7"


def visited() -> Day:
    """A promise at ten, and nothing bound yet."""
    return Day().visit("v", "10:00", "10:15")


def at_the_door(day: Day) -> list[str]:
    """The steps, once silence has had its time."""
    return day.tick("10:05").steps("v")


def test_a_reader_of_the_site_that_saw_the_workers_tag_has_them_at_the_door() -> None:
    day = visited().phone(BADGE).hangs("reader", HERE).says("reader", "scan", "10:03", tag="E9F35959")
    assert at_the_door(day) == ["arrived 10:03"]
    assert day.cell.fold("v").transitions[-1].evidence == (
        fact("scan", "reader", ms("10:03"), tag="E9F35959").fact.bytes,
    )
    assert day.tick("10:10").steps("v") == ["arrived 10:03", "in_service 10:08"]


def test_a_workers_phone_that_read_the_tag_of_the_site_has_them_at_the_door() -> None:
    day = visited().phone("p").hangs(DOOR, HERE).says("p", "scan", "10:03", tag="74-10-37-94")
    assert at_the_door(day) == ["arrived 10:03"]


def test_a_gateway_of_the_site_that_heard_the_workers_beacon_has_them_at_the_door() -> None:
    day = visited().phone(BEACON).hangs("gateway", HERE).says("gateway", "scan", "10:03", tag=BEACON)
    assert at_the_door(day) == ["arrived 10:03"]


def test_who_the_fact_names_goes_before_the_tags_owner_and_the_tags_owner_before_the_phones() -> None:
    day = Day().visit("named", "10:00", "10:15", worker="a").visit("tagged", "10:00", "10:15", worker="b")
    day.visit("carried", "10:00", "10:15", worker="c").phone(BADGE, "b").phone("p", "c")
    for at, more in (("10:01", {"worker": "a"}), ("10:02", {}), ("10:03", {"tag": "00000000"})):
        day.says("p", "scan", at, **{"tag": "E9F35959", **more})
    heard = [visit for visit in ("named", "tagged", "carried") if day.cell.judge.state.judged[visit].fold.cursor]
    assert heard == ["named", "tagged", "carried"]
    assert [clock(day.cell.fold(visit).cursor[0]) for visit in heard] == ["10:01", "10:02", "10:03"]


def test_a_tag_that_hangs_elsewhere_proves_nothing_here() -> None:
    day = visited().site("other", 3_000.0).phone("p").hangs(DOOR, "other")
    assert at_the_door(day.says("p", "scan", "10:03", tag="74103794")) == []
    day.says("p", "checkin", "10:04", tag="74103794")
    assert (at_the_door(day), day.cell.fold("v").checked_in_ms) == ([], ms("10:04"))


def test_the_tag_at_the_door_proves_more_than_the_coordinates_of_the_phone() -> None:
    day = visited().phone("p").hangs(DOOR, HERE).says("p", "checkin", "10:03", east_m=900.0, tag="74103794")
    assert at_the_door(day) == ["arrived 10:03", "in_service 10:03"]


def test_a_check_in_with_a_tag_is_of_the_visit_at_its_site_though_another_lies_nearer_in_time() -> None:
    day = Day().visit("far", "10:00", "10:15", east_m=3_000.0).visit("v", "12:00", "12:15").phone("p").hangs(DOOR, HERE)
    day.says("p", "checkin", "10:05", tag="74103794")
    assert (day.cell.fold("far").checked_in_ms, day.cell.fold("v").checked_in_ms) == (None, ms("10:05"))


def test_a_scan_long_before_the_visit_was_for_something_else() -> None:
    day = visited().phone("p").hangs(DOOR, HERE).says("p", "scan", "08:00", tag="74103794")
    assert at_the_door(day) == []


def test_a_tag_read_at_a_closed_door_is_not_an_arrival_and_one_read_after_stepping_out_is_a_return() -> None:
    closed = visited().phone("p").hangs(DOOR, HERE).says("p", "no_access", "10:02", visit="v")
    assert at_the_door(closed.says("p", "scan", "10:03", tag="74103794")) == ["no_access 10:02"]
    back = visited().phone("p").hangs(DOOR, HERE).says("p", "checkin", "10:02").walk("p", "10:10", "10:14", 100, 900)
    assert back.steps("v")[-1].startswith("stepped_out")
    assert back.says("p", "scan", "10:20", tag="74103794").steps("v")[-1] == "in_service 10:20"


def test_whoever_has_only_a_badge_is_not_missed_for_their_silence() -> None:
    assert visited().phone(BADGE).tick("10:00").alerts("silent_device") == []
    assert visited().phone("p").tick("10:00").alerts("silent_device") != []


def test_a_contact_of_the_site_says_nothing_about_any_worker() -> None:
    day = visited().phone("p").hangs("door", HERE).says("door", "contact", "10:03", open=True)
    assert (at_the_door(day), day.cell.fold("v").cursor) == ([], None)


def test_what_a_fact_tells_of_is_found_under_its_one_name() -> None:
    assert thing_of(fact("scan", "p", 0, tag="74-10-37-94")) == DOOR
    assert thing_of(fact("checkin", "p", 0, tag=BEACON)) == BEACON
    assert thing_of(fact("checkin", "p", 0)) is None
    day = visited().says("p", "scan", "10:03", tag="74:10:37:94")
    assert [row["thing"] for row in day.cell.rows(FACTS)] == [DOOR]


# bound later, from a past date ---------------------------------------------------------------------------------

STEPS = {
    "reader": lambda day: day.hangs("reader", HERE),
    "badge": lambda day: day.phone(BADGE),
    "scan": lambda day: day.says("reader", "scan", "10:03", tag="E9F35959"),
    "ping": lambda day: day.ping("p", "10:01"),
    "phone": lambda day: day.phone("p"),
    "sos": lambda day: day.says("p", "sos", "10:04"),
}


@pytest.mark.parametrize("seed", range(12))
def test_facts_and_bindings_in_any_order_end_in_one_settled_state(seed: int) -> None:
    def told(order: list[str]) -> Day:
        day = visited().tick("10:20")
        for name in order:
            STEPS[name](day)
        return day.tick("12:00")

    order = list(STEPS)
    Random(seed).shuffle(order)
    day = told(order)
    assert not differences(day.cell.settled(), told(list(STEPS)).cell.settled())
    assert day.steps("v")[:2] == ["at_compound 10:01", "arrived 10:03"]


def test_a_tag_bound_with_a_past_date_counts_what_readers_saw_of_it_before() -> None:
    for order in permutations(("reader", "badge", "scan")):
        day = visited().tick("10:20")
        for name in order:
            STEPS[name](day)
        assert day.steps("v")[0] == "arrived 10:03", order


def test_a_reader_hung_elsewhere_with_a_past_date_takes_back_what_it_had_shown() -> None:
    day = visited().site("other", 3_000.0).phone(BADGE).hangs("reader", HERE)
    day.says("reader", "scan", "10:03", tag="E9F35959")
    assert at_the_door(day) == ["arrived 10:03"]
    assert day.hangs("reader", "other").steps("v") == []
    assert day.hangs("reader", HERE, "10:00", "10:04").steps("v") == ["arrived 10:03"]
    assert day.unbind(BADGE, "10:03").steps("v") == []


def test_an_alarm_of_an_unknown_device_is_its_workers_once_it_is_bound() -> None:
    day = visited().says("p", "sos", "10:04").tick("10:05")
    assert day.alert("sos")["worker"] is None
    day.phone("p")
    assert [(row["worker"], row["standing"]) for row in day.cell.rows(ALERTS) if row["rule"] == "sos"] == [("w", True)]
