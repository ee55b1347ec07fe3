"""The native dialect: JSON of `ingest/wire.py`, one object or an array of them, to positions and facts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from domain.crs import Crs, to_wgs84
from domain.errors import Unreadable
from domain.events.device import DeviceStatusChanged
from domain.events.facts import CLASSES, POSITION, Fact, TimeQuality
from domain.ids import DEVICE, fact_id
from domain.positions import CRS_FLAGS, PROVIDERS, QUALITIES, Flag, Position
from domain.tags import normal_uid
from domain.time import Ms
from ingest import times, topics, wire
from ingest.canonical import canonical, unknown_fields
from ingest.message import NOTHING, Decoded, Fault, Message
from ingest.reading import Receipt, json_of, object_of, shaped, whole

_PROVIDERS = {None: 0} | {name: int(flag) for name, flag in PROVIDERS.items()}
_MOCK = {None: 0, False: int(Flag.MOCK_FALSE), True: int(Flag.MOCK_TRUE)}
_QUALITIES = {quality: int(flag) for quality, flag in QUALITIES.items()}

_KNOWN = {kind: frozenset(shape.__struct_fields__) for kind, shape in wire.KINDS.items()}
_CONTENT = {kind: tuple(sorted(known - {"time", "sent"})) for kind, known in _KNOWN.items()}

_STORED = {"id": "ref", "accuracy": "accuracy_m", "battery": "battery_pct"}
"""Fields whose name in the events says their unit."""


class Native:
    """See `ingest.codecs.Codec`."""

    name = "native"
    filters = (topics.ALL,)

    def claims(self, topic: str) -> bool:
        """See Codec."""
        return topic.startswith(topics.PREFIX)

    def topic_of(self, device: str) -> str | None:
        """See Codec."""
        return f"{topics.PREFIX}{device}" if DEVICE.fullmatch(device) else None

    def decode(self, message: Message, receipt: Receipt) -> Decoded:
        """See Codec. A retained message is no fact: the broker repeats it at each subscription."""
        if message.topic == topics.PROBE:
            return NOTHING
        if message.topic == topics.CLOCK:
            return NOTHING if message.retained else Decoded(tick_ms=_tick(message.payload))
        device, kind = topics.parse(message.topic)
        if message.retained and kind != "status":
            return NOTHING
        if kind == POSITION:
            try:
                read = _NAMED_ONLY.decode(message.payload)
            except Exception:  # an array, an unknown field, or what cannot be read: with care, then
                pass
            else:
                return Decoded(positions=(_place(device, read, {}, receipt),))
        said = json_of(message.payload)
        if message.retained:
            return Decoded(status=_status(device, object_of(said), receipt))
        if isinstance(said, list):
            return _array(device, kind, said, receipt)
        if kind == POSITION:
            return Decoded(positions=(_position(device, object_of(said), receipt),))
        return Decoded(facts=(_fact(device, kind, object_of(said), receipt),))


CODEC = Native()


def _array(device: str, kind: str, elements: list[Any], receipt: Receipt) -> Decoded:
    positions: list[Position] = []
    facts: list[Fact] = []
    faults: list[Fault] = []
    for index, element in enumerate(elements):
        try:
            if kind == POSITION:
                positions.append(_position(device, object_of(element), receipt))
            else:
                facts.append(_fact(device, kind, object_of(element), receipt))
        except Unreadable as error:
            faults.append(Fault(error.code, str(error), index))
    return Decoded(positions=positions, facts=facts, unreadable=faults)


class _Named(wire.Position, kw_only=True, forbid_unknown_fields=True):
    """A position that says nothing without a name here. Nearly all are so, and read in one step."""


_NAMED_ONLY = msgspec.json.Decoder(_Named)


def _position(device: str, said: dict[str, Any], receipt: Receipt) -> Position:
    return _place(device, shaped(said, wire.Position), unknown_fields(said, _KNOWN[POSITION]), receipt)


def _place(device: str, read: wire.Position, extras: dict[str, Any], receipt: Receipt) -> Position:
    observed_at_ms = times.from_wire(read.time)
    sure = times.quality(observed_at_ms, receipt.at_ms, receipt.tolerance_ms)
    lat, lon, crs = read.lat, read.lon, 0
    named = read.crs or receipt.devices.of(device).crs
    if named is not None:
        lat, lon = to_wgs84(named, lat, lon)
        crs = CRS_FLAGS[named]
    if read.id is not None:
        extras["id"] = str(read.id)
    if read.worker is not None:
        extras["worker"] = read.worker
    return Position(
        device=device,
        observed_at_ms=observed_at_ms,
        lat_e7=round(lat * 1e7),
        lon_e7=round(lon * 1e7),
        accuracy_dm=whole(read.accuracy, 10),
        speed_cms=whole(read.speed, 100),
        heading_cdeg=None if (heading := whole(read.heading, 100)) is None else heading % 36_000,
        altitude_dm=None if read.altitude is None else round(read.altitude * 10),
        battery_pct=whole(read.battery, 1),
        flags=_MOCK[read.mock] | _PROVIDERS[read.provider] | crs | _QUALITIES[sure],
        sent_ms=None if read.sent is None else times.from_wire(read.sent),
        extras=canonical(extras),
    )


def _fact(device: str, kind: str, said: dict[str, Any], receipt: Receipt) -> Fact:
    read: Any = shaped(said, wire.KINDS[kind])
    observed_at_ms = None if read.time is None else times.from_wire(read.time)
    extras = unknown_fields(said, _KNOWN[kind])
    content = _content(kind, read, receipt.devices.of(device).crs)
    identity = canonical(extras | content)
    # What has no time of its own is dated by whoever knows when it was received, and how often.
    fact = fact_id(device, kind, observed_at_ms or 0, identity)
    if "crs" in content:
        extras["crs"] = content.pop("crs")
    return CLASSES[kind](
        recorded_at_ms=receipt.at_ms,
        fact=fact,
        device=device,
        observed_at_ms=observed_at_ms,
        quality=times.quality(observed_at_ms, receipt.at_ms, receipt.tolerance_ms),
        sent_ms=None if read.sent is None else times.from_wire(read.sent),
        extras=extras,
        **{_STORED.get(name, name): value for name, value in content.items()},
    )


def _content(kind: str, read: Any, crs: Crs | None) -> dict[str, Any]:
    """The named fields of a payload that say something, in the names of the wire, as they are kept; `crs`: of
    coordinates that name none."""
    content = {name: value for name in _CONTENT[kind] if (value := getattr(read, name)) is not None}
    for name in _MAYBE_UNKNOWN & content.keys():
        if content[name] < 0:
            del content[name]
    for name, keep in _KEPT.items():
        if name in content:
            content[name] = keep(content[name])
    if kind in ("checkin", "checkout"):
        content.setdefault("method", "app")
    if "lat" in content or "lon" in content:
        if "lat" not in content or "lon" not in content:
            raise Unreadable("`lat` and `lon` belong together", code="missing_field")
        if crs is not None:
            content.setdefault("crs", crs)
        lat, lon = to_wgs84(content.get("crs", "wgs84"), content["lat"], content["lon"])
        content["lat"], content["lon"] = round(lat * 1e7) / 1e7, round(lon * 1e7) / 1e7
    if content.get("crs") == "wgs84":
        del content["crs"]
    return content


_MAYBE_UNKNOWN = {"accuracy", "battery"}

_KEPT: dict[str, Callable[[Any], Any]] = {
    "id": str,
    "accuracy": lambda metres: round(metres * 10) / 10,
    "battery": round,
    "tag": normal_uid,
}


def _status(device: str, said: dict[str, Any], receipt: Receipt) -> DeviceStatusChanged:
    read = shaped(said, wire.Status)
    observed_at_ms = None if read.time is None else times.from_wire(read.time)
    status = unknown_fields(said, _KNOWN["status"]) | _content("status", read, None)
    return DeviceStatusChanged(
        recorded_at_ms=receipt.at_ms, device=device, observed_at_ms=observed_at_ms, status=status
    )


def _tick(payload: bytes) -> Ms:
    time_ms = times.from_wire(shaped(object_of(json_of(payload)), wire.CellTime).time)
    if times.quality(time_ms, time_ms, 0) is TimeQuality.UNSET:
        raise Unreadable("the cell's time cannot lie before 2000", code="bad_time")
    return time_ms
