"""A broker and a cell for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from doorstep.embedded.broker import EmbeddedBroker
from tests.integration.ingest.cell import ACK_WAIT_S, Cell, Device, settings_of


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    """Syncs now and then: no test pulls the plug."""
    server = EmbeddedBroker(tmp_path / "broker", sync_interval="1s", ack_wait_s=ACK_WAIT_S)
    with server:
        yield server


@pytest.fixture
def cell(tmp_path: Path, database: str, broker: EmbeddedBroker) -> Iterator[Cell]:
    """A cell whose ingest does not run yet."""
    cell = Cell(settings_of(tmp_path, database, broker.url, backoff_max_s=1.0))
    yield cell
    if not cell.has_ended:
        cell.stop()


@pytest.fixture
def phone(broker: EmbeddedBroker) -> Iterator[Device]:
    with Device(broker.url, "phone") as device:
        yield device
