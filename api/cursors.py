"""Cursors of lists: the place where a page ended, as text that only we read."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
from fastapi import Query

from domain.errors import Rejected

T = TypeVar("T")

Cursor = Annotated[str | None, Query(max_length=512, description="`next` of the page before; none: the first page")]
Limit = Annotated[int, Query(ge=1, le=500, description="most items of the page")]

_HEX = re.compile("[0-9a-f]{32}")
_MOST = 2**53
"""Any instant and any count is less."""


def write(*place: int | str | UUID) -> str:
    """A place as a cursor."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def read_key(text: str) -> str:
    """The place in a list that is sorted by a key. Raises Rejected `invalid_cursor`."""
    return _key(_read(text, tuple[str])[0])


def read_time_and_key(text: str) -> tuple[int, str]:
    """The place in a list that is sorted by an instant and a key. Raises Rejected `invalid_cursor`."""
    ms, key = _read(text, tuple[int, str])
    return _instant(ms), _key(key)


def read_place_of_device(text: str) -> tuple[int, int, str]:
    """The place in the list of devices: whether bound, an instant and a key. Raises Rejected `invalid_cursor`."""
    bound, ms, key = _read(text, tuple[int, int, str])
    return int(bool(bound)), _instant(ms), _key(key)


def read_time_and_letter(text: str) -> tuple[int, str]:
    """The place in the list of dead letters: an instant and a key in hex. Raises Rejected `invalid_cursor`."""
    ms, key = _read(text, tuple[int, str])
    if not _HEX.fullmatch(key):
        raise _strange()
    return _instant(ms), key


def read_time_and_id(text: str) -> tuple[int, UUID]:
    """The place in a list that is sorted by an instant and an id. Raises Rejected `invalid_cursor`."""
    ms, id = _read(text, tuple[int, UUID])
    return _instant(ms), id


def _read(text: str, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=kind)
    except (ValueError, binascii.Error):
        raise _strange() from None


def _instant(ms: int) -> int:
    if not -_MOST < ms < _MOST:
        raise _strange()
    return ms


def _key(text: str) -> str:
    if any(char == "\0" or "\ud800" <= char <= "\udfff" for char in text):
        raise _strange()
    return text


def _strange() -> Rejected:
    return Rejected("this cursor was not made here", code="invalid_cursor")
