"""What staff decide about an alert, each the JSON of one command; what the alert was about is added from its row."""

from __future__ import annotations

from typing import Any

from api.shapes.requests import Ask
from domain.decide import AcknowledgeAlert, Command, ResolveAlert
from domain.events.alert import Verdict
from domain.time import Ms
from projections.queries.alerts import AlertRow


class AlertAsk(Ask):
    """`by`: who decides, where many use one token; `note`: in their own words."""

    note: str = ""
    by: str = ""

    def command(self, at_ms: Ms, by: str, alert: AlertRow) -> Command:
        raise NotImplementedError

    def _about(self, at_ms: Ms, by: str, alert: AlertRow) -> dict[str, Any]:
        return {
            "at_ms": at_ms,
            "by": self.by.strip() or by,
            "alert": alert.alert,
            "rule": alert.rule,
            "subject": alert.subject,
            "started_ms": Ms(alert.started_ms),
            "ended_ms": None if alert.ended_ms is None else Ms(alert.ended_ms),
            "evidence": tuple(alert.evidence),
            "note": self.note,
        }


class AcknowledgeAsk(AlertAsk):
    """Nothing more is needed."""

    def command(self, at_ms: Ms, by: str, alert: AlertRow) -> Command:
        return AcknowledgeAlert(**self._about(at_ms, by, alert))


class ResolveAsk(AlertAsk):
    """`true`: it was so; `false`: it was not; `excused`: it was, and there is a reason."""

    verdict: Verdict

    def command(self, at_ms: Ms, by: str, alert: AlertRow) -> Command:
        return ResolveAlert(**self._about(at_ms, by, alert), verdict=self.verdict)
