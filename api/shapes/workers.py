"""Workers in JSON for staff: where they are, what they are at."""

from __future__ import annotations

from pydantic import BaseModel

from api.shapes.degrees import degrees
from api.times import At
from projections.progress.state import Status
from projections.queries.workers import OccupiedRow, SeenRow, WorkerRow


class WorkerPosition(BaseModel, frozen=True):
    """The newest position, as the phone told it. Null: the phone did not say."""

    lat: float
    lon: float
    accuracy_m: float | None
    speed_mps: float | None
    heading_deg: float | None
    battery_pct: int | None
    at: At


class WorkerVisit(BaseModel, frozen=True):
    """The visit that the worker is at or on the way to, else the next one."""

    visit: str
    status: Status
    window_from: At
    window_to: At
    site_name: str


class WorkerShape(BaseModel, frozen=True):
    """A worker now. `devices`: those that speak for them; `position`, `heard_at`: of the last 24 hours;
    `open_alerts`: those that nobody has taken on."""

    worker: str
    name: str
    surname: str
    title: str
    devices: list[str]
    position: WorkerPosition | None
    heard_at: At | None
    visit: WorkerVisit | None
    open_alerts: int


class WorkerPage(BaseModel, frozen=True):
    """A page of workers, by key. `next`: the cursor of the page after it."""

    items: list[WorkerShape]
    next: str | None


def shape(row: WorkerRow) -> WorkerShape:
    """One worker."""
    named = row.named
    return WorkerShape(
        worker=named.worker,
        name=named.name,
        surname=named.surname,
        title=named.title,
        devices=list(row.devices),
        position=None if row.seen is None else _position(row.seen),
        heard_at=row.heard_ms,
        visit=None if row.visit is None else _visit(row.visit),
        open_alerts=row.open_alerts,
    )


def _position(row: SeenRow) -> WorkerPosition:
    return WorkerPosition(
        lat=degrees(row.lat_e7),
        lon=degrees(row.lon_e7),
        accuracy_m=None if row.accuracy_dm is None else row.accuracy_dm / 10,
        speed_mps=None if row.speed_cms is None else row.speed_cms / 100,
        heading_deg=None if row.heading_cdeg is None else row.heading_cdeg / 100,
        battery_pct=row.battery_pct,
        at=row.at_ms,
    )


def _visit(row: OccupiedRow) -> WorkerVisit:
    return WorkerVisit(
        visit=row.visit,
        status=Status(row.status),
        window_from=row.window_from_ms,
        window_to=row.window_to_ms,
        site_name=row.site_name,
    )
