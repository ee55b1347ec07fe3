"""The canonical content of a fact: the bytes behind its identity, and of a position's extras.

JSON with sorted keys and no spaces, in the names of the wire, after reading: without `time`, `sent` and nulls of named
fields, defaults filled in, coordinates in WGS-84 to 1e-7 degrees. So the order of keys, the array that a fact came in
and when it was sent do not matter, and a field that gets a name one day keeps the identity of what was said before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from domain.errors import Unreadable

DEEPEST = 32
"""Levels of nesting kept of unknown fields. Every later reader of the log must be able to follow them."""

_ENCODER = msgspec.json.Encoder(order="deterministic")


def canonical(content: Mapping[str, Any]) -> bytes:
    """Canonical JSON; empty for nothing."""
    return _ENCODER.encode(content) if content else b""


def unknown_fields(said: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """What a payload says beyond the named fields. Raises Unreadable (`too_deep`)."""
    if known.issuperset(said):  # nearly always, and this runs for every ping
        return {}
    extras = {name: value for name, value in said.items() if name not in known}
    for value in extras.values():
        if isinstance(value, dict | list):
            _require_shallow(value)
    return extras


def _require_shallow(value: dict[str, Any] | list[Any]) -> None:
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise Unreadable(f"an unknown field is nested deeper than {DEEPEST} levels", code="too_deep")
