"""Traccar Client and everything else that speaks OsmAnd's live tracking: a query, a form, or JSON.

By HTTP the door hands each request on as `osmand/<device>`; bridges publish there. Four forms are in use, as Traccar's
OsmAndProtocolDecoder and the clients have them: `id=7&timestamp=…&lat=…` in the query or the body, the same names as a
flat JSON object or an array of them (Traccar Client 10), and `{"location":{…},"device_id":"7"}` (Traccar Client 9),
where `location` may be an array as well. Speeds are knots, except within `location`: m/s.
"""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import parse_qsl

from msgspec import Meta, Struct

from domain.errors import Unreadable
from domain.ids import REGISTERED
from domain.names import plain
from domain.time import Ms
from ingest import times
from ingest.canonical import unknown_fields
from ingest.fixes import KNOT_MPS, Report, crs_of, is_sos, told
from ingest.local_time import shown
from ingest.message import NOTHING, Decoded, Fault, Message
from ingest.reading import Receipt, json_of, object_of, shaped
from ingest.wire import Lat, Lon, Name, Number

PREFIX = "osmand/"

MOST_FIELDS = 1_000
"""Fields of one query; Traccar Client sends a dozen."""

_MS_FROM = 100_000_000_000
"""A number this large counts milliseconds: as seconds it would be the year 5138, as milliseconds it is 1973."""

_NUMBER = re.compile(r"-?\d{1,20}(?:\.\d{1,20})?", re.ASCII)
_TRUE, _FALSE = ("true", "1", True), ("false", "0", False)

Said = Annotated[str, Meta(max_length=10_000)]
Metres = Annotated[float, Meta(ge=-1e7, le=1e8)]
Course = Annotated[float, Meta(ge=-1e6, le=360)]


class Flat(Struct, kw_only=True):
    """The names of the query. `speed` in knots, `batt` in percent; negative: unknown. `crs` or `coordType` and `worker`
    are ours: no client has them of itself, but any of them sends the attributes that it is given."""

    id: Said | Number | None = None
    deviceid: Said | Number | None = None
    timestamp: Said | float | None = None
    lat: Lat | None = None
    lon: Lon | None = None
    location: Said | None = None
    speed: Annotated[float, Meta(ge=-1e6, le=1e6)] | None = None
    bearing: Course | None = None
    heading: Course | None = None
    altitude: Metres | None = None
    accuracy: Metres | None = None
    batt: Annotated[float, Meta(ge=-1e6, le=100)] | None = None
    crs: Said | None = None
    coordType: Said | None = None  # noqa: N815 (as on the wire)
    worker: Name | None = None


class Pair(Struct):
    """The two numbers of the query's `location`."""

    lat: Lat
    lon: Lon


class Enveloped(Struct, kw_only=True):
    """The object around `location`."""

    device_id: Said | Number | None = None


class Coords(Struct, kw_only=True):
    """`location.coords`: m/s; -1: unknown."""

    latitude: Lat
    longitude: Lon
    accuracy: Metres | None = None
    speed: Annotated[float, Meta(ge=-1e6, le=1e6)] | None = None
    heading: Course | None = None
    altitude: Metres | None = None
    crs: Said | None = None
    coordType: Said | None = None  # noqa: N815 (as on the wire)


class Located(Struct, kw_only=True):
    """`location`. `battery.level` is a share of 1, -1: unknown."""

    timestamp: Said | float | None = None
    coords: Coords | None = None
    battery: dict[str, Any] | None = None
    extras: dict[str, Any] | None = None
    mock: bool | None = None


_FLAT = frozenset(Flat.__struct_fields__)
_ENVELOPED = frozenset(("location", "device_id"))
_COORDS = frozenset(Coords.__struct_fields__)
_LOCATED = frozenset(Located.__struct_fields__) | {"_"}
"""`_` repeats id, place and time as a query, for servers that read no JSON."""


class OsmAnd:
    """See `ingest.codecs.Codec`."""

    name = "osmand"
    filters = (f"{PREFIX}#",)

    def claims(self, topic: str) -> bool:
        """See Codec."""
        return topic.startswith(PREFIX)

    def topic_of(self, device: str) -> str | None:
        """See Codec."""
        return f"{PREFIX}{device}" if REGISTERED.fullmatch(device) else None

    def decode(self, message: Message, receipt: Receipt) -> Decoded:
        """See Codec. Retained: what a bridge was told to keep, repeated at each subscription."""
        device = message.topic.removeprefix(PREFIX)
        if not (message.topic.startswith(PREFIX) and REGISTERED.fullmatch(device)):
            raise Unreadable(f"{message.topic[:200]!r} is no topic of a device", code="unknown_topic")
        if message.retained:
            return NOTHING
        start = message.payload.lstrip()[:1]
        said = json_of(message.payload) if start in (b"{", b"[") else _query(message.payload)
        batch = _batch(said)
        if batch is None:
            return told(_report(device, object_of(said), receipt), receipt)
        return _each(device, batch, receipt)


CODEC = OsmAnd()


