"""Times that state no zone, on days when clocks change too."""

from __future__ import annotations

import pytest

from domain.errors import Unreadable
from domain.time import isoformat
from ingest.local_time import shown


@pytest.mark.parametrize(
    ("text", "zone", "at"),
    [
        ("2021-01-23T13:10:50", "Asia/Shanghai", "2021-01-23T05:10:50.000Z"),
        ("2021-01-23 13:10:50.25", "UTC", "2021-01-23T13:10:50.250Z"),
        ("2021-01-23T13:10:50Z", "Asia/Shanghai", "2021-01-23T13:10:50.000Z"),
        ("2021-01-23T13:10:50-0330", "Asia/Shanghai", "2021-01-23T16:40:50.000Z"),
        # Clocks go back at 03:00 summer time: the hour is shown twice, the first is meant.
        ("2026-10-25T02:59:59", "Europe/Berlin", "2026-10-25T00:59:59.000Z"),
        ("2026-11-01T01:30:00", "America/New_York", "2026-11-01T05:30:00.000Z"),
        # Clocks go forward at 02:00: whoever shows 02:30 still has winter time.
        ("2026-03-29T02:30:00", "Europe/Berlin", "2026-03-29T01:30:00.000Z"),
    ],
)
def test_a_time_is_read_in_its_zone(text: str, zone: str, at: str) -> None:
    assert isoformat(shown(text, zone)) == at


@pytest.mark.parametrize(
    "text",
    [
        "",
        "13:10:50",
        "2021-01-23",
        "2021-02-30T00:00:00",
        "2021-01-23T25:00:00",
        "2021-01-23T13:10:50+25:00",
        "0001-01-01T00:00:00",
        "٢٠٢١-01-23T13:10:50",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Unreadable) as unreadable:
        shown(text, "Asia/Shanghai")
    assert unreadable.value.code == "bad_time"


def test_a_zone_that_there_is_not_is_refused() -> None:
    with pytest.raises(Unreadable):
        shown("2021-01-23T13:10:50", "Mars/Olympus")
