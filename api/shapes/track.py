"""A track as GeoJSON (RFC 7946: longitude first). Plain dicts: there may be twenty thousand points."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Literal

from pydantic import BaseModel

from api.shapes.degrees import degrees
from domain.positions import CRS_MASK, CRS_NAMES, PROVIDER_MASK, PROVIDER_NAMES, QUALITY_MASK, Flag
from domain.time import isoformat
from projections.queries.tracks import FixRow


class Feature(BaseModel, frozen=True):
    """A LineString with `device`, or a Point with `fact`, `device`, `at`, and what the phone said of it."""

    type: Literal["Feature"]
    geometry: dict[str, Any]
    properties: dict[str, Any]


class TrackShape(BaseModel, frozen=True):
    """`truncated`: there was more than one answer holds; ask for a shorter period."""

    type: Literal["FeatureCollection"]
    features: list[Feature]
    truncated: bool


def track(rows: Sequence[FixRow], truncated: bool) -> dict[str, Any]:
    """A `TrackShape`: first the lines, by device, then the points in order of time."""
    by_device = sorted(rows, key=lambda row: row.device)  # stable: the order of time stays
    lines = [_line(device, list(fixes)) for device, fixes in groupby(by_device, key=lambda row: row.device)]
    features = [*(line for line in lines if line is not None), *map(_point, rows)]
    return {"type": "FeatureCollection", "features": features, "truncated": truncated}


def _line(device: str, fixes: Sequence[FixRow]) -> dict[str, Any] | None:
    if len(fixes) < 2:
        return None
    coordinates = [_lon_lat(row) for row in fixes]
    return _feature({"type": "LineString", "coordinates": coordinates}, {"device": device})


def _point(row: FixRow) -> dict[str, Any]:
    flags = row.flags
    properties: dict[str, Any] = {
        "fact": str(row.fact),
        "device": row.device,
        "at": isoformat(row.ms),
        "known_at": isoformat(row.known_ms),
        "accuracy_m": _tenths(row.accuracy_dm),
        "speed_mps": None if row.speed_cms is None else row.speed_cms / 100,
        "heading_deg": None if row.heading_cdeg is None else row.heading_cdeg / 100,
        "battery_pct": row.battery_pct,
        "mock": True if flags & Flag.MOCK_TRUE else False if flags & Flag.MOCK_FALSE else None,
        "provider": PROVIDER_NAMES.get(flags & PROVIDER_MASK),
        "crs": CRS_NAMES.get(flags & CRS_MASK, "wgs84"),
        "time": _QUALITIES.get(flags & QUALITY_MASK, "device"),
    }
    return _feature({"type": "Point", "coordinates": _lon_lat(row)}, properties)


_QUALITIES = {int(Flag.TIME_AHEAD): "ahead", int(Flag.TIME_UNSET): "unset"}


def _feature(geometry: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _lon_lat(row: FixRow) -> tuple[float, float]:
    return degrees(row.lon_e7), degrees(row.lat_e7)


def _tenths(value: int | None) -> float | None:
    return None if value is None else value / 10
