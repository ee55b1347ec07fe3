"""What docs/operating.md says that can be compared with the program."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import typer.main

from doorstep.cli import app

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/operating.md").read_text()


def test_the_settings_are_those_of_the_program() -> None:
    command = [sys.executable, str(ROOT / "scripts/settings_table.py"), "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_command_named_exists() -> None:
    named = set(re.findall(r"`(?:\.venv/bin/)?doorstep ([a-z-]+)", TEXT))
    assert named >= {"health", "rebuild", "digest", "lag", "export", "import", "migrate", "dead-letters"}
    assert named <= set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def test_every_file_named_exists() -> None:
    named = set(re.findall(r"`((?:deploy|scripts)/[\w./-]+)`", TEXT))
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []
