"""What a LoRa tracker, button or door says, from the fields that the network's decoder made of its payload.

A field that is missing, or holds what cannot be meant (a battery of 193 %, a latitude of 2147), says nothing and stays
with the fact as it came: these are the manufacturers' ways to say "unknown", and whatever else the device says counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from domain.device_settings import DeviceSettings
from domain.time import SECOND_MS, Ms, from_datetime
from domain.zones import zone
from ingest.models import GENERIC, MODELS, FieldMap
from ingest.times import UNSET_BEFORE_MS

Press = Literal["single", "double", "long"]
Words = Mapping[str, bool | str]
Path = tuple[str, ...]

NULL_ISLAND_DEG = 0.001
"""0/0 is no fix, and so is -0.000001, which some decoders make of 0xFFFFFFFF. It lies in the sea, 570 km off Ghana."""

MILLISECONDS_FROM = 1e11
"""Above this a number is a time in milliseconds: as seconds it lies past the year 5000."""

_LAST_MS = 253_402_300_799_999


class Reading(NamedTuple):
    """What was understood. `at_ms`: the device's own time; `rest`: what was not understood, as it came; `past`: fixes
    that the device had kept, each with a time of its own; `understood`: whether anything was."""

    at_ms: Ms | None = None
    lat: float | None = None
    lon: float | None = None
    accuracy_m: float | None = None
    speed_mps: float | None = None
    heading_deg: float | None = None
    altitude_m: float | None = None
    battery_pct: float | None = None
    battery_v: float | None = None
    alarm: bool = False
    press: Press | None = None
    open: bool | None = None
    moving: bool | None = None
    rest: dict[str, Any] = {}
    past: tuple[Reading, ...] = ()
    understood: bool = False


def read(said: dict[str, Any], settings: DeviceSettings, usual_zone: str = "UTC") -> Reading:
    """By the device's own fields, then by its model's map. A model without a map, and none, is read by the usual names.
    `usual_zone`: of times without one, where neither the device's settings nor its model say it."""
    model = MODELS.get(settings.model or GENERIC, MODELS[GENERIC])
    zone_name = settings.zone or model.zone or usual_zone
    past, paths = _past(said, settings, model, zone_name)
    return _read(said, settings, model, zone_name, past, paths)


def _read(
    said: dict[str, Any],
    settings: DeviceSettings,
    model: FieldMap,
    zone_name: str,
    past: tuple[Reading, ...] = (),
    read_already: Iterable[Path] = (),
) -> Reading:
    got: dict[str, Any] = {}
    used = list(read_already)
    for name, meaning in NAMES.items():
        words = model.words.get(name, {})
        for path in _paths(name, settings, model):
            value = meaning(_at(said, path), words)
            if value is not None:
                got[name] = value
                used.append(path)
                break
    if "open" in got or "closed" in got:
        # A door's alarm is that it stands open (Dragino LDS02), and nobody's call for help.
        got.pop("alarm", None)
        used = [path for path in used if path not in _paths("alarm", settings, model)]
    at_ms, lat_lon = _time(got, zone_name), _fix(got)
    if lat_lon is None:  # what it said instead of a place is kept
        coordinates = [path for name in _PLACE for path in _paths(name, settings, model)]
        used = [path for path in used if path not in coordinates]
    return Reading(
        at_ms=at_ms,
        lat=None if lat_lon is None else lat_lon[0],
        lon=None if lat_lon is None else lat_lon[1],
        accuracy_m=got.get("accuracy_m") or None,  # nobody is sure to 0 m
        speed_mps=_first(got, "speed_mps", "speed_kmh", "speed_knots"),
        heading_deg=got.get("heading_deg"),
        altitude_m=got.get("altitude_m"),
        battery_pct=got.get("battery_pct"),
        battery_v=_first(got, "battery_v", "battery_mv"),
        alarm=got.get("alarm", False),
        press=got.get("button"),
        open=_first(got, "open", "closed"),
        moving=got.get("moving"),
        rest=_without(said, used),
        past=past,
        understood=bool(used),
    )


