"""The made city's base map, read back by the format's own reader and decoder."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from math import asinh, pi, radians, tan
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import pytest
from pmtiles.reader import MmapSource, Reader, all_tiles
from pmtiles.tile import Compression, TileType

from simulators.base_map import EXTENT, FIRST_ZOOM, LAST_ZOOM, write_base_map
from simulators.streets import COMPOUNDS, PARKS, STREETS
from simulators.town import Point

MOST_BYTES = 400_000


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("map") / "town.pmtiles"
    write_base_map(path)
    return path


@pytest.fixture
def reader(file: Path) -> Iterator[Reader]:
    with file.open("rb") as opened:
        yield Reader(MmapSource(opened))


def features(reader: Reader, layer: str, at: Point, zoom: int = LAST_ZOOM) -> list[dict[str, Any]]:
    """What the tile at a place draws in one layer."""
    x, y = place(at, zoom)
    packed = reader.get(zoom, int(x), int(y))
    assert packed is not None
    drawn: list[dict[str, Any]] = decoded(packed).get(layer, {"features": []})["features"]
    return drawn


def decoded(packed: bytes) -> dict[str, Any]:
    tile: dict[str, Any] = mapbox_vector_tile.decode(gzip.decompress(packed), default_options={"y_coord_down": True})
    return tile


def place(at: Point, zoom: int) -> tuple[float, float]:
    """In tiles; y to the south (Web Mercator)."""
    lat, lon = at.degrees
    return (lon + 180) / 360 * 2**zoom, (1 - asinh(tan(radians(lat))) / pi) / 2 * 2**zoom


def test_a_street_runs_where_the_simulated_bikes_ride(reader: Reader) -> None:
    street = next(street for street in STREETS if street.name == "延安西路")
    crossing = Point(*((a + b) / 2 for a, b in zip(*street.line, strict=True)))
    lines = [
        drawn["geometry"]["coordinates"]
        for drawn in features(reader, "roads", crossing)
        if drawn["properties"] == {"kind": "major_road", "name": "延安西路"}
    ]
    assert len(lines) == 1
    (x0, y0), (x1, y1) = lines[0]
    x, y = (part % 1 * EXTENT for part in place(crossing, LAST_ZOOM))
    beside = abs((x1 - x0) * (y0 - y) - (x0 - x) * (y1 - y0)) / ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
    assert beside < 2  # units of half a metre


def test_a_river_is_water_and_carries_its_name_along_its_middle(reader: Reader) -> None:
    shapes = {
        drawn["geometry"]["type"]
        for _, packed in all_tiles(reader.get_bytes)
        for drawn in decoded(packed).get("water", {"features": []})["features"]
        if drawn["properties"] == {"kind": "river", "name": "苏州河"}
    }
    assert "LineString" in shapes
    assert shapes & {"Polygon", "MultiPolygon"}


@pytest.mark.parametrize("compound", COMPOUNDS[:3], ids=lambda compound: compound.name)
def test_a_compound_has_its_ground_its_name_and_houses(reader: Reader, compound: Any) -> None:
    drawn = {layer: features(reader, layer, compound.at) for layer in ("landuse", "places", "buildings")}
    assert {"kind": "residential", "name": compound.name} in [one["properties"] for one in drawn["landuse"]]
    assert {"kind": "neighbourhood", "name": compound.name} in [one["properties"] for one in drawn["places"]]
    assert len(drawn["buildings"]) >= 6


def test_from_afar_only_what_is_large_is_drawn(reader: Reader) -> None:
    afar = {drawn["properties"]["kind"] for drawn in features(reader, "roads", Point(0.0, 0.0), FIRST_ZOOM)}
    assert afar == {"major_road"}
    assert features(reader, "buildings", Point(0.0, 0.0), FIRST_ZOOM) == []
    assert {drawn["properties"]["name"] for drawn in features(reader, "landuse", Point(0.0, 0.0), FIRST_ZOOM)} <= {
        park.name for park in PARKS
    }


def test_the_file_says_what_it_holds_and_is_small(reader: Reader, file: Path) -> None:
    header = reader.header()
    assert (header["min_zoom"], header["max_zoom"]) == (FIRST_ZOOM, LAST_ZOOM)
    assert (header["tile_type"], header["tile_compression"]) == (TileType.MVT, Compression.GZIP)
    lat, lon = Point(0.0, 0.0).degrees
    assert header["min_lon_e7"] < lon * 1e7 < header["max_lon_e7"]
    assert header["min_lat_e7"] < lat * 1e7 < header["max_lat_e7"]
    assert {layer["id"] for layer in reader.metadata()["vector_layers"]} >= {"roads", "water", "landuse", "buildings"}
    assert file.stat().st_size < MOST_BYTES


def test_the_same_city_gives_the_same_bytes(file: Path, tmp_path: Path) -> None:
    write_base_map(tmp_path / "again.pmtiles")
    assert (tmp_path / "again.pmtiles").read_bytes() == file.read_bytes()
