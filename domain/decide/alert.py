"""Alerts: what people decide about them. The alert is a conclusion; a command brings what it was about along.

The first to acknowledge has it; whoever comes after them, and whoever says the same again, adds nothing.
"""

from __future__ import annotations

from typing import Any, TypeVar
from uuid import UUID

import msgspec

from domain.decide import checks
from domain.decide.base import Command, Decider
from domain.errors import Conflict
from domain.events import Event
from domain.events.alert import AlertAcknowledged, AlertDecision, AlertResolved, Verdict
from domain.time import Ms

D = TypeVar("D", bound=AlertDecision)


class AlertCommand(Command, frozen=True, kw_only=True):
    """A decision about an alert, with the alert as it stood when it was taken. `note`: in the person's own words."""

    alert: UUID
    rule: str
    subject: str
    started_ms: Ms
    ended_ms: Ms | None = None
    evidence: tuple[UUID, ...] = ()
    note: str = ""


class AcknowledgeAlert(AlertCommand, frozen=True, kw_only=True):
    """Take it on."""


class ResolveAlert(AlertCommand, frozen=True, kw_only=True):
    """It is dealt with, whoever took it on; say what it was. Another verdict later replaces this one."""

    verdict: Verdict


class Alert(msgspec.Struct, frozen=True):
    """What was decided so far: who took it on first, and the last word on what it was."""

    acknowledged: AlertAcknowledged | None = None
    resolved: AlertResolved | None = None


def alert_stream(alert: UUID) -> str:
    """The stream of the decisions about an alert."""
    return f"alert/{alert}"


def decide(state: Alert, command: AcknowledgeAlert | ResolveAlert) -> tuple[Event, ...]:
    """A double click is one decision. Raises Conflict `alert_resolved` for taking on what is dealt with."""
    checks.text(command.note, "note")
    if isinstance(command, ResolveAlert):
        if state.resolved is not None and state.resolved.verdict == command.verdict:
            return ()
        return (_decision(AlertResolved, command, verdict=command.verdict),)
    if state.resolved is not None:
        raise Conflict(f"alert {command.alert} is resolved already", code="alert_resolved")
    return () if state.acknowledged is not None else (_decision(AlertAcknowledged, command),)


def _decision(kind: type[D], command: AlertCommand, **more: Any) -> D:
    return kind(
        recorded_at_ms=command.at_ms,
        by=command.by,
        alert=command.alert,
        rule=command.rule,
        subject=command.subject,
        started_ms=command.started_ms,
        ended_ms=command.ended_ms,
        evidence=command.evidence,
        note=command.note,
        **more,
    )


def evolve(state: Alert, event: Event) -> Alert:
    """The decisions after an event."""
    match event:
        case AlertAcknowledged():
            return msgspec.structs.replace(state, acknowledged=event)
        case AlertResolved():
            return msgspec.structs.replace(state, resolved=event)
        case _:
            return state


DECIDER: Decider[Alert, AcknowledgeAlert | ResolveAlert] = Decider(
    stream=lambda command: alert_stream(command.alert), initial=Alert(), decide=decide, evolve=evolve
)
