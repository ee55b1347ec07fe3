"""The score: what was raised against what was true, and the time in which a status was right."""

from __future__ import annotations

from typing import Any

import pytest

from simulators.scoring import Score, lines, score
from simulators.truth import KINDS, Step, TrueAlert, TrueVisit, Truth
from simulators.wire import rfc3339

MINUTE_MS = 60_000


def true(kind: str, begin: float, end: float | None, visit: str = "v") -> TrueAlert:
    to_ms = None if end is None else round(end * MINUTE_MS)
    return TrueAlert(kind=kind, visit=visit, worker="w", from_ms=round(begin * MINUTE_MS), to_ms=to_ms)


def raised(rule: str, begin: float, end: float | None, subject: str = "v", **more: Any) -> dict[str, Any]:
    said = {
        "rule": rule,
        "subject": subject,
        "started_at": rfc3339(round(begin * MINUTE_MS)),
        "ended_at": None if end is None else rfc3339(round(end * MINUTE_MS)),
        "raised_known_at": rfc3339(round(begin * MINUTE_MS) + 5_000),
        "standing": True,
    }
    return said | more


def day(*alerts: TrueAlert, steps: tuple[Step, ...] = (Step("scheduled", 0),)) -> Truth:
    visit = TrueVisit(
        visit="v",
        worker="w",
        mishap=None,
        window_from_ms=0,
        window_to_ms=0,
        planned_s=0,
        from_ms=0,
        until_ms=100 * MINUTE_MS,
        steps=steps,
    )
    return Truth(seed=1, start_ms=0, end_ms=1_000 * MINUTE_MS, visits=(visit,), alerts=alerts)


def scored(truth: Truth, *alerts: dict[str, Any], timeline: list[dict[str, Any]] | None = None) -> Score:
    return score(truth, alerts, {"v": timeline or []})


def step(number: int, status: str, minute: float, known_to: str | None = None) -> dict[str, Any]:
    return {"step": number, "status": status, "at": rfc3339(round(minute * MINUTE_MS)), "known_to": known_to}


def test_an_alert_that_overlaps_a_true_one_is_it() -> None:
    late = scored(day(true("late", 40, 55)), raised("late", 40.5, 56)).alerts["late"]
    assert (late.precision, late.recall, late.true, late.raised) == (1.0, 1.0, 1, 1)
    assert late.delay_s_p50 == 35.0


def test_one_of_another_time_visit_or_kind_is_not() -> None:
    truth = day(true("left_site", 40, 55))
    for other in (raised("left_site", 60, 70), raised("left_site", 40, 55, "x"), raised("late", 40, 55)):
        assert scored(truth, other).alerts["left_site"].recall == 0.0


def test_each_counts_once_and_the_rest_is_named() -> None:
    truth = day(true("left_site", 10, 20), true("left_site", 60, 70))
    found = scored(truth, raised("left_site", 11, 19), raised("left_site", 15, 21)).alerts["left_site"]
    assert (found.precision, found.recall) == (0.5, 0.5)
    assert [one["from"] for one in found.missed] == ["1970-01-01T01:00:00.000Z"]
    assert [one["from"] for one in found.extra] == ["1970-01-01T00:15:00.000Z"]


def test_a_kind_with_neither_has_no_shares() -> None:
    found = scored(day())
    assert set(found.alerts) == set(KINDS)
    assert all(kind.precision is kind.recall is kind.delay_s_p50 is None for kind in found.alerts.values())


def test_what_was_taken_back_and_what_is_not_of_this_day_does_not_count() -> None:
    found = scored(day(), raised("late", 1, 2, standing=False), raised("late", 1, 2, "another"), raised("odd", 1, 2))
    assert all(kind.raised == 0 for kind in found.alerts.values())


def test_an_sos_is_the_workers_and_one_that_goes_on_overlaps_all_that_follows() -> None:
    truth = day(true("sos", 30, None), true("no_show", 60, None))
    found = scored(truth, raised("sos", 30, None, "w"), raised("no_show", 90, None))
    assert found.alerts["sos"].recall == found.alerts["no_show"].recall == 1.0


def test_the_accuracy_of_statuses_is_a_share_of_time() -> None:
    steps = (Step("scheduled", 0), Step("on_the_way", 10 * MINUTE_MS), Step("at_compound", 50 * MINUTE_MS))
    timeline = [
        step(1, "scheduled", -5),
        step(2, "on_the_way", 8, known_to="2026-01-01T00:00:00Z"),
        step(3, "on_the_way", 12),
        step(4, "at_compound", 58),
    ]
    statuses = scored(day(steps=steps), timeline=timeline).statuses
    assert statuses.accuracy == pytest.approx(0.9)
    assert statuses.confused_s == {"at_compound/on_the_way": 480, "on_the_way/scheduled": 120}
    assert statuses.worst == [{"visit": "v", "wrong_s": {"at_compound/on_the_way": 480, "on_the_way/scheduled": 120}}]


def test_what_is_wrong_is_told_to_people() -> None:
    text = "\n".join(lines(scored(day(true("late", 40, 55)), raised("no_show", 1, None))))
    assert "missed v 1970-01-01T00:40:00.000Z" in text
    assert "extra  v 1970-01-01T00:01:00.000Z" in text
    assert "statuses: right for 1.0000 of 6000 s" in text
