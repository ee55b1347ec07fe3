"""The same log leaves the same rows, whatever the pages and wherever it was restarted (SEMANTICS, Two digests)."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from eventlog.entry import Entry
from tests.unit.projections.day import Day
from tests.unit.projections.days import Told, days, disorderly, unsure
from tests.unit.projections.memory import Cell, differences

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True)


@st.composite
def logs(draw: st.DrawFn) -> list[Entry]:
    """A disorderly day as it was logged, with facts that are judged at receipt among the others."""
    rng = Random(draw(st.integers(0, 1000)))
    told: Told = draw(days())
    return disorderly(unsure(told, rng), rng).log


@EXAMPLES
@given(logs(), st.sampled_from([0, 2, 7]))
def test_the_size_of_pages_is_not_seen_in_the_exact_rows(log: list[Entry], page: int) -> None:
    assert not differences(_read(log, Cell(page)).exact(), _read(log, Cell(1)).exact())


@EXAMPLES
@given(logs(), st.integers(0, 100), st.integers(20, 99))
def test_a_judge_restarted_anywhere_from_an_older_snapshot_goes_on_as_if_nothing_had_happened(
    log: list[Entry], kept_pct: int, stopped_pct: int
) -> None:
    stopped = len(log) * stopped_pct // 100
    kept = stopped * kept_pct // 100
    cell = _read(log[:kept], Cell(3))
    snapshot = cell.judge.snapshot()
    _read(log[kept:stopped], cell)
    again = _read(log[stopped:], cell.restarted(snapshot, kept))
    quiet = _read(log, Cell(1))
    assert again.judge.state == quiet.judge.state
    assert not differences(again.exact(), quiet.exact())


def test_a_judge_that_was_restarted_still_waits_for_what_silence_will_mean() -> None:
    day = Day().visit("v", "10:00", "10:15").phone("p").tick("10:00")
    day.cell = day.cell.restarted(day.cell.judge.snapshot(), len(day.cell.log))
    assert day.tick("11:00").steps("v") == ["missed 10:45"]
    assert day.alerts("late", "no_show") == ["late v 10:25", "no_show v 10:45"]


def _read(log: list[Entry], cell: Cell) -> Cell:
    for entry in log:
        cell.take(entry)
    return cell
