"""Connecting a phone on the console: choose, see code, link and settings once, take logins away; a stub is the API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from doorstep.invite import qr_svg
from tests.e2e import fleets
from tests.e2e.browsers import PHONE, WITHOUT_MAP, chromium, opened
from tests.e2e.stub_api import Stub, serving

pytestmark = pytest.mark.e2e

DESK = {"width": 1440, "height": 900}
WALKS = [("zh-CN", PHONE), ("en", DESK)]
INVITES = "/v1/workers/w-5/invites"
SECRET = "pR3tt7-s3cret"
TEXTS = {
    "zh-CN": {
        "open": "连接手机",
        "topic": "发布主题",
        "once": "只在这里显示一次",
        "hand": "手动填写",
        "near": "手机连不上",
        "again": "重新生成",
        "logins": "手机的登录",
        "revoke": "停用",
        "sure": "确认停用？",
        "revoked": "已停用",
        "refused": "没有为手机开放",
    },
    "en": {
        "open": "Connect a phone",
        "topic": "Publish topic",
        "once": "shown here only",
        "hand": "By hand",
        "near": "a phone cannot",
        "again": "Make another",
        "logins": "Logins of the phones",
        "revoke": "Revoke",
        "sure": "Revoke it?",
        "revoked": "revoked",
        "refused": "has not opened",
    },
}


def invitation(asked: dict[str, Any]) -> dict[str, Any]:
    """As the API answers, with a link as long as a real one."""
    scheme = "org.traccar.client://config?url=" if asked["app"] == "traccar" else "owntracks:///config?inline="
    link = scheme + "x" * (360 if asked["app"] == "traccar" else 900)
    fields = [("mode", asked["mode"].upper()), ("username", "w-5-phone-1a2b"), ("password", SECRET)]
    fields += [("topic", f"owntracks/w-5/{asked['device']}")]
    return {
        "worker": "w-5",
        "app": asked["app"],
        "mode": asked["mode"],
        "device": f"w-5.{asked['device']}",
        "login": "w-5-phone-1a2b",
        "link": link,
        "qr_svg": qr_svg(link),
        "settings": [{"name": name, "value": value} for name, value in fields],
        "configuration": '{"_type":"configuration"}' if asked["app"] == "owntracks" else None,
        "near": asked["mode"] == "http",
    }


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(*WITHOUT_MAP) as found:
        yield found


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serving() as found:
        fleets.Desk(found)
        found.deeds[INVITES] = invitation
        yield found


def connecting(page: Page, stub: Stub, texts: dict[str, str]) -> None:
    page.goto(f"{stub.url}/console#token=staff-token")
    expect(page.get_by_test_id("line")).to_have_attribute("data-connection", "live")
    page.evaluate("() => { location.hash = 'worker/w-5' }")
    page.get_by_role("button", name=texts["open"]).click()


def fits(page: Page) -> None:
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("language", "size"), WALKS)
def test_a_phone_is_connected_by_its_code_and_the_password_is_seen_once(
    browser: Browser, stub: Stub, language: str, size: dict[str, int]
) -> None:
    texts = TEXTS[language]
    with opened(browser, size, locale=language) as page:
        connecting(page, stub, texts)
        panel = page.get_by_test_id("connect")
        expect(panel.get_by_role("heading", level=3)).to_be_focused()
        fits(page)
        panel.get_by_test_id("make-invite").click()
        told = page.get_by_test_id("invitation")
        expect(told).to_contain_text(texts["once"])
        assert stub.done[-1][:2] == (INVITES, {"app": "owntracks", "mode": "mqtt", "device": "phone"})
        code = told.get_by_role("img")
        expect(code).to_be_visible()
        assert code.evaluate("image => image.complete && image.naturalWidth > 0"), "the code is no picture"
        box = code.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 250, "too small for a camera"
        expect(told.get_by_test_id("invite-link")).to_have_attribute("href", re.compile("^owntracks:///config"))
        alive = told.get_by_test_id("keep-alive")
        alive.locator("summary").click()
        expect(alive).to_contain_text("自启动")
        fits(page)
        told.get_by_text(texts["hand"]).click()
        expect(told.locator("dl > div", has_text=texts["topic"])).to_contain_text("owntracks/w-5/phone")
        expect(told).to_contain_text(SECRET)
        expect(told).not_to_contain_text(texts["near"])
        fits(page)
        page.get_by_test_id("connect-phone").click()
        expect(panel).to_have_count(0)
        page.get_by_test_id("connect-phone").click()
        expect(panel).to_be_visible()
        assert SECRET not in page.content()


@pytest.mark.parametrize(("language", "size"), WALKS[:1])
def test_traccar_client_is_offered_http_only_and_an_address_that_no_phone_reaches_is_told(
    browser: Browser, stub: Stub, language: str, size: dict[str, int]
) -> None:
    texts = TEXTS[language]
    with opened(browser, size, locale=language) as page:
        connecting(page, stub, texts)
        panel = page.get_by_test_id("connect")
        expect(panel.get_by_role("radio")).to_have_count(4)
        panel.get_by_role("radio", name="Traccar Client").check()
        expect(panel.get_by_role("radio")).to_have_count(2)
        panel.get_by_role("textbox").fill("second")
        panel.get_by_test_id("make-invite").click()
        expect(page.get_by_test_id("invitation")).to_contain_text(texts["near"])
        assert stub.done[-1][1] == {"app": "traccar", "mode": "http", "device": "second"}
        fits(page)
        panel.get_by_role("button", name=texts["again"]).click()
        expect(panel.get_by_test_id("make-invite")).to_be_visible()


def test_a_refusal_says_why(browser: Browser, stub: Stub) -> None:
    del stub.deeds[INVITES]
    with opened(browser, PHONE, locale="en") as page:
        page.route(f"**{INVITES}", lambda route: route.fulfill(status=409, json={"code": "conflict"}))
        connecting(page, stub, TEXTS["en"])
        page.get_by_test_id("make-invite").click()
        expect(page.get_by_role("alert")).to_contain_text(TEXTS["en"]["refused"])


@pytest.mark.parametrize(("language", "size"), WALKS[1:])
def test_a_login_is_taken_away_by_two_clicks(browser: Browser, stub: Stub, language: str, size: dict[str, int]) -> None:
    texts = TEXTS[language]
    logins = [{"login": "w-5-phone-1a2b", "topics": [], "created_at": "2025-10-21T01:00:00Z", "revoked_at": None}]
    name = "phone-5"
    path = f"/v1/devices/{name}/logins"
    stub.staff[path] = {"items": logins}

    def revoke(_: dict[str, Any]) -> dict[str, Any]:
        logins[0]["revoked_at"] = "2025-10-21T02:00:00Z"
        return {"device": name}

    stub.deeds[f"{path}/w-5-phone-1a2b/revoke"] = revoke
    with opened(browser, size, locale=language) as page:
        connecting(page, stub, texts)
        listed = page.get_by_test_id("logins")
        listed.get_by_text(texts["logins"]).click()
        expect(listed).to_contain_text("w-5-phone-1a2b")
        listed.get_by_role("button", name=texts["revoke"]).click()
        assert stub.done == []
        listed.get_by_role("button", name=texts["sure"]).click()
        expect(listed.locator("li")).to_contain_text(texts["revoked"])
        expect(listed.get_by_role("button")).to_have_count(0)
        fits(page)
