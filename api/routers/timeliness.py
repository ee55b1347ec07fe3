"""Timeliness over days: how many promises were kept, and by how much the others were not."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.auth import Staff
from api.deps import Here
from api.routers.answers import STAFF_PROBLEMS, Reached, json, problems
from api.routers.days import Zone, checked, today, zone_of
from api.shapes.timeliness import By, Timeliness, count, grouped
from api.times import business_day
from domain.errors import Rejected
from domain.time import DAY_MS
from projections.queries import timeliness
from projections.queries.timeliness import KeptRow

router = APIRouter(prefix="/v1", tags=["timeliness"], responses=STAFF_PROBLEMS | problems(504))

LONGEST_DAYS = 92
"""A quarter; its visits are counted one by one."""


@router.get(
    "/timeliness",
    response_model=Timeliness,
    dependencies=[Reached],
    summary="Promises kept and missed, by worker, service, site or day",
)
def get_timeliness(
    deps: Here,
    staff: Staff,
    by: Annotated[By, Query(description="what a row is about")] = "day",
    first: Annotated[date | None, Query(alias="from", description="the first business day; none: today")] = None,
    last: Annotated[date | None, Query(alias="to", description="the last business day; none: the first")] = None,
    zone: Zone = None,
) -> Response:
    """Days are of `zone`, or where none is given of each site's own zone; they begin at the business-day hour."""
    clock = deps.clock.shape()
    there = zone_of(deps, zone)
    first = checked(first or today(deps, clock.now, there))
    last = checked(last or first)
    if not 0 <= (last - first).days < LONGEST_DAYS:
        raise Rejected(f"timeliness is counted over 1 to {LONGEST_DAYS} days", code="invalid_period")
    days = _Days(first, last, zone, deps.options.business_day_hour)
    read = deps.database.read(lambda cursor: timeliness.between(cursor, *days.widest(there)))
    rows = [(day, row) for row in read if (day := days.day_of(row)) is not None]
    told = Timeliness(
        clock=clock,
        by=by,
        **{"from": first.isoformat()},
        to=last.isoformat(),
        zone=zone,
        items=grouped((*_key(by, day, row), row) for day, row in rows),
        total=count(None, None, [row for _, row in rows]),
    )
    return json(told)


def _key(by: By, day: str, row: KeptRow) -> tuple[str | None, str | None]:
    match by:
        case "worker":
            return row.worker, row.worker_name
        case "service":
            return row.service, row.service
        case "site":
            return row.site, row.site_name
        case "day":
            return day, day


class _Days:
    """The business days from `first` to `last`, wherever a visit is."""

    def __init__(self, first: date, last: date, zone: str | None, hour: int) -> None:
        self._days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        self._zone, self._hour = zone, hour
        self._starts: dict[str, list[int]] = {}

    def widest(self, zone: str) -> tuple[int, int]:
        """A span that holds all of them in any zone, which differ by at most 26 hours."""
        starts = self._starts_in(zone)
        beside = 0 if self._zone else 2 * DAY_MS
        return starts[0] - beside, starts[-1] + beside

    def day_of(self, row: KeptRow) -> str | None:
        """The day that a visit's window opens on; None: none of these."""
        starts = self._starts_in(self._zone or row.zone)
        place = bisect_right(starts, row.window_from_ms) - 1
        return self._days[place].isoformat() if 0 <= place < len(self._days) else None

    def _starts_in(self, zone: str) -> list[int]:
        """When each of them begins, and when the last one ends."""
        if zone not in self._starts:
            spans = [business_day(day, zone, self._hour) for day in self._days]
            self._starts[zone] = [*(begins for begins, _ in spans), spans[-1][1]]
        return self._starts[zone]
