"""Planned shifts: hours may be restated, a cancelled one stays cancelled."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.decide import CancelShift, PlanShift, shift_stream, stream_of
from domain.errors import Conflict, NotFound
from domain.events.shift import ShiftCancelled, ShiftPlanned

NOON = 1_780_000_000_000

PLAN = PlanShift(at_ms=NOON, by="office", shift="early-1", worker="w-1", from_ms=NOON, until_ms=NOON + 100)
PLANNED = ShiftPlanned(
    recorded_at_ms=NOON, by="office", shift="early-1", worker="w-1", from_ms=NOON, until_ms=NOON + 100
)
CANCEL = CancelShift(at_ms=NOON + 1, by="office", shift="early-1")
CANCELLED = ShiftCancelled(recorded_at_ms=NOON + 1, by="office", shift="early-1", worker="w-1")


def test_a_shift_is_planned(given):
    given().when(PLAN).then(PLANNED)


def test_a_past_shift_may_be_planned(given):
    given().when(replace(PLAN, at_ms=NOON + 10**9)).then(replace(PLANNED, recorded_at_ms=NOON + 10**9))


def test_other_hours_restate_the_shift(given):
    given(PLANNED).when(replace(PLAN, until_ms=NOON + 50)).then(replace(PLANNED, until_ms=NOON + 50))


def test_a_shift_keeps_its_worker(given):
    given(PLANNED).when(replace(PLAN, worker="w-2")).then_refused("conflict", Conflict)


def test_a_shift_is_cancelled_once(given):
    given(PLANNED).when(CANCEL).then(CANCELLED)


def test_an_import_that_runs_again_does_not_revive_a_cancelled_shift(given):
    given(PLANNED, CANCELLED).when(PLAN).then_nothing()


def test_a_cancelled_shift_is_not_planned_otherwise(given):
    given(PLANNED, CANCELLED).when(replace(PLAN, until_ms=NOON + 50)).then_refused("shift_cancelled")


def test_an_unknown_shift_is_not_found(given):
    given().when(CANCEL).then_refused("not_found", NotFound)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"shift": "early 1"}, "invalid_key"),
        ({"worker": ""}, "invalid_key"),
        ({"until_ms": NOON}, "invalid_period"),
        ({"from_ms": -1}, "invalid_time"),
    ],
)
def test_a_shift_that_makes_no_sense_is_refused(given, wrong, code):
    given().when(replace(PLAN, **wrong)).then_refused(code)


def test_a_shift_has_a_stream_of_its_own():
    assert shift_stream("early-1") == "shift/early-1" == stream_of(PLAN) == stream_of(CANCEL)
