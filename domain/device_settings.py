"""How a device is to be read: what the registry says of it beyond whom it speaks for."""

from __future__ import annotations

import msgspec

from domain.crs import Crs


class DeviceSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything is optional: without a setting the topic decides the dialect, and the payload says the rest.

    `topic`: what the device publishes at and below, where that is not the usual place of its dialect (no wildcards);
    `dialect` names the codec that reads it there.
    `zone`: IANA zone of times that state none; unset: the cell's.
    `crs`: coordinate system of positions that name none.
    `model`: the tracker's field map (ingest/models); `fields`: a map of its own, from our name to the path in the
    payload, parts joined by dots, used before the model's.
    """

    topic: str | None = None
    dialect: str | None = None
    zone: str | None = None
    crs: Crs | None = None
    model: str | None = None
    fields: dict[str, str] = {}


AS_IT_SAYS = DeviceSettings()
"""A device of which the registry says nothing."""
