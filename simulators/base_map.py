"""The made city as a base map: one small PMTiles file of vector tiles; pages show streets without a tile service.

Layers, kinds and names are those of the Protomaps basemap, version 4 (docs.protomaps.com/basemaps/layers), which the
pages' style draws. The same city gives the same bytes.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from functools import partial
from math import asinh, pi, radians, tan
from pathlib import Path
from typing import Any, NamedTuple

import mapbox_vector_tile
import numpy as np
import shapely
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer
from shapely.geometry.base import BaseGeometry

from simulators.streets import BOUNDS, COMPOUNDS, PARKS, STREETS, WATER, Area, Compound
from simulators.town import Point

FIRST_ZOOM = 10
LAST_ZOOM = 14
"""A unit of a tile is half a metre there; closer in, the page enlarges these tiles."""
EXTENT = 4096
_BUFFER = 128
"""Units beyond a tile's edge that are drawn too, so that streets and their edges join."""
_ROWS, _COLUMNS = 3, 4
"""Houses of a compound."""


class Feature(NamedTuple):
    """Something to draw; `shape` in parts of the world's square (Web Mercator, y to the south)."""

    layer: str
    shape: BaseGeometry
    properties: dict[str, str]
    from_zoom: int = FIRST_ZOOM


def write_base_map(file: Path) -> int:
    """Write the city's base map; its size in bytes."""
    found = list(features())
    tree = shapely.STRtree([feature.shape for feature in found])
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as out:
        writer = Writer(out)
        for tile_id, zoom, x, y in sorted(_tiles()):
            here = [found[i] for i in sorted(tree.query(_box(zoom, x, y))) if found[i].from_zoom <= zoom]
            if data := encode(here, zoom, x, y):
                writer.write_tile(tile_id, gzip.compress(data, mtime=0))
        writer.finalize(_header(), _metadata(found))
    return file.stat().st_size


def features() -> Iterator[Feature]:
    """Everything of the city, what lies below first."""
    for area in PARKS:
        shape = _polygon(area.ring)
        yield Feature("landuse", shape, {"kind": "park", "name": area.name})
        yield Feature("pois", shape.representative_point(), {"kind": "park", "name": area.name}, 12)
    for compound in COMPOUNDS:
        shape = _polygon(compound.ring)
        yield Feature("landuse", shape, {"kind": "residential", "name": compound.name}, 12)
        yield Feature("places", _point(compound.at), {"kind": "neighbourhood", "name": compound.name}, 13)
        for house in _houses(compound):
            yield Feature("buildings", _polygon(house), {"kind": "building"}, 14)
        yield Feature("roads", _line((compound.gate, compound.at)), {"kind": "other"}, 14)
    for area in WATER:
        yield from _water(area)
    for street in STREETS:
        kind, from_zoom = ("major_road", FIRST_ZOOM) if street.kind == "main" else ("minor_road", 12)
        yield Feature("roads", _line(street.line), {"kind": kind, "name": street.name}, from_zoom)


def encode(here: Sequence[Feature], zoom: int, x: int, y: int) -> bytes:
    """The features of one tile as a vector tile; empty where nothing is left of them within it."""
    layers: dict[str, list[dict[str, Any]]] = {}
    to_units = partial(_to_units, scale=float(EXTENT << zoom), x=x * EXTENT, y=y * EXTENT)
    for feature in here:
        shape = shapely.transform(feature.shape, to_units)
        shape = shapely.clip_by_rect(shape, -_BUFFER, -_BUFFER, EXTENT + _BUFFER, EXTENT + _BUFFER)
        if not shape.is_empty:
            layers.setdefault(feature.layer, []).append({"geometry": shape, "properties": feature.properties})
    named = [{"name": name, "features": drawn} for name, drawn in layers.items()]
    options = {"y_coord_down": True, "extents": EXTENT}
    encoded: bytes = mapbox_vector_tile.encode(named, default_options=options) if named else b""
    return encoded


