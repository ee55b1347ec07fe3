"""Which alert a conclusion is: by anchor, by overlap, or a new one."""

from __future__ import annotations

from projections.alerts.overlap import attach, nearest
from projections.alerts.rule import Conclusion


def interval(started_ms: int, ended_ms: int | None = None) -> Conclusion:
    return Conclusion("", started_ms, ended_ms)


def anchors(found: list[Conclusion], **known: Conclusion) -> dict[str, int]:
    return {anchor: conclusion.started_ms for anchor, conclusion in attach(found, known).items()}


def test_a_new_interval_is_anchored_at_its_start() -> None:
    assert anchors([interval(10, 20), interval(30)]) == {"10": 10, "30": 30}


def test_an_interval_is_the_alert_that_it_overlaps_most() -> None:
    assert anchors([interval(0, 100)], a=interval(0, 10), b=interval(20, 90)) == {"b": 0}


def test_of_equal_overlaps_the_earliest_alert_is_meant() -> None:
    assert anchors([interval(0, 100)], b=interval(50, 60), a=interval(10, 20)) == {"a": 0}


def test_what_touches_for_an_instant_overlaps() -> None:
    assert anchors([interval(10, 10)], a=interval(10, 10)) == {"a": 10}


def test_what_does_not_touch_is_another_alert() -> None:
    assert anchors([interval(11, 12)], a=interval(0, 10)) == {"11": 11}


def test_two_intervals_do_not_become_one_alert() -> None:
    assert anchors([interval(0, 40), interval(60, 100)], a=interval(0, 100)) == {"a": 0, "60": 60}


def test_the_anchor_of_another_alert_is_not_taken() -> None:
    assert anchors([interval(0, 40), interval(50, 60)], **{"50": interval(0, 40)}) == {"50": 0, "50 2": 50}


def test_a_named_anchor_needs_no_overlap() -> None:
    assert anchors([Conclusion("revision 1", 500)], **{"revision 1": interval(0, 10)}) == {"revision 1": 500}


def test_a_decision_finds_what_shares_most_of_its_interval() -> None:
    known = {"a": interval(0, 10), "b": interval(20)}
    assert nearest(5, None, known) == "b"
    assert nearest(5, 8, known) == "a"
    assert nearest(12, 15, known) is None
