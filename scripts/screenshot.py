"""Makes the README's pictures: starts a demo of its own, waits until somebody is on the way, and looks at both pages.

.venv/bin/python scripts/screenshot.py [FOLDER]
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from doorstep.embedded.folder import choose_port
from doorstep.settings import inherited_environ

ROOT = Path(__file__).parents[1]
FLAGS = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist")
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1440, "height": 900}
PATIENCE_MS = 120_000


@contextmanager
def demo(home: str) -> Iterator[tuple[str, str]]:
    """A running demo; the addresses of the customer's page and of the console."""
    ports = {f"DOORSTEP_{name}_PORT": str(choose_port(None)) for name in ("API", "POSTGRES", "BROKER")}
    environ = {**inherited_environ(), **ports, "DOORSTEP_HOME": home, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "doorstep.cli", "demo", "--no-browser", "--speed", "20"]
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield _addresses(process)
        finally:
            process.send_signal(signal.SIGINT)


def _addresses(process: subprocess.Popen[str]) -> tuple[str, str]:
    assert process.stdout is not None
    found: dict[str, str] = {}
    for line in process.stdout:
        if said := re.match(r"(customer|console)\s+(http\S+)", line):
            found[said[1]] = said[2]
        if len(found) == 2:
            return found["customer"], found["console"]
    raise SystemExit("the demo ended without saying its addresses")


def main(folder: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("a Chromium is needed: apt-get install chromium fonts-noto-cjk")
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        demo(home) as (customer, console),
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium, args=FLAGS) as browser,
    ):
        page = _opened(browser, customer, PHONE, scale=2)
        page.get_by_test_id("marker").wait_for()
        page.locator(".map-ready").wait_for()
        page.screenshot(path=folder / "customer.png")
        page.close()
        page = _opened(browser, console, DESK, scale=1)
        page.locator(".visit").first.wait_for()
        page.evaluate("location.hash = 'map'")
        page.locator(".map-ready").wait_for()
        page.locator(".mark").first.wait_for()
        page.screenshot(path=folder / "console.png")


def _opened(browser: Browser, url: str, size: ViewportSize, scale: float) -> Page:
    page = browser.new_page(viewport=size, device_scale_factor=scale, locale="zh-CN", timezone_id="Asia/Shanghai")
    page.set_default_timeout(PATIENCE_MS)
    page.goto(url)
    return page


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs/images")
