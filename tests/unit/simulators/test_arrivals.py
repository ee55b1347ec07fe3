"""Judged arrivals beside true ones, and the few figures that sum them up."""

from __future__ import annotations

from typing import Any

from simulators.arrivals import Arrival, arrival, lines, summary
from simulators.recordings import Stop
from simulators.wire import rfc3339

STOP = Stop("Library", 10_000.0, 10_000.0, 14_000.0, {}, "the reference")


def visit(*steps: tuple[str, float]) -> dict[str, Any]:
    timeline = [{"status": status, "at": rfc3339(round(at_s * 1000)), "known_to": None} for status, at_s in steps]
    return {"visit": "v-1", "status": steps[-1][0] if steps else "scheduled", "timeline": timeline}


def test_errors_are_judged_minus_true() -> None:
    judged = arrival(visit(("on_the_way", 9_000), ("at_compound", 9_995), ("arrived", 10_120)), STOP)
    assert (judged.error_s, judged.door_error_s, judged.found, judged.status) == (-5.0, 120.0, True, "arrived")


def test_the_first_arrival_counts_not_a_return() -> None:
    judged = arrival(visit(("at_compound", 10_003), ("stepped_out", 11_000), ("at_compound", 12_000)), STOP)
    assert judged.error_s == 3.0


def test_a_door_without_a_compound_is_an_arrival_too() -> None:
    judged = arrival(visit(("arrived", 10_060)), STOP)
    assert (judged.found, judged.error_s, judged.door_error_s) == (True, None, 60.0)


def test_an_arrival_at_another_stay_is_not_found() -> None:
    assert not arrival(visit(("at_compound", 9_399)), STOP).found
    assert not arrival(visit(("at_compound", 14_001)), STOP).found
    assert not arrival(visit(("scheduled", 0), ("missed", 12_000)), STOP).found


def test_a_step_that_later_facts_amended_away_is_not_an_arrival() -> None:
    judged = visit(("at_compound", 9_000), ("at_compound", 10_002))
    judged["timeline"][0]["known_to"] = rfc3339(11_000_000)
    assert arrival(judged, STOP).error_s == 2.0


def test_a_day_that_was_moved_is_compared_where_it_was() -> None:
    assert arrival(visit(("at_compound", 96_407)), STOP, moved_ms=86_400_000).error_s == 7.0


def told(error_s: float | None, found: bool = True) -> Arrival:
    judged = arrival(
        visit(("at_compound", 10_000 + (error_s or 0))), STOP._replace(arrived_s=None if error_s is None else 10_000.0)
    )
    return judged if judged.found == found else arrival(visit(("missed", 1)), STOP)


def test_the_summary_counts_all_and_times_those_that_can_be() -> None:
    arrivals = [told(-10.0), told(4.0), told(30.0), told(None), told(0.0, found=False)]
    s = summary(arrivals)
    assert (s.found, s.of, s.timed, s.median_s, s.p95_s) == (4, 5, 3, 10.0, 30.0)


def test_a_summary_of_nothing_has_no_figures() -> None:
    assert summary([]) == summary([])
    assert summary([]).median_s is None


def test_lines_name_what_was_not_found_and_who_told_the_truth() -> None:
    text = "\n".join(lines([told(4.0), told(0.0, found=False)], "America/Los_Angeles"))
    assert "1969-12-31 18:46:40" in text
    assert "4.0 s" in text
    assert text.count("NOT FOUND") == 1
    assert "truth: the reference" in text
    assert "found 1/2" in text
