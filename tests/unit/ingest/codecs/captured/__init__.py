"""Payloads as the documentation of each project has them, one file a dialect; names and numbers changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def captured(dialect: str) -> dict[str, Any]:
    """The messages of a dialect by what they are."""
    said: dict[str, Any] = json.loads((Path(__file__).parent / f"{dialect}.json").read_bytes())
    return said
