"""Geofences in JSON, in requests in any of the three coordinate systems, in answers always WGS-84."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from domain import geo
from domain.crs import Crs, to_wgs84


class CircleShape(BaseModel, frozen=True):
    """A circle of `radius_m` metres about a point (degrees)."""

    shape: Literal["circle"]
    lat: float
    lon: float
    radius_m: float


class PolygonShape(BaseModel, frozen=True):
    """A ring of [lat, lon] corners, widened by `buffer_m` metres."""

    shape: Literal["polygon"]
    ring: tuple[tuple[float, float], ...]
    buffer_m: float = 0.0


FenceShape = Annotated[CircleShape | PolygonShape, Field(discriminator="shape")]


def fence_of(shape: CircleShape | PolygonShape, crs: Crs) -> geo.Fence:
    """The fence in WGS-84; whether it can be judged is for `decide` to say."""
    if isinstance(shape, CircleShape):
        lat, lon = to_wgs84(crs, shape.lat, shape.lon)
        return geo.Circle(lat, lon, shape.radius_m)
    return geo.Polygon(tuple(to_wgs84(crs, lat, lon) for lat, lon in shape.ring), shape.buffer_m)


def shape_of(fence: geo.Fence) -> CircleShape | PolygonShape:
    """A fence as JSON shows it."""
    if isinstance(fence, geo.Circle):
        return CircleShape(shape="circle", lat=fence.lat, lon=fence.lon, radius_m=fence.radius_m)
    return PolygonShape(shape="polygon", ring=fence.ring, buffer_m=fence.buffer_m)
