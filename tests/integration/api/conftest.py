"""A cell for each test that asks, on a copy of one that was migrated once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from doorstep import bootstrap
from doorstep.settings import Settings
from tests.conftest import fresh_database
from tests.integration.api.cell import Cell, cell_at, one_visit


@pytest.fixture(scope="session")
def migrated(postgres_url: str) -> Iterator[str]:
    """The name of a database that holds an empty cell."""
    with fresh_database(postgres_url) as url:
        bootstrap.migrate(Settings(database_url=url))
        yield urlsplit(url).path.lstrip("/")


@pytest.fixture
def database(postgres_url: str, migrated: str) -> Iterator[str]:
    """An empty cell of this test's own."""
    with fresh_database(postgres_url, migrated) as url:
        yield url


@pytest.fixture
def cell(database: str, tmp_path: Path) -> Iterator[Cell]:
    with cell_at(database, tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def shared(postgres_url: str, migrated: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cell]:
    """One cell for the tests of a file that leave nothing behind."""
    home = tmp_path_factory.mktemp("home")
    with fresh_database(postgres_url, migrated) as database, cell_at(database, home) as running:
        running.plan(**one_visit())
        running.fold()
        yield running
