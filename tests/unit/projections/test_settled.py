"""Any arrival order of the same facts ends in the same settled state (SEMANTICS, Two digests)."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.projections.day import Day
from tests.unit.projections.days import Told, days, disorderly, orderly
from tests.unit.projections.memory import differences

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True)


@EXAMPLES
@given(days(), st.integers(0, 1000))
def test_disorder_repeats_and_batches_leave_the_settled_rows_of_the_orderly_day(told: Told, seed: int) -> None:
    assert not differences(disorderly(told, Random(seed)).settled(), orderly(told).settled())


@EXAMPLES
@given(days(far=True), st.integers(0, 1000))
def test_visits_that_last_for_days_share_facts_with_others_in_any_order(told: Told, seed: int) -> None:
    assert not differences(disorderly(told, Random(seed)).settled(), orderly(told).settled())


@EXAMPLES
@given(days(), st.integers(0, 1000))
def test_each_visit_is_the_pure_fold_of_its_facts_also_while_some_lie_ahead_of_the_time(told: Told, seed: int) -> None:
    cell = disorderly(told, Random(seed), last=False)
    for visit in cell.judge.state.judged:
        assert cell.fold(visit) == cell.folded_purely(visit)
    cell.tick(told.end_ms)
    for visit in cell.judge.state.judged:
        assert cell.fold(visit) == cell.folded_purely(visit)


@EXAMPLES
@given(days(), st.lists(st.integers(0, 100), max_size=8))
def test_the_spacing_of_ticks_is_not_seen_in_the_settled_rows(told: Told, tenths: list[int]) -> None:
    first = min(told.plan[0].recorded_at_ms, told.end_ms)
    other = [first + (told.end_ms - first) * tenth // 100 for tenth in sorted(tenths)]
    assert not differences(orderly(told._replace(ticks=other)).settled(), orderly(told).settled())


def test_who_was_inside_before_a_cancelled_visit_was_late_may_be_heard_of_afterwards() -> None:
    def day(*, afterwards: bool) -> Day:
        day = Day().visit("v", "10:00", "10:15").visit("next", "10:20", "10:35", east_m=50.0).phone("p").tick("10:23")
        if not afterwards:
            day.ping("p", "10:24:30")
        day.tick("10:26").cancel("v", "10:27").tick("10:28")
        return (day.ping("p", "10:24:30") if afterwards else day).tick("12:00")

    assert not differences(day(afterwards=True).cell.settled(), day(afterwards=False).cell.settled())


def test_what_silence_means_in_a_visit_that_a_check_out_of_the_next_minute_ends_is_concluded_by_time() -> None:
    """Outside at 09:50:30, nothing since: at 10:00:30 they had left, before they checked out at 10:01."""
    day = Day().visit("v", "09:00", "09:15", minutes=180).phone("p").says("p", "checkin", "09:05").tick("10:00")
    day.says("p", "checkout", "10:01").ping("p", "09:50:30", 400)
    assert day.steps("v")[-1] == "finished 10:01"
    assert day.tick("10:02").steps("v")[-2:] == ["stepped_out 09:50:30", "finished 10:01"]
