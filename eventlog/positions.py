"""Position format, version 1: a batch's columns as the bytes that lie beside its `PositionsRecorded` in the log.

    header    magic and version, alg (0: none), rows, sections, extras (3 x u32), widths of the columns (u64, nibbles)
    sections  one per device, by its number: number, rows beyond the first, key epoch
    rows      by section: observed_at, sent, lat, lon, accuracy, speed, heading, altitude, battery, flags
    extras    row, length; then their bytes, one after the other

All numbers are little-endian. A column has one width for all its rows, so it decodes without touching a row, and a
row's bytes lie at places that a keyed keystream can cover one by one. Nothing about where someone is may be left
outside those bytes: coordinates have a fixed width, and no base is taken from the data.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.errors import CorruptLog
from domain.positions import NULL, PositionBatch

MAGIC = 0xD1
"""The first byte: D for Doorstep, 1 for the version."""

ALG_NONE = 0
"""Rows in clear. No other algorithm exists yet."""

_HEADER = struct.Struct("<BBIIIQ")

_COLUMNS = (
    *("device", "more_rows", "key_epoch"),
    *("observed_at", "sent", "lat_e7", "lon_e7"),
    *("accuracy_dm", "speed_cms", "heading_cdeg", "altitude_dm", "battery_pct"),
    "flags",
    *("extras_row", "extras_length"),
)
"""The order of the columns and of their widths, lowest nibble first."""

_SIGNED: dict[int, np.dtype[Any]] = {w: np.dtype(f"<i{w}") for w in (1, 2, 4, 8)}
_UNSIGNED: dict[int, np.dtype[Any]] = {w: np.dtype(f"<u{w}") for w in (1, 2, 4)}

_OPTIONAL = {"accuracy_dm": 0, "speed_cms": 0, "heading_cdeg": 18_000, "altitude_dm": 0, "battery_pct": 0}
"""Columns whose smallest value means absent, with the constant taken off: 0…359.99° fit two bytes about 180°."""

_INT32 = np.iinfo(np.int32)

Ints = NDArray[Any]


def pack(batch: PositionBatch, number: Callable[[str], int]) -> bytes:
    """A batch as a payload, its rows stably sorted by device number.

    `number` gives a device's number, 0 to 2**32 - 1, distinct by device; only devices that have rows are asked for.
    Raises ValueError for numbers out of range or given twice.
    """
    device, section_rows, order = _sections(batch, number)
    observed_at_ms = batch.observed_at_ms[order]
    columns = {
        "device": _unsigned(device),
        "more_rows": _unsigned(section_rows - 1),
        "key_epoch": (0, b""),
        # int64 differences wrap around, here and back: any two instants survive
        "observed_at": _signed(observed_at_ms - np.int64(batch.recorded_at_ms)),
        "sent": _sent(batch.sent_ms[order], observed_at_ms),
        "lat_e7": (4, batch.lat_e7[order].astype("<i4").tobytes()),
        "lon_e7": (4, batch.lon_e7[order].astype("<i4").tobytes()),
        **{name: _optional(getattr(batch, name)[order], base) for name, base in _OPTIONAL.items()},
        "flags": _unsigned(batch.flags[order]),
    }
    extras = _sparse(batch, order)
    columns["extras_row"] = _unsigned(np.array([row for row, _ in extras], np.int64))
    columns["extras_length"] = _unsigned(np.array([len(raw) for _, raw in extras], np.int64))

    widths = sum(columns[name][0] << 4 * place for place, name in enumerate(_COLUMNS))
    header = _HEADER.pack(MAGIC, ALG_NONE, len(batch), len(device), len(extras), widths)
    return b"".join((header, *(columns[name][1] for name in _COLUMNS), *(raw for _, raw in extras)))


def unpack(payload: bytes, recorded_at_ms: int, name: Callable[[int], str]) -> PositionBatch:
    """A payload as a batch, devices in the order of their numbers; `name` gives the device of a number.

    Raises CorruptLog for bytes that are no such payload and for numbers that `name` does not know (LookupError).
    """
    columns = _Reader(payload)
    device = columns.unsigned("device", columns.sections)
    section_rows = columns.unsigned("more_rows", columns.sections) + 1
    columns.unsigned("key_epoch", columns.sections)
    _require(bool(np.all(np.diff(device) > 0)), "its sections are out of order")
    _require(int(section_rows.sum()) == columns.rows, "its sections do not add up to its rows")

    observed_at_ms = columns.signed("observed_at", columns.rows) + np.int64(recorded_at_ms)
    sent_ms = columns.sent(observed_at_ms)
    lat_e7, lon_e7 = columns.degrees("lat_e7"), columns.degrees("lon_e7")
    optional = {column: columns.optional(column, base) for column, base in _OPTIONAL.items()}
    flags = columns.unsigned("flags", columns.rows)
    _require(int(flags.max(initial=0)) <= 0xFFFF, "its flags are too wide")
    extras = columns.sparse()

    try:
        devices = [name(number) for number in device.tolist()]
    except LookupError as error:
        raise CorruptLog(f"a position payload names a device that has no number: {error}") from error
    return PositionBatch(
        recorded_at_ms=recorded_at_ms,
        devices=devices,
        device=np.repeat(np.arange(len(devices), dtype=np.int32), section_rows),
        observed_at_ms=observed_at_ms,
        sent_ms=sent_ms,
        lat_e7=lat_e7,
        lon_e7=lon_e7,
        flags=flags.astype(np.uint16),
        extras=extras,
        **optional,
    )


def _sections(batch: PositionBatch, number: Callable[[str], int]) -> tuple[Ints, Ints, Ints]:
    """The device numbers and row counts of the sections, and the order that brings the rows there."""
    used, place = np.unique(batch.device, return_inverse=True)
    names = [batch.devices[i] for i in used.tolist()]
    numbers = np.array([number(device) for device in names], np.int64)
    if len(numbers) and not 0 <= numbers.min() <= numbers.max() < 2**32:
        raise ValueError("a device number must fit 32 bits")
    if len(set(numbers.tolist())) != len(set(names)):
        raise ValueError("two devices have one number")
    per_row = numbers[place]
    device, section_rows = np.unique(per_row, return_counts=True)
    return device, section_rows, np.argsort(per_row, kind="stable")


def _sparse(batch: PositionBatch, order: Ints) -> list[tuple[int, bytes]]:
    """(row, canonical JSON) of the rows that have extras, rows counted in the packed order."""
    if not batch.extras:
        return []
    place = np.argsort(order)
    return sorted((int(place[row]), raw) for row, raw in batch.extras.items() if raw)


def _unsigned(values: Ints) -> tuple[int, bytes]:
    """Width and bytes of values from 0 to 2**32 - 1."""
    highest = int(values.max(initial=0))
    if highest == 0:
        return 0, b""
    width = 1 if highest < 1 << 8 else 2 if highest < 1 << 16 else 4
    return width, values.astype(_UNSIGNED[width]).tobytes()


def _signed(values: Ints) -> tuple[int, bytes]:
    """Width and bytes of any int64 values."""
    if not values.any():
        return 0, b""
    width = _signed_width(values)
    return width, values.astype(_SIGNED[width]).tobytes()


def _optional(values: Ints, base: int) -> tuple[int, bytes]:
    """Width and bytes of an int32 column in which NULL is absent."""
    present = values != NULL
    if not present.any():
        return 0, b""
    wide = values.astype(np.int64) - base
    width = _signed_width(wide[present])
    return width, np.where(present, wide, _absent(width)).astype(_SIGNED[width]).tobytes()


def _sent(sent_ms: Ints, observed_at_ms: Ints) -> tuple[int, bytes]:
    """Width and bytes of `sent`: after `observed_at`, or at eight bytes the instant itself (0: absent)."""
    present = sent_ms != 0
    if not present.any():
        return 0, b""
    after_ms = sent_ms - observed_at_ms
    width = _signed_width(after_ms[present])
    if width == 8:
        return width, sent_ms.astype("<i8").tobytes()
    return width, np.where(present, after_ms, _absent(width)).astype(_SIGNED[width]).tobytes()


def _signed_width(values: Ints) -> int:
    """The narrowest width that holds the values and leaves its smallest number free."""
    reach = max(int(values.max()), -int(values.min()))
    return 1 if reach < 1 << 7 else 2 if reach < 1 << 15 else 4 if reach < 1 << 31 else 8


def _absent(width: int) -> int:
    return -(1 << 8 * width - 1)


def _require(sound: bool, fault: str) -> None:
    if not sound:
        raise CorruptLog(f"a position payload cannot be read: {fault}")


class _Reader:
    """A payload's columns, to be taken in the order of `_COLUMNS`."""

    def __init__(self, payload: bytes) -> None:
        _require(len(payload) >= _HEADER.size, "it ends within the header")
        magic, alg, self.rows, self.sections, self._extras, widths = _HEADER.unpack_from(payload)
        _require(magic == MAGIC, f"its first byte is {magic:#04x}")
        _require(alg == ALG_NONE, f"its algorithm {alg} is unknown")
        _require(widths >> 4 * len(_COLUMNS) == 0, "it has unknown columns")
        self._widths = {name: widths >> 4 * place & 0xF for place, name in enumerate(_COLUMNS)}
        self._payload, self._offset = payload, _HEADER.size
        # coordinates hold 8 bytes a row, so a wrong count is found before an absent column is made up to its length
        _require(self._widths["lat_e7"] == 4 and self._widths["lon_e7"] == 4, "its coordinates have a wrong width")
        _require(self.rows <= len(payload) // 8, "it has fewer bytes than rows")
        _require(self.sections <= self.rows and self._extras <= self.rows, "it has fewer rows than sections or extras")

    def unsigned(self, column: str, count: int) -> Ints:
        values = self._take(column, count, _UNSIGNED)
        return np.zeros(count, np.int64) if values is None else values.astype(np.int64)

    def signed(self, column: str, count: int) -> Ints:
        values = self._take(column, count, _SIGNED)
        return np.zeros(count, np.int64) if values is None else values.astype(np.int64)

    def degrees(self, column: str) -> Ints:
        values = self._take(column, self.rows, _SIGNED)
        return np.zeros(self.rows, np.int32) if values is None else values.astype(np.int32)

    def optional(self, column: str, base: int) -> Ints:
        values = self._take(column, self.rows, _SIGNED)
        if values is None:
            return np.full(self.rows, NULL, np.int32)
        absent, width = values == _absent(values.dtype.itemsize), values.dtype.itemsize
        if width < 4:
            return np.where(absent, np.int32(NULL), values.astype(np.int32) + np.int32(base))
        wide = np.where(absent, NULL, values.astype(np.int64) + base)
        _require(bool(np.all((wide >= _INT32.min) & (wide <= _INT32.max))), f"{column} exceeds 32 bits")
        return wide.astype(np.int32)

    def sent(self, observed_at_ms: Ints) -> Ints:
        values = self._take("sent", self.rows, _SIGNED)
        if values is None:
            return np.zeros(self.rows, np.int64)
        width = values.dtype.itemsize
        if width == 8:
            return values.astype(np.int64)
        return np.where(values == _absent(width), 0, values.astype(np.int64) + observed_at_ms)

    def sparse(self) -> dict[int, bytes]:
        """Row to extras; the last of a payload, so it also demands that nothing follows."""
        row, length = self.unsigned("extras_row", self._extras), self.unsigned("extras_length", self._extras)
        _require(bool(np.all(np.diff(row) > 0)) and int(row.max(initial=-1)) < self.rows, "its extras have no row")
        bounds = [self._offset, *(self._offset + length.cumsum()).tolist()]
        _require(bounds[-1] == len(self._payload), "its length does not agree with its columns")
        return {at: self._payload[bounds[i] : bounds[i + 1]] for i, at in enumerate(row.tolist())}

    def _take(self, column: str, count: int, dtypes: dict[int, np.dtype[Any]]) -> Ints | None:
        """The next column as it lies there; None where it is absent."""
        width = self._widths[column]
        if width == 0 or count == 0:
            return None
        _require(width in dtypes, f"{column} has a width of {width}")
        start, self._offset = self._offset, self._offset + width * count
        _require(self._offset <= len(self._payload), f"it ends within {column}")
        return np.frombuffer(self._payload, dtypes[width], count, start)
