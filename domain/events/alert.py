"""What people decided about an alert. The alert itself is a conclusion; only these are in the log.

Each decision carries what it was about (rule, subject, interval, evidence), so that it finds its alert again after a
rule has changed (SEMANTICS, Late facts).
"""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from domain.events.base import Decision
from domain.time import Ms

Verdict = Literal["true", "false", "excused"]
"""属实, 误报, 免责."""


class AlertDecision(Decision, frozen=True, kw_only=True, omit_defaults=True):
    """What every decision about an alert has. `note`: in the person's own words."""

    alert: UUID
    rule: str
    subject: str
    started_ms: Ms
    ended_ms: Ms | None = None
    evidence: tuple[UUID, ...] = ()
    note: str = ""


class AlertAcknowledged(AlertDecision, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody has taken it on (已接手)."""

    TOPIC: ClassVar[str] = "doorstep.alert.acknowledged"


class AlertResolved(AlertDecision, frozen=True, kw_only=True, omit_defaults=True):
    """It is dealt with (已解决), and this is what it was."""

    TOPIC: ClassVar[str] = "doorstep.alert.resolved"

    verdict: Verdict
