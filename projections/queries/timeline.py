"""What happened to one visit: its steps with their amendments, and the facts it heard."""

from __future__ import annotations

from typing import Any, LiteralString
from uuid import UUID

import msgspec
from psycopg import Cursor

from domain.policies import VisitPolicy, in_force
from domain.time import to_datetime
from projections.queries import tracks
from projections.queries.columns import J, ms
from projections.queries.hands import phones_of, read
from projections.queries.tracks import FixRow
from projections.queries.visits import VisitRow


class StepRow(msgspec.Struct, frozen=True):
    """A step: when it was true, and from when to when we held it so (None: we still do)."""

    step: int
    status: str
    at_ms: int
    cause: str
    known_from_ms: int
    known_to_ms: int | None
    evidence: list[UUID]


class FactRow(msgspec.Struct, frozen=True):
    """A fact that is not a position. `body` is the stored event."""

    fact: UUID
    kind: str
    at_ms: int
    device: str
    worker: str | None
    visit: str | None
    known_ms: int
    body: str


def steps(cursor: Cursor[Any], visit: str) -> list[StepRow]:
    """Every step ever concluded, in order; amended ones beside what replaced them."""
    statement: LiteralString = f"""
        SELECT step, status, {ms("at")}, cause, {ms("known_from")}, {ms("known_to")}, evidence
        FROM {J}.transitions WHERE visit = %s ORDER BY step, known_from"""
    return [StepRow(*row) for row in cursor.execute(statement, (visit,)).fetchall()]


def facts(cursor: Cursor[Any], visit: VisitRow) -> list[FactRow]:
    """Facts that name the visit, and those of its worker that name none, while the visit listens. Whose a fact is, the
    judge says alike (`World.actor`): of whom it names, else of who carries the tag, else the device."""
    from_ms, to_ms = _listens(cursor, visit)
    devices = [] if visit.worker is None else phones_of(cursor, visit.worker, from_ms, to_ms)
    statement: LiteralString = f"""
        SELECT fact, kind, {ms("at")}, device, worker, visit, {ms("known_at")}, body, thing FROM {J}.facts
        WHERE visit = %(visit)s OR (visit IS NULL AND at >= %(from)s AND at < %(to)s AND (worker = %(worker)s
            OR (coalesce(worker, '') = '' AND (device = ANY(%(devices)s) OR thing = ANY(%(devices)s)))))
        ORDER BY at, fact"""
    asked = {
        "visit": visit.visit,
        "worker": visit.worker,
        "devices": devices,
        "from": to_datetime(from_ms),
        "to": to_datetime(to_ms),
    }
    found = [(FactRow(*row), thing) for *row, thing in cursor.execute(statement, asked).fetchall()]
    named = {name for fact, thing in found for name in (fact.device, thing) if name is not None}
    hands = read(cursor, named, from_ms, to_ms)

    def actor(fact: FactRow, thing: str | None) -> str | None:
        carried = hands.worker(thing, fact.at_ms) if thing else None
        return fact.worker or carried or hands.worker(fact.device, fact.at_ms)

    return [fact for fact, thing in found if fact.visit is not None or actor(fact, thing) == visit.worker]


def fixes(cursor: Cursor[Any], visit: VisitRow, evidence: list[UUID]) -> list[FixRow]:
    """The positions among a visit's evidence."""
    if visit.worker is None or not evidence:
        return []
    shared: LiteralString = f"SELECT DISTINCT device FROM {J}.tracks WHERE worker = %s AND at >= %s AND at < %s"
    from_ms, to_ms = _listens(cursor, visit)
    rows = cursor.execute(shared, (visit.worker, to_datetime(from_ms), to_datetime(to_ms))).fetchall()
    devices = sorted({*phones_of(cursor, visit.worker, from_ms, to_ms), *(row[0] for row in rows)})
    return tracks.named(cursor, evidence, devices, from_ms, to_ms)


def _listens(cursor: Cursor[Any], visit: VisitRow) -> tuple[int, int]:
    """The visit's time of listening [from, to), by the policy that holds for it."""
    adopted: LiteralString = f"SELECT {ms('from_at')}, changes FROM {J}.policies ORDER BY version"
    said = [(from_ms, msgspec.json.decode(changes)) for from_ms, changes in cursor.execute(adopted).fetchall()]
    policy: VisitPolicy = in_force(said, visit.window_from_ms)
    from_ms = visit.window_from_ms - policy.listen_before_s * 1000
    return from_ms, visit.window_to_ms + (visit.planned_s + policy.listen_after_s) * 1000
