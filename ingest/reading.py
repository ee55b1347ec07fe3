"""Bytes to typed payloads, for every JSON dialect: what goes wrong is Unreadable, with a stable code."""

from __future__ import annotations

import re
from typing import Any, NamedTuple, TypeVar

import msgspec

from domain.errors import Unreadable
from domain.time import Ms
from ingest.devices import UNREGISTERED, Devices
from ingest.times import FUTURE_TOLERANCE_MS

_OUT_OF_RANGE = re.compile(r"^Expected `\w+` (?:>=|<=|>|<|of length|matching)|out of range")

T = TypeVar("T")


class Receipt(NamedTuple):
    """What a codec knows beyond the message: when it was received, in the cell's time, how far ahead of that a device's
    time is believed, and what the registry says of devices."""

    at_ms: Ms
    tolerance_ms: int = FUTURE_TOLERANCE_MS
    devices: Devices = UNREGISTERED


def json_of(payload: bytes) -> Any:
    """What a payload of JSON says. Raises Unreadable."""
    if not payload:
        raise Unreadable("the payload is empty", code="empty")
    try:
        return msgspec.json.decode(payload)
    except RecursionError:
        raise Unreadable("the payload is nested too deeply", code="too_deep") from None
    except UnicodeDecodeError as error:
        raise Unreadable(f"the payload is not UTF-8: {error.reason} at byte {error.start}", code="not_utf8") from None
    except msgspec.ValidationError as error:
        raise Unreadable(str(error), code="out_of_range") from None
    except msgspec.DecodeError as error:
        raise Unreadable(str(error), code="not_json") from None


def object_of(said: Any) -> dict[str, Any]:
    """The same, where it is an object. Raises Unreadable (`not_an_object`)."""
    if not isinstance(said, dict):
        raise Unreadable(f"expected an object, got {type(said).__name__}", code="not_an_object")
    return said


def shaped(said: dict[str, Any], shape: type[T], *, strict: bool = True) -> T:
    """An object in its shape; not `strict`: numbers may come as text. Raises Unreadable."""
    try:
        return msgspec.convert(said, shape, strict=strict)
    except msgspec.ValidationError as error:
        raise Unreadable(str(error), code=_reason(str(error))) from None
    except OverflowError as error:
        raise Unreadable(str(error), code="out_of_range") from None


def whole(value: float | None, units: float) -> int | None:
    """A quantity in whole units; None where the phone says nothing, or with a negative number that it does not know."""
    return None if value is None or value < 0 else round(value * units)


def _reason(complaint: str) -> str:
    """A stable code for what the library says in words; the tests hold it to them."""
    if "missing required field" in complaint:
        return "missing_field"
    if "RFC3339" in complaint or "timezone component" in complaint:
        return "bad_time"
    if "Invalid enum value" in complaint:
        return "unknown_value"
    return "out_of_range" if _OUT_OF_RANGE.search(complaint) else "wrong_type"
