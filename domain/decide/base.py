"""What every entity's file here is made of: commands in the imperative, and one decider over its stream.

A decider is two pure functions: `decide(state, command)` says what happens, `evolve(state, event)` what then is so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Generic, TypeVar

import msgspec

from domain.events import Decision, Event
from domain.time import Ms


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is asked for, at `at_ms` of the cell's clock, `by` someone."""

    at_ms: Ms
    by: str = ""


S = TypeVar("S")
C = TypeVar("C", bound=Command)


@dataclass(frozen=True, slots=True)
class Decider(Generic[S, C]):
    """One entity: the stream that a command concerns, the state of a stream without events, and the two functions."""

    stream: Callable[[C], str]
    initial: S
    decide: Callable[[S, C], tuple[Event, ...]]
    evolve: Callable[[S, Event], S]

    def fold(self, history: Iterable[Event]) -> S:
        """The state after a stream's events."""
        return reduce(self.evolve, history, self.initial)


def says_the_same(new: Decision, old: Decision) -> bool:
    """Whether two decisions differ at most in who recorded them and when."""
    return msgspec.structs.replace(new, recorded_at_ms=old.recorded_at_ms, by=old.by) == old
