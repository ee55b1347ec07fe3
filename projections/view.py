"""What a projection is: tables, and what to write into them when the log moves, a judgement changes or a device spoke.

A projection is one file in `projections/views/` with a `VIEW`. It keeps no state of its own: everything it needs
stands in the log entry, in the case or on the roll.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol

import msgspec

from domain.events.facts import Fact
from eventlog.entry import Entry
from projections.progress.state import Fold, Plan
from projections.roll import Heard
from projections.tables import Table, Writer
from projections.world import Promise


class Judged(msgspec.Struct, frozen=True, array_like=True):
    """What the judge remembers of a visit: its fold, and since when each of its transitions has been known."""

    fold: Fold
    known_ms: tuple[int, ...]


class Case(msgspec.Struct, frozen=True):
    """A visit whose judgement may have changed with one log entry. `before` is None at its first sight.

    `planned`: the plan itself may have changed. `known_ms`: what we know now we know since then (SEMANTICS, Time);
    `now_ms`: the newest tick.
    """

    promise: Promise
    plan: Plan
    before: Judged | None
    after: Judged
    planned: bool
    known_ms: int
    now_ms: int

    @property
    def fold(self) -> Fold:
        return self.after.fold

    @property
    def moved(self) -> bool:
        """More changed than where the worker is just now."""
        return self.planned or self.before is None or self.before.fold.milestones != self.fold.milestones


class View(Protocol):
    """One projection of the judge's unit."""

    tables: tuple[Table, ...]

    def on_entry(self, entry: Entry, known_ms: int, out: Writer) -> None:
        """The log has moved by one entry."""
        ...

    def on_fact(self, fact: Fact, at_ms: int, place: int, known_ms: int, out: Writer) -> None:
        """That entry is a fact, as its device said it; `at_ms`: the instant that it is judged at."""
        ...

    def on_visit(self, case: Case, out: Writer) -> None:
        """A visit was judged anew."""
        ...

    def on_device(self, device: str, heard: Heard, out: Writer) -> None:
        """It is time to tell what is known of a device (projections/roll.py)."""
        ...


class Quiet:
    """Every hook, doing nothing: a base for views that need only one."""

    tables: tuple[Table, ...] = ()

    def on_entry(self, entry: Entry, known_ms: int, out: Writer) -> None:
        """Nothing."""

    def on_fact(self, fact: Fact, at_ms: int, place: int, known_ms: int, out: Writer) -> None:
        """Nothing."""

    def on_visit(self, case: Case, out: Writer) -> None:
        """Nothing."""

    def on_device(self, device: str, heard: Heard, out: Writer) -> None:
        """Nothing."""


def views() -> tuple[View, ...]:
    """Every view in `projections/views/`, by file name."""
    package = import_module("projections.views")
    names = sorted(module.name for module in iter_modules(package.__path__))
    modules = (import_module(f"projections.views.{name}") for name in names)
    return tuple(module.VIEW for module in modules)
