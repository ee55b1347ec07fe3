"""Columns as the tables' own types are read back: instants as epoch ms, and compared as instants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import LiteralString

from projections.unit import JUDGE

J: LiteralString = JUDGE
"""The schema of the live unit."""


def ms(column: LiteralString) -> LiteralString:
    """An instant as epoch ms."""
    return f"(extract(epoch FROM {column}) * 1000)::int8"


def instant(parameter: LiteralString) -> LiteralString:
    """Epoch ms as an instant to compare columns with."""
    return f"('epoch'::timestamptz + {parameter} * interval '1 millisecond')"


def where_given(asked: Mapping[str, object], conditions: Mapping[str, LiteralString]) -> LiteralString:
    """The conditions on what was asked for, by its name. Written out, since a plan made for "this or anything" reads
    the whole table."""
    given = [condition for name, condition in conditions.items() if asked[name] is not None]
    return "WHERE " + " AND ".join(given) if given else ""