def _water(area: Area) -> Iterator[Feature]:
    """A lake has its name in the middle; a river, whose two banks are as long as each other, along its middle line."""
    shape, half = _polygon(area.ring), len(area.ring) // 2
    lake = area.name.endswith("湖")
    yield Feature("water", shape, {"kind": "lake" if lake else "river", "name": area.name})
    if lake:
        yield Feature("water", shape.representative_point(), {"kind": "lake", "name": area.name}, 13)
    else:
        banks = zip(area.ring[:half], reversed(area.ring[half:]), strict=True)
        middle = [Point((a.x + b.x) / 2, (a.y + b.y) / 2) for a, b in banks]
        yield Feature("water", _line(middle), {"kind": "river", "name": area.name}, 11)


def _houses(compound: Compound) -> Iterator[tuple[Point, ...]]:
    """Rows of slabs within the wall, as such compounds have them; none where the way comes in."""
    a, b, _, d = compound.ring[:4]

    def at(along: float, across: float) -> Point:
        return Point(a.x + (b.x - a.x) * along + (d.x - a.x) * across, a.y + (b.y - a.y) * along + (d.y - a.y) * across)

    way = _line((compound.gate, compound.at))
    for row in range(_ROWS):
        for column in range(_COLUMNS):
            west, south = (column + 0.16) / _COLUMNS, (row + 0.28) / _ROWS
            east, north = (column + 0.84) / _COLUMNS, (row + 0.72) / _ROWS
            house = (at(west, south), at(east, south), at(east, north), at(west, north))
            if not _polygon(house).intersects(way):
                yield house


def _world(at: Point) -> tuple[float, float]:
    lat, lon = at.degrees
    return (lon + 180.0) / 360.0, (1.0 - asinh(tan(radians(lat))) / pi) / 2.0


def _polygon(ring: Sequence[Point]) -> shapely.Polygon:
    return shapely.Polygon([_world(at) for at in ring])


def _line(points: Sequence[Point]) -> shapely.LineString:
    return shapely.LineString([_world(at) for at in points])


def _point(at: Point) -> shapely.Point:
    return shapely.Point(_world(at))


def _to_units(
    coordinates: np.ndarray[Any, np.dtype[np.float64]], *, scale: float, x: int, y: int
) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.rint(coordinates * scale - (x, y))


def _tiles() -> Iterator[tuple[int, int, int, int]]:
    """(id, zoom, x, y) of every tile that the city touches."""
    (west, south), (east, north) = map(_world, BOUNDS)
    for zoom in range(FIRST_ZOOM, LAST_ZOOM + 1):
        count = 1 << zoom
        for x in range(int(west * count), int(east * count) + 1):
            for y in range(int(north * count), int(south * count) + 1):
                yield zxy_to_tileid(zoom, x, y), zoom, x, y


def _box(zoom: int, x: int, y: int) -> shapely.Polygon:
    """A tile with its buffer, in parts of the world's square."""
    side, margin = 1 / (1 << zoom), _BUFFER / EXTENT
    west, north, east, south = x - margin, y - margin, x + 1 + margin, y + 1 + margin
    return shapely.box(west * side, north * side, east * side, south * side)


def _header() -> dict[str, Any]:
    (south, west), (north, east) = (corner.degrees for corner in BOUNDS)
    lat, lon = Point(0.0, 0.0).degrees
    return {
        "tile_type": TileType.MVT,
        "tile_compression": Compression.GZIP,
        "min_lon_e7": round(west * 1e7),
        "min_lat_e7": round(south * 1e7),
        "max_lon_e7": round(east * 1e7),
        "max_lat_e7": round(north * 1e7),
        "center_zoom": 12,
        "center_lon_e7": round(lon * 1e7),
        "center_lat_e7": round(lat * 1e7),
    }


def _metadata(found: Sequence[Feature]) -> dict[str, Any]:
    layers: dict[str, set[str]] = {}
    for feature in found:
        layers.setdefault(feature.layer, set()).update(feature.properties)
    return {
        "name": "Doorstep's made city",
        "type": "baselayer",
        "vector_layers": [
            {"id": name, "fields": dict.fromkeys(sorted(fields), "String")} for name, fields in sorted(layers.items())
        ],
    }
