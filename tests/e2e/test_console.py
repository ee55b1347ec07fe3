"""The console as a supervisor walks through it: board, alert, evidence, decision, map, a day's way; a stub is the API.

The browser draws no maps, so lists must say all that maps would; what is drawn: `test_console_map`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e import fleets
from tests.e2e.browsers import PHONE, WITHOUT_MAP, chromium, opened
from tests.e2e.stub_api import Stub, serving

pytestmark = pytest.mark.e2e

DESK = {"width": 1440, "height": 900}
WALKS = [("zh-CN", PHONE), ("en", DESK)]
TEXTS = {
    "zh-CN": {
        "alerts": "告警",
        "map": "地图",
        "said": "09:03 签到的位置在围栏外 1.8 公里；扣除定位误差后超过 500 米即提醒。",
        "beyond": "围栏外 1.7 公里",
        "take": "接手",
        "taken": "陈督导 今天 10:06 接手",
        "excused": "免责",
        "send": "解决",
        "no_map": "此设备无法显示地图",
        "track": "今日轨迹",
        "table": "以表格查看轨迹",
        "gap": "没有定位",
    },
    "en": {
        "alerts": "Alerts",
        "map": "Map",
        "said": "The check-in at 09:03 was made 1.8 km outside the fence; the limit is 500 m beyond its accuracy",
        "beyond": "1.7 km outside the fence",
        "take": "Take on",
        "taken": "陈督导 took it on at 10:06",
        "excused": "Excused",
        "send": "Resolve",
        "no_map": "This device cannot show the map",
        "track": "Track of today",
        "table": "The track as a table",
        "gap": "No fix for",
    },
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(*WITHOUT_MAP) as found:
        yield found


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serving() as found:
        yield found


@pytest.fixture
def day(stub: Stub) -> fleets.Desk:
    return fleets.Desk(stub)


def enter(page: Page, stub: Stub, hash: str = "board") -> None:
    """Open a view of the console as staff."""
    page.goto(f"{stub.url}/console#token=staff-token")
    expect(page.get_by_test_id("line")).to_have_attribute("data-connection", "live")
    page.evaluate("hash => { location.hash = hash }", hash)


def fits(page: Page) -> None:
    """Nothing sticks out to the side."""
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url


@pytest.mark.parametrize(("language", "size"), WALKS)
def test_a_supervisor_walks_from_the_board_to_the_worker(
    browser: Browser, stub: Stub, day: fleets.Desk, language: str, size: dict[str, int]
) -> None:
    texts, away = TEXTS[language], day.one("check_in_away")["alert"]
    with opened(browser, size, locale=language) as page:
        enter(page, stub)
        expect(page).to_have_title("(6) " + ("今日" if language == "zh-CN" else "Today") + " · Doorstep")
        expect(page.locator("[data-visit=v-902]").locator("[data-rule=at_risk]")).to_have_attribute(
            "data-state", "open"
        )
        fits(page)

        page.get_by_role("link", name=texts["alerts"]).first.click()
        inbox = page.get_by_test_id("inbox").locator("[data-alert]")
        expect(inbox).to_have_count(7)
        expect(inbox.first.locator("[data-rule]")).to_have_attribute("data-rule", "no_show")
        fits(page)
        page.locator(f"[data-alert='{away}'] a").click()
        alert = page.get_by_test_id("alert")
        expect(alert).to_contain_text(texts["said"])
        expect(page.get_by_test_id("evidence")).to_contain_text(texts["beyond"])
        fits(page)

        alert.get_by_test_id("take").click()
        expect(alert).to_have_attribute("data-state", "acknowledged")
        expect(page.get_by_test_id("history").locator("[data-change=acknowledged]")).to_be_visible()
        alert.get_by_test_id("open-resolve").click()
        alert.get_by_role("radio", name=texts["excused"]).check()
        alert.get_by_role("textbox").first.fill("门禁坏了")
        alert.get_by_role("textbox").last.fill("陈督导")
        alert.get_by_test_id("send-resolve").click()
        expect(page.get_by_test_id("resolved")).to_contain_text("门禁坏了")
        expect(page.get_by_test_id("resolved")).to_contain_text("陈督导")
        assert stub.done[-1][1] == {"verdict": "excused", "note": "门禁坏了", "by": "陈督导"}

        page.get_by_role("link", name=texts["map"], exact=True).first.click()
        expect(page.get_by_text(texts["no_map"])).to_be_visible()
        expect(page.get_by_test_id("fleet").locator("[data-worker]").first).to_have_attribute("data-tone", "alarm")
        page.get_by_test_id("fleet").locator("[data-worker=w-5] a").click()
        chosen = page.get_by_test_id("chosen")
        expect(chosen.locator("[data-rule=late]")).to_be_visible()
        expect(chosen).to_contain_text("10:14")
        fits(page)
        chosen.get_by_role("link", name=texts["track"]).click()
        expect(page.get_by_test_id("worker")).to_be_visible()
        slider = page.get_by_test_id("slider")
        slider.fill(str(fleets.ms("09:20")))
        expect(page.get_by_test_id("where")).to_contain_text(texts["gap"])
        page.get_by_text(texts["table"]).click()
        expect(page.locator(".plain tbody tr", has_text="09:00")).to_contain_text(texts["gap"])
        fits(page)
        page.go_back()
        expect(chosen).to_be_visible()


def test_two_clicks_are_one_decision_and_the_button_answers_at_once(
    browser: Browser, stub: Stub, day: fleets.Desk
) -> None:
    with opened(browser, PHONE) as page:
        enter(page, stub, f"alerts/{day.one('silent_device')['alert']}")
        take = page.get_by_test_id("take")
        stub.may_answer.clear()
        take.dblclick()
        expect(take).to_have_text("正在接手")
        take.dispatch_event("click")
        stub.may_answer.set()
        expect(page.get_by_test_id("alert")).to_have_attribute("data-state", "acknowledged")
        assert len(stub.done) == 1
        assert len(stub.done[0][2] or "") >= 16


def test_a_decision_that_failed_is_sent_again_under_the_same_key(
    browser: Browser, stub: Stub, day: fleets.Desk
) -> None:
    with opened(browser, PHONE) as page:
        enter(page, stub, f"alerts/{day.one('silent_device')['alert']}")
        take, sent = page.get_by_test_id("take"), []
        page.route("**/acknowledge", lambda route: (sent.append(route.request.headers), route.abort()))
        take.click()
        expect(page.get_by_role("alert")).to_contain_text("请重试")
        page.unroute("**/acknowledge")
        take.click()
        expect(page.get_by_test_id("alert")).to_have_attribute("data-state", "acknowledged")
        assert [sent[0]["idempotency-key"]] == [key for _, _, key in stub.done]


def test_alerts_come_in_live_and_a_call_for_help_interrupts(browser: Browser, stub: Stub, day: fleets.Desk) -> None:
    with opened(browser, PHONE) as page:
        enter(page, stub, "timeliness")
        expect(page.get_by_test_id("timeliness").locator(".rate")).to_have_count(8)
        fits(page)
        day.raise_(fleets.sos())
        call = page.get_by_test_id("sos")
        expect(call).to_contain_text("紧急求助：刘秀英，10:04")
        expect(page).to_have_title("(7) 准时 · Doorstep")
        expect(page.get_by_test_id("announcer")).to_have_text("新告警：紧急求助：刘秀英")
        call.get_by_role("link").click()
        expect(page.get_by_test_id("evidence")).to_contain_text("老人摔倒")
        page.get_by_test_id("take").click()
        expect(call).to_have_count(0)


def test_an_alert_that_is_retracted_while_somebody_reads_it_says_why(
    browser: Browser, stub: Stub, day: fleets.Desk
) -> None:
    key = day.one("late")["alert"]
    with opened(browser, DESK) as page:
        enter(page, stub, f"alerts/{key}")
        expect(page.get_by_test_id("take")).to_be_visible()
        day.change(key, state="retracted", standing=False)
        expect(page.get_by_test_id("retracted")).to_have_text("系统已撤回：后来收到的数据表明并非如此。")
        expect(page.get_by_test_id("take")).to_have_count(0)
        expect(page.get_by_test_id("inbox").locator(f"[data-alert='{key}']")).to_have_count(0)
