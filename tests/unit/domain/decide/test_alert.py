"""Alerts: the first has it, a double click is one decision, the last verdict holds."""

from __future__ import annotations

from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.decide import AcknowledgeAlert, ResolveAlert, alert_stream, stream_of
from domain.errors import Conflict
from domain.events.alert import AlertAcknowledged, AlertResolved

NOON = 1_780_000_000_000
ALERT = UUID("89abcdef0123456789abcdef01234567")
FACT = UUID("0123456789abcdef0123456789abcdef")
ABOUT = {
    "alert": ALERT,
    "rule": "late",
    "subject": "v-1",
    "started_ms": NOON - 900,
    "ended_ms": NOON - 100,
    "evidence": (FACT,),
    "note": "已电话联系",
}

ACKNOWLEDGE = AcknowledgeAlert(at_ms=NOON, by="anna", **ABOUT)
ACKNOWLEDGED = AlertAcknowledged(recorded_at_ms=NOON, by="anna", **ABOUT)
RESOLVE = ResolveAlert(at_ms=NOON, by="anna", verdict="true", **ABOUT)
RESOLVED = AlertResolved(recorded_at_ms=NOON, by="anna", verdict="true", **ABOUT)


def test_taking_an_alert_on_keeps_what_it_was_about(given):
    given().when(ACKNOWLEDGE).then(ACKNOWLEDGED)


def test_who_comes_second_does_not_take_it_over(given):
    given(ACKNOWLEDGED).when(replace(ACKNOWLEDGE, by="bert", note="mine", at_ms=NOON + 1)).then_nothing()


def test_an_alert_is_resolved_with_or_without_being_taken_on(given):
    given().when(RESOLVE).then(RESOLVED)
    given(ACKNOWLEDGED).when(RESOLVE).then(RESOLVED)


def test_the_same_verdict_again_is_no_news(given):
    given(RESOLVED).when(replace(RESOLVE, by="bert", note="", at_ms=NOON + 1)).then_nothing()


def test_another_verdict_is_a_decision_of_its_own_and_the_last_word_holds(given):
    excused = replace(RESOLVED, verdict="excused")
    given(RESOLVED).when(replace(RESOLVE, verdict="excused")).then(excused)
    given(RESOLVED, excused).when(RESOLVE).then(RESOLVED)


def test_what_is_resolved_cannot_be_taken_on(given):
    given(RESOLVED).when(ACKNOWLEDGE).then_refused("alert_resolved", Conflict)
    given(ACKNOWLEDGED, RESOLVED).when(ACKNOWLEDGE).then_refused("alert_resolved", Conflict)


@pytest.mark.parametrize("command", [ACKNOWLEDGE, RESOLVE])
def test_notes_and_names_are_lines_for_people(given, command):
    given().when(replace(command, note="a\0")).then_refused("invalid_text")
    given().when(replace(command, by="x" * 1_001)).then_refused("invalid_text")


def test_an_alert_has_a_stream_of_its_own():
    assert alert_stream(ALERT) == f"alert/{ALERT}" == stream_of(ACKNOWLEDGE) == stream_of(RESOLVE)
