"""Visits: scheduled once, moved and reassigned by commands of their own, cancelled for good."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.decide import CancelVisit, ReassignVisit, RescheduleVisit, ScheduleVisit, handle, stream_of, visit_stream
from domain.decide.visit import DECIDER, evolve
from domain.errors import Conflict, NotFound, Rejected
from domain.events.clock import TimeAdvanced
from domain.events.visit import VisitCancelled, VisitReassigned, VisitRescheduled, VisitScheduled
from domain.time import HOUR_MS

NOON = 1_780_000_000_000

SCHEDULE = ScheduleVisit(
    at_ms=NOON,
    by="dispatcher",
    visit="v-1",
    site="s-1",
    customer="c-1",
    service="cleaning",
    worker="w-1",
    window_from_ms=NOON + HOUR_MS,
    window_to_ms=NOON + 2 * HOUR_MS,
    planned_s=7_200,
    checklist=("kitchen", "bath"),
)
SCHEDULED = VisitScheduled(
    recorded_at_ms=NOON,
    by="dispatcher",
    visit="v-1",
    site="s-1",
    customer="c-1",
    service="cleaning",
    worker="w-1",
    window_from_ms=NOON + HOUR_MS,
    window_to_ms=NOON + 2 * HOUR_MS,
    planned_s=7_200,
    checklist=("kitchen", "bath"),
)
MOVE = RescheduleVisit(
    at_ms=NOON + 1,
    by="dispatcher",
    visit="v-1",
    window_from_ms=NOON + 3 * HOUR_MS,
    window_to_ms=NOON + 4 * HOUR_MS,
    planned_s=3_600,
    asked_by="customer",
    channel="telephone",
    agreed_at_ms=NOON,
    reason="school",
)
MOVED = VisitRescheduled(
    recorded_at_ms=NOON + 1,
    by="dispatcher",
    visit="v-1",
    window_from_ms=NOON + 3 * HOUR_MS,
    window_to_ms=NOON + 4 * HOUR_MS,
    planned_s=3_600,
    asked_by="customer",
    channel="telephone",
    agreed_at_ms=NOON,
    reason="school",
)
CANCELLED = VisitCancelled(recorded_at_ms=NOON + 2, by="dispatcher", visit="v-1", reason="ill")


def test_a_new_visit_is_scheduled(given):
    given().when(SCHEDULE).then(SCHEDULED)


def test_scheduling_again_at_another_time_by_another_person_says_nothing_new(given):
    given(SCHEDULED).when(replace(SCHEDULE, at_ms=NOON + 99, by="import")).then_nothing()


@pytest.mark.parametrize(
    "other",
    [
        {"site": "s-2"},
        {"customer": "c-2"},
        {"service": "cooking"},
        {"worker": None},
        {"window_from_ms": NOON},
        {"window_to_ms": NOON + 9 * HOUR_MS},
        {"planned_s": 60},
        {"checklist": ("bath", "kitchen")},
    ],
)
def test_scheduling_a_known_visit_with_other_content_is_a_conflict(given, other):
    given(SCHEDULED).when(replace(SCHEDULE, **other)).then_refused("conflict", Conflict)


def test_an_import_that_runs_again_does_not_undo_a_later_move_or_cancellation(given):
    given(SCHEDULED, MOVED, CANCELLED).when(SCHEDULE).then_nothing()


def test_a_visit_may_be_scheduled_in_the_past(given):
    given().when(replace(SCHEDULE, at_ms=NOON + 99 * HOUR_MS)).then(
        replace(SCHEDULED, recorded_at_ms=NOON + 99 * HOUR_MS)
    )


def test_a_window_of_one_instant_is_a_time_of_arrival(given):
    at = SCHEDULE.window_from_ms
    given().when(replace(SCHEDULE, window_to_ms=at)).then(replace(SCHEDULED, window_to_ms=at))


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"visit": ""}, "invalid_key"),
        ({"visit": "v/1"}, "invalid_key"),
        ({"visit": "v" * 65}, "invalid_key"),
        ({"visit": "v-1\n"}, "invalid_key"),
        ({"site": "家"}, "invalid_key"),
        ({"customer": "a b"}, "invalid_key"),
        ({"worker": ""}, "invalid_key"),
        ({"service": "  "}, "invalid_text"),
        ({"service": "a\0b"}, "invalid_text"),
        ({"service": "\ud800"}, "invalid_text"),
        ({"service": "x" * 1_001}, "invalid_text"),
        ({"by": "a\0b"}, "invalid_text"),
        ({"window_to_ms": SCHEDULE.window_from_ms - 1}, "invalid_window"),
        ({"window_from_ms": -1}, "invalid_time"),
        ({"window_to_ms": 10**15}, "invalid_time"),
        ({"planned_s": 0}, "invalid_duration"),
        ({"planned_s": -60}, "invalid_duration"),
        ({"planned_s": 10**9}, "invalid_duration"),
        ({"checklist": ("bath", "bath")}, "invalid_checklist"),
        ({"checklist": ("",)}, "invalid_text"),
        ({"checklist": tuple(str(i) for i in range(201))}, "invalid_checklist"),
    ],
)
def test_a_visit_that_cannot_be_judged_is_refused(given, wrong, code):
    given().when(replace(SCHEDULE, **wrong)).then_refused(code)


def test_a_visit_is_moved(given):
    given(SCHEDULED).when(MOVE).then(MOVED)


def test_a_move_that_names_no_duration_keeps_the_promised_one(given):
    given(SCHEDULED).when(replace(MOVE, planned_s=None)).then(replace(MOVED, planned_s=7_200))
    again = replace(MOVE, planned_s=None, window_to_ms=NOON + 5 * HOUR_MS)
    given(SCHEDULED, MOVED).when(again).then(replace(MOVED, window_to_ms=NOON + 5 * HOUR_MS))


def test_a_visit_is_moved_again_and_back(given):
    back = {"window_from_ms": SCHEDULED.window_from_ms, "window_to_ms": SCHEDULED.window_to_ms}
    given(SCHEDULED, MOVED).when(replace(MOVE, **back)).then(replace(MOVED, **back))


def test_a_move_restated_with_another_reason_is_kept(given):
    given(SCHEDULED, MOVED).when(replace(MOVE, reason="exam")).then(replace(MOVED, reason="exam"))


def test_a_move_to_the_times_that_were_promised_moves_nothing(given):
    same = replace(
        MOVE,
        window_from_ms=SCHEDULE.window_from_ms,
        window_to_ms=SCHEDULE.window_to_ms,
        planned_s=SCHEDULE.planned_s,
    )
    given(SCHEDULED).when(same).then_nothing()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"window_to_ms": MOVE.window_from_ms - 1}, "invalid_window"),
        ({"planned_s": 0}, "invalid_duration"),
        ({"agreed_at_ms": -1}, "invalid_time"),
        ({"reason": "\0"}, "invalid_text"),
    ],
)
def test_a_move_that_cannot_be_judged_is_refused(given, wrong, code):
    given(SCHEDULED).when(replace(MOVE, **wrong)).then_refused(code)


def test_another_worker_or_nobody_is_sent(given):
    command = ReassignVisit(at_ms=NOON + 1, visit="v-1", worker="w-2", reason="ill")
    reassigned = VisitReassigned(recorded_at_ms=NOON + 1, visit="v-1", worker="w-2", reason="ill")
    given(SCHEDULED).when(command).then(reassigned)
    nobody = VisitReassigned(recorded_at_ms=NOON + 2, visit="v-1", worker=None)
    given(SCHEDULED, reassigned).when(ReassignVisit(at_ms=NOON + 2, visit="v-1", worker=None)).then(nobody)


def test_sending_the_worker_who_comes_already_changes_nothing(given):
    given(SCHEDULED).when(ReassignVisit(at_ms=NOON + 1, visit="v-1", worker="w-1")).then_nothing()


def test_a_worker_needs_a_key(given):
    given(SCHEDULED).when(ReassignVisit(at_ms=NOON, visit="v-1", worker="王 阿姨")).then_refused("invalid_key")


def test_a_visit_is_cancelled_once(given):
    given(SCHEDULED).when(CancelVisit(at_ms=NOON + 2, by="dispatcher", visit="v-1", reason="ill")).then(CANCELLED)


def test_cancelling_again_for_another_reason_is_a_conflict(given):
    given(SCHEDULED, CANCELLED).when(CancelVisit(at_ms=NOON, visit="v-1", reason="rain")).then_refused(
        "conflict", Conflict
    )


@pytest.mark.parametrize("command", [MOVE, ReassignVisit(at_ms=NOON, visit="v-1", worker="w-1")])
def test_a_cancelled_visit_is_neither_moved_nor_reassigned(given, command):
    given(SCHEDULED, CANCELLED).when(command).then_refused("visit_cancelled", Rejected)


@pytest.mark.parametrize(
    "command",
    [MOVE, ReassignVisit(at_ms=NOON, visit="v-1", worker="w-1"), CancelVisit(at_ms=NOON, visit="v-1")],
)
def test_an_unknown_visit_is_not_found(given, command):
    given().when(command).then_refused("not_found", NotFound)


def test_the_state_tells_the_promise_that_holds_now():
    state = DECIDER.fold([SCHEDULED, MOVED, VisitReassigned(recorded_at_ms=NOON, visit="v-1", worker="w-2")])
    assert state is not None
    assert (state.promise.window_from_ms, state.worker, state.cancelled) == (MOVED.window_from_ms, "w-2", None)


def test_events_of_other_kinds_change_no_visit():
    tick = TimeAdvanced(recorded_at_ms=NOON, wall_ms=NOON)
    state = DECIDER.fold([SCHEDULED])
    assert evolve(state, tick) is state
    assert evolve(None, tick) is None


def test_a_visit_has_a_stream_of_its_own():
    assert visit_stream("v-1") == "visit/v-1" == stream_of(SCHEDULE) == stream_of(MOVE)


def test_deciding_changes_neither_history_nor_command():
    history = [SCHEDULED]
    handle(history, MOVE)
    assert history == [SCHEDULED]
