"""Positions: one event per flush; its rows lie packed in a side table, its digest in the log."""

from __future__ import annotations

from typing import ClassVar

from domain.events.base import Event


class PositionsRecorded(Event, frozen=True, kw_only=True, omit_defaults=True):
    """`rows` positions were recorded, packed in `format`; `sha256` is the payload's digest.

    `day` is the UTC day of `recorded_at_ms`, the partition that holds the payload, so a day can be retired
    without touching the log.
    """

    TOPIC: ClassVar[str] = "doorstep.positions.recorded"

    day: str
    rows: int
    format: int = 1
    sha256: bytes
