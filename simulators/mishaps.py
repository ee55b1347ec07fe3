"""What goes wrong on a day, and what only looks like it: drawn over the visits out of a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from random import Random

from simulators.company import Member
from simulators.phone import MINUTE_MS


class Mishap(StrEnum):
    """What happens around one visit. The second group must not alert anybody."""

    SLOW_START = "slow_start"
    """Sets out too late."""
    BREAKDOWN = "breakdown"
    """Stands still on the way for too long."""
    NO_SHOW = "no_show"
    """Stays where they are, with the phone on."""
    VANISHED = "vanished"
    """Never comes, and the phone is off."""
    WALKED_OFF = "walked_off"
    """Leaves in the middle of the service for a while."""
    GONE = "gone"
    """Leaves in the middle of the service for good."""
    JUMP = "jump"
    """Fixes far off, on the way."""
    SIGNED_EARLY = "signed_early"
    """Signs in on the way, far from there."""
    SIGNED_AND_LATE = "signed_and_late"
    """Signs in from far off, and comes too late."""
    DEAD_ON_THE_WAY = "dead_on_the_way"
    """The phone dies on the way and revives before the arrival."""
    DEAD_AT_FIRST = "dead_at_first"
    """The phone is switched on only on the way to the day's first visit."""
    SOS = "sos"

    SHORT_WALK = "short_walk"
    """Out to the e-bike and back within minutes."""
    TUNNEL = "tunnel"
    """Without network for minutes; the fixes come later."""
    OUTING = "outing"
    """Out for the customer, and said so."""
    NO_ACCESS = "no_access"
    """Nobody opens."""


LATE = (Mishap.SLOW_START, Mishap.BREAKDOWN, Mishap.SIGNED_AND_LATE)
ABSENT = (Mishap.NO_SHOW, Mishap.VANISHED)

_PER_100 = {
    Mishap.SLOW_START: 3,
    Mishap.NO_SHOW: 2,
    Mishap.WALKED_OFF: 3,
    Mishap.JUMP: 3,
    Mishap.SIGNED_EARLY: 2,
    Mishap.DEAD_ON_THE_WAY: 3,
    Mishap.SOS: 3,
    Mishap.TUNNEL: 4,
    Mishap.SHORT_WALK: 3,
    Mishap.BREAKDOWN: 2,
    Mishap.VANISHED: 2,
    Mishap.GONE: 2,
    Mishap.SIGNED_AND_LATE: 2,
    Mishap.DEAD_AT_FIRST: 2,
    Mishap.OUTING: 3,
    Mishap.NO_ACCESS: 3,
}
"""How often each comes in a hundred visits; where there are too few visits, the first of them come."""

_NEED_APP = (Mishap.SIGNED_EARLY, Mishap.SIGNED_AND_LATE, Mishap.SOS, Mishap.OUTING, Mishap.NO_ACCESS)
"""Nothing but Doorstep's own app can say these."""
_NEED_TIME_MS = {
    Mishap.WALKED_OFF: 45 * MINUTE_MS,
    Mishap.GONE: 45 * MINUTE_MS,
    Mishap.OUTING: 60 * MINUTE_MS,
    Mishap.SHORT_WALK: 30 * MINUTE_MS,
    Mishap.SOS: 30 * MINUTE_MS,
}
_NEED_BIKE = (
    *(Mishap.JUMP, Mishap.SIGNED_EARLY, Mishap.SIGNED_AND_LATE, Mishap.DEAD_ON_THE_WAY, Mishap.TUNNEL),
    *(Mishap.BREAKDOWN, Mishap.DEAD_AT_FIRST, Mishap.WALKED_OFF, Mishap.GONE, Mishap.OUTING),
)
"""These happen on a way of some length, or take somebody far enough in time."""
_QUIET = (Mishap.SHORT_WALK, Mishap.SOS, Mishap.WALKED_OFF, Mishap.OUTING)
"""These change nothing for the visit after."""


def draw(seed: int, members: Sequence[Member]) -> dict[str, Mishap]:
    """Which visit meets with what, by visit. Each kind comes at least once where there is a visit left that it fits."""
    rng = Random(f"{seed}/mishaps")
    places = [(member, turn) for member in members for turn in range(len(member.visits))]
    rng.shuffle(places)
    drawn: dict[str, Mishap] = {}
    for mishap in _order(len(places)):
        fitting = (place for place in places if _fits(mishap, *place, drawn.get))
        found = next(fitting, None)
        if found is not None:
            member, turn = found
            drawn[member.visits[turn].key] = mishap
    return drawn


def _order(visits: int) -> Iterator[Mishap]:
    """One of each kind, then the rest of their shares."""
    left = {mishap: max(1, round(share * visits / 100)) for mishap, share in _PER_100.items()}
    while any(left.values()):
        for mishap, count in left.items():
            if count:
                left[mishap] -= 1
                yield mishap


def _fits(mishap: Mishap, member: Member, turn: int, drawn: Callable[[str], Mishap | None]) -> bool:
    """Whether a visit can meet with it, and neither its own nor its neighbours' course is upset already."""
    visit = member.visits[turn]
    before = drawn(member.visits[turn - 1].key) if turn else None
    after = drawn(member.visits[turn + 1].key) if turn + 1 < len(member.visits) else None
    if drawn(visit.key) is not None or (before is not None and before not in _QUIET):
        return False
    if after is not None and mishap not in _QUIET:
        return False
    if mishap in _NEED_APP and member.app != "native":
        return False
    if mishap in _NEED_BIKE and member.on_foot:
        return False
    if mishap is Mishap.DEAD_AT_FIRST and turn != 0:
        return False
    if mishap is Mishap.VANISHED and (turn == 0 or turn != len(member.visits) - 1):
        return False
    return visit.planned_ms >= _NEED_TIME_MS.get(mishap, 0)
