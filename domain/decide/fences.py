"""Which geofences can be judged: a circle of a sensible radius, or a simple ring of corners about one place."""

from __future__ import annotations

from math import cos, isfinite, radians

import shapely

from domain.decide.checks import invalid
from domain.geo import M_PER_DEG_LAT, Circle, Fence, Polygon, distance_m

LEAST_RADIUS_M = 5.0
"""Below it the error of the best fix is wider than the fence."""
MOST_RADIUS_M = 5_000.0
"""A town. Wider, being inside says nothing about a home."""
MOST_REACH_M = 2 * MOST_RADIUS_M
"""From a polygon's first corner to any other: as wide as the widest circle. It also keeps the flat geometry exact."""
LEAST_AREA_M2 = 1.0
"""Corners on one line give a ring of no width, which rounding may make "simple"."""
MOST_CORNERS = 1_000
"""Every fix near the site is measured against every edge."""


def check_fence(fence: Fence) -> None:
    """Raises Rejected `invalid_fence` for a fence that cannot be judged."""
    if isinstance(fence, Circle):
        _check_place(fence.lat, fence.lon)
        if not LEAST_RADIUS_M <= fence.radius_m <= MOST_RADIUS_M:
            invalid("fence", f"a radius of {fence.radius_m} m is not between {LEAST_RADIUS_M} and {MOST_RADIUS_M}")
    else:
        _check_ring(fence)
        if not 0.0 <= fence.buffer_m <= MOST_RADIUS_M:
            invalid("fence", f"a buffer of {fence.buffer_m} m is not between 0 and {MOST_RADIUS_M}")


def _check_place(lat: float, lon: float) -> None:
    if not (isfinite(lat) and isfinite(lon) and -90.0 <= lat <= 90.0 and -180.0 <= lon <= 180.0):
        invalid("fence", f"({lat}, {lon}) is no latitude and longitude")


def _check_ring(fence: Polygon) -> None:
    if not 3 <= len(set(fence.ring)) <= MOST_CORNERS:
        invalid("fence", f"a ring has 3 to {MOST_CORNERS} corners, not {len(set(fence.ring))}")
    lat0, lon0 = fence.ring[0]
    for lat, lon in fence.ring:
        _check_place(lat, lon)
        if distance_m(lat0, lon0, lat, lon) > MOST_REACH_M:
            invalid("fence", f"the corner ({lat}, {lon}) is more than {MOST_REACH_M} m from the first")
    ring = _in_metres(fence)
    if not ring.is_valid:
        invalid("fence", f"the ring is not simple: {shapely.is_valid_reason(ring)}")
    if ring.area < LEAST_AREA_M2:
        invalid("fence", f"the ring encloses less than {LEAST_AREA_M2} m²")


def _in_metres(fence: Polygon) -> shapely.Polygon:
    """The ring about its first corner; longitudes are unwrapped, so that a ring across the date line is whole."""
    lat0, lon0 = fence.ring[0]
    m_per_deg_lon = cos(radians(lat0)) * M_PER_DEG_LAT
    return shapely.Polygon(
        [
            (((lon - lon0 + 540.0) % 360.0 - 180.0) * m_per_deg_lon, (lat - lat0) * M_PER_DEG_LAT)
            for lat, lon in fence.ring
        ]
    )
