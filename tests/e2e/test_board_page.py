"""The staff's board as somebody meets it who has to act: what is late first, and why we say so. The API is a stub."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e import boards, fleets
from tests.e2e.browsers import DESK, PHONE, WITHOUT_MAP, chromium, opened
from tests.e2e.stub_api import Stub, serving

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(*WITHOUT_MAP) as found:
        yield found


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serving() as found:
        found.staff = {
            "/v1/board": boards.board(),
            "/v1/alerts": {"items": [fleets.sos(), boards.late_visit_alert()], "next": None},
            "/v1/workers": {"items": [], "next": None},
            "/v1/visits/v-901": boards.detail(),
            "/v1/visits/v-901/links": {
                "url": f"{found.url}/v/t-9",
                "token": "t-9",
                "expires_at": "2025-10-24T02:00:00Z",
            },
        }
        yield found


@pytest.fixture
def desk(browser: Browser, stub: Stub) -> Iterator[Page]:
    with opened(browser, DESK) as page:
        page.goto(f"{stub.url}/console#token=staff-token")
        expect(page.locator(".visit").first).to_be_visible()
        yield page


def test_the_token_leaves_the_address_and_lasts_for_the_tab(desk: Page) -> None:
    assert "token" not in desk.url
    desk.reload()
    expect(desk.locator(".visit").first).to_be_visible()


def test_a_wrong_token_is_asked_for_again(browser: Browser, stub: Stub) -> None:
    with opened(browser, DESK) as page:
        page.goto(f"{stub.url}/console#token=guessed")
        page.get_by_label("令牌").fill("staff-token")
        page.get_by_role("button", name="进入").click()
        expect(page.locator(".visit").first).to_be_visible()


def test_late_visits_and_those_at_risk_come_first(desk: Page) -> None:
    first = desk.get_by_test_id("group-attention").locator(".visit")
    assert [row.get_attribute("data-visit") for row in first.all()] == ["v-903", "v-901", "v-902"]
    expect(first.nth(1)).to_contain_text("预计晚 24 分钟")


def test_open_alerts_say_why(desk: Page) -> None:
    alerts = desk.get_by_test_id("alerts")
    expect(alerts).to_contain_text("设备 phone-3 在 10:04 发出求助：老人摔倒。")
    expect(alerts).to_contain_text("应在 09:50 前到达，宽限 10 分钟；仍未到达。")


def test_a_visit_opens_by_keyboard_and_shows_what_each_step_rests_on(desk: Page) -> None:
    desk.locator("[data-visit=v-901] .cell-customer a").focus()
    desk.keyboard.press("Enter")
    timeline = desk.get_by_test_id("timeline")
    expect(timeline).to_contain_text("晚 18 分钟得知")
    expect(timeline).to_contain_text("09:22 位置 · phone-1")
    expect(timeline.locator(".moment")).to_have_count(3)
    desk.get_by_label("显示已更正的 1 步").check()
    expect(timeline.locator(".moment-gone")).to_contain_text("09:40 更正")
    desk.go_back()
    expect(desk.get_by_test_id("alerts")).to_be_visible()


def test_a_customer_link_is_made_only_on_request(desk: Page, stub: Stub) -> None:
    desk.locator("[data-visit=v-901] .cell-customer a").click()
    expect(desk.get_by_test_id("timeline")).to_be_visible()
    assert not any(path.endswith("/links") for path in stub.asked)
    desk.get_by_role("button", name="生成客户链接").click()
    expect(desk.get_by_test_id("customer-link")).to_have_attribute("href", f"{stub.url}/v/t-9")


def test_the_board_follows_the_stream_and_without_it_asks_and_says_when_it_cannot(browser: Browser, stub: Stub) -> None:
    with opened(browser, DESK) as page:
        page.clock.install()
        page.goto(f"{stub.url}/console#token=staff-token")
        line, row = page.get_by_test_id("line"), page.locator("[data-visit=v-902]")
        page.clock.run_for(1_000)
        expect(line).to_have_attribute("data-connection", "live")
        expect(row).to_have_attribute("data-status", "on_the_way")
        changed = boards.board()["visits"][1] | {"status": "nearby"}
        stub.tell(fleets.changed(visits=[changed]))
        page.evaluate("fetch('/v1/map')")  # time for what is on the line to arrive
        page.clock.run_for(1_000)
        expect(row).to_have_attribute("data-status", "nearby")

        stub.refused["/v1/stream"] = 404
        stub.staff["/v1/board"]["visits"][1]["status"] = "arrived"
        stub.hang_up()
        _run_until(page, "polling")
        expect(row).to_have_attribute("data-status", "arrived")
        page.context.set_offline(True)
        _run_until(page, "lost")
        expect(page.get_by_text("暂时连不上服务器")).to_be_visible()
        expect(row).to_have_attribute("data-status", "arrived")


def _run_until(page: Page, connection: str) -> None:
    """Lets the page's clock run until it says so of its line; 20 looks at most."""
    for _ in range(20):
        page.clock.run_for(1_000)
        page.evaluate("fetch('/v1/map').catch(() => null)")  # time for answers
        if page.get_by_test_id("line").get_attribute("data-connection") == connection:
            return
    expect(page.get_by_test_id("line")).to_have_attribute("data-connection", connection)


def test_another_day_is_asked_for_by_its_date(desk: Page, stub: Stub) -> None:
    desk.get_by_role("button", name="后一天").click()
    expect(desk).to_have_url(f"{stub.url}/console#board?day=2025-10-22")
    desk.wait_for_function("() => document.querySelectorAll('.visit').length > 0")
    assert any("day=2025-10-22" in path for path in stub.asked)


def test_filters_count_and_narrow(desk: Page) -> None:
    desk.get_by_role("button", name="需要关注 3").click()
    expect(desk.locator(".visit")).to_have_count(3)
    desk.get_by_role("button", name="未上门 1").click()
    expect(desk.locator(".visit")).to_have_attribute("data-visit", "v-903")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_day_of_1500_visits_fits_a_phone_and_is_drawn_as_far_as_somebody_reads(
    browser: Browser, stub: Stub, language: str
) -> None:
    stub.staff["/v1/board"] = boards.board(1500)
    with opened(browser, PHONE, locale=language) as page:
        page.goto(f"{stub.url}/console#token=staff-token")
        rows = page.locator(".visit")
        expect(rows.first).to_be_visible()
        assert rows.count() < 200
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        page.get_by_role("searchbox").fill("v-1234")
        expect(rows).to_have_count(1)
        page.get_by_role("searchbox").fill("")
        rows.nth(59).scroll_into_view_if_needed()
        expect(rows.nth(70)).to_be_attached()
