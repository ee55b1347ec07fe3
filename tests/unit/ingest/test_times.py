"""Devices' times: whole milliseconds without drift, and what of them can be judged by."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Unreadable
from domain.events.facts import TimeQuality
from domain.time import Ms, isoformat
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
    ("text", "zone", "iso"),
    [
        ("2026-11-22T10:02:03Z", "Asia/Shanghai", "2026-11-22T10:02:03.000Z"),
        ("2026-11-22T10:02:03.775023242+00:00", "Asia/Shanghai", "2026-11-22T10:02:03.775Z"),
        ("2026-11-22T10:02:03.5+0800", "UTC", "2026-11-22T02:02:03.500Z"),
        ("2026-11-22T10:02:03", "Asia/Shanghai", "2026-11-22T02:02:03.000Z"),
        ("2026-11-22 10:02:03", "UTC", "2026-11-22T10:02:03.000Z"),
        (" 2026-10-25 02:30:00 ", "Europe/Berlin", "2026-10-25T00:30:00.000Z"),
    ],
)
def test_a_time_in_words_that_states_no_zone_is_local(text: str, zone: str, iso: str) -> None:
    assert isoformat(times.from_text(text, zone)) == iso


@pytest.mark.parametrize("text", ["", "soon", "2026-11-22", "20261122", "2026-13-01T00:00:00", "1790000000", "9" * 40])
def test_words_that_are_no_time_cannot_be_read(text: str) -> None:
    with pytest.raises(Unreadable) as error:
        times.from_text(text, "UTC")
    assert error.value.code == "bad_time"


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00"])
def test_the_edges_of_the_calendar_raise_nothing_else(text: str) -> None:
    with suppress(Unreadable):
        times.from_text(text, "Asia/Shanghai")


@given(st.text() | st.datetimes(timezones=st.none() | st.timezones()).map(str))
def test_any_text_is_a_time_or_refused_by_name(text: str) -> None:
    with suppress(Unreadable):
        assert isinstance(times.from_text(text, "Asia/Shanghai"), int)


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
