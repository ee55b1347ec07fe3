"""What a customer sees, field by field: only on the way, never near another home, never more of a name than needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from api.clock import ClockShape
from api.disclosure import CustomerView, disclose, same_but_for_the_clock
from domain.geo import M_PER_DEG_LAT, Circle, Fence, Polygon
from eventlog.clock import ClockMode
from projections.progress.state import Status
from projections.queries.customer import CustomerRow, Step

NOW = 1_790_000_000_000
HOME = (31.2, 121.4)
FIX = (31.19, 121.4)

ROW = CustomerRow(
    visit="v-1",
    customer="c-1",
    service="cleaning",
    window_from_ms=NOW,
    window_to_ms=NOW + 3_600_000,
    planned_s=7_200,
    revision=2,
    zone="Asia/Shanghai",
    locale="zh-CN",
    worker="w-1",
    surname="王",
    title="阿姨",
    status="on_the_way",
    status_at_ms=NOW - 600_000,
    over=False,
    fix_lat_e7=round(FIX[0] * 1e7),
    fix_lon_e7=round(FIX[1] * 1e7),
    fix_accuracy_dm=125,
    fix_ms=NOW - 10_000,
    eta_ms=NOW + 300_000,
    eta_early_ms=NOW + 200_000,
    eta_late_ms=NOW + 500_000,
    remaining_m=1_012,
    arrived_ms=None,
    service_ms=None,
    finished_ms=None,
    site_name="Home",
    site_lat_e7=round(HOME[0] * 1e7),
    site_lon_e7=round(HOME[1] * 1e7),
    fence=msgspec.json.encode(Circle(*HOME, 120.0)).decode(),
)
APPROACHING = {"on_the_way", "nearby"}


def seen(
    row: CustomerRow = ROW, *, steps: Sequence[Step] = (), others: Sequence[Fence] = (), **limits: float
) -> CustomerView:
    given: dict[str, Any] = {"near_other_site_m": 300.0, "stale_after_s": 120.0} | limits
    return disclose(row, steps, others, ClockShape(now=NOW, mode=ClockMode.WALL, rate=1.0), **given)


def north_of_fix(metres: float) -> tuple[float, float]:
    return FIX[0] + metres / M_PER_DEG_LAT, FIX[1]


@pytest.mark.parametrize("status", list(Status))
def test_position_and_estimate_are_shown_on_the_way_and_nearby_only(status: Status) -> None:
    view = seen(replace(ROW, status=status.value))
    shown = status in APPROACHING
    assert (view.position is not None, view.eta is not None) == (shown, shown)
    assert view.position_withheld == (None if shown else "not_on_the_way")


def test_a_visit_that_is_over_shows_no_position_whatever_its_status_says() -> None:
    view = seen(replace(ROW, over=True))
    assert (view.position, view.eta, view.stale) == (None, None, None)
    assert view.position_withheld == "not_on_the_way"
    assert view.ended
    assert view.over


def test_the_position_is_the_newest_fix_with_its_accuracy_and_its_time() -> None:
    position = seen().position
    assert position is not None
    assert (position.lat, position.lon, position.accuracy_m, position.at) == (*FIX, 12.5, NOW - 10_000)


def test_without_a_fix_that_is_said() -> None:
    view = seen(replace(ROW, fix_lat_e7=None, fix_lon_e7=None, fix_accuracy_dm=None, fix_ms=None, eta_ms=None))
    assert (view.position, view.position_withheld, view.eta, view.stale) == (None, "no_fix", None, None)


@pytest.mark.parametrize(("metres", "shown"), [(0.0, False), (299.0, False), (301.0, True), (2_000.0, True)])
def test_no_position_near_another_customers_home(metres: float, shown: bool) -> None:
    view = seen(others=[Circle(*north_of_fix(metres), radius_m=50.0)])
    assert (view.position is not None) == shown
    assert view.position_withheld == (None if shown else "near_other_site")


def test_the_width_of_a_circle_is_for_phones_and_does_not_hide_more() -> None:
    assert seen(others=[Circle(*north_of_fix(400.0), radius_m=200.0)]).position is not None


def test_inside_a_wide_compound_of_others_no_position_is_shown_even_far_from_its_middle() -> None:
    south, north, west, east = FIX[0] - 0.01, FIX[0] + 0.03, FIX[1] - 0.02, FIX[1] + 0.02
    compound = Polygon(((south, west), (north, west), (north, east), (south, east)))
    assert seen(others=[compound]).position_withheld == "near_other_site"


def test_how_near_is_a_setting() -> None:
    near = [Circle(*north_of_fix(100.0), radius_m=50.0)]
    assert seen(others=near, near_other_site_m=50.0).position is not None


def test_where_the_position_is_withheld_the_estimate_stays_but_the_distance_turns_coarse() -> None:
    view = seen(others=[Circle(*FIX, radius_m=50.0)])
    assert view.eta is not None
    assert (view.eta.at, view.eta.remaining_m) == (NOW + 300_000, 1_100)
    exact = seen().eta
    assert exact is not None
    assert exact.remaining_m == 1_012


def test_the_estimate_says_from_which_fix_it_was_made() -> None:
    eta = seen().eta
    assert eta is not None
    assert (eta.early, eta.late, eta.made_at) == (NOW + 200_000, NOW + 500_000, NOW - 10_000)


@pytest.mark.parametrize(("age_s", "stale"), [(119, False), (120, False), (121, True)])
def test_silence_on_the_way_is_stale_after_a_while_of_the_cells_time(age_s: int, stale: bool) -> None:
    view = seen(replace(ROW, fix_ms=NOW - age_s * 1000))
    assert (view.stale is not None) == stale
    if view.stale is not None:
        assert view.stale.since == NOW - age_s * 1000


def test_silence_indoors_is_not_stale() -> None:
    assert seen(replace(ROW, status="in_service", fix_ms=NOW - 3_600_000)).stale is None


@pytest.mark.parametrize(
    ("surname", "title", "called"),
    [
        ("王", "阿姨", "王阿姨"),
        ("Wang", "Ms", "Ms Wang"),
        ("", "师傅", "师傅"),
        ("欧阳", "", "欧阳"),
        ("Wang", "阿姨", "Wang阿姨"),
    ],
)
def test_the_worker_is_called_by_surname_and_title(surname: str, title: str, called: str) -> None:
    worker = seen(replace(ROW, surname=surname, title=title)).worker
    assert worker is not None
    assert worker.called == called


@pytest.mark.parametrize("change", [{"worker": None}, {"surname": None, "title": None}, {"surname": "", "title": ""}])
def test_where_nobody_comes_yet_or_no_name_is_known_there_is_no_worker(change: dict[str, Any]) -> None:
    assert seen(replace(ROW, **change)).worker is None


def test_steps_are_told_with_their_times_and_nothing_of_why() -> None:
    view = seen(steps=[("scheduled", NOW - 9_000), ("on_the_way", NOW - 600)])
    assert msgspec.json.decode(view.model_dump_json())["steps"] == [
        {"status": "scheduled", "at": "2026-09-21T14:13:11.000Z"},
        {"status": "on_the_way", "at": "2026-09-21T14:13:19.400Z"},
    ]


@pytest.mark.parametrize(
    ("locale", "shown"), [("zh-CN", "zh-CN"), ("en-GB", "en"), ("EN", "en"), ("de", "zh-CN"), (None, "zh-CN")]
)
def test_the_page_speaks_chinese_or_english(locale: str | None, shown: str) -> None:
    assert seen(replace(ROW, locale=locale)).locale == shown


def test_the_whole_view_as_json() -> None:
    view = seen(replace(ROW, status="finished", over=True, arrived_ms=NOW - 9, service_ms=NOW - 6, finished_ms=NOW - 1))
    assert msgspec.json.decode(view.model_dump_json()) == {
        "visit": {
            "visit": "v-1",
            "service": "cleaning",
            "window_from": "2026-09-21T14:13:20.000Z",
            "window_to": "2026-09-21T15:13:20.000Z",
            "planned_s": 7_200,
            "zone": "Asia/Shanghai",
            "revision": 2,
        },
        "worker": {"called": "王阿姨"},
        "status": "finished",
        "status_at": "2026-09-21T14:03:20.000Z",
        "over": True,
        "steps": [],
        "eta": None,
        "position": None,
        "position_withheld": "not_on_the_way",
        "site": {
            "name": "Home",
            "lat": 31.2,
            "lon": 121.4,
            "fence": {"shape": "circle", "lat": 31.2, "lon": 121.4, "radius_m": 120.0},
        },
        "arrived_at": "2026-09-21T14:13:19.991Z",
        "service_at": "2026-09-21T14:13:19.994Z",
        "finished_at": "2026-09-21T14:13:19.999Z",
        "stale": None,
        "ended": True,
        "locale": "zh-CN",
        "clock": {"now": "2026-09-21T14:13:20.000Z", "mode": "wall", "rate": 1.0},
    }


def test_a_page_needs_no_word_when_only_the_clock_went_on() -> None:
    later = seen().model_copy(update={"clock": ClockShape(now=NOW + 5_000, mode=ClockMode.WALL, rate=1.0)})
    assert same_but_for_the_clock(seen(), later)
    assert not same_but_for_the_clock(seen(), seen(replace(ROW, fix_ms=NOW - 9_000)))
