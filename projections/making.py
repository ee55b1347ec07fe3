"""What a unit is made of, and the mark of it: when a program of another make finds its rows, it folds the log anew.

So a rule that is added, a threshold's new default or another column speaks about last month as well, and what stands is
always what this program concludes.
"""

from __future__ import annotations

import hashlib
from functools import cache

import msgspec

from domain.policies import DEFAULT
from projections.alerts import rules
from projections.judge import State, tables
from projections.tables import Table

FOLDS = 8
"""Raise it with every change of a fold, a view or an ETA by which the same log leaves other rows; a changed rule raises
its own version."""


class Making(msgspec.Struct, frozen=True):
    """The tables to create, and the mark of the program that fills them."""

    tables: tuple[Table, ...]
    mark: str


@cache
def making() -> Making:
    """This program's."""
    made = tables()
    parts = (
        FOLDS,
        [repr(table) for table in made],
        [(rule.name, rule.version) for rule in rules()],
        msgspec.structs.asdict(DEFAULT),
        msgspec.json.schema(State),
    )
    mark = hashlib.blake2b(msgspec.json.encode(parts, order="deterministic"), digest_size=16).hexdigest()
    return Making(made, mark)
