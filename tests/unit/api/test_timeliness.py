"""Counting promises: what is on time, late, missed and open, and percentiles that occurred."""

from __future__ import annotations

import pytest

from api.shapes.timeliness import count, grouped, percentile
from projections.queries.timeliness import KeptRow


def kept(lateness_s: int | None = None, on_time: bool | None = None, **changes: object) -> KeptRow:
    arrived = lateness_s is not None
    row = KeptRow("w", "W", "s", "s-1", "S", "UTC", 0, arrived, False, False, lateness_s, on_time, None, 100)
    return row._replace(**changes)


@pytest.mark.parametrize(
    ("count", "percent", "value"), [(1, 50, 1), (2, 50, 1), (3, 50, 2), (10, 90, 9), (11, 90, 10), (1, 90, 1)]
)
def test_a_percentile_is_a_value_that_occurred(count: int, percent: int, value: int) -> None:
    assert percentile(list(range(1, count + 1)), percent) == value


def test_every_visit_is_counted_as_what_it_is() -> None:
    rows = [
        kept(-600, True),
        kept(300, True),
        kept(1_200, False),
        kept(-9_000, False),
        kept(missed=True, on_time=False),
        kept(concluded=True),
        kept(),
    ]
    told = count("w", "W", rows)
    assert (told.visits, told.arrived, told.on_time, told.late, told.missed, told.open) == (7, 4, 2, 1, 1, 1)
    assert told.on_time_rate == 0.4
    assert told.lateness_s is not None
    assert (told.lateness_s.p50, told.lateness_s.p90) == (0, 1_200)
    assert told.served_ratio is None


def test_of_none_there_is_no_rate() -> None:
    told = count(None, None, [])
    assert (told.visits, told.on_time_rate, told.lateness_s, told.served_ratio) == (0, None, None, None)


def test_time_served_is_told_by_time_planned() -> None:
    told = count("w", "W", [kept(0, True, served_s=served) for served in (50, 90, 200)])
    assert told.served_ratio is not None
    assert told.served_ratio.p50 == 0.9


def test_rows_come_by_key_and_those_without_one_last() -> None:
    rows = [(key, name, kept()) for key, name in (("b", "B"), (None, None), ("a", "A"), ("b", "B"))]
    assert [(row.key, row.name, row.visits) for row in grouped(rows)] == [("a", "A", 1), ("b", "B", 2), (None, None, 1)]
