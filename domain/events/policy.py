"""Effective-dated policy data: thresholds are facts of the company, not constants of the code."""

from __future__ import annotations

from typing import ClassVar

from domain.events.base import Decision
from domain.time import Ms


class PolicyAdopted(Decision, frozen=True, kw_only=True, omit_defaults=True):
    """From `from_ms` (observed time) on, these values of `domain.policies.VisitPolicy` hold.

    `values` overrides field by field; names that the policy does not know are refused by `decide`.
    """

    TOPIC: ClassVar[str] = "doorstep.policy.adopted"

    from_ms: Ms
    values: dict[str, float]
