"""Geometry on the ground: distances in metres, geofences, and the coordinate systems that phones and maps use.

One formula for one quantity: every distance in Doorstep is the local equirectangular one below, computed by
numpy for scalars and columns alike, so that a batch and a single row agree to the last bit.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

M_PER_DEG_LAT = 111_195.0
"""Metres in a degree of latitude on a sphere of 6 371 km. Within 0.5 % of the ellipsoid everywhere."""


class Circle(msgspec.Struct, frozen=True, tag="circle", tag_field="shape"):
    """A geofence of `radius_m` metres about a point (WGS-84 degrees)."""

    lat: float
    lon: float
    radius_m: float


class Polygon(msgspec.Struct, frozen=True, tag="polygon", tag_field="shape"):
    """A geofence by its ring of (lat, lon) corners, widened by `buffer_m` metres."""

    ring: tuple[tuple[float, float], ...]
    buffer_m: float = 0.0


Fence = Circle | Polygon


def distance_m(lat1: Any, lon1: Any, lat2: Any, lon2: Any) -> Any:
    """Metres between points in degrees; scalars or arrays. Good to 1 % up to some 100 km, across the date line too."""
    dlat = np.subtract(lat2, lat1)
    dlon = np.remainder(np.subtract(lon2, lon1) + 540.0, 360.0) - 180.0
    x = dlon * np.cos(np.radians(np.add(lat1, lat2) * 0.5))
    return np.sqrt(dlat * dlat + x * x) * M_PER_DEG_LAT


def centre(fence: Fence) -> tuple[float, float]:
    """(lat, lon) of a fence's middle: where a map points and an ETA ends."""
    if isinstance(fence, Circle):
        return fence.lat, fence.lon
    point = shapely.Polygon(fence.ring).representative_point()
    return point.x, point.y


def outside_m(fence: Fence, lat: Any, lon: Any) -> NDArray[np.float64]:
    """How far outside the fence each point lies, in metres; negative inside. Arrays of degrees in, an array out."""
    lats, lons = np.atleast_1d(np.asarray(lat, np.float64)), np.atleast_1d(np.asarray(lon, np.float64))
    if isinstance(fence, Circle):
        result: NDArray[np.float64] = distance_m(fence.lat, fence.lon, lats, lons) - fence.radius_m
        return result
    origin_lat, origin_lon, m_per_deg_lon, ring = _local(fence)
    dlon = np.remainder(lons - origin_lon + 540.0, 360.0) - 180.0
    points = shapely.points(dlon * m_per_deg_lon, (lats - origin_lat) * M_PER_DEG_LAT)
    away = shapely.distance(ring, points)
    edge = shapely.distance(ring.exterior, points)
    signed: NDArray[np.float64] = np.where(away > 0, away, -edge) - fence.buffer_m
    return signed


@lru_cache(maxsize=65_536)
def _local(fence: Polygon) -> tuple[float, float, float, shapely.Polygon]:
    """A polygon in metres about its first corner."""
    lat0, lon0 = fence.ring[0]
    m_per_deg_lon = float(np.cos(np.radians(lat0))) * M_PER_DEG_LAT
    ring = shapely.Polygon(
        [
            (
                (float(np.remainder(lon - lon0 + 540.0, 360.0)) - 180.0) * m_per_deg_lon,
                (lat - lat0) * M_PER_DEG_LAT,
            )
            for lat, lon in fence.ring
        ]
    )
    shapely.prepare(ring)
    return lat0, lon0, m_per_deg_lon, ring
