"""A cell for each test that asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import fresh_database
from tests.integration.api.cell import Cell, cell_at, one_visit


@pytest.fixture
def cell(database: str, tmp_path: Path) -> Iterator[Cell]:
    with cell_at(database, tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def shared(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cell]:
    """One cell for the tests of a file that leave nothing behind."""
    with fresh_database(postgres_url) as database, cell_at(database, tmp_path_factory.mktemp("home")) as running:
        running.plan(**one_visit())
        running.fold()
        yield running
