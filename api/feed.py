"""What staff are told of each change: the lines of the board, the alerts and the workers that differ from before."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from psycopg import Cursor
from pydantic import BaseModel

from api.clock import ClockShape, ShownClock
from api.database import Database
from api.live.staff import MOST_VISITS, Update
from api.shapes import visits as visit_shapes
from api.shapes import workers as worker_shapes
from api.shapes.alerts import AlertShape, full
from api.shapes.encode import encode
from api.shapes.lines import Json, lines
from domain.errors import Unavailable
from projections import place
from projections.queries import alerts, visits, workers
from projections.queries.alerts import Told
from projections.queries.workers import WorkerRow
from projections.unit import JUDGE

MOST_ALERTS = 500
"""Alerts that one frame tells; more come only with a changed rule or a long outage."""


class Changed(BaseModel, frozen=True):
    """What has changed by a log position: whole items, as the board and the lists of alerts and workers have them."""

    position: int
    clock: ClockShape
    visits: list[visit_shapes.BoardVisit]
    alerts: list[AlertShape]
    workers: list[worker_shapes.WorkerShape]


class StaffFeed:
    """Looks, compares with what was told, and remembers. Blocks; one call at a time."""

    def __init__(self, database: Database, clock: ShownClock) -> None:
        self._database = database
        self._clock = clock
        self._workers: dict[str, WorkerRow] = {}
        self._known_ms = 0
        self._alerts: dict[UUID, int] = {}
        """Revisions that were told and that a look at everything known since `_known_ms` finds again."""
        self._generation = self._position = 0

    def begin(self) -> Update:
        """Hold everything as told that is so now. Raises Unavailable."""
        now_ms = self._clock.now_ms()

        def query(cursor: Cursor[Any]) -> tuple[place.Place, dict[UUID, int], list[WorkerRow]]:
            stands = _place(cursor)
            return stands, alerts.revisions(cursor, stands.known_ms), workers.everyone(cursor, now_ms)

        self._remember(*self._database.read(query))
        return Update(self._generation, self._position)

    def changes(self, names: Collection[str] | None) -> Update:
        """What has changed since it was told; of visits these (None: whichever) and those that alerts are about."""
        clock = self._clock.shape()

        def query(cursor: Cursor[Any]) -> tuple[place.Place, list[Told], list[WorkerRow], Json | None]:
            stands = _place(cursor)
            if stands.position == self._position:
                return stands, [], [], None
            told = alerts.changed(cursor, self._known_ms, MOST_ALERTS + len(self._alerts) + 1)
            fresh = [(row, context) for row, context in told if self._alerts.get(row.alert) != row.revision]
            everyone = workers.everyone(cursor, clock.now)
            moved = visits.judged_since(cursor, self._known_ms, MOST_VISITS + 1) if names is None else names
            shown = {*moved, *(row.subject for row, _ in fresh if row.subject_kind == "visit")}
            if len(fresh) > MOST_ALERTS or len(shown) > MOST_VISITS:
                return stands, told, everyone, None
            return stands, told, everyone, self._changed(cursor, stands.position, clock, shown, fresh, everyone)

        stands, told, everyone, changed = self._database.read(query)
        if stands.position == self._position:
            return Update(stands.generation, stands.position)
        if changed is None:
            return Update(stands.generation, stands.position, whole=True)
        data = encode(changed)
        kept = {row.alert: row.revision for row, _ in told if row.known_ms >= stands.known_ms}
        self._remember(stands, kept, everyone)
        news = changed["visits"] or changed["alerts"] or changed["workers"]
        return Update(stands.generation, stands.position, data if news else None)

    def _changed(
        self,
        cursor: Cursor[Any],
        position: int,
        clock: ClockShape,
        names: Collection[str],
        fresh: list[Told],
        everyone: list[WorkerRow],
    ) -> Json:
        raised = alerts.briefs(cursor, list(names)) if names else {}
        rows = visits.some(cursor, list(names)) if names else []
        moved = [row for row in everyone if self._workers.get(row.named.worker) != row]
        return {
            "position": position,
            "clock": clock,
            "visits": lines(rows, raised),
            "alerts": [full(told) for told in fresh],
            "workers": [worker_shapes.shape(row) for row in moved],
        }

    def _remember(self, stands: place.Place, told: dict[UUID, int], everyone: list[WorkerRow]) -> None:
        self._generation, self._position, self._known_ms = stands.generation, stands.position, stands.known_ms
        self._alerts = told
        self._workers = {row.named.worker: row for row in everyone}


def _place(cursor: Cursor[Any]) -> place.Place:
    try:
        return place.read(cursor, JUDGE)
    except LookupError as error:
        raise Unavailable(str(error)) from error
