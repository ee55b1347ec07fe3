"""A visit: a promise to a customer, and what became of the promise on paper. What really happened is facts."""

from __future__ import annotations

from typing import ClassVar

from domain.events.base import Decision
from domain.time import Ms


class VisitScheduled(Decision, frozen=True, kw_only=True, omit_defaults=True):
    """Promised: a worker arrives within [window_from_ms, window_to_ms] and stays for `planned_s` seconds."""

    TOPIC: ClassVar[str] = "doorstep.visit.scheduled"

    visit: str
    site: str
    customer: str
    service: str
    worker: str | None = None
    window_from_ms: Ms
    window_to_ms: Ms
    planned_s: int
    checklist: tuple[str, ...] = ()


class VisitRescheduled(Decision, frozen=True, kw_only=True, omit_defaults=True):
    """The promise moved. `asked_by` and `channel` say who wanted it and how; `agreed_at_ms` when."""

    TOPIC: ClassVar[str] = "doorstep.visit.rescheduled"

    visit: str
    window_from_ms: Ms
    window_to_ms: Ms
    planned_s: int
    asked_by: str = ""
    channel: str = ""
    agreed_at_ms: Ms | None = None
    reason: str = ""


class VisitReassigned(Decision, frozen=True, kw_only=True, omit_defaults=True):
    """Another worker comes (None: nobody yet)."""

    TOPIC: ClassVar[str] = "doorstep.visit.reassigned"

    visit: str
    worker: str | None
    reason: str = ""


class VisitCancelled(Decision, frozen=True, kw_only=True, omit_defaults=True):
    """The visit does not take place."""

    TOPIC: ClassVar[str] = "doorstep.visit.cancelled"

    visit: str
    reason: str = ""
