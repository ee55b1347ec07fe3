"""A tracker's report as position, status and SOS, whichever dialect it came in."""

from __future__ import annotations

import pytest

from domain.errors import Unreadable
from domain.events.facts import SosRaised, StatusReported
from domain.time import Ms
from ingest.fixes import KNOT_MPS, Report, crs_of, is_sos, told
from ingest.reading import Receipt

NOW_MS = Ms(1_795_222_930_000)
RECEIPT = Receipt(NOW_MS)


def test_a_knot_is_a_nautical_mile_an_hour() -> None:
    assert round(3_600 * KNOT_MPS, 9) == 1_852


def test_a_report_with_a_place_is_a_position_and_nothing_else() -> None:
    said = told(Report(device="d", observed_at_ms=NOW_MS, lat=31.2, lon=121.4), RECEIPT)
    assert len(said.positions) == 1
    assert not said.facts


def test_a_report_without_a_place_is_a_status_and_an_sos_stands_beside_either() -> None:
    said = told(Report(device="d", observed_at_ms=NOW_MS, sos=True, battery_pct=-1.0), RECEIPT)
    assert [type(fact) for fact in said.facts] == [StatusReported, SosRaised]
    assert said.facts[0] == told(Report(device="d", observed_at_ms=NOW_MS), RECEIPT).facts[0]
    said = told(Report(device="d", observed_at_ms=NOW_MS, sos=True, lat=31.2, lon=121.4), RECEIPT)
    assert [type(fact) for fact in said.facts] == [SosRaised]


@pytest.mark.parametrize("half", [{"lat": 31.2}, {"lon": 121.4}])
def test_half_a_place_is_refused(half: dict[str, float]) -> None:
    with pytest.raises(Unreadable, match="belong together"):
        told(Report(device="d", observed_at_ms=NOW_MS, **half), RECEIPT)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("alarm", "is_one"), [("a, SOS ,b", True), ("sos", True), ("no", False), (None, False), (7, False)]
)
def test_an_sos_may_stand_among_other_alarms(alarm: object, is_one: bool) -> None:
    assert is_sos(alarm) is is_one


def test_coordinate_systems_go_by_our_names_and_by_baidus() -> None:
    assert [crs_of(name) for name in (None, "GCJ02", "bd09ll", "wgs84")] == [None, "gcj02", "bd09", "wgs84"]
    assert crs_of(None, "bd09") == "bd09"
    with pytest.raises(Unreadable, match="no coordinate system"):
        crs_of("utm")