def _paths(name: str, settings: DeviceSettings, model: FieldMap) -> Iterator[Path]:
    own = settings.fields.get(name)
    if own is not None:
        yield tuple(own.split("."))
    for path in model.fields.get(name, ()):
        yield tuple(path.split("."))


def _at(said: Any, path: Path) -> Any:
    """What lies at a path; None: nothing."""
    for part in path:
        if isinstance(said, dict):
            said = said.get(part)
        elif isinstance(said, list):
            said = _element(said, part)
        else:
            return None
    return said


def _element(elements: list[Any], part: str) -> Any:
    """The first object with `key=value` in a list, or in a list within it."""
    key, _, wanted = part.partition("=")
    waiting = elements[::-1]
    while waiting:
        element = waiting.pop()
        if isinstance(element, list):
            waiting.extend(element[::-1])
        elif isinstance(element, dict):
            value = element.get(key)
            if isinstance(value, str | int) and str(value) == wanted:
                return element
    return None


def _without(said: dict[str, Any], used: list[Path]) -> dict[str, Any]:
    """The rest of an object, without what lies at the paths; lists stay whole."""
    rest = {}
    for key, value in said.items():
        within = [path[1:] for path in used if path[0] == key]
        if () in within:
            continue
        if within and isinstance(value, dict):
            value = _without(value, within)
            if not value:
                continue
        rest[key] = value
    return rest


def _first(got: dict[str, Any], *names: str) -> Any:
    return next((got[name] for name in names if name in got), None)


_PLACE = ("lat", "lat_e6", "lat_e7", "lon", "lon_e6", "lon_e7", "lat_lon")


def _fix(got: dict[str, Any]) -> tuple[float, float] | None:
    """Where it is, if it knows. One coordinate alone is none: a field that a decoder left out is not 0."""
    if got.get("no_fix"):
        return None
    lat, lon = _first(got, "lat", "lat_e6", "lat_e7"), _first(got, "lon", "lon_e6", "lon_e7")
    if lat is None or lon is None:
        lat, lon = got.get("lat_lon", (None, None))
    if lat is None or (abs(lat) < NULL_ISLAND_DEG and abs(lon) < NULL_ISLAND_DEG):
        return None
    return lat, lon


def _time(got: dict[str, Any], zone_name: str) -> Ms | None:
    """The device's own time; None where it has none, or its clock was never set."""
    at = got.get("time")
    if at is None and "date" in got and "time_of_day" in got:
        at = _local(f"{got['date']} {got['time_of_day']}")
    if isinstance(at, datetime):
        at = from_datetime(at.replace(tzinfo=zone(zone_name)))
    return at if at is not None and UNSET_BEFORE_MS <= at <= _LAST_MS else None


def _past(
    said: dict[str, Any], settings: DeviceSettings, model: FieldMap, zone_name: str
) -> tuple[tuple[Reading, ...], list[Path]]:
    """The fixes of a list at `history`, and where it lies if all of it was read."""
    for path in _paths("history", settings, model):
        elements = _at(said, path)
        if isinstance(elements, list) and elements:
            each_read = [_read(each, settings, model, zone_name) for each in elements if isinstance(each, dict)]
            dated = tuple(each for each in each_read if each.lat is not None and each.at_ms is not None)
            return dated, [path] if len(dated) == len(elements) else []
    return (), []


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
                return _local(value)
        value = number
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= _LAST_MS:
        return None
    return Ms(round(value if value >= MILLISECONDS_FROM else value * SECOND_MS))


_ZONED = Annotated[datetime, msgspec.Meta(tz=True)]
_DATE_AND_TIME = re.compile(
    r"(\d{4})[-:/](\d{1,2})[-:/](\d{1,2})[ T]+(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.\d{0,9})?", re.ASCII
)


def _local(text: str) -> datetime | None:
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
}
"""Our names, and how what stands there is read. `history` beside them: a list of objects with a fix and its time each,
read by the same map."""
