"""Devices, tags and beacons as the registry shows them: for whom each speaks, what it said last, how its clock runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString
from uuid import UUID

import msgspec
from psycopg import Cursor

from domain.bindings import Binding
from domain.device_settings import AS_IT_SAYS, DeviceSettings
from domain.events.facts import POSITION
from domain.tags import normal_uid
from projections.queries.columns import J, instant, ms, where_given
from projections.roll import Correction


class DeviceRow(msgspec.Struct, frozen=True):
    """A row of `devices` (projections/views/devices.py says what each column is), and the binding that holds now."""

    device: str
    known_ms: int
    first_recorded_ms: int | None
    first_at_ms: int | None
    last_recorded_ms: int | None
    last_at_ms: int | None
    messages: int
    kind: str | None
    said: str | None
    reader: str | None
    battery_pct: int | None
    battery_at_ms: int | None
    status: str | None
    status_at_ms: int | None
    ahead: int
    unset: int
    contradictions: int
    contradicts: str | None
    contradicted_ms: int | None
    lead_ms: int | None
    lead_by: str | None
    lead_count: int | None
    lead_since_ms: int | None
    bindings: str
    settings: str | None
    corrections: str
    bound: bool
    worker: str | None
    worker_name: str | None
    site: str | None
    site_name: str | None
    since_ms: int | None
    until_ms: int | None

    def periods(self) -> tuple[Binding, ...]:
        """All bindings that stand, past and future."""
        return msgspec.json.decode(self.bindings, type=tuple[Binding, ...])

    def configured(self) -> DeviceSettings:
        """How it is read."""
        return AS_IT_SAYS if self.settings is None else msgspec.json.decode(self.settings, type=DeviceSettings)

    def corrected(self) -> tuple[Correction, ...]:
        """The corrections of its clock, as they were said."""
        return msgspec.json.decode(self.corrections, type=tuple[Correction, ...])


class SaidRow(msgspec.Struct, frozen=True):
    """One of a device's messages, or of those that tell of a tag; `device` said it. `body`: the stored event, or a
    position's columns, as JSON."""

    fact: UUID
    device: str
    kind: str
    at_ms: int
    known_ms: int
    body: str


Place = tuple[int, int, str]
"""Where a page ended: (0 unbound or 1 bound, first known ms, device)."""

STATES: dict[str, LiteralString | None] = {"all": None, "unknown": "NOT d.bound", "bound": "d.bound"}

_COLUMNS: LiteralString = f"""d.device, {ms("d.known_at")}, {ms("d.first_recorded_at")}, {ms("d.first_at")},
    {ms("d.last_recorded_at")}, {ms("d.last_at")}, d.messages, d.kind, d.said, d.reader, d.battery_pct,
    {ms("d.battery_at")}, d.status, {ms("d.status_at")}, d.ahead, d.unset, d.contradictions, d.contradicts,
    {ms("d.contradicted_at")}, d.lead_ms, d.lead_by, d.lead_count, {ms("d.lead_since")}, d.bindings, d.settings,
    d.corrections, d.bound, d.holder, w.name, d.place, s.name, d.since_ms, d.until_ms"""
# Periods never overlap, so at most one holds; those of most devices are few, and of unbound ones none.
_FROM: LiteralString = f"""FROM (
        SELECT t.*, b.p IS NOT NULL AS bound, b.p ->> 'worker' AS holder, b.p ->> 'site' AS place,
            (b.p ->> 'from_ms')::int8 AS since_ms, (b.p ->> 'until_ms')::int8 AS until_ms
        FROM {J}.devices t LEFT JOIN LATERAL (
            SELECT p FROM jsonb_array_elements(t.bindings::jsonb) AS e (p) WHERE t.bindings <> '[]'
                AND (p ->> 'from_ms')::int8 <= %(now)s AND coalesce((p ->> 'until_ms')::int8 > %(now)s, true)) b ON true
    ) d LEFT JOIN {J}.workers w ON w.worker = d.holder LEFT JOIN {J}.sites s ON s.site = d.place """
_FOUND: LiteralString = """(position(lower(%(q)s) IN lower(concat_ws(' ', d.device, w.name, s.name))) > 0
    OR position(lower(%(uid)s) IN lower(d.device)) > 0)"""
_AFTER: LiteralString = f"""(d.bound > %(bound)s OR d.bound = %(bound)s AND (d.known_at < {instant("%(known)s")}
    OR d.known_at = {instant("%(known)s")} AND d.device > %(device)s))"""


