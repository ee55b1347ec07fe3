"""What a LoRa tracker, button or door says, from the fields that the network's decoder made of its payload.

A field that is missing, or holds what cannot be meant (a battery of 193 %, a latitude of 2147), says nothing and stays
with the fact as it came: these are the manufacturers' ways to say "unknown", and whatever else the device says counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from domain.device_settings import DeviceSettings
from domain.errors import Unreadable
from domain.tags import beacon_id
from domain.time import Ms, from_datetime
from domain.zones import zone
from ingest.models import GENERIC, MODELS, FieldMap
from ingest.times import UNSET_BEFORE_MS
from ingest.tracker_fields import LAST_MS, NAMES, Press, local_time

Path = tuple[str, ...]

NULL_ISLAND_DEG = 0.001
"""0/0 is no fix, and so is -0.000001, which some decoders make of 0xFFFFFFFF. It lies in the sea, 570 km off Ghana."""


class Reading(NamedTuple):
    """What was understood. `at_ms`: the device's own time; `beacon`: the registry's id of one that it sees; `rest`:
    what was not understood, as it came; `past`: fixes that it had kept, each with a time of its own; `understood`:
    whether anything was."""

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
    beacon: str | None = None
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
    if ("open" in got or "closed" in got) and "alarm" not in settings.fields:
        # A door's alarm is that it stands open (Dragino LDS02), and nobody's call for help unless the registry says so.
        got.pop("alarm", None)
        used = [path for path in used if path not in _paths("alarm", settings, model)]
    at_ms, lat_lon, beacon = _time(got, zone_name), _fix(got), _beacon(got)
    # What it said instead of a place, or of a beacon, is kept.
    unread = (*(_PLACE if lat_lon is None else ()), *(_BEACON if beacon is None else ()))
    kept = [path for name in unread for path in _paths(name, settings, model)]
    used = [path for path in used if path not in kept]
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
        beacon=beacon,
        rest=_without(said, used),
        past=past,
        understood=bool(used),
    )


def _paths(name: str, settings: DeviceSettings, model: FieldMap) -> Iterator[Path]:
    own = settings.fields.get(name)
    if own is not None:
        yield _path(own)
    yield from map(_path, model.fields.get(name, ()))


@lru_cache(maxsize=4_096)
def _path(text: str) -> Path:
    return tuple(text.split("."))


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


_BEACON = ("beacon_uuid", "beacon_major", "beacon_minor")


def _beacon(got: dict[str, Any]) -> str | None:
    """The beacon that it sees. One decoder (TrackerD) writes bytes without their leading zeros: half of all UUIDs come
    out short, and nothing tells which digits are missing."""
    uuid, major, minor = (got.get(name) for name in _BEACON)
    if uuid is None or major is None or minor is None or not uuid.strip("0-"):
        return None
    try:
        return beacon_id(uuid, int(major), int(minor))
    except Unreadable:
        return None


def _time(got: dict[str, Any], zone_name: str) -> Ms | None:
    """The device's own time; None where it has none, or its clock was never set."""
    at = got.get("time")
    if at is None and "date" in got and "time_of_day" in got:
        at = local_time(f"{got['date']} {got['time_of_day']}")
    if isinstance(at, datetime):
        at = from_datetime(at.replace(tzinfo=zone(zone_name)))
    return at if at is not None and UNSET_BEFORE_MS <= at <= LAST_MS else None


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
