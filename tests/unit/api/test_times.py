"""Times at the edge, and the business day."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import BaseModel, ValidationError

from api.times import At, Instant, business_day, business_day_of, parse
from domain.time import HOUR_MS, isoformat


class Asked(BaseModel):
    at: Instant


class Told(BaseModel):
    at: At


def test_an_instant_is_read_with_any_zone() -> None:
    assert parse("2026-11-21T09:00:00+08:00") == parse("2026-11-21T01:00:00Z") == Asked(at="2026-11-21T01:00:00Z").at  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong", ["2026-11-21T09:00:00", "2026-11-21", "soon", 1_790_000_000_000, None, "", "9999-99-99T00:00:00Z"]
)
def test_what_is_no_instant_is_refused(wrong: object) -> None:
    with pytest.raises(ValidationError):
        Asked.model_validate({"at": wrong})


def test_an_instant_is_told_in_utc_with_milliseconds() -> None:
    assert Told(at=parse("2026-11-21T09:00:00.004+08:00")).model_dump_json() == '{"at":"2026-11-21T01:00:00.004Z"}'


def test_a_business_day_begins_at_its_hour_where_it_is() -> None:
    start, end = business_day(date(2026, 11, 21), "Asia/Shanghai", 4)
    assert (isoformat(start), isoformat(end)) == ("2026-11-20T20:00:00.000Z", "2026-11-21T20:00:00.000Z")


def test_a_business_day_with_a_change_of_the_clocks_is_longer() -> None:
    start, end = business_day(date(2026, 10, 24), "Europe/Berlin", 4)
    assert end - start == 25 * HOUR_MS


@pytest.mark.parametrize(
    ("at", "day"),
    [("2026-11-21T03:59:00+08:00", 20), ("2026-11-21T04:00:00+08:00", 21), ("2026-11-21T23:00:00+08:00", 21)],
)
def test_before_its_hour_it_is_still_yesterday(at: str, day: int) -> None:
    assert business_day_of(parse(at), "Asia/Shanghai", 4) == date(2026, 11, day)
