"""Who carried which device, when: the bindings as they were said, folded as the judge folds them."""

from __future__ import annotations

from typing import Any, LiteralString

from psycopg import Cursor

from domain.bindings import Binding, Bindings, evolve
from domain.events import Event
from domain.events.device import DeviceBound, DeviceUnbound
from domain.time import Ms
from projections.queries.columns import J, ms

_SAID: LiteralString = f"""
    SELECT device, {ms("from_at")}, {ms("until_at")}, worker, site FROM {J}.bindings
    WHERE device IN (SELECT device FROM {J}.bindings WHERE worker = %s) ORDER BY device, recorded
"""


def devices_of(cursor: Cursor[Any], worker: str) -> dict[str, tuple[Binding, ...]]:
    """By device: the periods in which it spoke for the worker."""
    bindings: dict[str, Bindings] = {}
    for device, from_ms, until_ms, holder, site in cursor.execute(_SAID, (worker,)).fetchall():
        said: Event
        if holder is None and site is None:
            said = DeviceUnbound(recorded_at_ms=Ms(0), device=device, at_ms=from_ms)
        else:
            said = DeviceBound(
                recorded_at_ms=Ms(0), device=device, worker=holder, site=site, from_ms=from_ms, until_ms=until_ms
            )
        bindings[device] = evolve(bindings.get(device, Bindings()), said)
    held = {device: tuple(p for p in b.periods if p.worker == worker) for device, b in bindings.items()}
    return {device: periods for device, periods in held.items() if periods}
