"""What a customer sees of their visit, field by field. Enforced here, whatever a page would like to show.

Where the worker is: only on the way to this customer, never near another customer's home, never as a trail. When they
will come: only on the way. Who they are: the surname and a title. What happened: the steps as known now, not why we
think so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec
from pydantic import BaseModel

from api.clock import ClockShape
from api.shapes.degrees import degrees
from api.shapes.fences import FenceShape, shape_of
from api.shapes.visits import EtaShape, PositionShape, eta, position
from api.times import At
from domain.geo import Circle, Fence, Polygon, outside_m
from projections.progress.state import Status
from projections.queries.customer import CustomerRow, Step

APPROACHING = (Status.ON_THE_WAY, Status.NEARBY)
"""The only statuses in which a position or an estimate is shown."""
COARSE_M = 100
"""Where the position is withheld, the remaining distance tells no more than this."""

Withheld = Literal["not_on_the_way", "near_other_site", "no_fix"]
Locale = Literal["zh-CN", "en"]


class VisitPart(BaseModel, frozen=True):
    visit: str
    service: str
    window_from: At
    window_to: At
    planned_s: int
    zone: str
    revision: int


class WorkerPart(BaseModel, frozen=True):
    """What to call who is coming."""

    called: str


class StepPart(BaseModel, frozen=True):
    status: Status
    at: At


class SitePart(BaseModel, frozen=True):
    name: str
    lat: float
    lon: float
    fence: FenceShape


class StalePart(BaseModel, frozen=True):
    """Nothing was heard since."""

    since: At


class CustomerView(BaseModel, frozen=True):
    """The customer's page as data. `ended`: nothing more will happen; `position_withheld`: why there is none."""

    visit: VisitPart
    worker: WorkerPart | None
    status: Status
    status_at: At
    over: bool
    steps: list[StepPart]
    eta: EtaShape | None
    position: PositionShape | None
    position_withheld: Withheld | None
    site: SitePart
    arrived_at: At | None
    service_at: At | None
    finished_at: At | None
    stale: StalePart | None
    ended: bool
    locale: Locale
    clock: ClockShape


def disclose(
    row: CustomerRow,
    steps: Sequence[Step],
    others: Sequence[Fence],
    clock: ClockShape,
    *,
    near_other_site_m: float,
    stale_after_s: float,
) -> CustomerView:
    """The view at the clock's now. `others`: fences of other customers' sites, at least those about the fix."""
    status = Status(row.status)
    approaching = status in APPROACHING and not row.over
    shown, withheld = _position(row, others, near_other_site_m) if approaching else (None, "not_on_the_way")
    return CustomerView(
        visit=VisitPart(
            visit=row.visit,
            service=row.service,
            window_from=row.window_from_ms,
            window_to=row.window_to_ms,
            planned_s=row.planned_s,
            zone=row.zone,
            revision=row.revision,
        ),
        worker=_worker(row),
        status=status,
        status_at=row.status_at_ms,
        over=row.over,
        steps=[StepPart(status=Status(name), at=at_ms) for name, at_ms in steps],
        eta=_eta(row, exact=shown is not None) if approaching else None,
        position=shown,
        position_withheld=withheld,
        site=SitePart(
            name=row.site_name,
            lat=degrees(row.site_lat_e7),
            lon=degrees(row.site_lon_e7),
            fence=shape_of(msgspec.json.decode(row.fence, type=Fence)),
        ),
        arrived_at=row.arrived_ms,
        service_at=row.service_ms,
        finished_at=row.finished_ms,
        stale=_stale(row, clock.now, stale_after_s) if approaching else None,
        ended=row.over,
        locale="en" if (row.locale or "").lower().startswith("en") else "zh-CN",
        clock=clock,
    )


def same_but_for_the_clock(a: CustomerView, b: CustomerView) -> bool:
    """Whether a page that shows `a` needs to be told `b`."""
    return all(ours == getattr(b, name) for name, ours in a if name != "clock")


def _position(row: CustomerRow, others: Sequence[Fence], near_m: float) -> tuple[PositionShape | None, Withheld | None]:
    shown = position(row)
    if shown is None:
        return None, "no_fix"
    if any(outside_m(_bare(fence), shown.lat, shown.lon)[0] <= near_m for fence in others):
        return None, "near_other_site"
    return shown, None


def _bare(fence: Fence) -> Fence:
    """Where the home is: a circle's middle, a polygon's own ring. The widening is for phones' errors."""
    return Circle(fence.lat, fence.lon, 0.0) if isinstance(fence, Circle) else Polygon(fence.ring)


def _eta(row: CustomerRow, *, exact: bool) -> EtaShape | None:
    found = eta(row)
    if found is None or exact:
        return found
    return found.model_copy(update={"remaining_m": -(-found.remaining_m // COARSE_M) * COARSE_M})


def _stale(row: CustomerRow, now_ms: int, after_s: float) -> StalePart | None:
    if row.fix_ms is None or now_ms - row.fix_ms <= after_s * 1000:
        return None
    return StalePart(since=row.fix_ms)


def _worker(row: CustomerRow) -> WorkerPart | None:
    """王阿姨, or Ms Wang; never more of the name."""
    if row.worker is None:
        return None
    surname, title = row.surname or "", row.title or ""
    called = f"{title} {surname}".strip() if (title or surname).isascii() else surname + title
    return WorkerPart(called=called) if called else None
