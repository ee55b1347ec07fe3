"""Who carried which device, when: the bindings as they were said, folded as the judge folds them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, LiteralString, NamedTuple

from psycopg import Cursor

from domain.bindings import Binding, Bindings, evolve
from domain.events import Event
from domain.events.device import DeviceBound, DeviceUnbound
from domain.time import Ms
from projections.queries.columns import J, ms

_COLUMNS: LiteralString = f"""device, {ms("from_at")}, {ms("until_at")}, worker, site FROM {J}.bindings"""
_OF_WORKERS: LiteralString = f"""SELECT {_COLUMNS}
    WHERE device IN (SELECT device FROM {J}.bindings WHERE worker = ANY(%s)) ORDER BY device, recorded"""
_OF_DEVICES: LiteralString = f"""SELECT {_COLUMNS} WHERE device = ANY(%s) ORDER BY device, recorded"""


class Carried(NamedTuple):
    """A worker carries a device, since when."""

    worker: str
    device: str
    from_ms: int


def devices_of(cursor: Cursor[Any], worker: str) -> dict[str, tuple[Binding, ...]]:
    """By device: the periods in which it spoke for the worker."""
    folded = _folded(cursor, _OF_WORKERS, [worker])
    held = {device: tuple(p for p in b.periods if p.worker == worker) for device, b in folded.items()}
    return {device: periods for device, periods in held.items() if periods}


def carried(cursor: Cursor[Any], workers: Sequence[str], at_ms: int) -> list[Carried]:
    """The devices that speak for any of these workers at an instant, by device."""
    wanted, found = set(workers), []
    for device, bindings in _folded(cursor, _OF_WORKERS, workers).items():
        holds = bindings.at(at_ms)
        if holds is not None and holds.worker in wanted:
            found.append(Carried(holds.worker, device, holds.from_ms))
    return found


def bindings_of(cursor: Cursor[Any], devices: Iterable[str]) -> dict[str, Bindings]:
    """The bindings of these devices, tags and beacons; those that were never bound are left out."""
    return _folded(cursor, _OF_DEVICES, list(devices))


def _folded(cursor: Cursor[Any], statement: LiteralString, asked: Sequence[str]) -> dict[str, Bindings]:
    bindings: dict[str, Bindings] = {}
    for device, from_ms, until_ms, holder, site in cursor.execute(statement, (list(asked),)).fetchall():
        said: Event
        if holder is None and site is None:
            said = DeviceUnbound(recorded_at_ms=Ms(0), device=device, at_ms=from_ms)
        else:
            said = DeviceBound(
                recorded_at_ms=Ms(0), device=device, worker=holder, site=site, from_ms=from_ms, until_ms=until_ms
            )
        bindings[device] = evolve(bindings.get(device, Bindings()), said)
    return bindings
