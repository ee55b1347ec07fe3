"""Thresholds that decide what counts as late, present or gone: effective-dated data with shipped defaults.

Defaults are those for China in REQUIREMENTS; where a figure was measured the comment says on what.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec


class VisitPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for visits whose window opens while the policy is in force. Seconds and metres."""

    # the promise
    early_s: int = 15 * 60
    late_s: int = 10 * 60
    no_show_s: int = 30 * 60
    lateness_by_door: bool = False
    """False: lateness is measured at the compound (the geofence); True: at the door."""

    # which facts a visit listens to
    listen_before_s: int = 3 * 3600
    listen_after_s: int = 4 * 3600

    # the approach
    on_the_way_before_s: int = 90 * 60
    on_the_way_m: float = 300.0
    nearby_m: float = 800.0

    lead_s: int = 4 * 3600
    """Of several phones of one worker the one of their last act leads so long: a usual visit has an act at each end."""

    # presence
    worst_accuracy_m: float = 200.0
    """A fix whose error circle is wider says nothing about presence."""
    dwell_s: int = 90
    """Standing still this long inside the fence is presence: 60 s gave 4 % false arrivals, 90 s 1–2 %."""
    still_m: float = 60.0
    silence_s: int = 5 * 60
    """Indoors phones fall silent: inside, then nothing for this long, is presence too."""
    impossible_mps: float = 70.0
    """Faster than any car or train of a city: the fix is kept, not believed."""
    doubt_s: int = 60
    """Fixes that are too far to believe and agree for so long are believed: errors do not last, a wrong start does."""
    walk_in_s: int = 5 * 60
    """From the compound to the door, where nothing at the door says better."""
    settle_in_s: int = 5 * 60
    """From the door to the service, where no check-in says better."""

    # what calls for a person
    check_in_away_m: float = 500.0
    """A check-in whose own coordinates lie this far outside, beyond their accuracy, was made elsewhere."""
    left_site_s: int = 5 * 60
    """Something fetched from the bicycle is not leaving."""
    travel_unknown_s: int = 30 * 60
    """A way of which nothing is known takes this long: the median of a city's visits by e-bike or metro."""
    recovered_s: int = 2 * 60
    """An estimate must be this much better than the deadline before a visit is no longer at risk."""
    silent_watch_s: int = 60 * 60
    """So long before the window silence begins to matter."""
    silent_moving_s: int = 10 * 60
    """Longer than any tunnel of a metro line between two stations with a signal."""
    silent_resting_s: int = 40 * 60
    """Phones at rest report every 15 to 30 minutes."""
    again_s: int = 5 * 60
    """The same again within this time is one: a jump there and back, a check-in tried twice."""

    # leaving
    exit_m: float = 30.0
    """Beyond the fence and beyond the error circle, so that a phone at the fence does not flap."""
    exit_s: int = 90
    exit_silence_s: int = 10 * 60
    away_s: int = 30 * 60
    """Stepped out and not back after this long: the visit is over."""
    done_share: float = 0.8
    """Leaving after this share of the planned time ends the visit at once."""


DEFAULT = VisitPolicy()
FIELDS: frozenset[str] = frozenset(VisitPolicy.__struct_fields__)


def adopt(policy: VisitPolicy, values: dict[str, Any]) -> VisitPolicy:
    """The policy with some values replaced, each cast to its field's type. Raises ValidationError for unfit ones."""
    # the log holds floats, and msgspec makes neither an int nor a bool of 1.0
    whole = {name: int(value) if float(value).is_integer() else value for name, value in values.items()}
    merged = {**msgspec.structs.asdict(policy), **whole}
    return msgspec.convert(merged, VisitPolicy, strict=False)


def in_force(adoptions: Iterable[tuple[int, dict[str, Any]]], at_ms: int) -> VisitPolicy:
    """The policy for an observed time: adoptions (from_ms, values) in log order, the later laid over the earlier."""
    policy = DEFAULT
    for from_ms, values in adoptions:
        if from_ms <= at_ms:
            policy = adopt(policy, values)
    return policy
