"""Degrees as JSON shows them."""

from __future__ import annotations


def degrees(e7: int) -> float:
    """1e-7 degrees as degrees, without the noise of a multiplication."""
    return e7 / 10_000_000
