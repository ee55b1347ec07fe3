"""Facts in JSON: what a conclusion rests on, positions and all others alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec
from pydantic import BaseModel

from api.shapes.degrees import degrees
from api.times import At
from domain.events.facts import POSITION
from projections.queries.timeline import FactRow
from projections.queries.tracks import FixRow


class FactShape(BaseModel, frozen=True):
    """A fact as it is stored. Positions are here only where a step rests on them."""

    fact: UUID
    kind: str
    at: At
    device: str
    known_at: At
    body: dict[str, Any]


class AlertFact(BaseModel, frozen=True):
    """One fact. `lat`, `lon` (WGS-84), `accuracy_m`: null where it has none; `body`: all else that was said."""

    fact: UUID
    kind: str
    device: str
    at: At
    known_at: At
    lat: float | None
    lon: float | None
    accuracy_m: float | None
    body: dict[str, Any]


def fact(row: FactRow) -> FactShape:
    """For a visit's page."""
    return FactShape(
        fact=row.fact,
        kind=row.kind,
        at=row.at_ms,
        device=row.device,
        known_at=row.known_ms,
        body=msgspec.json.decode(row.body),
    )


def fix(row: FixRow) -> FactShape:
    """A position for a visit's page: where, and how exactly."""
    body = {"lat": degrees(row.lat_e7), "lon": degrees(row.lon_e7)}
    if row.accuracy_dm is not None:
        body["accuracy_m"] = row.accuracy_dm / 10
    return FactShape(fact=row.fact, kind=POSITION, at=row.ms, device=row.device, known_at=row.known_ms, body=body)


def facts(rows: Iterable[FactRow], fixes: Iterable[FixRow]) -> list[AlertFact]:
    """Facts and positions in order of time."""
    return sorted([*map(_fact, rows), *map(_fix, fixes)], key=lambda told: (told.at, told.fact))


def _fact(row: FactRow) -> AlertFact:
    body: dict[str, Any] = msgspec.json.decode(row.body)
    return AlertFact(
        fact=row.fact,
        kind=row.kind,
        device=row.device,
        at=row.at_ms,
        known_at=row.known_ms,
        lat=body.get("lat"),
        lon=body.get("lon"),
        accuracy_m=body.get("accuracy_m"),
        body=body,
    )


def _fix(row: FixRow) -> AlertFact:
    said = {
        "speed_mps": None if row.speed_cms is None else row.speed_cms / 100,
        "heading_deg": None if row.heading_cdeg is None else row.heading_cdeg / 100,
        "battery_pct": row.battery_pct,
    }
    return AlertFact(
        fact=row.fact,
        kind=POSITION,
        device=row.device,
        at=row.ms,
        known_at=row.known_ms,
        lat=degrees(row.lat_e7),
        lon=degrees(row.lon_e7),
        accuracy_m=None if row.accuracy_dm is None else row.accuracy_dm / 10,
        body={name: value for name, value in said.items() if value is not None},
    )
