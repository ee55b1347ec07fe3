"""What the judge knows of one visit: the plan it is judged against, and the fold of its facts so far."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from domain.geo import Fence
from domain.policies import VisitPolicy

Key = tuple[int, int, bytes]
"""Fold order: (judged instant ms, rank of the kind, fact_id)."""


class Status(StrEnum):
    """The steps that a customer sees (REQUIREMENTS P1)."""

    SCHEDULED = "scheduled"
    RESCHEDULED = "rescheduled"
    ON_THE_WAY = "on_the_way"
    NEARBY = "nearby"
    AT_COMPOUND = "at_compound"
    ARRIVED = "arrived"
    IN_SERVICE = "in_service"
    STEPPED_OUT = "stepped_out"
    FINISHED = "finished"
    MISSED = "missed"
    NO_ACCESS = "no_access"
    CANCELLED = "cancelled"


class Cause(StrEnum):
    """What a transition rests on."""

    PLAN = "plan"
    FACT = "fact"
    ABSENCE = "absence"
    """Nothing refuted it before its deadline; it is dated there."""


class Transition(msgspec.Struct, frozen=True, array_like=True):
    """A step of a visit: its status, since when (observed ms), why, and the facts that show it."""

    status: Status
    at_ms: int
    cause: Cause
    evidence: tuple[bytes, ...] = ()


class Plan(msgspec.Struct, frozen=True, array_like=True):
    """What one visit is judged against: the promise, the fence and the policy, as the log has them now.

    `revision` counts the promises (1: the first). `steps` are the transitions that the plan itself makes.
    A visit listens to facts of its worker in [listen_from_ms, close_ms); then it is concluded, whatever silence means.
    [own_from_ms, own_to_ms) is the part of it that belongs to no other visit of the worker. `tracked`: in the
    promised window a device is bound to the worker, so silence means something.
    """

    visit: str
    worker: str | None
    tracked: bool
    fence: Fence
    elsewhere: Fence | None
    """Of the worker's visit before: whoever stays in there is not on the way yet."""
    listen_from_ms: int
    close_ms: int
    own_from_ms: int
    own_to_ms: int
    window_from_ms: int
    window_to_ms: int
    planned_s: int
    revision: int
    first_from_ms: int
    first_to_ms: int
    approach_from_ms: int
    steps: tuple[Transition, ...]
    cancelled_ms: int | None
    policy: VisitPolicy

    @property
    def present_from_ms(self) -> int:
        """From here on being there is being there for this visit. A stay at the same place that ended before was for
        something else: an earlier visit to the same home, a night at the worker's own."""
        return min(self.approach_from_ms, self.window_from_ms - self.policy.early_s * 1000)


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """One fact as a visit sees it. `outside_m`: metres outside the fence (negative inside); only positions and
    witnesses with coordinates have the geometry, whose degrees are 1e-7 integers. `here`: whether the tag that was
    read, or its reader, hangs at this visit's site; None: nobody knows where."""

    at_ms: int
    rank: int
    fact: bytes
    kind: str
    lat_e7: int = 0
    lon_e7: int = 0
    accuracy_m: float | None = None
    outside_m: float | None = None
    on: bool | None = None
    here: bool | None = None

    @property
    def key(self) -> Key:
        return self.at_ms, self.rank, self.fact


class Span(msgspec.Struct, frozen=True, array_like=True):
    """A stretch of time that a rule remembers: from when, until when (None: still), by which facts; `value` as it
    likes."""

    from_ms: int
    to_ms: int | None = None
    evidence: tuple[bytes, ...] = ()
    value: int = 0


Spans = tuple[Span, ...]


class Fold(msgspec.Struct, frozen=True, array_like=True):
    """The state of one visit after its facts up to `cursor` and its deadlines up to now."""

    status: Status = Status.SCHEDULED
    status_at_ms: int = 0
    cursor: Key | None = None
    fired_ms: int = -1
    """The latest deadline that was concluded from silence: a fact before it means folding again."""
    skipped_ms: int | None = None
    """The earliest deadline that a fact from the future jumped over: when time gets there, fold again."""
    fix: Seen | None = None
    doubted: Seen | None = None
    """The first of the fixes that are too far to believe; they are, once they have agreed for a while."""
    speed_mps: float | None = None
    farthest_m: float = 0.0
    stands: Seen | None = None
    """The first fix of where they stand, or may be about to."""
    set_out: Seen | None = None
    """The first fix since they last stood somewhere: if they come nearer now, they set out there."""
    elsewhere: Seen | None = None
    """The first fix of a stay at the visit before."""
    entered: Seen | None = None
    anchor: Seen | None = None
    last_inside: Seen | None = None
    left: Seen | None = None
    compound_ms: int | None = None
    """The first fix inside the fence, once standing still or silence has made it an arrival."""
    door_ms: int | None = None
    """At the door: by a check-in, else the walk-in allowance after the compound."""
    service_ms: int | None = None
    """Since when the service goes on; None where they left before it began."""
    checked_in_ms: int | None = None
    """The first check-in, wherever it was made."""
    checked_out_ms: int | None = None
    """The first check-out."""
    departed_ms: int | None = None
    """When they were last seen leaving; None again once they are back, and where nobody saw them leave."""
    finished_ms: int | None = None
    """When it counts as over: at leaving or checking out, `away_s` after leaving early, or at the close."""
    no_access_ms: int | None = None
    """When they said that nobody opens the door."""
    missed_ms: int | None = None
    """The no-show's deadline, if it passed before anybody came."""
    closed_ms: int | None = None
    """The close of listening, or the cancellation: nothing more is awaited."""
    outing: bool = False
    """Away by declaration: leaving the site is the service just now."""
    transitions: tuple[Transition, ...] = ()
    """Every step that stands, in order of time."""
    spans: dict[str, Spans] = {}
    """What alert rules remember of the facts that passed, by rule."""

    @property
    def arrived_ms(self) -> int | None:
        """The first proof of arrival: compound or door."""
        if self.compound_ms is None or self.door_ms is None:
            return self.door_ms if self.compound_ms is None else self.compound_ms
        return min(self.compound_ms, self.door_ms)

    @property
    def milestones(self) -> tuple[object, ...]:
        """All that is concluded, without what only says where the worker is just now."""
        return (
            self.transitions,
            self.compound_ms,
            self.door_ms,
            self.service_ms,
            self.checked_in_ms,
            self.checked_out_ms,
            self.departed_ms,
            self.finished_ms,
            self.no_access_ms,
            self.missed_ms,
            self.closed_ms,
        )

    @property
    def in_service_ms(self) -> int:
        """How long the service has gone on in all, in ms, without the times when they had stepped out; what still goes
        on is not counted."""
        steps = zip(self.transitions, self.transitions[1:], strict=False)
        return sum(after.at_ms - step.at_ms for step, after in steps if step.status is Status.IN_SERVICE)

    def evidence_at(self, at_ms: int) -> tuple[bytes, ...]:
        """The facts that show the step at an instant; none where it rests on silence."""
        return next((step.evidence for step in self.transitions if step.at_ms == at_ms and step.evidence), ())

    @property
    def over(self) -> bool:
        """Nothing more is expected of this visit: it is finished, cancelled, or closed with whatever status it had."""
        return self.closed_ms is not None or self.status is Status.FINISHED or self.status is Status.CANCELLED
