"""When will they be there? A plain estimate from distance and recent speed, and labelled as such."""

from __future__ import annotations

import msgspec

from projections.progress.state import Fold, Plan, Status

DETOUR = 1.35
"""Street distance over straight distance, in towns."""
SLOWEST_MPS = 1.2
USUAL_MPS = 5.0
FASTEST_MPS = 20.0


class Eta(msgspec.Struct, frozen=True, array_like=True):
    """Estimated arrival (epoch ms) with an early and a late bound, made at the fix `made_ms`."""

    at_ms: int
    early_ms: int
    late_ms: int
    made_ms: int
    remaining_m: int


def estimate(plan: Plan, s: Fold) -> Eta | None:
    """The estimate while somebody is on the way; None before and after. Standing still counts as half-usual speed."""
    if s.status not in (Status.ON_THE_WAY, Status.NEARBY) or s.fix is None or s.fix.outside_m is None:
        return None
    remaining_m = max(s.fix.outside_m, 0.0)
    ms = travel_ms(remaining_m, USUAL_MPS if s.speed_mps is None else s.speed_mps)
    made = s.fix.at_ms
    return Eta(made + ms, made + int(ms * 0.7), made + int(ms * 1.6) + 60_000, made, int(remaining_m))


def travel_ms(remaining_m: float, recent_mps: float = USUAL_MPS) -> int:
    """How long the rest of the way takes, by the straight distance and the speed of late."""
    mps = min(max((recent_mps + USUAL_MPS) / 2.0, SLOWEST_MPS), FASTEST_MPS)
    return int(remaining_m * DETOUR / mps * 1000.0)
