"""Whose fact is it? By device and time, by the worker it names, by the visit it names, by the nearest promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.geo import Circle, Polygon, outside_m
from projections.hearing import _away_m
from projections.views.facts import FACTS
from tests.unit.projections.day import Day

SERVED = ["arrived 10:03", "in_service 10:03"]


def test_the_facts_of_another_workers_phone_are_not_heard() -> None:
    day = Day().visit("v", "10:00", "10:15").phone("p", worker="somebody else")
    day.says("p", "checkin", "10:03").stay("p", "10:00", "10:10").tick("10:20")
    assert day.steps("v") == []


def test_an_unknown_device_counts_once_it_is_bound_with_a_past_date() -> None:
    day = Day().visit("v", "10:00", "10:15").says("p", "checkin", "10:03").stay("p", "10:00", "10:02").tick("10:20")
    assert day.steps("v") == []
    day.phone("p", since="09:00")
    assert day.steps("v") == ["at_compound 10:00", *SERVED]


def test_a_binding_that_begins_too_late_does_not_reach_back() -> None:
    day = Day().visit("v", "10:00", "10:15").says("p", "checkin", "10:03").phone("p", since="10:04").tick("10:20")
    assert day.steps("v") == []


def test_a_binding_that_is_taken_back_takes_its_facts_along() -> None:
    day = Day().visit("v", "10:00", "10:15").phone("p", since="09:00").says("p", "checkin", "10:03").tick("10:20")
    assert day.steps("v") == SERVED
    day.unbind("p", "09:00")
    assert day.steps("v") == []


def test_a_device_bound_to_another_worker_gives_its_facts_to_them() -> None:
    day = Day().visit("v", "10:00", "10:15").visit("x", "10:00", "10:15", worker="x").phone("p")
    day.says("p", "checkin", "10:03").tick("10:20").phone("p", worker="x", since="10:00", until="10:10")
    assert (day.steps("v"), day.steps("x")) == ([], SERVED)


def test_a_shared_phone_speaks_for_the_worker_that_it_names() -> None:
    day = Day().visit("v", "10:00", "10:15").visit("x", "10:00", "10:15", worker="x").phone("p")
    day.says("p", "checkin", "10:03", worker="x").tick("10:20")
    assert (day.steps("v"), day.steps("x")) == ([], SERVED)


def test_a_phone_that_nobody_is_bound_to_may_name_its_worker_in_each_position() -> None:
    day = Day().visit("v", "10:00", "10:15")
    day.ping("p", "10:00", extras=b'{"worker":"w"}').ping("p", "10:02", extras=b'{"worker":"w"}').tick("10:02")
    assert day.steps("v") == ["at_compound 10:00"]


def test_an_empty_name_is_no_name() -> None:
    day = Day().visit("v", "10:00", "10:15").phone("p")
    day.ping("p", "10:00", extras=b'{"worker":""}').ping("p", "10:02", extras=b'{"worker":""}').tick("10:02")
    assert day.steps("v") == ["at_compound 10:00"]


def test_facts_outside_the_time_in_which_a_visit_listens_are_not_heard() -> None:
    day = Day().visit("v", "10:00", "10:15").phone("p").says("p", "checkin", "06:59:59").says("p", "checkin", "15:15")
    assert day.tick("15:15").steps("v") == ["missed 10:45"]


def test_a_check_in_that_names_no_visit_is_for_the_nearest() -> None:
    day = Day().visit("a", "10:00", "10:15").visit("b", "12:00", "12:15").phone("p")
    day.says("p", "checkin", "11:10").tick("11:20")
    assert (day.steps("a"), day.steps("b")) == (["missed 10:45"], ["arrived 11:10", "in_service 11:10"])


def test_a_check_out_that_names_no_visit_is_for_the_one_whose_planned_end_is_nearest() -> None:
    day = Day().visit("a", "10:00", "10:15").visit("b", "12:00", "12:15").phone("p").says("p", "checkin", "10:03")
    day.says("p", "checkout", "11:50").tick("11:55")
    assert (day.steps("a"), day.steps("b")) == ([*SERVED, "finished 11:50"], [])


def test_a_check_in_that_names_a_visit_is_for_that_one() -> None:
    day = Day().visit("a", "10:00", "10:15").visit("b", "12:00", "12:15").phone("p")
    day.says("p", "checkin", "10:03", visit="b").tick("10:20")
    assert (day.steps("a"), day.steps("b")) == ([], SERVED)


def test_a_visit_that_was_cancelled_before_leaves_its_check_ins_to_the_next() -> None:
    day = Day().visit("a", "10:00", "10:15").visit("b", "12:00", "12:15").phone("p").cancel("a", "09:30")
    day.says("p", "checkin", "10:03").tick("10:20")
    assert (day.steps("a"), day.steps("b")) == ([], SERVED)


def test_a_visit_that_is_promised_later_takes_the_check_in_that_lies_nearer_to_it() -> None:
    day = Day().visit("a", "12:00", "12:15").phone("p").says("p", "checkin", "10:03").tick("10:20")
    assert day.steps("a") == SERVED
    day.visit("b", "10:00", "10:15")
    assert (day.steps("a"), day.steps("b")) == ([], SERVED)


def test_also_from_a_visit_that_began_days_before_and_still_listens() -> None:
    day = Day().visit("live-in", "10:00", "10:15", minutes=3 * 24 * 60).phone("p").tick("80:00")
    day.says("p", "checkin", "80:00").tick("80:01")
    assert day.steps("live-in")[1:] == ["arrived 80:00", "in_service 80:00"]
    day.visit("b", "80:00", "80:15")
    assert (day.steps("live-in"), day.steps("b")) == (["missed 10:45"], ["arrived 80:00", "in_service 80:00"])


def test_a_visit_that_another_worker_takes_over_gives_its_check_ins_back() -> None:
    day = Day().visit("a", "10:00", "10:15").visit("b", "12:00", "12:15").phone("p")
    day.says("p", "checkin", "11:10").tick("11:20").reassign("b", "x")
    assert (day.steps("a"), day.steps("b")) == (["missed 10:45", "arrived 11:10", "in_service 11:10"], [])


def test_a_visit_that_is_taken_over_brings_its_claim_on_check_ins_along() -> None:
    day = Day().visit("a", "10:00", "10:15").visit("b", "12:00", "12:15", worker="x").phone("p")
    day.says("p", "checkin", "11:10").tick("11:20")
    assert day.steps("a") == ["missed 10:45", "arrived 11:10", "in_service 11:10"]
    assert day.reassign("b", "w").steps("a") == ["missed 10:45"]


def test_a_visit_may_be_approached_earlier_once_the_one_before_is_another() -> None:
    """Even where the two are too far apart to share a fact."""
    day = Day().visit("live-in", "00:00", "00:15", minutes=10 * 24 * 60, east_m=9_000).visit("v", "82:00", "82:15")
    day.phone("p").tick("81:00").walk("p", "81:30", "81:50", 6_000, 2_000, every_s=60)
    assert day.steps("v") == []
    day.visit("between", "34:00", "34:15", east_m=9_000)
    assert day.steps("v") == ["on_the_way 81:30"]
    day.cancel("between", "35:00")
    assert day.steps("v") == []


def test_a_fact_that_comes_five_weeks_after_the_visit_closed_is_kept_not_judged() -> None:
    day = Day().visit("v", "10:00", "10:15").phone("p").tick(f"{35 * 24 + 15}:16").says("p", "checkin", "10:03")
    assert [step.status for step in day.cell.fold("v").transitions] == ["scheduled", "missed"]
    assert len(day.cell.rows(FACTS)) == 1


def test_a_fact_that_comes_just_before_that_is_judged() -> None:
    day = Day().visit("v", "10:00", "10:15").phone("p").tick(f"{35 * 24 + 15}:14").says("p", "checkin", "10:03")
    assert day.steps("v")[:2] == SERVED


_degree = st.floats(-0.02, 0.02)
_fence = st.one_of(
    st.builds(lambda lat, lon, r: Circle(31.2 + lat, 121.4 + lon, r), _degree, _degree, st.floats(20, 400)),
    st.just(Polygon(((31.2, 121.4), (31.21, 121.4), (31.2, 121.41)), 10.0)),
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.tuples(_fence, _degree, _degree), min_size=1, max_size=40))
def test_a_distance_is_the_same_to_the_last_bit_in_any_company(
    rows: list[tuple[Circle | Polygon, float, float]],
) -> None:
    """A visit that is folded again computes it in other columns than when it was first heard."""
    lat_e7 = np.array([round((31.2 + lat) * 1e7) for _, lat, _ in rows], np.int32)
    lon_e7 = np.array([round((121.4 + lon) * 1e7) for _, _, lon in rows], np.int32)
    together = _away_m([fence for fence, _, _ in rows], lat_e7, lon_e7)
    for fence, *_ in rows:
        column = outside_m(fence, lat_e7 * 1e-7, lon_e7 * 1e-7)
        for row, (own, *_) in enumerate(rows):
            assert column[row] == outside_m(fence, lat_e7[row] * 1e-7, lon_e7[row] * 1e-7)[0]
            if own == fence:
                assert column[row] == together[row]


@pytest.mark.parametrize("extras", [b'{"worker":5}', b'{"worker":{"w":1}}', b'{"worker":"w\\u0000"}', b'{"worker":""}'])
def test_what_claims_nobody_that_can_be_is_the_positions_own(extras: bytes) -> None:
    """No dialect of ours says so; one that did would stop the projector for good."""
    day = Day().visit("v", "10:00", "10:15").phone("p")
    for at in ("10:00", "10:02"):
        day.ping("p", at, extras=extras)
    assert day.tick("10:02").steps("v") == ["at_compound 10:00"]
