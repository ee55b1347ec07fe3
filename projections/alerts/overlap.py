"""Which alert is this conclusion? By its anchor, else by how long the two last together (SEMANTICS, Late facts)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf

from msgspec.structs import replace

from projections.alerts.rule import Conclusion


def attach(found: Sequence[Conclusion], known: Mapping[str, Conclusion]) -> dict[str, Conclusion]:
    """What was found, by anchor. A conclusion without one takes that of the known alert it overlaps most, of equal
    ones the earliest; a new one is anchored at its start."""
    attached = {conclusion.anchor: conclusion for conclusion in found if conclusion.anchor}
    loose = [conclusion for conclusion in found if not conclusion.anchor]
    pairs = (
        (-shared, known[anchor].started_ms, conclusion.started_ms, anchor, place)
        for place, conclusion in enumerate(loose)
        for anchor in known
        if (shared := _shared_ms(conclusion.started_ms, conclusion.ended_ms, known[anchor])) is not None
    )
    placed: set[int] = set()
    for _, _, _, anchor, place in sorted(pairs):
        if anchor not in attached and place not in placed:
            attached[anchor] = replace(loose[place], anchor=anchor)
            placed.add(place)
    for place, conclusion in enumerate(loose):
        if place not in placed:
            anchor = _unused(str(conclusion.started_ms), attached, known)
            attached[anchor] = replace(conclusion, anchor=anchor)
    return attached


def nearest(started_ms: int, ended_ms: int | None, known: Mapping[str, Conclusion]) -> str | None:
    """The anchor of the alert that shares most of an interval, of equal ones the earliest; None: none touches it."""
    shared = {anchor: _shared_ms(started_ms, ended_ms, conclusion) for anchor, conclusion in known.items()}
    touching = [(-ms, known[anchor].started_ms, anchor) for anchor, ms in shared.items() if ms is not None]
    return min(touching)[2] if touching else None


def _shared_ms(started_ms: int, ended_ms: int | None, other: Conclusion) -> float | None:
    """How long both stand; None where they do not touch."""
    ends = (inf if at is None else at for at in (ended_ms, other.ended_ms))
    shared = min(ends) - max(started_ms, other.started_ms)
    return shared if shared >= 0 else None


def _unused(anchor: str, *taken: Mapping[str, Conclusion]) -> str:
    number, name = 1, anchor
    while any(name in names for names in taken):
        number += 1
        name = f"{anchor} {number}"
    return name
