"""Devices' times: whole milliseconds without drift, and what of them can be judged by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Unreadable
from domain.events.facts import TimeQuality
from domain.time import Ms
from ingest import times

NOW_MS = Ms(1_790_000_000_000)
TOLERANCE_MS = 120_000


@given(st.integers(0, 4_294_967_295_999_999))
def test_seconds_with_six_decimals_are_cut_to_milliseconds_without_drift(micros: int) -> None:
    seconds = Decimal(micros).scaleb(-6)
    assert times.from_wire(float(seconds)) == floor(seconds * 1000)


@given(st.integers(0, 4_294_967_295_999))
def test_seconds_and_rfc_3339_of_one_instant_are_one_instant(ms: int) -> None:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
    assert times.from_wire(float(Decimal(ms).scaleb(-3))) == times.from_wire(at) == ms
    assert times.from_wire(at.astimezone(timezone(timedelta(hours=8)))) == ms


@pytest.mark.parametrize(
    "time", [1e300, -1e300, 253_402_300_800, -62_135_596_801, 10**30, 1_790_000_000_000, float("inf"), float("nan")]
)
def test_times_outside_every_calendar_cannot_be_read(time: float) -> None:
    with pytest.raises(Unreadable) as error:
        times.from_wire(time)
    assert error.value.code == "bad_time"


@pytest.mark.parametrize(
    ("observed_at_ms", "quality"),
    [
        (None, TimeQuality.ABSENT),
        (0, TimeQuality.UNSET),
        (946_684_799_999, TimeQuality.UNSET),
        (946_684_800_000, TimeQuality.DEVICE),
        (NOW_MS - 10_000_000_000, TimeQuality.DEVICE),
        (NOW_MS + TOLERANCE_MS, TimeQuality.DEVICE),
        (NOW_MS + TOLERANCE_MS + 1, TimeQuality.AHEAD),
    ],
)
def test_a_time_is_believed_up_to_the_tolerance_ahead_of_receipt(
    observed_at_ms: Ms | None, quality: TimeQuality
) -> None:
    assert times.quality(observed_at_ms, NOW_MS, TOLERANCE_MS) is quality
