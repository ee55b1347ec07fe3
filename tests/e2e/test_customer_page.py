"""The customer's page on the real API: a worker comes nearer, the estimate changes, the marker moves, then arrives."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from api.serve import serve
from domain.events.clock import TimeAdvanced
from domain.positions import PositionBatch
from domain.time import MINUTE_MS, SECOND_MS, Ms
from doorstep import bootstrap
from doorstep.bootstrap_api import api_app
from doorstep.embedded.folder import choose_port
from doorstep.settings import Settings
from eventlog.entry import Append
from eventlog.log import EventLog
from projections.unit import Unit
from tests.e2e.browsers import DESK, PHONE, WITH_MAP, chromium, opened
from tests.integration.api.cell import HOME, TOKEN, HandClock, fix, one_visit

pytestmark = pytest.mark.e2e

SOFTWARE_GL_MS = 60_000
"""A first picture drawn by two busy cores may take this long."""
START_S = 30.0
EVERY_MS = 20 * SECOND_MS


class Street:
    """A cell whose API is served, and a worker in it who walks as told, south of the only home."""

    def __init__(self, url: str, log: EventLog, unit: Unit, clock: HandClock) -> None:
        self.url = url
        self._log, self._unit, self._clock = log, unit, clock

    def ask(self, method: str, path: str, **options: Any) -> Any:
        """As staff."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return httpx.request(method, self.url + path, headers=headers, **options).raise_for_status().json()

    def walk(self, *away_m: float) -> None:
        """A fix every 20 s at these distances from home; the judge hears of them at once."""
        start_ms = self._clock.ms + EVERY_MS
        told = [
            fix("phone-1", start_ms + i * EVERY_MS, HOME[0] - metres / 111_195.0) for i, metres in enumerate(away_m)
        ]
        self._clock.ms = Ms(start_ms + (len(told) - 1) * EVERY_MS)
        self._log.append([], batch=PositionBatch.of(self._clock.ms, told))
        self.tick()

    def wait(self, minutes: int) -> None:
        """Time passes and nothing is heard."""
        self._clock.ms = Ms(self._clock.ms + minutes * MINUTE_MS)
        self.tick()

    def tick(self) -> None:
        """It is so late in the log, and the judge has folded all of it."""
        now = TimeAdvanced(recorded_at_ms=self._clock.ms, wall_ms=self._clock.ms, rate=0.0)
        self._log.append([Append("clock", [now], self._log.version("clock"))])
        while entries := self._log.page(self._unit.place.position, 1_000):
            self._unit.fold(entries)


@pytest.fixture
def street(database: str, tmp_path: Path) -> Iterator[Street]:
    settings = Settings(home=tmp_path, database_url=database, staff_token=TOKEN, api_port=choose_port(None))
    bootstrap.migrate(settings)
    clock, stop, ready = HandClock(), threading.Event(), threading.Event()
    with bootstrap.event_log(settings) as log, closing(Unit.open(database, log)) as unit:
        serving = threading.Thread(
            target=serve,
            args=(api_app(settings, log, clock),),
            kwargs={"host": "127.0.0.1", "port": settings.api_port, "stop": stop, "on_ready": ready.set},
        )
        serving.start()
        try:
            assert ready.wait(START_S)
            made = Street(f"http://127.0.0.1:{settings.api_port}", log, unit, clock)
            made.ask("POST", "/v1/plan", json=one_visit())
            made.tick()
            yield made
        finally:
            stop.set()
            serving.join()


@pytest.fixture
def phone() -> Iterator[Page]:
    with chromium(*WITH_MAP) as browser, opened(browser, PHONE) as page:
        yield page


def test_the_estimate_changes_and_the_marker_moves_while_somebody_comes(street: Street, phone: Page) -> None:
    token = street.ask("POST", "/v1/visits/v-1/links")["token"]
    phone.goto(f"{street.url}/v/{token}")
    status, eta, marker = (phone.get_by_test_id(name) for name in ("status", "eta", "marker"))
    expect(status).to_have_attribute("data-status", "scheduled")
    expect(eta).to_have_count(0)
    expect(marker).to_have_count(0)

    street.walk(4_000, 3_800, 3_600, 3_400)
    expect(status).to_have_attribute("data-status", "on_the_way")
    expect(phone.locator(".map-ready")).to_be_visible(timeout=SOFTWARE_GL_MS)
    expect(marker).to_be_in_viewport()
    estimates, places, pixels = [], [], []
    for away_m in (3_400, 2_600, 1_800, 1_200):
        lat = HOME[0] - away_m / 111_195.0
        street.walk(away_m + 200, away_m)
        expect(marker).to_have_attribute("data-lat", str(round(lat, 7)))
        estimates.append(eta.get_attribute("data-at"))
        places.append(marker.get_attribute("data-lat"))
        pixels.append(_gap_px(phone))
    assert len(set(estimates)) == len(set(places)) == 4
    assert max(pixels) - min(pixels) > 5, f"the pins stood still on the screen: {pixels}"

    street.walk(900, 700)
    expect(status).to_have_attribute("data-status", "nearby")
    street.walk(300, *[0.0] * 8)
    expect(status).to_have_attribute("data-status", "at_compound")
    expect(marker).to_have_count(0)
    expect(eta).to_have_count(0)


def test_silence_on_the_way_is_said_on_the_page(street: Street, phone: Page) -> None:
    token = street.ask("POST", "/v1/visits/v-1/links")["token"]
    street.walk(4_000, 3_800, 3_600, 3_400)
    phone.goto(f"{street.url}/v/{token}")
    expect(phone.get_by_test_id("stale")).to_have_count(0)
    street.wait(minutes=4)
    expect(phone.get_by_test_id("stale")).to_contain_text("4 分钟前")


def test_a_link_that_was_tampered_with_opens_nothing(street: Street, phone: Page) -> None:
    token = street.ask("POST", "/v1/visits/v-1/links")["token"]
    phone.goto(f"{street.url}/v/{token[:-3]}aaa")
    expect(phone.get_by_test_id("invalid")).to_be_visible()


def test_staff_see_the_same_visit_with_its_evidence_and_make_its_link(street: Street) -> None:
    street.walk(4_000, 3_800, 3_600, 3_400)
    with chromium() as browser, opened(browser, DESK) as page:
        page.goto(f"{street.url}/console#token={TOKEN}&day=2026-09-21")
        row = page.locator("[data-visit=v-1]")
        expect(row).to_have_attribute("data-status", "on_the_way")
        row.get_by_role("link").first.click()
        timeline = page.get_by_test_id("timeline")
        expect(timeline.locator(".evidence").first).to_contain_text("位置 · phone-1")
        page.get_by_role("button", name="生成客户链接").click()
        with page.expect_popup() as popup:
            page.get_by_test_id("customer-link").click()
        expect(popup.value.get_by_test_id("status")).to_have_attribute("data-status", "on_the_way")


def _gap_px(page: Page) -> float:
    """Pixels between the two pins."""
    gap: float = page.evaluate(
        """() => {
            const [a, b] = [...document.querySelectorAll(".pin")].map((pin) => pin.getBoundingClientRect());
            return Math.hypot(a.x - b.x, a.y - b.y);
        }"""
    )
    return gap
