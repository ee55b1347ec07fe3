"""Chromium for tests: found, started, opened at a size. Where it is missing tests skip, unless that is forbidden."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from doorstep.settings import Settings

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}
NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WITH_MAP = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist")
"""WebGL drawn by the processor."""
WITHOUT_MAP = ("--disable-gpu", "--disable-3d-apis")


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """A browser of this machine; skips the test where there is none, fails it where DOORSTEP_REQUIRE_BROWSER is set."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        reason = "no Chromium on this machine"
        if Settings.read().require_browser:
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*QUIET, *flags])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Browser, size: dict[str, int], **options: Any) -> Iterator[Page]:
    """A page of a window of its own, in Chinese and Shanghai unless told otherwise. Scripts may not fail in it."""
    asked = {"locale": "zh-CN", "timezone_id": "Asia/Shanghai", "viewport": size, **options}
    context = browser.new_context(**asked)
    context.set_default_timeout(15_000)
    broken: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: broken.append(str(error)))
    try:
        yield page
        assert broken == []
    finally:
        context.close()
