"""Fences in any coordinate system, tracks as GeoJSON, requests as commands."""

from __future__ import annotations

from uuid import UUID

import pytest
from pydantic import TypeAdapter, ValidationError

from api.shapes.fences import FenceShape, fence_of, shape_of
from api.shapes.requests import PlanAsk, VisitAsk
from api.shapes.track import track
from domain.crs import wgs84_to_bd09, wgs84_to_gcj02
from domain.decide import BindDevice, RegisterCustomer, RegisterSite, ScheduleVisit
from domain.geo import Circle, Polygon, distance_m
from domain.positions import Flag
from domain.time import Ms
from projections.queries.tracks import FixRow

FENCES: TypeAdapter[FenceShape] = TypeAdapter(FenceShape)
HOME = (31.2, 121.4)


@pytest.mark.parametrize(("crs", "shift"), [("gcj02", wgs84_to_gcj02), ("bd09", wgs84_to_bd09)])
def test_a_fence_of_a_chinese_map_is_kept_in_wgs84(crs, shift) -> None:
    lat, lon = shift(*HOME)
    circle = fence_of(FENCES.validate_python({"shape": "circle", "lat": lat, "lon": lon, "radius_m": 100}), crs)
    assert isinstance(circle, Circle)
    assert distance_m(circle.lat, circle.lon, *HOME) < 0.1
    ring = [shift(HOME[0] + a, HOME[1] + b) for a, b in ((0, 0), (0, 0.001), (0.001, 0))]
    polygon = fence_of(FENCES.validate_python({"shape": "polygon", "ring": ring}), crs)
    assert isinstance(polygon, Polygon)
    assert distance_m(*polygon.ring[0], *HOME) < 0.1


@pytest.mark.parametrize("fence", [Circle(*HOME, 50.0), Polygon((HOME, (31.3, 121.4), (31.3, 121.5)), 20.0)])
def test_a_fence_is_told_as_it_is_asked(fence) -> None:
    shape = shape_of(fence)
    assert fence_of(FENCES.validate_json(shape.model_dump_json()), "wgs84") == fence


def fix(device: str, ms: int, lat_e7: int, lon_e7: int, flags: int = 0, accuracy_dm: int | None = 55) -> FixRow:
    return FixRow(device, ms, UUID(int=ms), lat_e7, lon_e7, accuracy_dm, 150, 9_000, 80, flags, ms, None)


def test_a_track_is_a_line_for_each_device_and_a_point_for_each_fix() -> None:
    rows = [
        fix("a", 1_000, 312_000_000, 1_214_000_000),
        fix("b", 2_000, 313_000_000, 1_215_000_000),
        fix("a", 3_000, 312_000_001, 1_214_000_001),
    ]
    made = track(rows, truncated=False)
    lines = [f for f in made["features"] if f["geometry"]["type"] == "LineString"]
    points = [f for f in made["features"] if f["geometry"]["type"] == "Point"]
    assert [line["properties"] for line in lines] == [{"device": "a"}], "one fix makes no line"
    assert lines[0]["geometry"]["coordinates"] == [(121.4, 31.2), (121.4000001, 31.2000001)], "longitude first"
    assert [point["properties"]["at"] for point in points] == [f"1970-01-01T00:00:0{s}.000Z" for s in (1, 2, 3)]
    assert made["truncated"] is False


def test_a_point_says_what_the_phone_said_of_it() -> None:
    flags = Flag.MOCK_TRUE | Flag.GPS | Flag.GCJ02 | Flag.TIME_AHEAD
    (point,) = track([fix("a", 1_000, 0, 0, int(flags))], truncated=True)["features"]
    said = point["properties"]
    assert (said["mock"], said["provider"], said["crs"], said["time"]) == (True, "gps", "gcj02", "ahead")
    assert (said["accuracy_m"], said["speed_mps"], said["heading_deg"], said["battery_pct"]) == (5.5, 1.5, 90.0, 80)
    (plain,) = track([fix("a", 1_000, 0, 0, 0, None)], truncated=True)["features"]
    said = plain["properties"]
    assert (said["mock"], said["provider"], said["crs"], said["time"], said["accuracy_m"]) == (
        None,
        None,
        "wgs84",
        "device",
        None,
    )


VISIT = {
    "visit": "v-1",
    "site": "s-1",
    "customer": "c-1",
    "service": "cleaning",
    "window_from": "2026-11-21T01:00:00Z",
    "window_to": "2026-11-21T02:00:00Z",
    "planned_s": 3600,
}


def test_the_lines_of_a_plan_stand_on_those_before_them() -> None:
    asked = PlanAsk.model_validate(
        {
            "visits": [VISIT],
            "bindings": [{"device": "d-1", "worker": "w-1", "from": "2026-11-21T00:00:00Z"}],
            "sites": [
                {
                    "site": "s-1",
                    "customer": "c-1",
                    "name": "Home",
                    "fence": {"shape": "circle", "lat": 31, "lon": 121, "radius_m": 100},
                }
            ],
            "customers": [{"customer": "c-1", "name": "Li"}],
        }
    )
    lines = asked.lines(Ms(5), "staff", "Asia/Shanghai")
    assert [(kind, id, type(command)) for kind, id, command in lines] == [
        ("customer", "c-1", RegisterCustomer),
        ("site", "s-1", RegisterSite),
        ("binding", "d-1", BindDevice),
        ("visit", "v-1", ScheduleVisit),
    ]
    site = lines[1][2]
    assert isinstance(site, RegisterSite)
    assert site.zone == "Asia/Shanghai"


def test_a_misspelt_field_is_refused_rather_than_dropped() -> None:
    with pytest.raises(ValidationError, match="window_form"):
        VisitAsk.model_validate({**VISIT, "window_form": "2026-11-21T01:00:00Z"})
