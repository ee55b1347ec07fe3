"""What the broker's configuration is made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from doorstep.embedded.broker import EmbeddedBroker, parse_size


@pytest.mark.parametrize(("text", "size"), [("16MB", 16_777_216), ("512KB", 524_288), ("99", 99)])
def test_a_size_is_read_in_bytes(text: str, size: int) -> None:
    assert parse_size(text) == size


def test_a_size_without_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="no size"):
        parse_size("MB")


def test_beyond_loopback_a_user_is_demanded(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="password"):
        EmbeddedBroker(tmp_path, listen="0.0.0.0")
