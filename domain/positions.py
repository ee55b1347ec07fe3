"""A batch of positions as columns: a thousand pings cost one numpy operation, not a thousand objects.

The identity of a position is the hash of one fixed record (`CANON`), which is what makes it independent of
how it was batched or packed.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntFlag
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
from numpy.typing import NDArray

from domain.events.facts import POSITION, TimeQuality
from domain.ids import FactId, fact_id, identity

NULL = -(2**31)
"""Absent, in every optional int32 column."""


class Flag(IntFlag):
    """The `flags` column: bits 0–1 mock, 2–3 provider, 4–5 input coordinate system, 6–7 quality of time."""

    MOCK_FALSE = 0x01
    MOCK_TRUE = 0x02
    GPS = 0x04
    NETWORK = 0x08
    FUSED = 0x0C
    GCJ02 = 0x10
    BD09 = 0x20
    TIME_AHEAD = 0x40
    TIME_UNSET = 0x80


PROVIDER_MASK = 0x0C
CRS_MASK = 0x30
QUALITY_MASK = 0xC0
CONTENT_MASK = 0x3F  # the quality of time is our conclusion, not the device's content

PROVIDERS = {"gps": Flag.GPS, "network": Flag.NETWORK, "fused": Flag.FUSED}
PROVIDER_NAMES = {int(flag): name for name, flag in PROVIDERS.items()}
CRS_FLAGS = {"wgs84": 0, "gcj02": int(Flag.GCJ02), "bd09": int(Flag.BD09)}
CRS_NAMES = {flag: name for name, flag in CRS_FLAGS.items()}
QUALITIES = {
    TimeQuality.DEVICE: 0,
    TimeQuality.AHEAD: int(Flag.TIME_AHEAD),
    TimeQuality.UNSET: int(Flag.TIME_UNSET),
}

CANON = np.dtype(
    [
        ("lat_e7", "<i4"),
        ("lon_e7", "<i4"),
        ("accuracy_dm", "<i4"),
        ("speed_cms", "<i4"),
        ("heading_cdeg", "<i4"),
        ("altitude_dm", "<i4"),
        ("battery_pct", "<i4"),
        ("flags", "<u2"),
    ]
)
"""The canonical content of a position, 30 bytes little-endian; its extras' canonical JSON follows in the hash."""

