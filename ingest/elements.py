"""Messages that tell several things: what can be read of them is, and what cannot does not take the rest along."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from domain.errors import Unreadable
from domain.events.facts import Fact
from ingest.message import Decoded, Fault

E = TypeVar("E")


def told(elements: Iterable[E], read: Callable[[E], Iterable[Fact]]) -> Decoded:
    """The facts of each element, and a fault for each that cannot be read. Raises Unreadable where nothing can."""
    facts: list[Fact] = []
    unreadable: list[tuple[int, Unreadable]] = []
    for index, element in enumerate(elements):
        try:
            facts.extend(read(element))
        except Unreadable as error:
            unreadable.append((index, error))
    if unreadable and not facts:
        raise unreadable[0][1]
    return Decoded(facts=facts, unreadable=[Fault(error.code, str(error), index) for index, error in unreadable])
