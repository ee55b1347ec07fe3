"""A tracker's report, whichever dialect it came in: a fix or none, and perhaps a call for help, as position and facts.

For dialects whose one message tells all of it (osmand, traccar). Nothing of a report is lost: what is no position is
kept as a status.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from domain.crs import Crs, to_wgs84
from domain.errors import Unreadable
from domain.events.facts import Fact
from domain.positions import Flag, Position
from domain.time import Ms
from ingest.facts import fact_of, position_of
from ingest.message import Decoded
from ingest.reading import Receipt

KNOT_MPS = 1852 / 3600
"""One knot in m/s, exactly."""

_CRS: dict[str, Crs] = {
    "wgs84": "wgs84",
    "gcj02": "gcj02",
    "bd09": "bd09",
    "wgs84ll": "wgs84",
    "gcj02ll": "gcj02",
    "bd09ll": "bd09",
}
"""Our names, and those of Baidu's services (`coordType`)."""


class Report(Struct, kw_only=True):
    """What was read. Degrees, metres, m/s, percent; None: not said, negative: unknown; `observed_at_ms` None: the
    tracker has no clock. `valid` false: it disowns the place that it states. `extras`: all that has no field here."""

    device: str
    observed_at_ms: Ms | None
    lat: float | None = None
    lon: float | None = None
    valid: bool = True
    crs: Crs | None = None
    accuracy_m: float | None = None
    speed_mps: float | None = None
    heading_deg: float | None = None
    altitude_m: float | None = None
    battery_pct: float | None = None
    mock: bool | None = None
    sos: bool = False
    worker: str | None = None
    extras: dict[str, Any] = {}


def told(report: Report, receipt: Receipt) -> Decoded:
    """A position where there is a place to believe in, else a status; and beside it the SOS. Raises Unreadable."""
    if (report.lat is None) != (report.lon is None):
        raise Unreadable("latitude and longitude belong together", code="missing_field")
    sos = (_sos(report, receipt),) if report.sos else ()
    if report.valid and report.lat is not None:
        return Decoded(positions=(_position(report, receipt),), facts=sos)
    return Decoded(facts=(_status(report, receipt), *sos))


def crs_of(*named: object) -> Crs | None:
    """The coordinate system that a report names. Raises Unreadable (`unknown_value`)."""
    for name in named:
        if name is None:
            continue
        if isinstance(name, str) and name.lower() in _CRS:
            return _CRS[name.lower()]
        raise Unreadable(f"{str(name)[:200]!r} is no coordinate system of ours", code="unknown_value")
    return None


def is_sos(alarm: object) -> bool:
    """Whether an alarm is a call for help. Several may stand in one text, with commas between."""
    return isinstance(alarm, str) and "sos" in (each.strip().lower() for each in alarm.split(","))


def placed(report: Report, receipt: Receipt) -> dict[str, Any]:
    """The place as facts keep it: `lat` and `lon` in WGS-84 to 1e-7 degrees; nothing where there is none."""
    if report.lat is None or report.lon is None:
        return {}
    lat, lon = to_wgs84(_crs(report, receipt), report.lat, report.lon)
    return {"lat": round(lat * 1e7) / 1e7, "lon": round(lon * 1e7) / 1e7}


def marks(report: Report, receipt: Receipt) -> dict[str, Any]:
    """What every fact of a report keeps beside its own fields."""
    kept = {name: report.extras[name] for name in ("contradicts",) if name in report.extras}
    if report.lat is not None and not report.valid:
        kept["valid"] = False
    if report.lat is not None and (crs := _crs(report, receipt)) != "wgs84":
        kept["crs"] = crs
    return kept


def _crs(report: Report, receipt: Receipt) -> Crs:
    return report.crs or receipt.devices.of(report.device).crs or "wgs84"


def _position(report: Report, receipt: Receipt) -> Position:
    assert report.lat is not None
    assert report.lon is not None
    extras = dict(report.extras)
    if report.worker is not None:
        extras["worker"] = report.worker
    flags = 0 if report.mock is None else int(Flag.MOCK_TRUE if report.mock else Flag.MOCK_FALSE)
    if report.observed_at_ms is None:
        # A position must have a time, and two of them are two: each is dated at its receipt, and says so.
        flags |= int(Flag.TIME_UNSET)
    return position_of(
        report.device,
        receipt.at_ms if report.observed_at_ms is None else report.observed_at_ms,
        report.lat,
        report.lon,
        receipt,
        accuracy_m=report.accuracy_m or None,  # phones say 0 where they do not know
        speed_mps=report.speed_mps,
        heading_deg=report.heading_deg,
        altitude_m=report.altitude_m,
        battery_pct=report.battery_pct,
        crs=report.crs,
        flags=flags,
        extras=extras,
    )


def _status(report: Report, receipt: Receipt) -> Fact:
    said = {
        "accuracy": report.accuracy_m,
        "speed": report.speed_mps,
        "heading": report.heading_deg,
        "altitude": report.altitude_m,
        "mock": report.mock,
    }
    extras = report.extras | marks(report, receipt) | placed(report, receipt)
    extras |= {name: value for name, value in said.items() if value is not None}
    battery = report.battery_pct
    return fact_of(
        "status",
        report.device,
        report.observed_at_ms,
        receipt,
        extras=extras,
        worker=report.worker,
        battery_pct=None if battery is None or battery < 0 else round(battery),
    )


def _sos(report: Report, receipt: Receipt) -> Fact:
    """With nothing in it that two ways of telling the same alarm could tell differently."""
    return fact_of(
        "sos",
        report.device,
        report.observed_at_ms,
        receipt,
        extras=marks(report, receipt),
        worker=report.worker,
        **placed(report, receipt),
    )
