"""The map of an approach, really drawn: pins where they belong, gliding, gone at the door. The API is a stub."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from simulators.base_map import write_base_map
from tests.e2e.browsers import PHONE, WITH_MAP, chromium, opened
from tests.e2e.states import STATES, approach
from tests.e2e.stub_api import Stub, serving

pytestmark = pytest.mark.e2e

SOFTWARE_GL_MS = 60_000
"""A first picture drawn by two busy cores may take this long."""
LEFT_OF = "x => document.querySelector('[data-testid=marker]').getBoundingClientRect().x < x"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(*WITH_MAP) as found:
        yield found


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serving() as found:
        yield found


@pytest.fixture
def page(browser: Browser, stub: Stub) -> Iterator[Page]:
    stub.tracks["t-1"] = STATES["on_the_way"]
    with opened(browser, PHONE) as found:
        found.goto(f"{stub.url}/v/t-1")
        expect(found.locator(".map-ready")).to_be_visible(timeout=SOFTWARE_GL_MS)
        yield found


def test_the_marker_glides_to_the_new_position_and_is_gone_at_the_door(page: Page, stub: Stub) -> None:
    marker = page.get_by_test_id("marker")
    box = marker.bounding_box()
    assert box is not None
    position = STATES["on_the_way"]["position"]
    expect(marker).to_have_attribute("data-lat", str(position["lat"]))
    expect(marker).to_have_attribute("data-lon", str(position["lon"]))
    stub.push("t-1", approach("09:33", 600, 1000, "09:41", "09:38", "09:47"))
    expect(marker).not_to_have_attribute("data-lat", str(position["lat"]))
    page.wait_for_function(LEFT_OF, arg=box["x"] - 20)
    stub.push("t-1", STATES["arrived"])
    expect(marker).to_have_count(0)


def test_home_and_worker_are_both_in_sight_however_far_apart(page: Page, stub: Stub) -> None:
    for north_m, east_m in ((9_000, 4_000), (300, -4_500), (-150, 120)):
        stub.push("t-1", approach("09:33", north_m, east_m, "09:41", "09:38", "09:47"))
        page.wait_for_function(
            """() => {
                const frame = document.querySelector(".map-frame").getBoundingClientRect();
                return [...document.querySelectorAll(".pin")].every((pin) => {
                    const { x, y, width, height } = pin.getBoundingClientRect();
                    const [dx, dy] = [x + width / 2 - frame.x, y + height / 2 - frame.y];
                    return dx > 0 && dy > 0 && dx < frame.width && dy < frame.height;
                });
            }"""
        )


def test_a_stale_position_looks_like_one(page: Page, stub: Stub) -> None:
    stub.push("t-1", STATES["stale"])
    expect(page.locator(".pin-worker.pin-stale")).to_be_visible()


def test_a_withheld_position_takes_the_marker_off_the_map(page: Page, stub: Stub) -> None:
    stub.push("t-1", STATES["near_other_site"])
    expect(page.get_by_test_id("marker")).to_have_count(0)
    expect(page.get_by_test_id("withheld")).to_be_visible()
    stub.push("t-1", STATES["on_the_way"])
    expect(page.get_by_test_id("marker")).to_be_visible()


def test_streets_lie_below_the_pins_where_the_cell_has_a_base_map(browser: Browser, stub: Stub, tmp_path: Path) -> None:
    stub.base_map = tmp_path / "town.pmtiles"
    write_base_map(stub.base_map)
    stub.tracks["t-1"] = STATES["on_the_way"]
    with opened(browser, PHONE) as page:
        page.goto(f"{stub.url}/v/t-1")
        expect(page.locator(".map-ready .map")).to_have_attribute(
            "data-roads", re.compile("[1-9]"), timeout=SOFTWARE_GL_MS
        )
        expect(page.get_by_test_id("marker")).to_be_visible()


def test_a_base_map_that_is_missing_leaves_the_pins_on_plain_ground(
    browser: Browser, stub: Stub, tmp_path: Path
) -> None:
    stub.base_map = tmp_path / "gone.pmtiles"
    stub.tracks["t-1"] = STATES["on_the_way"]
    with opened(browser, PHONE) as page:
        page.goto(f"{stub.url}/v/t-1")
        expect(page.locator(".map-ready .map")).to_have_attribute("data-roads", "0", timeout=SOFTWARE_GL_MS)
        expect(page.get_by_test_id("marker")).to_be_visible()