def page(
    cursor: Cursor[Any],
    now_ms: int,
    limit: int,
    *,
    state: str = "all",
    site: str | None = None,
    worker: str | None = None,
    q: str | None = None,
    after: Place | None = None,
) -> list[DeviceRow]:
    """At most `limit` devices past `after`: those that speak for nobody now first, the newest of each first.

    `q`: a part of an id (a tag's in any spelling) or of the name of whom it speaks for.
    """
    bound, known_ms, device = after or (None, None, None)
    asked: dict[str, Any] = {
        "now": now_ms,
        "limit": limit,
        "state": STATES[state],
        "site": site,
        "worker": worker,
        "q": q,
        "uid": q and normal_uid(q),
        "bound": None if bound is None else bool(bound),
        "known": known_ms,
        "device": device,
    }
    where = where_given(
        asked,
        {
            "state": STATES[state] or "true",
            "site": "d.place = %(site)s",
            "worker": "d.holder = %(worker)s",
            "q": _FOUND,
            "device": _AFTER,
        },
    )
    order: LiteralString = " ORDER BY d.bound, d.known_at DESC, d.device LIMIT %(limit)s"
    return [DeviceRow(*row) for row in cursor.execute(f"SELECT {_COLUMNS} {_FROM}" + where + order, asked).fetchall()]


def counts(cursor: Cursor[Any], now_ms: int) -> tuple[int, int]:
    """How many speak for nobody now, and how many for somebody."""
    statement: LiteralString = f"SELECT count(*) FILTER (WHERE NOT d.bound), count(*) FILTER (WHERE d.bound) {_FROM}"
    row = cursor.execute(statement, {"now": now_ms}).fetchone()
    return (row[0], row[1]) if row else (0, 0)


def one(cursor: Cursor[Any], now_ms: int, device: str) -> DeviceRow | None:
    """One device; None: it was never heard nor spoken about."""
    statement: LiteralString = f"SELECT {_COLUMNS} {_FROM} WHERE d.device = %(device)s"
    row = cursor.execute(statement, {"now": now_ms, "device": device}).fetchone()
    return None if row is None else DeviceRow(*row)


def names(cursor: Cursor[Any], periods: Sequence[Binding]) -> tuple[dict[str, str], dict[str, str]]:
    """The names of the workers and of the sites that bindings speak of."""
    workers = [period.worker for period in periods if period.worker is not None]
    sites = [period.site for period in periods if period.site is not None]
    worker_names: LiteralString = f"SELECT worker, name FROM {J}.workers WHERE worker = ANY(%s)"
    site_names: LiteralString = f"SELECT site, name FROM {J}.sites WHERE site = ANY(%s)"
    return (
        dict(cursor.execute(worker_names, (workers,)).fetchall()),
        dict(cursor.execute(site_names, (sites,)).fetchall()),
    )


# Nearly always `at` is `observed_at`, which the primary key has; where it is not, there is an index of those.
_SAID: LiteralString = f"""
    SELECT fact, device, kind, {ms("at")}, {ms("known_at")}, body FROM (
        (SELECT fact, device, kind, at, known_at, body FROM {J}.facts WHERE device = %(device)s
            ORDER BY at DESC LIMIT %(limit)s)
        UNION (SELECT fact, device, kind, at, known_at, body FROM {J}.facts WHERE thing = %(device)s
            ORDER BY at DESC LIMIT %(limit)s)
        UNION ALL (SELECT fact, device, '{POSITION}', at, known_at, jsonb_strip_nulls(jsonb_build_object(
            'lat_e7', lat_e7, 'lon_e7', lon_e7, 'accuracy_dm', accuracy_dm, 'speed_cms', speed_cms,
            'heading_cdeg', heading_cdeg, 'battery_pct', battery_pct, 'extras', extras))::text
            FROM (
                (SELECT * FROM {J}.tracks WHERE device = %(device)s AND at = observed_at
                    ORDER BY observed_at DESC LIMIT %(limit)s)
                UNION ALL (SELECT * FROM {J}.tracks WHERE device = %(device)s AND at <> observed_at
                    ORDER BY at DESC LIMIT %(limit)s)) t)
    ) m ORDER BY at DESC, fact LIMIT %(limit)s"""


def messages(cursor: Cursor[Any], device: str, limit: int) -> list[SaidRow]:
    """The last messages of a device, or about a tag, by the time they speak of, the newest first."""
    return [SaidRow(*row) for row in cursor.execute(_SAID, {"device": device, "limit": limit}).fetchall()]
