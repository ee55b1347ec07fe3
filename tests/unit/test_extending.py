"""docs/extending.md: its examples, written into a copy of the project as a newcomer would, are found and pass."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs/extending.md"
PACKAGES = ("domain", "eventlog", "ingest", "projections", "tests/unit")
FOR_ALL = ("tests/unit/ingest/test_codecs.py", "tests/unit/projections/alerts/test_rules.py")
"""What holds for every dialect and every rule, and so for the examples."""
LIMIT_S = 120


def examples() -> dict[str, str]:
    """The guide's files: a block of Python whose first line is a comment with its path."""
    blocks = re.findall(r"```python\n# (\S+\.py)\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    return dict(blocks)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with the examples in their places."""
    root = tmp_path_factory.mktemp("extended")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__", "test_*"))
    for file in ("pyproject.toml", "tests/conftest.py", *FOR_ALL):
        shutil.copy(ROOT / file, root / file)
    for path, text in examples().items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        assert not (ROOT / path).exists(), f"{path} is an example and exists already"
        (root / path).write_text(text)
    return root


def run(copy: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=copy, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_there_is_an_example_and_its_test_of_each() -> None:
    rooms = sorted({str(Path(path).parent) for path in examples()})
    assert rooms == [
        "ingest/codecs",
        "projections/alerts",
        "projections/views",
        "tests/unit/ingest/codecs",
        "tests/unit/projections/alerts",
        "tests/unit/projections/views",
    ]


def test_the_examples_pass(copy: Path) -> None:
    tests = [path for path in examples() if path.startswith("tests/")]
    said = run(copy, "pytest", "-v", "-p", "no:cacheprovider", *tests, *FOR_ALL)
    for name in ("keysafe", "too_early", "test_waits"):
        assert name in said
    passed = re.search(r"(\d+) passed", said)
    assert passed is not None
    assert int(passed[1]) >= 30


def test_the_examples_are_written_as_everything_else_is(copy: Path) -> None:
    run(copy, "ruff", "check", *examples())
    run(copy, "ruff", "format", "--check", *examples())


def test_the_examples_change_what_the_program_is_made_of(copy: Path) -> None:
    mark = "import projections.making as m; print(m.__file__, m.making().mark)"
    theirs = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, '.'); {mark}"],
        cwd=copy,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=True,
    ).stdout.split()
    from projections.making import making

    assert Path(theirs[0]).is_relative_to(copy)
    assert theirs[1] != making().mark
