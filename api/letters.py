"""Dead letters, as the API needs them: messages that no codec could read. Ingest has them (doorstep/letter_desk.py)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

import msgspec

State = Literal["open", "resolved", "dropped", "expired"]


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """One letter. `payload` is empty where it was given up (`expired`) and in lists; `size` are its bytes."""

    key: str
    topic: str
    reason: str
    detail: str
    state: State
    retained: bool
    times: int
    size: int
    first_seen: datetime
    last_seen: datetime
    closed_at: datetime | None
    closed_by: str
    closed_why: str
    payload: bytes = b""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Letters of one reason."""

    reason: str
    letters: int
    times: int
    size: int
    first_seen: datetime
    last_seen: datetime
    topic: str


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """How full it is: `size` is what open ones take with their topics and details, `share` the larger one of what may
    be kept in bytes or days; `warns`: somebody should look."""

    letters: int
    size: int
    size_most: int
    oldest_days: float
    days_most: float
    share: float
    warns: bool


class Retried(msgspec.Struct, frozen=True):
    """How many letters could be read and are stored now, how many still cannot be, for how many there was no time."""

    stored: int
    unreadable: int
    left: int


class Letters(Protocol):
    """What people do with dead letters. Every method raises Unavailable; `shown` NotFound."""

    def grouped(self, state: State) -> tuple[Sequence[Group], Fill]:
        """By what is wrong with them, and how full it is."""

    def listed(
        self, state: State, reason: str | None, before: tuple[datetime, str] | None, limit: int
    ) -> Sequence[Letter]:
        """The latest first."""

    def shown(self, key: str) -> Letter:
        """One, by its whole key, with its bytes."""

    def retry(self, keys: Sequence[str] | None, reason: str | None) -> Retried:
        """Read letters again: those of the keys, dropped ones too, or all open ones of a reason; the longest untried
        first. Raises Conflict while that is done already."""

    def drop(self, keys: Sequence[str] | None, reason: str | None, why: str, by: str) -> int:
        """Nobody needs these open letters; how many they were."""
