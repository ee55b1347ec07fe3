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

from playwright.sync_api import ViewportSize, sync_playwright

from doorstep.embedded.folder import choose_port
from doorstep.settings import inherited_environ

ROOT = Path(__file__).parents[1]
FLAGS = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist")
PHONE: ViewportSize = {"width": 390, "height": 844}
PATIENCE_MS = 120_000


@contextmanager
def demo(home: str) -> Iterator[str]:
    """A running demo; the customer's address."""
    ports = {f"DOORSTEP_{name}_PORT": str(choose_port(None)) for name in ("API", "POSTGRES", "BROKER")}
    environ = {**inherited_environ(), **ports, "DOORSTEP_HOME": home, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "doorstep.cli", "demo", "--no-browser", "--speed", "20"]
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield _customer(process)
        finally:
            process.send_signal(signal.SIGINT)


def _customer(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.match(r"customer\s+(http\S+)", line):
            return found[1]
    raise SystemExit("the demo ended without saying the customer's address")


def main(file: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("a Chromium is needed: apt-get install chromium fonts-noto-cjk")
    with (
        tempfile.TemporaryDirectory() as home,
        demo(home) as customer,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium, args=FLAGS) as browser,
    ):
        page = browser.new_page(viewport=PHONE, device_scale_factor=2, locale="zh-CN", timezone_id="Asia/Shanghai")
        page.set_default_timeout(PATIENCE_MS)
        page.goto(customer)
        page.get_by_test_id("marker").wait_for()
        page.locator(".map-ready").wait_for()
        file.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=file)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs/images/customer.png")
