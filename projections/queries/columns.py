"""Columns as the tables' own types are read back: instants as epoch ms."""

from __future__ import annotations

from typing import LiteralString

from projections.unit import JUDGE

J: LiteralString = JUDGE
"""The schema of the live unit."""


def ms(column: LiteralString) -> LiteralString:
    """An instant as epoch ms."""
    return f"(extract(epoch FROM {column}) * 1000)::int8"
