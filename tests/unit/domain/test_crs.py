"""Chinese coordinate systems: published points, and there and back again."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan, nan

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain import crs
from domain.geo import distance_m

INSIDE = st.tuples(st.floats(0.9, 55.7), st.floats(72.1, 137.7))
LONDON, SYDNEY = (51.5007, -0.1246), (-33.8568, 151.2153)


@pytest.mark.parametrize(
    ("wgs84", "gcj02"),
    [
        ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
        ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
        ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
        ((39.915, 116.404), (39.91640428150164, 116.41024449916938)),
    ],
    ids=["Shanghai", "Shenzhen", "Beijing", "Tiananmen"],
)
def test_gcj02_shows_published_points_where_they_were_published(wgs84, gcj02):
    assert crs.wgs84_to_gcj02(*wgs84) == pytest.approx(gcj02, abs=1e-9)
    assert crs.gcj02_to_wgs84(*gcj02) == pytest.approx(wgs84, abs=1e-9)


def test_bd09_shows_a_published_point_where_it_was_published():
    assert crs.gcj02_to_bd09(39.915, 116.404) == pytest.approx((39.92133699351021, 116.41036949371029), abs=1e-9)


def test_the_way_back_from_bd09_is_close_to_the_published_approximation():
    # the usual one-step inverse is good to about half a metre
    approximation = (39.90865673957631, 116.39762729119315)
    assert distance_m(*crs.bd09_to_gcj02(39.915, 116.404), *approximation) < 0.5


@pytest.mark.parametrize("name", ["gcj02", "bd09"])
@given(point=INSIDE)
def test_there_and_back_again_is_within_a_centimetre(name, point):
    back = crs.to_wgs84(name, *crs.from_wgs84(name, *point))
    assert back == pytest.approx(point, abs=1e-7, rel=0)


def lattice(south: float, north: float, west: float, east: float, step: float) -> Iterator[tuple[float, float]]:
    """Points of a rectangle, a little uneven so that no ripple of the formula is met at the same phase each time."""
    for row in range(int((north - south) / step) + 1):
        for column in range(int((east - west) / step) + 1):
            lat, lon = south + row * step + 0.013 * (column % 7), west + column * step + 0.017 * (row % 5)
            if lat <= north and lon <= east:
                yield lat, lon


CHINA = (3.8, 53.57, 73.49, 135.1)
"""From the Zengmu shoal to the Amur, from the Pamirs to where the Ussuri flows into the Amur."""


@pytest.mark.parametrize("name", ["gcj02", "bd09"])
def test_all_over_china_there_and_back_again_is_within_a_metre(name):
    points = list(lattice(*CHINA, 0.7))
    assert len(points) > 6_000
    assert (
        max(distance_m(*point, *stored(crs.to_wgs84(name, *crs.from_wgs84(name, *point)))) for point in points) < 0.02
    )
    # and the other way: what a phone says is what its own map shows again
    images = [crs.from_wgs84(name, *point) for point in points]
    assert max(distance_m(*image, *crs.from_wgs84(name, *crs.to_wgs84(name, *image))) for image in images) < 0.02


@pytest.mark.parametrize("name", ["gcj02", "bd09"])
@given(point=st.tuples(st.floats(CHINA[0], CHINA[1]), st.floats(CHINA[2], CHINA[3])))
def test_anywhere_in_china_what_is_stored_of_a_shifted_fix_is_within_a_metre(name, point):
    assert distance_m(*point, *stored(crs.to_wgs84(name, *stored(crs.from_wgs84(name, *point))))) < 1.0


def stored(point: tuple[float, float]) -> tuple[float, float]:
    """As positions keep it, and as apps print it: 1e-7 degrees."""
    return round(point[0], 7), round(point[1], 7)


def test_china_lies_more_than_a_degree_inside_the_edge():
    south, north, west, east = CHINA
    assert min(south - crs.SOUTH, crs.NORTH - north, west - crs.WEST, crs.EAST - east) > 1.0


OUTSIDE = st.tuples(st.floats(-90, 90), st.floats(-180, 180)).filter(
    lambda point: not (crs.SOUTH <= point[0] <= crs.NORTH and crs.WEST <= point[1] <= crs.EAST)
)


@pytest.mark.parametrize("name", ["gcj02", "bd09"])
@given(point=OUTSIDE)
@example(point=(55.8272, 100.0))
@example(point=(30.0, 137.8348))
@example(point=(0.8292, 100.0))
@example(point=(30.0, 72.0039))
def test_anywhere_outside_the_box_nothing_moves_in_either_direction(name, point):
    assert crs.from_wgs84(name, *point) == point == crs.to_wgs84(name, *point)


@pytest.mark.parametrize("name", ["gcj02", "bd09"])
@given(along=st.floats(0, 1), depth=st.floats(-0.1, 0.1), side=st.sampled_from(["north", "south", "west", "east"]))
def test_at_the_edge_of_the_box_the_way_back_misses_by_no_more_than_the_shift(name, along, depth, side):
    """Over the sea and over other countries; the figures are those of the docstring."""
    lat = crs.SOUTH + along * (crs.NORTH - crs.SOUTH) if side in ("west", "east") else getattr(crs, side.upper())
    lon = crs.WEST + along * (crs.EAST - crs.WEST) if side in ("north", "south") else getattr(crs, side.upper())
    point = lat + (depth if side in ("north", "south") else 0), lon + (depth if side in ("west", "east") else 0)
    missed_m = distance_m(*point, *crs.to_wgs84(name, *crs.from_wgs84(name, *point)))
    assert missed_m < {"gcj02": 750.0, "bd09": 1_500.0}[name]
    away = min(abs(point[0] - crs.SOUTH), abs(crs.NORTH - point[0]), abs(point[1] - crs.WEST), abs(crs.EAST - point[1]))
    assert missed_m < 1.0 or away < crs.EDGE_DEG


@pytest.mark.parametrize(
    "point",
    [(22.3193, 114.1694), (22.1987, 113.5439), (25.033, 121.5654)],
    ids=["Hong Kong", "Macao", "Taipei"],
)
def test_hong_kong_macao_and_taiwan_are_in_the_box(point):
    assert 300.0 < distance_m(*point, *crs.wgs84_to_gcj02(*point)) < 800.0


@pytest.mark.parametrize("point", [(37.5665, 126.978), (1.2903, 103.8519)], ids=["Seoul", "Singapore"])
def test_so_are_places_abroad_where_a_device_must_name_the_system_itself(point):
    assert crs.wgs84_to_gcj02(*point) != point
    assert crs.to_wgs84("wgs84", *point) == point


@given(point=INSIDE)
def test_the_shift_is_hundreds_of_metres_and_never_kilometres(point):
    assert 20.0 < distance_m(*point, *crs.wgs84_to_gcj02(*point)) < 1_500.0
    assert 20.0 < distance_m(*point, *crs.wgs84_to_bd09(*point)) < 2_500.0


@pytest.mark.parametrize("name", ["wgs84", "gcj02", "bd09"])
@pytest.mark.parametrize("point", [LONDON, SYDNEY, (0.0, 0.0), (-90.0, 180.0)])
def test_outside_china_nothing_moves(name, point):
    assert crs.to_wgs84(name, *point) == point == crs.from_wgs84(name, *point)


def test_wgs84_is_left_alone_in_china_too():
    assert crs.to_wgs84("wgs84", 31.2, 121.5) == (31.2, 121.5) == crs.from_wgs84("wgs84", 31.2, 121.5)


def test_what_is_no_number_stays_none():
    assert isnan(crs.gcj02_to_wgs84(nan, 121.5)[0])


@given(point=INSIDE)
def test_the_same_point_always_comes_out_to_the_last_bit(point):
    assert crs.gcj02_to_wgs84(*point) == crs.gcj02_to_wgs84(*point)
