"""A shift planned by the company. What a worker declares on the phone is a fact (`ShiftDeclared`)."""

from __future__ import annotations

from typing import ClassVar

from domain.events.base import Decision
from domain.time import Ms


class ShiftPlanned(Decision, frozen=True, kw_only=True, omit_defaults=True):
    """A worker is on shift from `from_ms` until `until_ms` (exclusive)."""

    TOPIC: ClassVar[str] = "doorstep.shift.planned"

    shift: str
    worker: str
    from_ms: Ms
    until_ms: Ms


class ShiftCancelled(Decision, frozen=True, kw_only=True, omit_defaults=True):
    """A planned shift does not take place."""

    TOPIC: ClassVar[str] = "doorstep.shift.cancelled"

    shift: str
    worker: str
