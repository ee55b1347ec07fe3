"""A day's plan as a table: each line is a visit, and what it names is entered as far as it is not known.

line of cells → commands that belong together, or all that is wrong with it, by column
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from math import isfinite
from typing import TypeVar, get_args

import msgspec

from api.commands import Errand
from api.sheet import Line
from api.times import business_day, business_day_of
from domain.crs import Crs, to_wgs84
from domain.decide import (
    BindDevice,
    Command,
    RegisterCustomer,
    RegisterSite,
    RegisterWorker,
    ScheduleVisit,
    checks,
)
from domain.decide.fences import check_fence
from domain.errors import Rejected
from domain.geo import Circle
from domain.time import Ms, from_datetime, to_datetime
from domain.zones import zone as zone_named

T = TypeVar("T")

NEEDED = ("visit", "customer", "site", "service", "window_from", "window_to", "planned_min")
COLUMNS = (
    *("visit", "customer", "customer_name", "site", "site_name", "address", "lat", "lon", "radius_m", "crs"),
    *("service", "worker", "worker_name", "worker_surname", "worker_title", "device"),
    *("window_from", "window_to", "planned_min", "checklist"),
)
DEFAULT_RADIUS_M = 100.0
"""Of a new site whose radius nobody says: a block of flats, and the error of a fix in the street before it."""

_LOCAL = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?")
_COLUMN_OF = {
    "unknown_customer": "customer",
    "unknown_site": "site",
    "unknown_worker": "worker",
    "invalid_fence": "lat",
    "invalid_window": "window_to",
    "invalid_duration": "planned_min",
    "invalid_checklist": "checklist",
    "conflict": "visit",
}
"""Of refusals that come from the log or from several cells: the column to look at."""


class Wrong(msgspec.Struct, frozen=True):
    """What is wrong with a line. `field`: the column; None: the line as a whole."""

    field: str | None
    code: str
    detail: str


class Reading(msgspec.Struct, frozen=True):
    """A line as it was read: commands that belong together, or all that is wrong with its cells."""

    line: Line
    errand: Errand = ()
    wrong: tuple[Wrong, ...] = ()


class Sheet:
    """Reads the lines of one table. `zone`: of local times and of new sites; `at_ms`, `by`: of the commands."""

    def __init__(self, *, at_ms: Ms, by: str, zone: str, business_day_hour: int) -> None:
        self._at_ms, self._by = at_ms, by
        self._zone, self._hour = zone, business_day_hour
        self._carried: dict[tuple[str, int], tuple[str, int]] = {}
        """By device and business day: the worker, and the line that says so."""

    def read(self, line: Line) -> Reading:
        """A line. Lines are told apart by device and day, so read them in their order."""
        row = _Row(line)
        if line.beyond:
            row.wrong.append(Wrong(None, "invalid_row", "the line has more cells than there are columns"))
        commands = [*self._customer(row), *self._site(row), *self._worker(row), *self._visit(row)]
        if not row.wrong:
            self._clash(row, line.number)
        return Reading(line, wrong=tuple(row.wrong)) if row.wrong else Reading(line, commands)

    def _customer(self, row: _Row) -> list[Command]:
        customer = row.key("customer")
        name = row.text("customer_name")
        if customer is None or name is None:
            return []
        return [RegisterCustomer(at_ms=self._at_ms, by=self._by, customer=customer, name=name)]

    def _site(self, row: _Row) -> list[Command]:
        site = row.key("site")
        name, address = row.text("site_name"), row.text("address")
        lat, lon = row.number("lat", -90, 90), row.number("lon", -180, 180)
        radius_m = row.number("radius_m", 0, float("inf"))
        crs = row.read("crs", _crs) or "wgs84"
        fence = None
        if lat is not None and lon is not None:
            fence = Circle(*to_wgs84(crs, lat, lon), radius_m or DEFAULT_RADIUS_M)
            row.check("radius_m" if radius_m else "lat", lambda: check_fence(fence))
        elif any(map(row.says, ("lat", "lon", "radius_m"))) and not (row.says("lat") and row.says("lon")):
            missing = "lon" if row.says("lat") else "lat"
            row.wrong.append(Wrong(missing, "invalid_fence", "a place has both lat and lon"))
        if site is None or (name is None and address is None and fence is None):
            return []
        command = RegisterSite(
            at_ms=self._at_ms,
            by=self._by,
            site=site,
            customer=row.cells.get("customer", ""),
            name=name,
            address=address,
            zone=self._zone,
            fence=fence,
            # Without a radius it is where to find the site, not a survey: what was drawn by hand stays.
            only_new=("zone",) if radius_m else ("zone", "fence"),
        )
        return [command]

    def _worker(self, row: _Row) -> list[Command]:
        worker = row.key("worker", needed=False)
        said = {name: row.text(f"worker_{name}") for name in ("name", "surname", "title")}
        device = row.cells.get("device")
        if worker is None:
            if device is not None or any(value is not None for value in said.values()):
                row.wrong.append(Wrong("worker", "invalid_key", "the line tells of a worker without saying which"))
            return []
        commands: list[Command] = []
        if any(value is not None for value in said.values()):
            commands.append(RegisterWorker(at_ms=self._at_ms, by=self._by, worker=worker, **said))
        window_ms = row.time("window_from", self._zone)
        if device is not None and window_ms is not None:
            row.check("device", lambda: checks.device(device))
            commands.append(
                BindDevice(
                    at_ms=self._at_ms,
                    by=self._by,
                    device=device,
                    worker=worker,
                    from_ms=self._day_begins_ms(window_ms),
                    needed_ms=window_ms,
                )
            )
        return commands

    def _visit(self, row: _Row) -> list[Command]:
        visit, service = row.key("visit"), row.text("service", needed=True)
        from_ms, to_ms = row.time("window_from", self._zone), row.time("window_to", self._zone)
        planned_min = row.number("planned_min", 0, float("inf"), needed=True)
        items = tuple(item.strip() for item in row.cells.get("checklist", "").split("|") if item.strip())
        if service is None or from_ms is None or to_ms is None or planned_min is None:
            return []
        command = ScheduleVisit(
            at_ms=self._at_ms,
            by=self._by,
            visit=visit or "",
            site=row.cells.get("site", ""),
            customer=row.cells.get("customer", ""),
            service=service,
            worker=row.cells.get("worker"),
            window_from_ms=from_ms,
            window_to_ms=to_ms,
            planned_s=round(planned_min * 60),
            checklist=items,
        )
        return [command]

    def _clash(self, row: _Row, number: int) -> None:
        """A phone is one worker's on one day; that two lines disagree about whose is nobody's to guess."""
        device, worker = row.cells.get("device"), row.cells.get("worker")
        window_ms = row.time("window_from", self._zone)
        if device is None or worker is None or window_ms is None:
            return
        holder, said = self._carried.setdefault((device, self._day_begins_ms(window_ms)), (worker, number))
        if holder != worker:
            row.wrong.append(Wrong("device", "conflict", f"device {device} is worker {holder}'s in line {said}"))

    def _day_begins_ms(self, ms: int) -> Ms:
        return business_day(business_day_of(ms, self._zone, self._hour), self._zone, self._hour)[0]


def refused(refusal: Rejected) -> Wrong:
    """What the log's refusal of a line is, by column."""
    return Wrong(_COLUMN_OF.get(refusal.code), refusal.code, str(refusal))


