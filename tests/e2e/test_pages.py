"""The customer's page in every state that it can be in, as somebody with a phone meets it. The API is a stub."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsers import PHONE, WITHOUT_MAP, chromium, opened
from tests.e2e.states import STATES, approach, at, progress
from tests.e2e.stub_api import Stub, serving

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(*WITHOUT_MAP) as found:
        yield found


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serving() as found:
        yield found


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    with opened(browser, PHONE) as page:
        yield page


def show(page: Page, stub: Stub, body: dict[str, Any], token: str = "t-1") -> None:
    """Open the link of a visit in this state."""
    stub.tracks[token] = body
    page.goto(f"{stub.url}/v/{token}")
    expect(page.get_by_test_id("status")).to_be_visible()


def it(page: Page, name: str) -> Any:
    """The element that tests know by this name."""
    return expect(page.get_by_test_id(name))


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_state_fits_a_phone_in_both_languages(browser: Browser, stub: Stub, language: str) -> None:
    with opened(browser, PHONE, locale=language) as page:
        for name, body in STATES.items():
            show(page, stub, {**body, "locale": language}, token=name)
            it(page, "status").to_have_attribute("data-status", body["status"])
            it(page, "steps").to_be_visible()
            assert page.get_by_test_id("eta").count() == (body["eta"] is not None), name
            assert page.get_by_test_id("stale").count() == (body["stale"] is not None), name
            assert page.get_by_test_id("ended").count() == body["ended"], name
            assert page.get_by_test_id("clock").count() == (body["clock"]["mode"] != "wall"), name
            assert page.evaluate("document.documentElement.lang") == language
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], f"{name} is too wide"


def test_the_arrival_is_readable_while_the_map_has_not_loaded(browser: Browser, stub: Stub) -> None:
    with opened(browser, PHONE) as page:
        page.route("**/live-map-*", lambda route: None)  # never answered
        show(page, stub, STATES["on_the_way"])
        it(page, "eta").to_contain_text("09:42")
        it(page, "eta").to_contain_text("估算")


def test_without_webgl_direction_and_distance_stand_in_for_the_map(phone: Page, stub: Stub) -> None:
    show(phone, stub, STATES["on_the_way"])
    it(phone, "compass").to_be_visible()
    expect(phone.get_by_text("王阿姨在您家东北方向约 1.7 公里")).to_be_visible()


def test_the_page_follows_the_visit_from_the_road_to_the_end(phone: Page, stub: Stub) -> None:
    show(phone, stub, STATES["on_the_way"])
    stub.push("t-1", approach("09:35", 500, 700, "09:39", "09:37", "09:43"))
    it(phone, "eta").to_contain_text("09:39")
    stub.push("t-1", STATES["in_service"])
    it(phone, "status").to_have_attribute("data-status", "in_service")
    it(phone, "eta").to_have_count(0)
    expect(phone.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "29")
    stub.push("t-1", STATES["finished"])
    it(phone, "ended").to_contain_text("1 小时 58 分钟")


def test_a_stale_position_is_said_calmly_until_a_new_one_comes(phone: Page, stub: Stub) -> None:
    show(phone, stub, STATES["stale"])
    it(phone, "stale").to_contain_text("位置更新于 3 分钟前")
    stub.push("t-1", STATES["on_the_way"])
    it(phone, "stale").to_have_count(0)


def test_a_withheld_position_says_why(phone: Page, stub: Stub) -> None:
    show(phone, stub, STATES["near_other_site"])
    it(phone, "withheld").to_have_attribute("data-reason", "near_other_site")
    it(phone, "withheld").to_contain_text("隐私")


def test_a_lost_line_is_said_and_comes_back_by_itself(phone: Page, stub: Stub) -> None:
    show(phone, stub, STATES["on_the_way"])
    it(phone, "connection").to_have_attribute("data-connection", "live")
    stub.refused["t-1"] = 503
    stub.hang_up()
    it(phone, "connection").to_have_attribute("data-connection", "reconnecting")
    it(phone, "eta").to_contain_text("09:42")
    stub.tracks["t-1"] = approach("09:36", 500, 700, "09:40", "09:38", "09:44")
    del stub.refused["t-1"]
    it(phone, "connection").to_have_attribute("data-connection", "live")
    it(phone, "eta").to_contain_text("09:40")


def test_a_phone_without_network_says_so(phone: Page, stub: Stub) -> None:
    show(phone, stub, STATES["on_the_way"])
    phone.context.set_offline(True)
    it(phone, "connection").to_have_attribute("data-connection", "offline")
    phone.context.set_offline(False)
    it(phone, "connection").to_have_attribute("data-connection", "live")


def test_a_line_that_has_fallen_silent_is_given_up(browser: Browser, stub: Stub) -> None:
    stub.heartbeat_s = 3_600.0
    with opened(browser, PHONE) as page:
        page.clock.install()
        show(page, stub, STATES["on_the_way"])
        stub.refused["t-1"] = 503
        page.clock.run_for(15_000)
        it(page, "connection").to_have_attribute("data-connection", "live")
        page.clock.run_for(10_000)
        it(page, "connection").to_have_attribute("data-connection", "reconnecting")


def test_heartbeats_alone_keep_a_line_alive(browser: Browser, stub: Stub) -> None:
    stub.heartbeat_s = 0.05
    with opened(browser, PHONE) as page:
        page.clock.install()
        show(page, stub, STATES["on_the_way"])
        stub.refused["t-1"] = 503
        for _ in range(10):
            page.clock.run_for(5_000)
            page.evaluate("fetch('/v1/track/none')")  # time for what is on the line to arrive
        it(page, "connection").to_have_attribute("data-connection", "live")


@pytest.mark.parametrize(("status", "shown"), [(410, "expired"), (404, "invalid")])
def test_a_link_that_is_over_says_so(phone: Page, stub: Stub, status: int, shown: str) -> None:
    stub.refused["t-1"] = status
    phone.goto(f"{stub.url}/v/t-1")
    it(phone, shown).to_be_visible()


def test_a_link_may_expire_while_somebody_looks(phone: Page, stub: Stub) -> None:
    show(phone, stub, STATES["on_the_way"])
    stub.refused["t-1"] = 410
    stub.hang_up()
    it(phone, "expired").to_be_visible()
    it(phone, "eta").to_have_count(0)


def test_an_ended_visit_does_not_call_again(phone: Page, stub: Stub) -> None:
    show(phone, stub, STATES["finished"])
    stub.hang_up()
    it(phone, "connection").to_have_attribute("data-connection", "closed")
    asked = len(stub.asked)
    phone.evaluate("new Promise((done) => setTimeout(done, 1000))")  # five times the stub's retry
    assert len(stub.asked) == asked


def test_a_fast_clock_runs_on_between_two_events(phone: Page, stub: Stub) -> None:
    show(phone, stub, STATES["demo_clock"])
    it(phone, "clock").to_contain_text("×60")
    it(phone, "clock").to_contain_text("09:33")
    it(phone, "eta").to_contain_text("约 9 分钟后")


def test_the_reader_may_change_the_language_and_finds_it_so_again(phone: Page, stub: Stub) -> None:
    show(phone, stub, STATES["on_the_way"])
    phone.get_by_role("button", name="Switch to English").click()
    expect(phone.get_by_role("heading", name="On the way: 王阿姨 is on the way to you")).to_be_visible()
    phone.reload()
    it(phone, "eta").to_contain_text("in about 12 min")


def test_times_are_the_homes_and_say_so_abroad(browser: Browser, stub: Stub) -> None:
    with opened(browser, PHONE, timezone_id="Europe/Berlin") as page:
        show(page, stub, STATES["scheduled"])
        expect(page.get_by_text("今天 09:30–10:00 (按中国标准时间)")).to_be_visible()


def test_status_changes_are_announced_and_the_hour_is_not(phone: Page, stub: Stub) -> None:
    show(phone, stub, STATES["on_the_way"])
    announced = phone.locator("[aria-live=polite]")
    expect(announced).to_have_text("已出发: 王阿姨正在来您家的路上")
    stub.push("t-1", progress("at_compound", "09:39", clock={"now": at("09:39"), "mode": "scaled", "rate": 60.0}))
    expect(announced).to_have_text("已到小区: 王阿姨已到您的小区")
