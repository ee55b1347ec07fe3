"""Columns as PostgreSQL's binary arrays, made at once: a thousand rows cost a few numpy operations a column.

psycopg dumps a list element by element, which was a third of what the projector did for a ping. The format is that of
the server's `array_recv` (src/backend/utils/adt/arrayfuncs.c): dimensions, whether any is NULL, the elements' type,
length and lower bound; then each element with its length, -1 for NULL.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format

_HEADER = struct.Struct(">iiIii")
_EMPTY = struct.Struct(">iiI")
_LENGTH = struct.Struct(">i")
_NULL = b"\xff\xff\xff\xff"
_INT = {
    4: (23, np.dtype([("length", ">i4"), ("value", ">i4")])),
    8: (20, np.dtype([("length", ">i4"), ("value", ">i8")])),
}
_TEXT, _UUID = 25, 2950
_UUID_LENGTH = _LENGTH.pack(16)


class Packed:
    """A whole array parameter; `rows` is how many elements it has."""

    __slots__ = ("data", "rows")

    def __init__(self, data: bytes, rows: int) -> None:
        self.data, self.rows = data, rows

    def __len__(self) -> int:
        return self.rows

    def __iter__(self) -> Iterator[int | str | UUID | None]:
        """The elements again, for whoever has no server to read them."""
        if not self.rows:
            return
        *_, oid, _, _ = _HEADER.unpack_from(self.data)
        at = _HEADER.size
        for _ in range(self.rows):
            (length,) = _LENGTH.unpack_from(self.data, at)
            at += _LENGTH.size
            yield None if length < 0 else _element(oid, self.data[at : at + length])
            at += max(length, 0)


def integers(values: NDArray[Any], size: int, absent: NDArray[np.bool_] | None = None) -> Packed:
    """int4[] (`size` 4) or int8[] (8); NULL where `absent`."""
    oid, layout = _INT[size]
    elements = np.empty(len(values), layout)
    elements["length"], elements["value"] = size, values
    if absent is None or not absent.any():
        return _packed(oid, len(values), elements.tobytes())
    elements["length"][absent] = -1
    there = np.ones((len(values), 4 + size), np.bool_)
    there[absent, 4:] = False
    return _packed(oid, len(values), elements.view(np.uint8).reshape(len(values), -1)[there].tobytes(), nulls=True)


def uuids(values: Sequence[bytes]) -> Packed:
    """uuid[] from 16 bytes each."""
    return _packed(_UUID, len(values), b"".join(_UUID_LENGTH + value for value in values))


def texts(values: Sequence[bytes | None]) -> Packed:
    """text[] from UTF-8 without NUL."""
    elements = [_NULL if value is None else _LENGTH.pack(len(value)) + value for value in values]
    return _packed(_TEXT, len(values), b"".join(elements), nulls=None in values)


def repeated(values: Sequence[str], which: NDArray[Any]) -> Packed:
    """text[] of few different values: element i is `values[which[i]]`."""
    encoded = [value.encode() for value in values]
    elements = [_LENGTH.pack(len(value)) + value for value in encoded]
    return _packed(_TEXT, len(which), b"".join([elements[i] for i in which.tolist()]))


def _element(oid: int, raw: bytes) -> int | str | UUID:
    if oid == _UUID:
        return UUID(bytes=raw)
    return raw.decode() if oid == _TEXT else int.from_bytes(raw, "big", signed=True)


def _packed(oid: int, rows: int, elements: bytes, *, nulls: bool = False) -> Packed:
    if not rows:
        return Packed(_EMPTY.pack(0, 0, oid), 0)
    return Packed(_HEADER.pack(1, int(nulls), oid, rows, 1) + elements, rows)


class _PackedDumper(Dumper):
    """Hands the bytes over; the statement's cast says the type."""

    format = Format.BINARY

    def dump(self, obj: Packed) -> Buffer | None:
        return obj.data


psycopg.adapters.register_dumper(Packed, _PackedDumper)