_CANON_ROW = struct.Struct("<7iH")


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """One decoded position. Units as in the column names; None: the device did not say.

    lat_e7, lon_e7: WGS-84 in 1e-7 degrees; accuracy, altitude in decimetres; speed in cm/s; heading in 0.01°.
    """

    device: str
    observed_at_ms: int
    lat_e7: int
    lon_e7: int
    accuracy_dm: int | None = None
    speed_cms: int | None = None
    heading_cdeg: int | None = None
    altitude_dm: int | None = None
    battery_pct: int | None = None
    flags: int = 0
    sent_ms: int | None = None
    extras: bytes = b""
    """Canonical JSON of what the columns cannot hold (`id`, `worker`, unknown fields); empty: nothing."""

    @property
    def fact(self) -> FactId:
        """This position's identity (SEMANTICS, Identity)."""
        optional = (self.accuracy_dm, self.speed_cms, self.heading_cdeg, self.altitude_dm, self.battery_pct)
        record = _CANON_ROW.pack(
            self.lat_e7,
            self.lon_e7,
            *(NULL if value is None else value for value in optional),
            self.flags & CONTENT_MASK,
        )
        return fact_id(self.device, POSITION, self.observed_at_ms, record + self.extras)


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionBatch:
    """n positions of any devices. `device` indexes `devices`; `sent_ms` 0 is absent; int32 columns use NULL.

    `extras` maps a row to its canonical JSON, only where there is any.
    """

    recorded_at_ms: int
    devices: Sequence[str]
    device: NDArray[np.int32]
    observed_at_ms: NDArray[np.int64]
    sent_ms: NDArray[np.int64]
    lat_e7: NDArray[np.int32]
    lon_e7: NDArray[np.int32]
    accuracy_dm: NDArray[np.int32]
    speed_cms: NDArray[np.int32]
    heading_cdeg: NDArray[np.int32]
    altitude_dm: NDArray[np.int32]
    battery_pct: NDArray[np.int32]
    flags: NDArray[np.uint16]
    extras: Mapping[int, bytes] = field(default_factory=dict)
    dated_ms: NDArray[np.int64] | None = None
    """Where a device's clock is corrected: the instants to judge at (domain/clocks.py). Never packed."""

    def __len__(self) -> int:
        return len(self.device)

    @classmethod
    def of(cls, recorded_at_ms: int, positions: Sequence[Position]) -> PositionBatch:
        """Columns from rows, in the order given. Sorting by device is the packer's business."""
        rows = list(zip(*map(msgspec.structs.astuple, positions), strict=True)) or [()] * len(
            Position.__struct_fields__
        )
        of = dict(zip(Position.__struct_fields__, rows, strict=True))
        devices = list(dict.fromkeys(of["device"]))
        number = {name: i for i, name in enumerate(devices)}

        def optional(name: str) -> NDArray[np.int32]:
            return np.array([NULL if value is None else value for value in of[name]], np.int32)

        return cls(
            recorded_at_ms=recorded_at_ms,
            devices=devices,
            device=np.array([number[device] for device in of["device"]], np.int32),
            observed_at_ms=np.array(of["observed_at_ms"], np.int64),
            sent_ms=np.array([sent_ms or 0 for sent_ms in of["sent_ms"]], np.int64),
            lat_e7=np.array(of["lat_e7"], np.int32),
            lon_e7=np.array(of["lon_e7"], np.int32),
            accuracy_dm=optional("accuracy_dm"),
            speed_cms=optional("speed_cms"),
            heading_cdeg=optional("heading_cdeg"),
            altitude_dm=optional("altitude_dm"),
            battery_pct=optional("battery_pct"),
            flags=np.array(of["flags"], np.uint16),
            extras={i: raw for i, raw in enumerate(of["extras"]) if raw},
        )

    def at_ms(self) -> NDArray[np.int64]:
        """The instant that each row is judged at: the device's, unless it was found implausible, or is corrected."""
        if self.dated_ms is not None:
            return self.dated_ms
        unsure = (self.flags & QUALITY_MASK) != 0
        return np.where(unsure, np.int64(self.recorded_at_ms), self.observed_at_ms)

    def facts(self) -> list[FactId]:
        """The id of each row, equal to `Position.fact` of the same content."""
        return [FactId(UUID(bytes=raw)) for raw in self.identities()]

    def identities(self) -> list[bytes]:
        """The same as 16 bytes each, for whoever only compares them."""
        records = np.zeros(len(self), CANON)
        for name in CANON.names or ():
            records[name] = getattr(self, name)
        records["flags"] = self.flags & CONTENT_MASK
        raw, size = records.tobytes(), CANON.itemsize
        devices, extras = self.devices, self.extras
        return [
            identity(devices[d], POSITION, at, raw[i * size : i * size + size] + extras.get(i, b""))
            for i, (d, at) in enumerate(zip(self.device.tolist(), self.observed_at_ms.tolist(), strict=True))
        ]

    def take(self, rows: NDArray[Any]) -> PositionBatch:
        """The given rows (indices or a mask), in that order, as a batch of their own."""
        index = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        place = {int(old): new for new, old in enumerate(index)} if self.extras else {}
        columns = {name: getattr(self, name)[index] for name in COLUMNS}
        extras = {place[row]: raw for row, raw in self.extras.items() if row in place}
        dated_ms = None if self.dated_ms is None else self.dated_ms[index]
        return PositionBatch(
            recorded_at_ms=self.recorded_at_ms, devices=self.devices, extras=extras, dated_ms=dated_ms, **columns
        )


COLUMNS = (
    "device",
    "observed_at_ms",
    "sent_ms",
    "lat_e7",
    "lon_e7",
    "accuracy_dm",
    "speed_cms",
    "heading_cdeg",
    "altitude_dm",
    "battery_pct",
    "flags",
)
