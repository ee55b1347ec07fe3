"""Business days as endpoints take them: a date, in a zone, from the hour at which a company's day begins."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query

from api.deps import Deps
from api.times import business_day, business_day_of
from domain.errors import Rejected
from domain.time import Ms
from domain.zones import names

Day = Annotated[date | None, Query(description="a business day, which begins at a local hour (a setting, 04:00)")]
Zone = Annotated[str | None, Query(description="IANA zone that the day is of; none: the cell's")]

FIRST, LAST = date(1970, 1, 2), date(2199, 12, 31)


def zone_of(deps: Deps, zone: str | None) -> str:
    """The zone that was asked for, or the cell's. Raises Rejected `invalid_zone`."""
    found = zone or deps.options.zone
    if found not in names():
        raise Rejected(f"there is no time zone {found!r}", code="invalid_zone")
    return found


def checked(day: date) -> date:
    """A day that can be asked for. Raises Rejected `invalid_day`."""
    if not FIRST <= day <= LAST:
        raise Rejected(f"{day} is not a day between 1970 and 2200", code="invalid_day")
    return day


def today(deps: Deps, now_ms: int, zone: str) -> date:
    """The business day that it is now."""
    return business_day_of(now_ms, zone, deps.options.business_day_hour)


def span(deps: Deps, day: date, zone: str) -> tuple[Ms, Ms]:
    """A day as [from, to) in epoch ms. Raises Rejected `invalid_day`."""
    return business_day(checked(day), zone, deps.options.business_day_hour)


def span_or_all(deps: Deps, day: date | None, zone: str | None) -> tuple[Ms | None, Ms | None]:
    """The same for lists that are of all days where none is asked for. Raises Rejected."""
    found = zone_of(deps, zone)
    return (None, None) if day is None else span(deps, day, found)
