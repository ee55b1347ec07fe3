"""A day in words: sites on a plane in metres, promises and facts at "HH:MM[:SS]", and what became of a visit.

    day.visit("v", "10:00", "10:15"); day.phone("p"); day.stay("p", "10:02", "10:05"); day.tick("11:00")
    assert day.steps("v") == ["at_compound 10:02", "arrived 10:07", "in_service 10:12"]

Everything is told to the judge at once, as it is said; facts may be said in any order.
"""

from __future__ import annotations

from math import cos, radians
from typing import Any

import msgspec

from domain.events.device import DeviceBound, DeviceClockCorrected, DeviceUnbound
from domain.events.facts import CLASSES, Fact
from domain.events.policy import PolicyAdopted
from domain.events.site import SiteRegistered
from domain.events.visit import VisitCancelled, VisitReassigned, VisitRescheduled, VisitScheduled
from domain.geo import M_PER_DEG_LAT, Circle, Polygon
from domain.ids import fact_id
from domain.positions import Position
from domain.time import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Ms
from projections.alerts.book import ALERTS, HISTORY
from projections.progress.state import Cause
from tests.unit.projections.memory import Cell, Row

MIDNIGHT_MS = 1_795_132_800_000 // DAY_MS * DAY_MS
LAT, LON = 31.2, 121.4
RADIUS_M = 100.0
M_PER_DEG_LON = M_PER_DEG_LAT * cos(radians(LAT))


def ms(clock: str) -> int:
    """ "10:05", "10:05:30" or "25:00" (one in the morning of the next day) as epoch ms."""
    hours, minutes, *seconds = (float(part) for part in clock.split(":"))
    return MIDNIGHT_MS + round(hours * HOUR_MS + minutes * MINUTE_MS + sum(seconds) * SECOND_MS)


def clock(at_ms: int) -> str:
    """The other way; seconds only where there are any."""
    minutes, rest = divmod(at_ms - MIDNIGHT_MS, MINUTE_MS)
    text = f"{minutes // 60:02d}:{minutes % 60:02d}"
    return f"{text}:{rest / SECOND_MS:02g}" if rest else text


def degrees(east_m: float, north_m: float) -> tuple[float, float]:
    """(lat, lon) of a place on the plane."""
    return LAT + north_m / M_PER_DEG_LAT, LON + east_m / M_PER_DEG_LON


def fix(device: str, at_ms: int, east_m: float, accuracy_m: float | None, **more: Any) -> Position:
    """One position on the plane."""
    lat, lon = degrees(east_m, more.pop("north_m", 0.0))
    return Position(
        device=device,
        observed_at_ms=at_ms,
        lat_e7=round(more.pop("lat", lat) * 1e7),
        lon_e7=round(more.pop("lon", lon) * 1e7),
        accuracy_dm=None if accuracy_m is None else round(accuracy_m * 10),
        **more,
    )


def fact(kind: str, device: str, at_ms: int, **fields: Any) -> Fact:
    """One fact of another kind. Its identity is its content."""
    content = msgspec.json.encode(fields, order="sorted")
    identity = fact_id(device, kind, at_ms, content)
    return CLASSES[kind](recorded_at_ms=Ms(at_ms), fact=identity, device=device, observed_at_ms=Ms(at_ms), **fields)


