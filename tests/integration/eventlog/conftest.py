"""A migrated cell and its log."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from eventlog.log import EventLog
from eventlog.schema import migrate


@pytest.fixture
def dsn(database: str) -> str:
    """A cell that holds nothing yet."""
    migrate(database)
    return database


@pytest.fixture
def log(dsn: str) -> Iterator[EventLog]:
    with EventLog(dsn) as log:
        yield log
