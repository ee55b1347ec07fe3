"""Readings as facts and positions: what is the same stays the same, what the clock says is weighed."""

from __future__ import annotations

import pytest

from domain.errors import Unreadable
from domain.events.facts import CheckedIn, TimeQuality
from domain.positions import Flag
from domain.time import Ms
from ingest.facts import fact_of, position_of
from ingest.reading import Receipt

NOW = Receipt(Ms(1_795_222_923_456), 120_000)
LATER = Receipt(Ms(NOW.at_ms + 60_000), 120_000)


def test_a_repeat_is_the_same_fact_whenever_it_comes() -> None:
    first = fact_of("checkin", "lock-1", NOW.at_ms, NOW, method="nfc", tag="04A1")
    again = fact_of("checkin", "lock-1", NOW.at_ms, LATER, tag="04A1", method="nfc", code=None)
    other = fact_of("checkin", "lock-1", NOW.at_ms, NOW, method="nfc", tag="04A2")
    assert isinstance(first, CheckedIn)
    assert (first.fact, first.tag) == (again.fact, "04A1")
    assert other.fact != first.fact


def test_the_time_is_weighed() -> None:
    assert fact_of("button", "b", None, NOW, press="single").quality is TimeQuality.ABSENT
    assert fact_of("button", "b", Ms(NOW.at_ms + 121_000), NOW, press="single").quality is TimeQuality.AHEAD
    assert position_of("p", Ms(NOW.at_ms + 121_000), 31.2, 121.4, NOW).flags & Flag.TIME_AHEAD


def test_a_position_is_kept_in_stored_units_and_the_unknown_left_out() -> None:
    position = position_of("p", NOW.at_ms, 31.2, 121.4, NOW, accuracy_m=12.34, speed_mps=-1, heading_deg=360)
    assert (position.lat_e7, position.lon_e7) == (312_000_000, 1_214_000_000)
    assert (position.accuracy_dm, position.speed_cms, position.heading_cdeg) == (123, None, 0)


def test_a_place_that_is_none_cannot_be_read() -> None:
    with pytest.raises(Unreadable):
        position_of("p", NOW.at_ms, float("nan"), 121.4, NOW)


@pytest.mark.parametrize("quantity", ["accuracy_m", "speed_mps", "heading_deg", "altitude_m", "battery_pct"])
@pytest.mark.parametrize("value", [1e12, float("inf"), float("nan")])
def test_a_quantity_that_no_column_holds_is_told_of_its_message_alone(quantity: str, value: float) -> None:
    with pytest.raises(Unreadable) as caught:
        position_of("d1", Ms(1_795_222_900_000), 1.0, 2.0, Receipt(Ms(1_795_222_923_456)), **{quantity: value})  # type: ignore[arg-type]
    assert caught.value.code == "out_of_range"
