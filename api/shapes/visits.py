"""Visits in JSON for staff: as a line of the board, and with everything that is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
from pydantic import BaseModel, Field

from api.clock import ClockShape
from api.shapes.alerts import AlertBrief, AlertWithHistory
from api.shapes.degrees import degrees
from api.shapes.facts import FactShape, fact, fix
from api.shapes.fences import FenceShape
from api.shapes.lines import Json, line, lines
from api.times import At
from projections.progress.state import Cause, Status
from projections.queries.alerts import BriefRow
from projections.queries.customer import CustomerRow
from projections.queries.timeline import FactRow, StepRow
from projections.queries.tracks import FixRow
from projections.queries.visits import VisitRow


class CustomerRef(BaseModel, frozen=True):
    customer: str
    name: str | None


class SiteRef(BaseModel, frozen=True):
    """`lat`, `lon`: where the pin stands (WGS-84)."""

    site: str
    name: str
    address: str
    lat: float
    lon: float


class WorkerRef(BaseModel, frozen=True):
    worker: str
    name: str | None


class EtaShape(BaseModel, frozen=True):
    """An estimate of the arrival between `early` and `late`, made at the newest fix; simple, and only an estimate."""

    at: At
    early: At
    late: At
    made_at: At
    remaining_m: int


class PositionShape(BaseModel, frozen=True):
    lat: float
    lon: float
    accuracy_m: float | None
    at: At


class BoardVisit(BaseModel, frozen=True):
    """One visit. `lateness_s`: arrival after the end of the window (negative: before it)."""

    visit: str
    customer: CustomerRef
    site: SiteRef
    worker: WorkerRef | None
    service: str
    window_from: At
    window_to: At
    planned_s: int
    status: Status
    status_at: At
    over: bool
    eta: EtaShape | None
    position: PositionShape | None
    arrived_at: At | None
    lateness_s: int | None
    on_time: bool | None
    alerts: Sequence[AlertBrief]


class Board(BaseModel, frozen=True):
    """A business day: its visits by their windows, as of a log position."""

    clock: ClockShape
    day: str
    zone: str
    position: int
    counts: dict[Status, int]
    visits: list[BoardVisit]


class VisitPage(BaseModel, frozen=True):
    """A page of visits, by their window. `fences`: of their sites, by site; `next`: the cursor of the page after it."""

    items: list[BoardVisit]
    fences: dict[str, FenceShape]
    next: str | None


class Promises(BaseModel, frozen=True):
    """The first promise and the one that holds; `revision` counts them from 1."""

    first_from: At
    first_to: At
    from_: At = Field(alias="from")
    to: At
    revision: int


class TimelinessShape(BaseModel, frozen=True):
    """Was the promise kept, and how long was served. Null: not known yet."""

    arrived_at: At | None
    lateness_s: int | None
    on_time: bool | None
    early_s: int | None
    served_from: At | None
    served_to: At | None
    served_s: int | None


class StepShape(BaseModel, frozen=True):
    """True since `at`; held to be so from `known_from` until `known_to` (null: we still do)."""

    step: int
    status: Status
    at: At
    cause: Cause
    known_from: At
    known_to: At | None
    evidence: list[UUID]


class VisitShape(BoardVisit, frozen=True):
    """A visit with its promises, every step and what it rests on, the facts it heard, and its alerts."""

    clock: ClockShape
    log_position: int
    zone: str
    checklist: list[str]
    promises: Promises
    timeliness: TimelinessShape
    timeline: list[StepShape]
    facts: list[FactShape]
    alerts: list[AlertWithHistory]


def board(
    clock: ClockShape,
    day: str,
    zone: str,
    position: int,
    rows: Sequence[VisitRow],
    alerts: Mapping[str, Sequence[BriefRow]],
) -> Json:
    """A day's visits: a `Board`."""
    counts = Counter(row.status for row in rows)
    told = {"clock": clock, "day": day, "zone": zone, "position": position}
    return told | {"counts": counts, "visits": lines(rows, alerts)}


def whole(
    clock: ClockShape,
    log_position: int,
    row: VisitRow,
    steps: Sequence[StepRow],
    facts: Sequence[FactRow],
    fixes: Sequence[FixRow],
    alerts: list[AlertWithHistory],
) -> Json:
    """One visit with everything that is known, a `VisitShape`; the positions that steps rest on are among its facts."""
    told = [*map(fact, facts), *map(fix, fixes)]
    return line(row) | {
        "alerts": alerts,
        "clock": clock,
        "log_position": log_position,
        "zone": row.zone,
        "checklist": msgspec.json.decode(row.checklist),
        "promises": Promises(
            first_from=row.first_from_ms,
            first_to=row.first_to_ms,
            **{"from": row.window_from_ms},
            to=row.window_to_ms,
            revision=row.revision,
        ),
        "timeliness": TimelinessShape(
            arrived_at=row.arrived_ms,
            lateness_s=row.lateness_s,
            on_time=row.on_time,
            early_s=row.early_s,
            served_from=row.served_from_ms,
            served_to=row.served_to_ms,
            served_s=row.served_s,
        ),
        "timeline": [
            StepShape(
                step=step.step,
                status=Status(step.status),
                at=step.at_ms,
                cause=Cause(step.cause),
                known_from=step.known_from_ms,
                known_to=step.known_to_ms,
                evidence=step.evidence,
            )
            for step in steps
        ],
        "facts": sorted(told, key=lambda told: (told.at, told.fact)),
    }


def eta(row: CustomerRow) -> EtaShape | None:
    """The estimate, where there is one."""
    if (
        row.eta_ms is None
        or row.eta_early_ms is None
        or row.eta_late_ms is None
        or row.fix_ms is None
        or row.remaining_m is None
    ):
        return None
    return EtaShape(
        at=row.eta_ms,
        early=row.eta_early_ms,
        late=row.eta_late_ms,
        made_at=row.fix_ms,
        remaining_m=row.remaining_m,
    )


def position(row: CustomerRow) -> PositionShape | None:
    """The newest believed fix, where there is one."""
    if row.fix_lat_e7 is None or row.fix_lon_e7 is None or row.fix_ms is None:
        return None
    return PositionShape(
        lat=degrees(row.fix_lat_e7),
        lon=degrees(row.fix_lon_e7),
        accuracy_m=None if row.fix_accuracy_dm is None else row.fix_accuracy_dm / 10,
        at=row.fix_ms,
    )
