"""Any arrival order of the same facts ends in the same settled state (SEMANTICS, Two digests)."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

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
