"""Chinese coordinate systems: published points, and there and back again."""

from __future__ import annotations

from math import isnan, nan

import pytest
from hypothesis import given
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
