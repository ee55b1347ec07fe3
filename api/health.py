"""`/readyz`: everything that keeps this cell from doing its work, each with its reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, LiteralString

import msgspec
from psycopg import Cursor
from pydantic import BaseModel

from api.database import Database
from domain.errors import Unavailable
from projections import place
from projections.lag import Lag, lag
from projections.unit import JUDGE

INGEST_SILENT_S = 10.0
"""Ingest writes its counters every second; ten of them missing is no hiccup."""


class ProjectorHealth(BaseModel, frozen=True):
    """Where the projection stands against the log."""

    position: int
    head: int
    behind: int
    running: bool
    error: str | None


class Readiness(BaseModel, frozen=True):
    """`reasons`: by part, why it is not ready; none: ready."""

    ready: bool
    reasons: dict[str, str]
    projector: ProjectorHealth | None


class Places(msgspec.Struct, frozen=True):
    """Where things stand for `/metrics`. `ingest_silent_s`: since it last wrote; None: it never has."""

    lag: Lag
    ingest: dict[str, float]
    ingest_silent_s: float | None


def read_places(database: Database) -> Places:
    """All of it as of one instant. Raises Unavailable."""

    def query(cursor: Cursor[Any]) -> Places:
        counters, silent_s, _ = _ingest(cursor)
        return Places(_lag(cursor), counters, silent_s)

    return database.read(query)


def read_lag(database: Database) -> Lag:
    """Where the judge's unit stands. Raises Unavailable."""
    return database.read(_lag)


def look(database: Database, checks: Mapping[str, Callable[[], str | None]], most_behind: int) -> Readiness:
    """Ask everything. Never raises for what is away: that is an answer."""
    reasons: dict[str, str] = {}
    projector = None
    try:
        stands, running, (counters, silent_s, notes) = database.read(
            lambda cursor: (_lag(cursor), place.is_running(cursor, JUDGE), _ingest(cursor))
        )
        projector = ProjectorHealth(
            position=stands.position, head=stands.head, behind=stands.behind, running=running, error=stands.error
        )
        if stands.error is not None:
            reasons["projector"] = f"stands still: {stands.error}"
        elif not running:
            reasons["projector"] = "does not run"
        elif stands.behind > most_behind:
            reasons["projector"] = f"is {stands.behind} log entries behind"
        if silent_s is None or silent_s > INGEST_SILENT_S:
            reasons["ingest"] = "never ran" if silent_s is None else f"has been silent for {silent_s:.0f} s"
        elif trouble := _trouble(counters, notes):
            reasons["ingest"] = trouble
    except Unavailable as error:
        reasons["database"] = str(error)
    for name, check in checks.items():
        reason = check()
        if reason is not None:
            reasons[name] = reason
    return Readiness(ready=not reasons, reasons=reasons, projector=projector)


def _trouble(counters: Mapping[str, float], notes: Mapping[str, str]) -> str | None:
    """What keeps ingest from its work, in its own words; None: nothing does."""
    if counters.get("failing_s", 0.0) > INGEST_SILENT_S:
        return f"has committed nothing for {counters['failing_s']:.0f} s: {notes.get('failing_s', '')}"
    if counters.get("full"):
        return f"holds {counters['held_bytes'] / 2**20:.0f} MiB and reads no more until the database has caught up"
    if not counters.get("connected", 1.0):
        return f"has no session with the broker: {notes.get('connected', '')}"
    if counters.get("unanswered_s", 0.0) > INGEST_SILENT_S:
        return f"the broker has stored nothing for {counters['unanswered_s']:.0f} s; its disk may be full"
    return None


def _ingest(cursor: Cursor[Any]) -> tuple[dict[str, float], float | None, dict[str, str]]:
    """Ingest's counters, which it writes every second, how long ago it last did, and its notes beside them."""
    row = cursor.execute("SELECT to_regclass('ingest.counters') IS NOT NULL").fetchone()
    if row is None or not row[0]:
        return {}, None, {}
    statement: LiteralString = (
        "SELECT name, value, extract(epoch FROM clock_timestamp() - at)::float8, note FROM ingest.counters "
        "WHERE name <> 'write_probe'"
    )
    rows = cursor.execute(statement).fetchall()
    notes = {name: note for name, _, _, note in rows if note}
    return {name: value for name, value, *_ in rows}, min((age for _, _, age, _ in rows), default=None), notes


def _lag(cursor: Cursor[Any]) -> Lag:
    try:
        return lag(cursor, JUDGE)
    except LookupError as error:
        raise Unavailable(str(error)) from error