class Day:
    """A cell and the words to tell it a day. Decisions are recorded at 06:00 unless they say otherwise."""

    def __init__(self) -> None:
        self.cell = Cell()
        self.cell.now_ms = ms("06:00")

    # the plan

    def site(self, site: str, east_m: float = 0.0) -> Day:
        """A circle of 100 m about a place on the plane."""
        lat, lon = degrees(east_m, 0.0)
        self.cell.say(
            SiteRegistered(
                recorded_at_ms=self._now, site=site, customer="c", name="", zone="UTC", fence=Circle(lat, lon, RADIUS_M)
            )
        )
        return self

    def polygon(self, site: str, *corners: tuple[float, float]) -> Day:
        """A site by its corners on the plane (east, north)."""
        fence = Polygon(tuple(degrees(*corner) for corner in corners))
        self.cell.say(
            SiteRegistered(recorded_at_ms=self._now, site=site, customer="c", name="", zone="UTC", fence=fence)
        )
        return self

    def visit(
        self,
        visit: str,
        since: str,
        until: str,
        *,
        worker: str | None = "w",
        minutes: int = 60,
        east_m: float = 0.0,
        site: str | None = None,
    ) -> Day:
        """A promise, at a site of its own unless one is named."""
        if site is None:
            self.site(f"site of {visit}", east_m)
        self.cell.say(
            VisitScheduled(
                recorded_at_ms=self._now,
                visit=visit,
                site=site or f"site of {visit}",
                customer="c",
                service="cleaning",
                worker=worker,
                window_from_ms=Ms(ms(since)),
                window_to_ms=Ms(ms(until)),
                planned_s=minutes * 60,
            )
        )
        return self

    def reschedule(self, visit: str, since: str, until: str, minutes: int = 60) -> Day:
        window = {"window_from_ms": Ms(ms(since)), "window_to_ms": Ms(ms(until))}
        self.cell.say(VisitRescheduled(recorded_at_ms=self._now, visit=visit, planned_s=minutes * 60, **window))
        return self

    def reassign(self, visit: str, worker: str | None) -> Day:
        self.cell.say(VisitReassigned(recorded_at_ms=self._now, visit=visit, worker=worker))
        return self

    def cancel(self, visit: str, at: str) -> Day:
        self.cell.say(VisitCancelled(recorded_at_ms=Ms(ms(at)), visit=visit))
        return self

    def phone(self, device: str, worker: str = "w", since: str = "00:00", until: str | None = None) -> Day:
        """Whose phone it is, and since when."""
        self.cell.say(
            DeviceBound(
                recorded_at_ms=self._now,
                device=device,
                worker=worker,
                from_ms=Ms(ms(since)),
                until_ms=None if until is None else Ms(ms(until)),
            )
        )
        return self

    def hangs(self, device: str, site: str, since: str = "00:00", until: str | None = None) -> Day:
        """Where a reader or a tag is, and since when."""
        self.cell.say(
            DeviceBound(
                recorded_at_ms=self._now,
                device=device,
                site=site,
                from_ms=Ms(ms(since)),
                until_ms=None if until is None else Ms(ms(until)),
            )
        )
        return self

    def clock(self, device: str, minutes: int, since: str, until: str | None = None) -> Day:
        """How much later than it says it was on a device, within a period of its own clock."""
        self.cell.say(
            DeviceClockCorrected(
                recorded_at_ms=self._now,
                device=device,
                offset_ms=minutes * MINUTE_MS,
                from_ms=Ms(ms(since)),
                until_ms=None if until is None else Ms(ms(until)),
            )
        )
        return self

    def unbind(self, device: str, at: str) -> Day:
        self.cell.say(DeviceUnbound(recorded_at_ms=self._now, device=device, at_ms=Ms(ms(at))))
        return self

    def policy(self, since: str = "00:00", **values: float) -> Day:
        self.cell.say(PolicyAdopted(recorded_at_ms=self._now, from_ms=Ms(ms(since)), values=values))
        return self

    # the facts

    def ping(self, device: str, at: str, east_m: float = 0.0, accuracy_m: float | None = 10.0, **more: Any) -> Day:
        """One fix, alone in its batch."""
        self.cell.positions([fix(device, ms(at), east_m, accuracy_m, **more)])
        return self

    def stay(self, device: str, since: str, until: str, east_m: float = 0.0, *, every_s: int = 30) -> Day:
        """Fixes at one place from one time to another, both included."""
        for at in range(ms(since), ms(until) + 1, every_s * SECOND_MS):
            self.cell.positions([fix(device, at, east_m, 10.0)])
        return self

    def walk(self, device: str, since: str, until: str, from_m: float, to_m: float, *, every_s: int = 30) -> Day:
        """Fixes along a straight line, at an even pace."""
        start, end = ms(since), ms(until)
        for at in range(start, end + 1, every_s * SECOND_MS):
            east_m = from_m + (to_m - from_m) * (at - start) / (end - start)
            self.cell.positions([fix(device, at, east_m, 10.0)])
        return self

    def says(self, device: str, kind: str, at: str, east_m: float | None = None, **fields: Any) -> Day:
        """Any other fact; `east_m` where its sender says that it is."""
        if east_m is not None:
            lat, lon = degrees(east_m, 0.0)
            fields |= {"lat": lat, "lon": lon}
        self.cell.say(fact(kind, device, ms(at), **fields))
        return self

    def tick(self, at: str) -> Day:
        self.cell.tick(ms(at))
        return self

    # what became of it

    def steps(self, visit: str) -> list[str]:
        """The steps that facts and silence made ("arrived 10:07"), in the order in which they were concluded."""
        fold = self.cell.fold(visit)
        assert fold == self.cell.folded_purely(visit)
        return [f"{step.status} {clock(step.at_ms)}" for step in fold.transitions if step.cause is not Cause.PLAN]

    def alerts(self, *rules: str) -> list[str]:
        """What stands by these rules ("late v 10:25"), with its end where it has one ("late v 10:25-10:40")."""
        return sorted(_said(row) for row in self.cell.rows(ALERTS) if row["standing"] and row["rule"] in rules)

    def alert_changes(self, rule: str) -> list[str]:
        """Everything that the alert book ever wrote of a rule, by alert."""
        alerts = {row["alert"] for row in self.cell.rows(ALERTS) if row["rule"] == rule}
        return [str(row["change"]) for row in self.cell.rows(HISTORY) if row["alert"] in alerts]

    def alert(self, rule: str) -> Row:
        """The only alert there is of a rule, standing or not."""
        (row,) = (row for row in self.cell.rows(ALERTS) if row["rule"] == rule)
        return row

    def params(self, rule: str) -> dict[str, Any]:
        """What the only alert of a rule says for a sentence about it."""
        params: dict[str, Any] = msgspec.json.decode(self.alert(rule)["params"])
        return params

    @property
    def _now(self) -> Ms:
        return Ms(self.cell.now_ms)


def _said(row: Row) -> str:
    end = "" if row["ended_at"] is None else f"-{clock(row['ended_at'])}"
    return f"{row['rule']} {row['subject']} {clock(row['started_at'])}{end}"
