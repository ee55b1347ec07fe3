"""The console's maps, really drawn: an alert's evidence, the fleet that moves, a worker's way. The API is a stub."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import fleets
from tests.e2e.browsers import PHONE, WITH_MAP, chromium, opened
from tests.e2e.states import at
from tests.e2e.stub_api import Stub, serving

pytestmark = pytest.mark.e2e

SOFTWARE_GL_MS = 60_000
"""A first picture drawn by two busy cores may take this long."""
MOVED = "([pin, y]) => Math.abs(document.querySelector(`[data-pin=${pin}]`).getBoundingClientRect().y - y) > 20"


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    with serving() as found:
        yield found


@pytest.fixture(scope="module")
def day(stub: Stub) -> fleets.Desk:
    return fleets.Desk(stub)


@pytest.fixture(scope="module")
def page(stub: Stub) -> Iterator[Page]:
    with chromium(*WITH_MAP) as browser, opened(browser, PHONE) as found:
        found.goto(f"{stub.url}/console#token=staff-token")
        expect(found.get_by_test_id("line")).to_have_attribute("data-connection", "live")
        yield found


def show(page: Page, hash: str) -> None:
    """Another view, its map drawn."""
    page.evaluate("hash => { location.hash = hash }", hash)
    expect(page.locator(".map-ready")).to_be_visible(timeout=SOFTWARE_GL_MS)


def test_evidence_lies_on_a_map_by_its_numbers(page: Page, day: fleets.Desk) -> None:
    show(page, f"alerts/{day.one('implausible_jump')['alert']}")
    assert page.locator(".mark-disc").all_text_contents() == ["1", "2"]


def test_workers_move_with_the_stream_and_a_tap_says_more(page: Page, day: fleets.Desk) -> None:
    show(page, "map")
    expect(page.locator(".mark")).to_have_count(6)  # one of seven was never heard
    expect(page.locator(".mark[data-pin=w-5]")).to_have_class(re.compile("tone-alarm"))
    before = page.locator(".mark[data-pin=w-2]").bounding_box()
    assert before is not None
    moved = day.workers[2]["position"] | {"lat": fleets.HOME["lat"], "at": at("10:05:10")}
    day.tell(workers=[day.workers[2] | {"position": moved}])
    page.wait_for_function(MOVED, arg=["w-2", before["y"]])
    page.locator(".mark[data-pin=w-5]").click()
    expect(page.get_by_test_id("chosen")).to_contain_text("杨秀英")


def test_the_way_of_a_day_follows_the_slider(page: Page, day: fleets.Desk) -> None:
    show(page, "worker/w-5")
    here = page.locator(".mark[data-pin=here]")
    last = here.bounding_box()
    assert last is not None
    page.get_by_test_id("slider").fill(str(fleets.ms("08:30")))
    expect(here).to_contain_text("08:30")
    page.wait_for_function(MOVED, arg=["here", last["y"]])