class _Row:
    """The cells of one line as they are read, and what is wrong with them, each column once."""

    def __init__(self, line: Line) -> None:
        self.cells = line.cells
        self.wrong: list[Wrong] = []

    def says(self, field: str) -> bool:
        return field in self.cells

    def read(self, field: str, how: Callable[[str], T]) -> T | None:
        """A cell, read; None: it is empty or wrong."""
        cell = self.cells.get(field)
        if cell is None:
            return None
        try:
            return how(cell)
        except Rejected as refusal:
            self._note(Wrong(field, refusal.code, str(refusal)))
        return None

    def check(self, field: str, how: Callable[[], None]) -> None:
        try:
            how()
        except Rejected as refusal:
            self._note(Wrong(field, refusal.code, str(refusal)))

    def key(self, field: str, *, needed: bool = True) -> str | None:
        cell = self.cells.get(field)
        if cell is not None:
            self.check(field, lambda: checks.key(cell, field))
        elif needed:
            self._note(Wrong(field, "invalid_key", f"{field} is empty"))
        return cell

    def text(self, field: str, *, needed: bool = False) -> str | None:
        cell = self.cells.get(field)
        if cell is not None or needed:
            self.check(field, lambda: checks.text(cell or "", field, needed=needed))
        return cell

    def number(self, field: str, least: float, most: float, *, needed: bool = False) -> float | None:
        if needed and not self.says(field):
            self._note(Wrong(field, "invalid_number", f"{field} is empty"))
        return self.read(field, lambda cell: _number(field, cell, least, most))

    def time(self, field: str, zone: str) -> Ms | None:
        if not self.says(field):
            self._note(Wrong(field, "invalid_time", f"{field} is empty"))
        return self.read(field, lambda cell: _instant(field, cell, zone))

    def _note(self, wrong: Wrong) -> None:
        if wrong not in self.wrong:
            self.wrong.append(wrong)


def _number(field: str, cell: str, least: float, most: float) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = float("nan")
    if not (isfinite(value) and least <= value <= most):
        between = f"at least {least:g}" if most == float("inf") else f"between {least:g} and {most:g}"
        raise Rejected(f"{field} {cell!r} is not a number {between}", code="invalid_number")
    return value


def _crs(cell: str) -> Crs:
    for crs in get_args(Crs):
        if crs == cell.lower():
            return crs  # type: ignore[no-any-return]
    raise Rejected(f"crs {cell!r} is none of {', '.join(get_args(Crs))}", code="invalid_crs")


def _instant(field: str, cell: str, zone: str) -> Ms:
    """RFC 3339, or a local time as people and Excel write it."""
    try:
        local = _LOCAL.fullmatch(cell)
        if local is None:
            ms = from_datetime(datetime.fromisoformat(cell))
        else:
            there = zone_named(zone)
            at = datetime(*(int(part or 0) for part in local.groups()), tzinfo=there)  # type: ignore[misc,arg-type]
            ms = from_datetime(at)
            if at.replace(tzinfo=None) != to_datetime(ms).astimezone(there).replace(tzinfo=None):
                raise Rejected(f"{field} {cell!r} is no time in {zone}: the clocks went forward", code="invalid_time")
    except (ValueError, OverflowError):
        raise Rejected(
            f"{field} {cell!r} is no time such as 2026-11-22 09:00 or 2026-11-22T01:00:00Z", code="invalid_time"
        ) from None
    checks.instant(ms, field)
    return ms
