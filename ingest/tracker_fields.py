"""The fields of a tracker that have a name here, and how what a device puts there is read.

What cannot be meant is None: a number out of bounds, a word that is no yes and no no. So it says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from domain.time import SECOND_MS, Ms, from_datetime

Press = Literal["single", "double", "long"]
Words = Mapping[str, bool | str]
"""What a device's own words mean."""

MILLISECONDS_FROM = 1e11
"""Above this a number is a time in milliseconds: as seconds it lies past the year 5000."""

LAST_MS = 253_402_300_799_999
"""The end of the year 9999."""


def _number(low: float, high: float, per_unit: float = 1) -> Callable[[Any, Words], float | None]:
    """How a quantity is read: a number or its text within the bounds, `per_unit` of which are one of ours."""

    def meaning(value: Any, words: Words) -> float | None:
        if isinstance(value, str):
            value = _numeral(value)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            return None
        return value / per_unit

    return meaning


_NUMERAL = re.compile(r"[+-]?\d{1,19}(?:\.\d{0,19})?", re.ASCII)


def _numeral(text: str) -> float | None:
    return float(text) if _NUMERAL.fullmatch(text := text[:50].strip()) else None


_TRUTHS: Words = {
    **dict.fromkeys(("true", "1", "yes", "on", "open", "opened"), True),
    **dict.fromkeys(("false", "0", "no", "off", "close", "closed"), False),
}
_PRESSES: Words = {
    **dict.fromkeys(("single", "short", "click", "pressed", "true", "1"), "single"),
    "double": "double",
    "long": "long",
}


def _word(value: Any, words: Words, usual: Words) -> bool | str | None:
    if not isinstance(value, str | bool | int | float) or (not isinstance(value, str) and abs(value) > 1e6):
        return None
    word = str(int(value) if isinstance(value, float) and value.is_integer() else value).strip()
    return words.get(word, usual.get(word.lower()))


def _truth(value: Any, words: Words) -> bool | None:
    """A yes or no, also as a number or in words."""
    meant = _word(value, words, _TRUTHS)
    return meant if isinstance(meant, bool) else None


def _denial(value: Any, words: Words) -> bool | None:
    meant = _truth(value, words)
    return None if meant is None else not meant


def _press(value: Any, words: Words) -> Press | None:
    match _word(value, words, _PRESSES):
        case "single" | "double" | "long" as press:
            return press
    return None


def _pair(value: Any, words: Words) -> tuple[float, float] | None:
    """`22.7,114.2`"""
    parts = value.split(",") if isinstance(value, str) else ()
    if len(parts) != 2:
        return None
    lat, lon = _number(-90, 90)(parts[0], words), _number(-180, 180)(parts[1], words)
    return None if lat is None or lon is None else (lat, lon)


def _text(value: Any, words: Words) -> str | None:
    return value if isinstance(value, str) and len(value) <= 50 else None


def _instant(value: Any, words: Words) -> Ms | datetime | None:
    """Epoch seconds or milliseconds, RFC 3339, or a date and time of day, which has no zone yet."""
    if isinstance(value, str):
        number = _numeral(value)
        if number is None:
            try:
                return from_datetime(msgspec.convert(value.strip(), _ZONED))
            except msgspec.ValidationError:
                return local_time(value)
        value = number
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= LAST_MS:
        return None
    return Ms(round(value if value >= MILLISECONDS_FROM else value * SECOND_MS))


_ZONED = Annotated[datetime, msgspec.Meta(tz=True)]
_DATE_AND_TIME = re.compile(
    r"(\d{4})[-:/](\d{1,2})[-:/](\d{1,2})[ T]+(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.\d{0,9})?", re.ASCII
)


def local_time(text: str) -> datetime | None:
    """`2026-11-22 08:03:09`, also with colons in the date and without leading zeros, as Dragino writes it."""
    found = _DATE_AND_TIME.fullmatch(text[:50].strip())
    try:
        return datetime(*map(int, found.groups())) if found else None  # type: ignore[arg-type]
    except ValueError:
        return None


_LAT, _LON = 90, 180

NAMES: dict[str, Callable[[Any, Words], Any]] = {
    "lat": _number(-_LAT, _LAT),
    "lon": _number(-_LON, _LON),
    "lat_e6": _number(-_LAT * 1e6, _LAT * 1e6, 1e6),
    "lon_e6": _number(-_LON * 1e6, _LON * 1e6, 1e6),
    "lat_e7": _number(-_LAT * 1e7, _LAT * 1e7, 1e7),
    "lon_e7": _number(-_LON * 1e7, _LON * 1e7, 1e7),
    "lat_lon": _pair,
    "no_fix": _truth,
    "accuracy_m": _number(0, 1e8),
    "speed_mps": _number(0, 1e4),
    "speed_kmh": _number(0, 1e4, 3.6),
    "speed_knots": _number(0, 1e4, 3600 / 1852),
    "heading_deg": _number(0, 360),
    "altitude_m": _number(-1e4, 1e5),
    "battery_pct": _number(0, 100),
    "battery_v": _number(0, 100),
    "battery_mv": _number(0, 1e5, 1000),
    "time": _instant,
    "date": _text,
    "time_of_day": _text,
    "alarm": _truth,
    "button": _press,
    "open": _truth,
    "closed": _denial,
    "moving": _truth,
    "beacon_uuid": _text,
    "beacon_major": _number(0, 0xFFFF),
    "beacon_minor": _number(0, 0xFFFF),
}
"""Our names, and how what stands there is read. `history` beside them: a list of objects with a fix and its time each,
read by the same map."""
