"""Facts read back: what a visit heard after some point, for folding it again."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol
from uuid import UUID

import numpy as np
from psycopg import Cursor, sql

from domain.clocks import PLAUSIBLE_AHEAD_MS, ClockPeriods
from domain.events import decode
from domain.events.facts import Fact, TimeQuality
from domain.positions import NULL, QUALITY_MASK, Flag
from domain.time import to_datetime
from projections.hearing import hears, seen_fact, seen_positions
from projections.progress.state import Plan, Seen
from projections.tables import Writer
from projections.views.facts import FACTS
from projections.views.tracks import TRACKS
from projections.world import Promise, World

_WAS_AHEAD = {
    TRACKS.name: sql.SQL("flags & {} = {}").format(QUALITY_MASK, int(Flag.TIME_AHEAD)),
    FACTS.name: sql.SQL("quality = {}").format(TimeQuality.AHEAD.value),
}
# Spans are asked for apart: before version 18 RETURNING does not say what stood before.
_DATED = (
    " FROM {table} WHERE device = %(device)s AND observed_at >= %(from)s "
    "AND (%(until)s::timestamptz IS NULL OR observed_at < %(until)s)"
)
_SPAN = sql.SQL(
    "SELECT (extract(epoch from min(at)) * 1000)::int8, (extract(epoch from max(at)) * 1000)::int8" + _DATED
)
# `dated_ms` in SQL.
_REDATE = sql.SQL(
    "UPDATE {table} AS t SET at = moved.at FROM (SELECT ctid AS row, CASE WHEN received_at IS NULL THEN claimed "
    "WHEN {was_ahead} AND claimed <> observed_at AND claimed <= received_at + %(ahead)s * interval '1 millisecond' "
    "THEN claimed ELSE received_at END AS at FROM (SELECT ctid, *, "
    "observed_at + %(offset)s * interval '1 millisecond' AS claimed" + _DATED + ") AS dated) AS moved "
    "WHERE t.ctid = moved.row AND t.at <> moved.at"
)


class Met(NamedTuple):
    """A device told of a thing (a tag or beacon), and named a worker; None where it did not."""

    device: str
    worker: str | None
    thing: str | None


class History(Protocol):
    """Where the judge reads facts back from."""

    def heard(self, world: World, promise: Promise, plan: Plan, from_ms: int, place: int) -> list[Seen]:
        """All facts of a visit judged at or after `from_ms` and logged up to `place`, in fold order, each once."""
        ...

    def redate(self, device: str, clock: ClockPeriods, from_ms: int, until_ms: int | None) -> tuple[int, int] | None:
        """Move what the device dates within [from_ms, until_ms) to where the clock has it now. Returns the first and
        the last instant of where they stood and stand; None: nothing was dated there."""
        ...

    def met(self, name: str, place: int) -> list[Met]:
        """Who and what the facts of a device, or about a tag or beacon, tell of, up to `place`; each once, in any
        order."""
        ...


class TableHistory:
    """Reads the unit's own tables, in the page's own transaction: what the page collected is written first.

    `cursor` is set for each page by the runner. Rows beyond `place` exist while the judge recovers its memory from a
    snapshot; they are not read.
    """

    def __init__(self, out: Writer) -> None:
        self._out = out
        self.cursor: Cursor[Any] | None = None
        self._tracks = sql.SQL(
            "SELECT device, (extract(epoch from at) * 1000)::int8, fact, worker, lat_e7, lon_e7, accuracy_dm "
            "FROM {0} WHERE device = ANY(%(devices)s) AND at = observed_at AND observed_at >= %(from)s "
            "AND observed_at < %(to)s AND place <= %(place)s "
            "UNION ALL SELECT device, (extract(epoch from at) * 1000)::int8, fact, worker, lat_e7, lon_e7, accuracy_dm "
            "FROM {0} WHERE device = ANY(%(devices)s) AND at <> observed_at AND at >= %(from)s AND at < %(to)s "
            "AND place <= %(place)s"
        ).format(sql.Identifier(out.schema, TRACKS.name))
        self._facts = sql.SQL(
            "SELECT topic, body FROM {} WHERE (device = ANY(%(devices)s) OR thing = ANY(%(devices)s) "
            "OR worker = %(worker)s) AND at >= %(from)s AND at < %(to)s AND place <= %(place)s"
        ).format(sql.Identifier(out.schema, FACTS.name))
        self._met = sql.SQL(
            "SELECT DISTINCT device, worker, thing FROM {} WHERE (device = %(name)s OR thing = %(name)s) "
            "AND place <= %(place)s"
        ).format(sql.Identifier(out.schema, FACTS.name))

    def heard(self, world: World, promise: Promise, plan: Plan, from_ms: int, place: int) -> list[Seen]:
        """See History."""
        devices = [] if promise.worker is None else world.devices.get(promise.worker, [])
        since = max(from_ms, plan.listen_from_ms)
        if not world.may_have_been_heard(devices, since):
            return []
        assert self.cursor is not None
        self._out.flush(self.cursor, (TRACKS, FACTS))
        bounds = {
            "devices": devices,
            "worker": promise.worker,
            "from": to_datetime(since),
            "to": to_datetime(plan.close_ms),
            "place": place,
        }
        seen = self._positions(world, promise, plan, bounds)
        for topic, body in self.cursor.execute(self._facts, bounds).fetchall():
            fact = decode(topic, body.encode())
            assert isinstance(fact, Fact)
            fact = world.dated(fact)
            if hears(world, promise, plan, fact):
                seen.append(seen_fact(world, plan, fact))
        seen.sort(key=lambda s: s.key)
        return seen

    def redate(self, device: str, clock: ClockPeriods, from_ms: int, until_ms: int | None) -> tuple[int, int] | None:
        """See History. A snapshot is kept with the page of a correction, so memory is never recovered across one."""
        assert self.cursor is not None
        assert not self._out.muted
        self._out.flush(self.cursor, (TRACKS, FACTS))
        instants: list[int] = []
        for table, ahead in _WAS_AHEAD.items():
            names = {"table": sql.Identifier(self._out.schema, table), "was_ahead": ahead}
            for piece in clock.pieces(from_ms, until_ms):
                asked = {
                    "device": device,
                    "from": to_datetime(piece.from_ms),
                    "until": None if piece.until_ms is None else to_datetime(piece.until_ms),
                    "offset": piece.offset_ms,
                    "ahead": PLAUSIBLE_AHEAD_MS,
                }
                stood = self.cursor.execute(_SPAN.format(**names), asked).fetchone()
                self.cursor.execute(_REDATE.format(**names), asked)
                stand = self.cursor.execute(_SPAN.format(**names), asked).fetchone()
                instants += [at_ms for span in (stood, stand) if span for at_ms in span if at_ms is not None]
        return (min(instants), max(instants)) if instants else None

    def met(self, name: str, place: int) -> list[Met]:
        """See History."""
        assert self.cursor is not None
        self._out.flush(self.cursor, (FACTS,))
        return [Met(*row) for row in self.cursor.execute(self._met, {"name": name, "place": place}).fetchall()]

    def _positions(self, world: World, promise: Promise, plan: Plan, bounds: dict[str, Any]) -> list[Seen]:
        assert self.cursor is not None
        rows: list[tuple[str, int, UUID, str | None, int, int, int | None]]
        rows = self.cursor.execute(self._tracks, bounds).fetchall()
        mine = [
            row
            for row in rows
            if (row[3] or world.worker_of(row[0], row[1])) == promise.worker and world.leads(plan, row[0], row[1])
        ]
        if not mine:
            return []
        return seen_positions(
            plan,
            np.array([row[1] for row in mine], np.int64),
            np.array([row[4] for row in mine], np.int32),
            np.array([row[5] for row in mine], np.int32),
            np.array([NULL if row[6] is None else row[6] for row in mine], np.int32),
            [row[2] for row in mine],  # type: ignore[misc]
        )
