"""What a rule is: a pure function from what is known to what stands.

A rule never raises, amends or retracts. It says which conclusions hold now; the difference to what stood before
is the alert's life (`book`), so late data corrects every rule without the rule knowing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import msgspec

from domain.events.facts import Fact
from projections.progress.state import Fold, Plan, Seen, Spans

Params = dict[str, int | str]


class Conclusion(msgspec.Struct, frozen=True, array_like=True):
    """Something that stands: since when, until when (None: still), by which thresholds and which facts.

    `anchor` makes it the same alert when it is concluded again: of a promise its revision, of a fact its id. Empty: the
    alert about an interval; the book finds it again by overlap (SEMANTICS, Late facts). `params` are whole numbers and
    text: what a sentence about it needs, and the thresholds, in the units that their names say.
    """

    anchor: str
    started_ms: int
    ended_ms: int | None = None
    params: Params = {}
    evidence: tuple[bytes, ...] = ()


class Words(NamedTuple):
    """A text in both languages."""

    zh: str
    en: str


class Told:
    """What every rule says of itself. `name` is the alert's, `version` grows whenever the same facts may conclude
    otherwise; `urgency` orders the inbox, 1 (drop everything) to 9.

    `sentence` explains one alert: `{name}` is a parameter, shown by its unit (`_ms` an instant, `_s` a duration, `_m` a
    distance, `_mps` a speed); `{started_ms}`, `{ended_ms}` and `{lasted_s}` are known of every alert. What stands in
    [brackets] is left out where one of its parameters is not there; [said|otherwise] then says the second part.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    urgency: ClassVar[int] = 5
    title: ClassVar[Words]
    sentence: ClassVar[Words]


class VisitRule(Told):
    """A rule about a visit.

    Most rules need `conclude` alone. One that must see facts pass names their kinds in `hears` and keeps what matters
    as spans of time: they are part of the visit's fold, so a late fact rewrites them too.
    """

    hears: ClassVar[frozenset[str]] = frozenset()
    own_span: ClassVar[bool] = True
    """Whether it hears only what lies in the visit's own span, so that no two visits alert of one thing."""

    def remember(self, plan: Plan, before: Fold, after: Fold, fact: Seen, spans: Spans) -> Spans:
        """What to remember after a fact of the kinds in `hears`; facts come in order of time while the visit is not
        over. `before`, `after`: the visit without the fact and with it."""
        return spans

    def conclude(self, plan: Plan, fold: Fold, spans: Spans, now_ms: int) -> Sequence[Conclusion]:
        """What stands at `now_ms` (the newest tick)."""
        raise NotImplementedError

    def due_ms(self, plan: Plan, fold: Fold, spans: Spans) -> Sequence[int]:
        """When it may come to stand, or end, if nothing is heard; none: only a fact can change it."""
        return ()


class FactRule(Told):
    """A rule about single facts of one `kind`, whoever sent them."""

    kind: ClassVar[str]

    def conclude(self, fact: Fact) -> Conclusion | None:
        """What one fact makes stand."""
        raise NotImplementedError


Rule = VisitRule | FactRule
