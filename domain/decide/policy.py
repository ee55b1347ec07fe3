"""The company's policies: one stream of adoptions, each laid over the earlier ones from its date on."""

from __future__ import annotations

from math import isfinite

import msgspec

from domain.decide import checks
from domain.decide.base import Command, Decider
from domain.events import Event
from domain.events.policy import PolicyAdopted
from domain.policies import DEFAULT, FIELDS, adopt
from domain.time import Ms

LARGEST = 1e9
"""Seconds or metres: thirty years, or further than the moon. Larger is a wrong unit."""


class AdoptPolicy(Command, frozen=True, kw_only=True):
    """From `from_ms` of observed time on, let these fields of `domain.policies.VisitPolicy` have these values."""

    from_ms: Ms
    values: dict[str, float]


Policy = tuple[PolicyAdopted, ...]
"""All adoptions, in log order."""


def policy_stream() -> str:
    """The stream of the company's policies."""
    return "policy"


def decide(state: Policy, command: AdoptPolicy) -> tuple[Event, ...]:
    """An adoption is news where it changes what is laid down for any time."""
    checks.instant(command.from_ms, "from_ms")
    values = {name: _fit(name, value) for name, value in sorted(command.values.items())}
    if not values:
        checks.invalid("policy", "the policy says nothing")
    try:
        adopt(DEFAULT, values)
    except msgspec.ValidationError as error:
        checks.invalid("policy", f"the policy does not fit: {error}")
    adopted = PolicyAdopted(recorded_at_ms=command.at_ms, by=command.by, from_ms=command.from_ms, values=values)
    times = {command.from_ms, *(earlier.from_ms for earlier in state)}
    changes = any(_laid_down(state, ms) != _laid_down((*state, adopted), ms) for ms in times)
    return (adopted,) if changes else ()


def _fit(name: str, value: float) -> float:
    if name not in FIELDS:
        checks.invalid("policy", f"no policy is called {name!r}")
    if not (isfinite(value) and 0.0 <= value <= LARGEST):
        checks.invalid("policy", f"{name} {value} is not between 0 and {LARGEST:g}")
    return float(value)  # as it will be read back from the log


def _laid_down(adoptions: Policy, ms: int) -> dict[str, float]:
    """What adoptions say for a time, without the defaults: laying a default down explicitly is news."""
    merged: dict[str, float] = {}
    for adoption in adoptions:
        if adoption.from_ms <= ms:
            merged |= adoption.values
    return merged


def evolve(state: Policy, event: Event) -> Policy:
    """All adoptions so far."""
    return (*state, event) if isinstance(event, PolicyAdopted) else state


DECIDER: Decider[Policy, AdoptPolicy] = Decider(
    stream=lambda command: policy_stream(), initial=(), decide=decide, evolve=evolve
)
