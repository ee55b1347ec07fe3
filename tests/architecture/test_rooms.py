"""The doors between the rooms: who imports whom, and that our names are nobody else's."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ROOMS = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


def test_every_import_goes_through_a_door_that_is_allowed() -> None:
    lint = Path(sysconfig.get_path("scripts"), "lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_same_rooms_are_packed_typed_and_linted() -> None:
    tools = PROJECT["tool"]
    assert tools["mypy"]["packages"] == ROOMS
    assert tools["importlinter"]["root_packages"] == ROOMS


def test_no_installed_distribution_but_ours_owns_one_of_our_names() -> None:
    owners = packages_distributions()
    assert {room: owners[room] for room in ROOMS if set(owners.get(room, [])) - {"doorstep"}} == {}


def test_our_names_are_found_in_this_tree() -> None:
    """A stale copy in site-packages, or a folder of the same name earlier on the path, would go unnoticed."""
    program = f"import importlib\nfor name in {ROOMS}: print(importlib.import_module(name).__path__[0])"
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.split() == [str(ROOT / room) for room in ROOMS]


def test_every_folder_of_a_room_is_a_package() -> None:
    folders = {file.parent for room in ROOMS for file in (ROOT / room).rglob("*.py")}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []
