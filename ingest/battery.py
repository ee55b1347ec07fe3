"""Batteries as small devices tell of them."""

from __future__ import annotations

from typing import Any


def percent(said: Any) -> int | None:
    """A battery in whole percent, also out of text (older versions of Zigbee2MQTT); None where it is none."""
    try:
        value = float(said) if isinstance(said, int | float | str) and not isinstance(said, bool) else -1.0
    except (ValueError, OverflowError):
        return None
    return round(value) if 0 <= value <= 100 else None