def _query(payload: bytes) -> dict[str, Any]:
    """The fields of a query or form; what is said several times under a name that is not ours, as a list."""
    try:
        pairs = parse_qsl(
            payload.decode().strip().lstrip("/?"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"
        )
    except UnicodeDecodeError as error:
        raise Unreadable(f"the payload is not UTF-8: {error.reason}", code="not_utf8") from None
    except ValueError:
        raise Unreadable(f"a query has at most {MOST_FIELDS} fields", code="out_of_range") from None
    if not pairs:
        raise Unreadable("the payload says nothing", code="empty")
    said: dict[str, Any] = {}
    for name, value in pairs:
        if name in said and name not in _FLAT:
            before = said[name]
            said[name] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            said[name] = value
    # An empty field says nothing: a template whose variable had no value.
    return {name: value for name, value in said.items() if value != ""}


def _batch(said: Any) -> list[Any] | None:
    """The elements of either kind of array."""
    if isinstance(said, list):
        return said
    located = said.get("location") if isinstance(said, dict) else None
    return [said | {"location": each} for each in located] if isinstance(located, list) else None


def _each(device: str, batch: list[Any], receipt: Receipt) -> Decoded:
    read: list[Decoded] = []
    faults: list[Fault] = []
    for index, element in enumerate(batch):
        try:
            read.append(told(_report(device, object_of(element), receipt), receipt))
        except Unreadable as error:
            faults.append(Fault(error.code, str(error), index))
    return Decoded(
        positions=tuple(position for one in read for position in one.positions),
        facts=tuple(fact for one in read for fact in one.facts),
        unreadable=tuple(faults),
    )


def _report(device: str, said: dict[str, Any], receipt: Receipt) -> Report:
    if isinstance(said.get("location"), dict):
        return _located(device, said, said["location"], receipt)
    read = shaped(said, Flat, strict=False)
    extras = unknown_fields(said, _FLAT)
    lat, lon = _pair(read.location) if read.location is not None else (read.lat, read.lon)
    heading = read.bearing if read.bearing is not None else read.heading
    valid = extras.pop("valid", True)
    mock = _truth(extras, "mock")
    return Report(
        device=device,
        observed_at_ms=_time(read.timestamp, device, receipt),
        lat=lat,
        lon=lon,
        valid=valid in _TRUE if not isinstance(valid, str) else valid.lower() in _TRUE,
        crs=crs_of(read.crs, read.coordType),
        accuracy_m=read.accuracy,
        speed_mps=None if read.speed is None else read.speed * KNOT_MPS,
        heading_deg=heading,
        altitude_m=read.altitude,
        battery_pct=read.batt,
        mock=mock,
        sos=is_sos(extras.get("alarm")),
        worker=read.worker,
        extras=extras | _contradiction(device, read.id, read.deviceid),
    )


def _located(device: str, said: dict[str, Any], location: dict[str, Any], receipt: Receipt) -> Report:
    envelope = shaped(said, Enveloped)
    read = shaped(location, Located)
    coords, battery, own = read.coords, dict(read.battery or {}), read.extras or {}
    level: Any = battery.get("level")
    share = float(level) if type(level) in (int, float) and level <= 1 else None
    if share is not None:
        del battery["level"]
    kept = {
        "coords": {} if coords is None else unknown_fields(location["coords"], _COORDS),
        "battery": battery,
        "extras": own,
    }
    extras = unknown_fields(said, _ENVELOPED) | unknown_fields(location, _LOCATED)
    alarms = (extras.get("alarm"), own.get("alarm"))
    extras |= unknown_fields({name: fields for name, fields in kept.items() if fields}, frozenset())
    return Report(
        device=device,
        observed_at_ms=_time(read.timestamp, device, receipt),
        lat=None if coords is None else coords.latitude,
        lon=None if coords is None else coords.longitude,
        crs=None if coords is None else crs_of(coords.crs, coords.coordType),
        accuracy_m=None if coords is None else coords.accuracy,
        speed_mps=None if coords is None else coords.speed,
        heading_deg=None if coords is None else coords.heading,
        altitude_m=None if coords is None else coords.altitude,
        battery_pct=None if share is None else share * 100,
        mock=read.mock,
        sos=any(map(is_sos, alarms)),
        extras=extras | _contradiction(device, envelope.device_id),
    )


def _contradiction(device: str, *named: str | int | None) -> dict[str, Any]:
    """The device of the topic counts; that the payload names another is kept."""
    others = [str(name) for name in named if name not in (None, "") and device not in (str(name), plain(str(name)))]
    return {"contradicts": others[0][:200]} if others else {}


def _pair(text: str) -> tuple[float, float]:
    lat, comma, lon = text.partition(",")
    if not comma:
        raise Unreadable(f"{text[:200]!r} is no `latitude,longitude`", code="wrong_type")
    read = shaped({"lat": lat.strip(), "lon": lon.strip()}, Pair, strict=False)
    return read.lat, read.lon


def _truth(extras: dict[str, Any], name: str) -> bool | None:
    """A truth value in any spelling, taken out; what is none stays where it is."""
    value = extras.get(name)
    word = value.lower() if isinstance(value, str) else value
    if not isinstance(word, str | int) or word not in (*_TRUE, *_FALSE):
        return None
    del extras[name]
    return word in _TRUE


def _time(stated: str | float | None, device: str, receipt: Receipt) -> Ms | None:
    """Seconds, milliseconds or ISO 8601, with its zone or in the device's. A plus that nobody escaped came as a space.
    Raises Unreadable (`bad_time`)."""
    if stated is None:
        return None
    if isinstance(stated, str):
        text = stated.strip()
        if not _NUMBER.fullmatch(text):
            return shown(text.replace(" ", "+") if "T" in text else text, receipt.devices.zone_of(device))
        stated = float(text)
    return times.from_wire(stated / 1000 if abs(stated) >= _MS_FROM else stated)
