"""Who carries which device: the bindings as they were said, folded as the judge folds them, and for now the hands that
shared phones are in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, LiteralString, NamedTuple

from psycopg import Cursor

from domain.bindings import Binding, Bindings, evolve
from domain.events import Event
from domain.events.device import DeviceBound, DeviceUnbound
from domain.hands import HELD_MS
from domain.time import Ms, to_datetime
from projections.queries.columns import J, ms

_COLUMNS: LiteralString = f"""device, {ms("from_at")}, {ms("until_at")}, worker, site FROM {J}.bindings"""
_OF_WORKERS: LiteralString = f"""SELECT {_COLUMNS}
    WHERE device IN (SELECT device FROM {J}.bindings WHERE worker = ANY(%s)) ORDER BY device, recorded"""
_OF_DEVICES: LiteralString = f"""SELECT {_COLUMNS} WHERE device = ANY(%s) ORDER BY device, recorded"""


_HANDS: LiteralString = f"""SELECT device, worker, {ms("since")} FROM {J}.hands
    WHERE since > %s AND since <= %s AND worker IS NOT NULL"""


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
    """The devices that speak for any of these workers at an instant (after the newest act on any), by device."""
    wanted, found = set(workers), []
    bound = _folded(cursor, _OF_WORKERS, workers)
    since = to_datetime(at_ms - HELD_MS), to_datetime(at_ms)
    hands = {row[0]: Carried(row[1], row[0], row[2]) for row in cursor.execute(_HANDS, since).fetchall()}
    bound |= bindings_of(cursor, hands.keys() - bound.keys())
    for device in sorted({*bound, *hands}):
        holds = bound[device].at(at_ms) if device in bound else None
        if device in hands and (holds is None or holds.site is None):
            found.append(hands[device])
        elif holds is not None and holds.worker is not None:
            found.append(Carried(holds.worker, device, holds.from_ms))
    return [carry for carry in found if carry.worker in wanted]


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
