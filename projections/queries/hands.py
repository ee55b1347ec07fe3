"""Whom devices spoke for over a period: by the acts on them, else by their bindings, as the judge has it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, LiteralString, NamedTuple

from psycopg import Cursor

from domain.bindings import Bindings
from domain.events import decode
from domain.events.facts import Fact
from domain.hands import HELD_MS, HUMAN, Act, act_of, holder
from domain.time import to_datetime
from projections.queries.carriers import bindings_of, devices_of
from projections.queries.columns import J, ms

_ACTS: LiteralString = f"""SELECT {ms("at")}, topic, body FROM {J}.facts
    WHERE device = ANY(%s) AND at >= %s AND at < %s AND kind = ANY(%s)"""
_ACTED: LiteralString = f"""SELECT DISTINCT device FROM {J}.facts
    WHERE worker = %s AND at >= %s AND at < %s AND kind = ANY(%s)"""


class Hands(NamedTuple):
    """The bindings of some devices, and what people did on them, by device."""

    bindings: dict[str, Bindings]
    acts: dict[str, list[Act]]

    def worker(self, device: str, at_ms: int) -> str | None:
        """Whom a device, tag or beacon spoke for (`World.worker_of`)."""
        bound = self.bindings.get(device)
        binding = bound.at(at_ms) if bound else None
        if binding is not None and binding.site is not None:
            return None
        return holder(self.acts.get(device, ()), at_ms) or (binding.worker if binding else None)


def read(cursor: Cursor[Any], devices: Iterable[str], from_ms: int, to_ms: int) -> Hands:
    """What decides for these devices within [from_ms, to_ms)."""
    asked = sorted(set(devices))
    acts: dict[str, list[Act]] = {}
    period = to_datetime(from_ms - HELD_MS), to_datetime(to_ms)
    for at_ms, topic, body in cursor.execute(_ACTS, (asked, *period, list(HUMAN))).fetchall():
        said = decode(topic, body.encode())
        assert isinstance(said, Fact)
        act = act_of(said, at_ms)
        if act is not None:
            acts.setdefault(said.device, []).append(act)
    return Hands(bindings_of(cursor, asked), {device: sorted(done) for device, done in acts.items()})


def phones_of(cursor: Cursor[Any], worker: str, from_ms: int, to_ms: int) -> list[str]:
    """The devices that may have spoken for a worker within [from_ms, to_ms): bound to them at any time, or acted on."""
    period = to_datetime(from_ms - HELD_MS), to_datetime(to_ms)
    acted = cursor.execute(_ACTED, (worker, *period, list(HUMAN))).fetchall()
    return sorted({*devices_of(cursor, worker), *(device for (device,) in acted)})
