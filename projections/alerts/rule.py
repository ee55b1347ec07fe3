"""What a rule is: a pure function from what is known to what stands.

A rule never raises, amends or retracts. It says which conclusions hold now; the difference to what stood before
is the alert's life (`book`), so late data corrects every rule without the rule knowing.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import msgspec

from domain.events.facts import Fact
from projections.progress.state import Fold, Plan


class Conclusion(msgspec.Struct, frozen=True, array_like=True):
    """Something that stands: since when, until when (None: still), by which thresholds and which facts.

    `anchor` makes it the same alert when it is concluded again (SEMANTICS, Late facts). `params` are whole numbers
    and text: what a sentence about it needs, and the thresholds, in the units that their names say.
    """

    anchor: str
    started_ms: int
    ended_ms: int | None = None
    params: dict[str, int | str] = {}
    evidence: tuple[bytes, ...] = ()


@runtime_checkable
class VisitRule(Protocol):
    """A rule about a visit."""

    name: str
    version: int

    def evaluate(self, plan: Plan, fold: Fold, now_ms: int) -> Conclusion | None:
        """What stands at `now_ms` (the newest tick)."""
        ...

    def due_ms(self, plan: Plan, fold: Fold) -> int | None:
        """When it may come to stand if nothing is heard; None: only a fact can change it."""
        ...


@runtime_checkable
class FactRule(Protocol):
    """A rule about a single fact, whoever sent it."""

    name: str
    version: int
    kind: str

    def conclude(self, fact: Fact) -> Conclusion | None:
        """What one fact of `kind` makes stand."""
        ...


Rule = VisitRule | FactRule
