"""The devices page on a real cell: what a phone said shows, and a binding from the past makes it count."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from domain.time import MINUTE_MS, isoformat
from tests.e2e.browsers import PHONE, WITHOUT_MAP, chromium, opened
from tests.integration.api.cell import HOME, NOON, TOKEN, Cell, fix, one_visit, served_at

pytestmark = pytest.mark.e2e


@pytest.fixture
def cell(database: str, tmp_path: Path) -> Iterator[Cell]:
    with served_at(database, tmp_path) as running:
        running.plan(**one_visit())
        yield running


def sent(page: Page, cell: Cell, button: str, path: str) -> None:
    """Press a button that writes; the judge folds what came of it."""
    with page.expect_response(re.compile(path)) as answer:
        page.get_by_test_id(button).click()
    assert answer.value.status == 200, answer.value.text()
    cell.fold()


def test_an_unknown_phone_is_bound_from_its_first_message_set_up_and_set_right(cell: Cell) -> None:
    cell.seen([fix("stranger", NOON + n * MINUTE_MS, *HOME) for n in (-90, -60, 1)])
    cell.fold()
    with chromium(*WITHOUT_MAP) as browser, opened(browser, PHONE) as page:
        page.goto(f"{cell.url}/console#token={TOKEN}")
        expect(page.get_by_test_id("line")).to_have_attribute("data-connection", "live")
        page.evaluate("location.hash = 'devices?state=unknown'")
        rows = page.get_by_test_id("devices").locator("[data-device]")
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text("31.20000, 121.40000")
        rows.get_by_role("link").click()
        expect(page.get_by_test_id("recent").locator("li")).to_have_count(3)

        page.get_by_test_id("choose-worker").select_option("w-1")
        sent(page, cell, "send-bind", "/bindings")
        expect(page.get_by_test_id("periods")).to_contain_text("王秀兰")
        told = cell.ok(cell.get("/v1/devices/stranger"))
        assert told["bindings"][0]["from"] == isoformat(NOON - 90 * MINUTE_MS)

        part = page.get_by_test_id("settings-part")
        part.locator("summary").click()
        part.locator("select").first.select_option("owntracks")
        part.locator("select").nth(1).select_option("bd09")
        sent(page, cell, "send-settings", "/settings")
        expect(part.locator("summary")).to_contain_text("BD-09")

        clock = page.get_by_test_id("clock-part")
        clock.locator("summary").click()
        page.get_by_test_id("adopt").click()
        clock.locator("input[type=datetime-local]").first.fill("2026-09-21T20:00:00")
        clock.get_by_role("textbox").last.fill("快了一分钟")
        sent(page, cell, "send-correct", "/clock-corrections")
        expect(page.get_by_test_id("corrections")).to_contain_text("−1 分")
    (correction,) = cell.ok(cell.get("/v1/devices/stranger"))["corrections"]
    assert (correction["offset_ms"], correction["from"]) == (-60_000, "2026-09-21T12:00:00.000Z")
