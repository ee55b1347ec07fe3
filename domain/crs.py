"""Coordinate systems of Chinese maps: GCJ-02 (Amap, Tencent) and BD-09 (Baidu) to and from WGS-84, in degrees.

The published formulas on the Krasovsky ellipsoid; the way back is found by iteration. Inside Doorstep all is WGS-84:
codecs convert on the way in, pages on the way out.
"""

from __future__ import annotations

from collections.abc import Callable
from math import atan2, cos, hypot, pi, radians, sin, sqrt
from typing import Literal

Crs = Literal["wgs84", "gcj02", "bd09"]
Point = tuple[float, float]
"""(lat, lon) in degrees."""

_A_M = 6_378_245.0
_EE = 0.00669342162296594323
SOUTH, NORTH, WEST, EAST = 0.8293, 55.8271, 72.004, 137.8347
"""The box within which the published formula shifts; maps of anywhere else are WGS-84.

It is larger than China. Hong Kong, Macao and Taiwan lie in it: Baidu shifts in all three, Amap in the first two.
So do Korea, western Japan, Vietnam or Singapore, where both services speak WGS-84: a device that goes there has to name
the system with each fix, because to us it looks shifted.

The shift ends at the edge in one step, and a point and its image may lie on two sides of it. Which side counts is
decided by the point that is asked about. So nothing outside is ever moved, and within EDGE_DEG of the edge the way back
may miss by as much as the shift is (730 m in GCJ-02, 1.5 km in BD-09 (m)); all of China is more than a degree away.
"""

EDGE_DEG = 0.03

_SETTLED_DEG = 1e-10
_MOST_STEPS = 20  # each step leaves about 1 % of the error, so five are usual


def to_wgs84(crs: Crs, lat: float, lon: float) -> Point:
    """A point given in `crs` as WGS-84. Within 1e-7° of exact inside the box, but for its edge; unchanged outside."""
    if crs == "gcj02":
        return gcj02_to_wgs84(lat, lon)
    if crs == "bd09":
        return bd09_to_wgs84(lat, lon)
    return lat, lon


def from_wgs84(crs: Crs, lat: float, lon: float) -> Point:
    """A WGS-84 point as `crs` shows it."""
    if crs == "gcj02":
        return wgs84_to_gcj02(lat, lon)
    if crs == "bd09":
        return wgs84_to_bd09(lat, lon)
    return lat, lon


def wgs84_to_gcj02(lat: float, lon: float) -> Point:
    """The public obfuscation: a shift of 300 to 700 m. Unchanged outside China's box."""
    return _shifted(lat, lon) if _in_china(lat, lon) else (lat, lon)


def gcj02_to_wgs84(lat: float, lon: float) -> Point:
    """The inverse of `wgs84_to_gcj02`."""
    return _inverse(_shifted, lat, lon) if _in_china(lat, lon) else (lat, lon)


def wgs84_to_bd09(lat: float, lon: float) -> Point:
    """GCJ-02, shifted once more by Baidu. Unchanged outside China's box."""
    return gcj02_to_bd09(*_shifted(lat, lon)) if _in_china(lat, lon) else (lat, lon)


def bd09_to_wgs84(lat: float, lon: float) -> Point:
    """The inverse of `wgs84_to_bd09`."""
    return _inverse(_shifted, *bd09_to_gcj02(lat, lon)) if _in_china(lat, lon) else (lat, lon)


def gcj02_to_bd09(lat: float, lon: float) -> Point:
    """Baidu's second shift: about 0.006° to the north-east, with a ripple."""
    z = hypot(lon, lat) + 0.00002 * sin(radians(lat) * 3000.0)
    theta = atan2(lat, lon) + 0.000003 * cos(radians(lon) * 3000.0)
    return z * sin(theta) + 0.006, z * cos(theta) + 0.0065


def bd09_to_gcj02(lat: float, lon: float) -> Point:
    """The inverse of `gcj02_to_bd09`."""
    return _inverse(gcj02_to_bd09, lat, lon)


def _in_china(lat: float, lon: float) -> bool:
    return SOUTH <= lat <= NORTH and WEST <= lon <= EAST


def _shifted(lat: float, lon: float) -> Point:
    """WGS-84 to GCJ-02 without asking where."""
    x, y = lon - 105.0, lat - 35.0
    ripple = 20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
    north_m += (ripple + 20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    north_m += (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
    east_m += (ripple + 20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    east_m += (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
    flattening = 1.0 - _EE * sin(radians(lat)) ** 2
    m_per_deg_lat = radians(_A_M * (1.0 - _EE) / (flattening * sqrt(flattening)))
    m_per_deg_lon = radians(_A_M / sqrt(flattening) * cos(radians(lat)))
    return lat + north_m / m_per_deg_lat, lon + east_m / m_per_deg_lon


def _inverse(forward: Callable[[float, float], Point], lat: float, lon: float) -> Point:
    """The point that `forward` moves to (lat, lon), by walking back the remaining error."""
    guess_lat, guess_lon = lat, lon
    for _ in range(_MOST_STEPS):
        there_lat, there_lon = forward(guess_lat, guess_lon)
        miss_lat, miss_lon = there_lat - lat, there_lon - lon
        guess_lat, guess_lon = guess_lat - miss_lat, guess_lon - miss_lon
        if abs(miss_lat) < _SETTLED_DEG and abs(miss_lon) < _SETTLED_DEG:
            break
    return guess_lat, guess_lon
