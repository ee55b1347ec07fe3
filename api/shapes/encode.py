"""Plain JSON with shapes in it as bytes."""

from __future__ import annotations

from typing import Any

import msgspec
from pydantic import BaseModel


def _shape(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    raise NotImplementedError(f"{type(value).__name__} is no JSON")


_ENCODER = msgspec.json.Encoder(enc_hook=_shape)


def encode(body: dict[str, Any]) -> bytes:
    """Dicts, lists, numbers, text, UUIDs and shapes."""
    return _ENCODER.encode(body)
