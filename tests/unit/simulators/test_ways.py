"""Ways in the made city: along its streets, and turning only where streets meet."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from simulators.streets import COMPOUNDS, STREETS, Street
from simulators.town import Point, distance_m, to_grid
from simulators.travel import E_BIKE_MPS, Place, first_ms, last_ms, paused, place_at, trip
from simulators.ways import length_m, start_for, way

PAIRS = [tuple(Random(seed).sample(COMPOUNDS, 2)) for seed in range(40)]


def lies_on(street: Street, point: Point) -> bool:
    a, b = street.line
    return distance_m(a, point) + distance_m(point, b) - distance_m(a, b) < 0.01


def streets_at(point: Point) -> list[Street]:
    return [street for street in STREETS if lies_on(street, point)]


def test_every_stretch_of_a_way_is_a_stretch_of_one_street() -> None:
    for a, b in PAIRS:
        for start, end in pairwise(way(a.gate, b.gate)):
            assert any(lies_on(street, end.point) for street in streets_at(start.point))


def test_a_way_turns_only_where_streets_meet() -> None:
    for a, b in PAIRS:
        stops = way(a.gate, b.gate)
        for before, corner, after in zip(stops, stops[1:], stops[2:], strict=False):
            along = {street for street in streets_at(before.point) if lies_on(street, corner.point)}
            onward = {street for street in streets_at(corner.point) if lies_on(street, after.point)}
            if not along & onward:
                assert len(streets_at(corner.point)) >= 2


def test_a_way_is_about_as_long_as_the_grid_demands() -> None:
    for a, b in PAIRS:
        (u0, v0), (u1, v1) = to_grid(a.gate), to_grid(b.gate)
        least = abs(u0 - u1) + abs(v0 - v1)
        assert least - 1 <= length_m(way(a.gate, b.gate)) <= least + 1_500


def test_a_way_off_the_streets_is_refused() -> None:
    with pytest.raises(ValueError, match="no street passes"):
        way(COMPOUNDS[0].at, COMPOUNDS[1].gate)


def test_a_start_for_a_way_of_a_length_is_found() -> None:
    start = start_for(Random(1), COMPOUNDS[0], 5_000.0)
    assert 4_800 < length_m(way(start, COMPOUNDS[0].gate)) < 5_200


def test_compounds_lie_beside_streets_and_apart() -> None:
    for compound in COMPOUNDS:
        assert streets_at(compound.gate)
        assert not any(lies_on(street, corner) for street in STREETS for corner in compound.ring)
    assert len({compound.name for compound in COMPOUNDS}) == len(COMPOUNDS) >= 100
    assert min(distance_m(a.at, b.at) for a in COMPOUNDS for b in COMPOUNDS if a is not b) > 400


def test_a_trip_begins_and_ends_at_the_doors_and_is_as_fast_as_a_bike() -> None:
    a, b = PAIRS[0]
    marks = trip(Random(1), Place(a.at, a.gate), Place(b.at, b.gate), E_BIKE_MPS)
    assert (marks[0].point, marks[-1].point) == (a.at, b.at)
    speeds = [place_at(marks, at_ms).mps for at_ms in range(0, marks[-1].at_ms, 5_000)]
    assert max(speeds) < E_BIKE_MPS * 1.2
    assert min(speeds) == 0.0


def test_a_halt_moves_all_that_comes_after_it() -> None:
    a, b = PAIRS[0]
    marks = trip(Random(1), Place(a.at, a.gate), Place(b.at, b.gate), E_BIKE_MPS)
    halted = paused(marks, 200_000, 600_000)
    assert place_at(halted, 500_000).point == place_at(marks, 200_000).point
    assert place_at(halted, 900_000).point == place_at(marks, 300_000).point


def test_when_a_place_is_reached_is_known_to_a_second() -> None:
    a, b = PAIRS[0]
    marks = trip(Random(1), Place(a.at, a.gate), Place(b.at, b.gate), E_BIKE_MPS)
    near = first_ms(marks, lambda at: distance_m(at, b.at) < 500)
    far = last_ms(marks, lambda at: distance_m(at, b.at) >= 500)
    assert near is not None
    assert far is not None
    assert distance_m(place_at(marks, near).point, b.at) < 500 <= distance_m(place_at(marks, near - 1_000).point, b.at)
    assert first_ms(marks, lambda at: False) is None
