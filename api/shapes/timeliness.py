"""Whether promises were kept, counted by worker, service, site or day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil
from typing import Literal, TypeVar

from pydantic import BaseModel, Field

from api.clock import ClockShape
from projections.queries.timeliness import KeptRow

By = Literal["worker", "service", "site", "day"]
N = TypeVar("N", int, float)


class Lateness(BaseModel, frozen=True):
    """Seconds after the end of the window, over all arrivals; who came before it was 0 late."""

    p50: int
    p90: int


class ServedRatio(BaseModel, frozen=True):
    """Time served by time planned, over all visits whose service has ended."""

    p50: float


class TimelinessRow(BaseModel, frozen=True):
    """`arrived`: somebody came, `on_time` within the window and its graces, `late` after it; `missed`: nobody has;
    `open`: still to come. `on_time_rate`: of those that arrived or were missed. Percentiles are values that occurred
    (nearest rank). Null: of none."""

    key: str | None
    name: str | None
    visits: int
    arrived: int
    on_time: int
    late: int
    missed: int
    open: int
    on_time_rate: float | None
    lateness_s: Lateness | None
    served_ratio: ServedRatio | None


class Timeliness(BaseModel, frozen=True):
    """Of visits that were not called off, on the business days `from` to `to`. `zone` null: each site's own."""

    clock: ClockShape
    by: By
    from_: str = Field(alias="from")
    to: str
    zone: str | None
    items: list[TimelinessRow]
    total: TimelinessRow


def count(key: str | None, name: str | None, rows: Sequence[KeptRow]) -> TimelinessRow:
    """One row of the answer."""
    arrived = [row for row in rows if row.arrived]
    missed = sum(row.missed for row in rows)
    on_time = sum(row.on_time is True for row in arrived)
    lateness = sorted(max(0, row.lateness_s) for row in arrived if row.lateness_s is not None)
    served = sorted(row.served_s / row.planned_s for row in rows if row.served_s is not None)
    ended = len(arrived) + missed
    return TimelinessRow(
        key=key,
        name=name,
        visits=len(rows),
        arrived=len(arrived),
        on_time=on_time,
        late=sum(row.on_time is False and (row.lateness_s or 0) > 0 for row in arrived),
        missed=missed,
        open=sum(not (row.arrived or row.missed or row.concluded) for row in rows),
        on_time_rate=round(on_time / ended, 4) if ended else None,
        lateness_s=Lateness(p50=percentile(lateness, 50), p90=percentile(lateness, 90)) if lateness else None,
        served_ratio=ServedRatio(p50=round(percentile(served, 50), 4)) if served else None,
    )


def percentile(ordered: Sequence[N], percent: int) -> N:
    """The least value that so many percent of all do not exceed."""
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]


def grouped(rows: Iterable[tuple[str | None, str | None, KeptRow]]) -> list[TimelinessRow]:
    """Rows by (key, name), by key; those without one last."""
    found: dict[str | None, tuple[str | None, list[KeptRow]]] = {}
    for key, name, row in rows:
        found.setdefault(key, (name, []))[1].append(row)
    ordered = sorted(found.items(), key=lambda item: (item[0] is None, item[0] or ""))
    return [count(key, name, kept) for key, (name, kept) in ordered]
