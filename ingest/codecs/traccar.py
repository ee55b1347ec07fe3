"""What a Traccar server forwards of the trackers behind it: positions and events, published below `traccar/`.

`forward.type` and `event.forward.type` mqtt or json: `{"position":{…},"device":{…}}`, and for an event the same with
`"event":{…}` and perhaps `"geofence":{…}`. The server has turned every protocol into its own model: speeds are knots,
numbers that a tracker did not say are 0, the position's `id` is usually 0 because it is forwarded before it is stored.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from domain.errors import Unreadable
from domain.events.facts import Fact
from domain.ids import REGISTERED
from domain.names import plain
from domain.time import Ms
from ingest import times
from ingest.canonical import unknown_fields
from ingest.facts import fact_of
from ingest.fixes import KNOT_MPS, Report, crs_of, is_sos, marks, placed, told
from ingest.local_time import shown
from ingest.message import NOTHING, Decoded, Message
from ingest.reading import Receipt, json_of, object_of, shaped
from ingest.wire import Lat, Lon, Name, Number

PREFIX = "traccar/"

Stated = Annotated[str, Meta(max_length=64)] | Number
"""ISO 8601, as Jackson writes it (`…+0000`, `…+00:00`), or epoch ms where it is set up so."""

SERVERS = frozenset(("id", "deviceId", "serverTime", "address", "geofenceIds"))
"""What the server adds to a position, and would add differently if the tracker uploaded it again."""

RECKONED = frozenset(("distance", "totalDistance", "hours"))
"""Attributes that the server reckons from the position before, whichever that was."""

CROSSINGS = {"geofenceEnter": "enter", "geofenceExit": "leave"}

ONLINE = {"deviceOnline": True, "deviceOffline": False}


class Placed(Struct, kw_only=True):
    """`position`: degrees, metres, knots. `outdated`: the server repeats the last place for want of a new one."""

    fixTime: Stated | None = None  # noqa: N815 (as on the wire)
    deviceTime: Stated | None = None  # noqa: N815
    valid: bool = True
    outdated: bool = False
    latitude: Lat | None = None
    longitude: Lon | None = None
    altitude: Annotated[float, Meta(ge=-1e7, le=1e8)] | None = None
    speed: Annotated[float, Meta(ge=-1e6, le=1e6)] | None = None
    course: Annotated[float, Meta(ge=-1e6, le=360)] | None = None
    accuracy: Annotated[float, Meta(ge=-1e6, le=1e8)] | None = None
    attributes: dict[str, Any] | None = None


class Device(Struct, kw_only=True):
    """`device`: what the server knows of the tracker. Its number in the server's database, its state and its name are
    the server's business."""

    uniqueId: Annotated[str, Meta(min_length=1, max_length=128)]  # noqa: N815


class Event(Struct, kw_only=True):
    """`event`."""

    type: Annotated[str, Meta(max_length=200)]
    eventTime: Stated | None = None  # noqa: N815
    geofenceId: Number | None = None  # noqa: N815
    attributes: dict[str, Any] | None = None


class Geofence(Struct, kw_only=True):
    """`geofence`, of an event that crosses one."""

    name: Name | None = None


class Forwarded(Struct, kw_only=True):
    """One message, whichever forwarder wrote it."""

    device: dict[str, Any]
    position: dict[str, Any] | None = None
    event: dict[str, Any] | None = None
    geofence: dict[str, Any] | None = None


_POSITION = frozenset(Placed.__struct_fields__)
_EVENT = frozenset(Event.__struct_fields__) | {"id", "deviceId", "positionId", "maintenanceId"}


class Traccar:
    """See `ingest.codecs.Codec`."""

    name = "traccar"
    filters = (f"{PREFIX}#",)

    def claims(self, topic: str) -> bool:
        """See Codec."""
        return topic.startswith(PREFIX)

    def topic_of(self, device: str) -> str | None:
        """See Codec. The server publishes for all of its trackers on one topic."""
        return None

    def decode(self, message: Message, receipt: Receipt) -> Decoded:
        """See Codec. The message says whose it is, not the topic."""
        if message.retained:
            return NOTHING
        said = shaped(object_of(json_of(message.payload)), Forwarded)
        if said.position is None and said.event is None:
            raise Unreadable("neither `position` nor `event`", code="missing_field")
        device = device_of(shaped(said.device, Device).uniqueId)
        report = None if said.position is None else _report(device, said.position, receipt)
        if said.event is None:
            assert report is not None
            return told(report, receipt)
        return _event(device, said.event, said.geofence, report, receipt)


CODEC = Traccar()


def device_of(unique_id: str) -> str:
    """A tracker's identifier as a registry id: IMEIs and the like as they are, each byte of other characters ~hh.
    Raises Unreadable (`out_of_range`)."""
    device = "".join(char if char in ".:" else plain(char) for char in unique_id)
    if not REGISTERED.fullmatch(device):
        raise Unreadable(f"{unique_id[:200]!r} is too long for a device's id", code="out_of_range")
    return device


def _report(device: str, position: dict[str, Any], receipt: Receipt) -> Report:
    read = shaped(position, Placed)
    attributes = {name: value for name, value in (read.attributes or {}).items() if name not in RECKONED}
    battery: Any = attributes.get("batteryLevel")
    battery_pct = float(battery) if type(battery) in (int, float) and battery <= 100 else None
    mock = attributes.get("mock")
    for name, understood in (("batteryLevel", battery_pct is not None), ("mock", isinstance(mock, bool))):
        if understood:
            del attributes[name]
    extras = {name: value for name, value in unknown_fields(position, _POSITION | SERVERS).items() if value is not None}
    if attributes:
        extras |= unknown_fields({"attributes": attributes}, frozenset())
    if read.outdated:
        extras["outdated"] = True
    fix_ms = _time(read.fixTime, device, receipt)
    device_ms = _time(read.deviceTime, device, receipt)
    if fix_ms is not None and device_ms is not None and device_ms != fix_ms:
        extras["deviceTime"] = read.deviceTime
    believed = read.valid and not read.outdated
    # What is only a sign of life is dated when it was given, not at the fix that it repeats.
    first_ms, second_ms = (fix_ms, device_ms) if believed else (device_ms, fix_ms)
    return Report(
        device=device,
        observed_at_ms=second_ms if first_ms is None else first_ms,
        lat=read.latitude,
        lon=read.longitude,
        valid=believed,
        crs=crs_of(attributes.get("crs"), attributes.get("coordType")),
        accuracy_m=read.accuracy,
        speed_mps=None if read.speed is None else read.speed * KNOT_MPS,
        heading_deg=read.course,
        altitude_m=read.altitude,
        battery_pct=battery_pct,
        mock=mock if isinstance(mock, bool) else None,
        sos=is_sos(attributes.get("alarm")),
        extras=extras,
    )


def _event(
    device: str,
    event: dict[str, Any],
    geofence: dict[str, Any] | None,
    report: Report | None,
    receipt: Receipt,
) -> Decoded:
    """An event beside the position that it was concluded from, which may have been forwarded before: then it is the
    same fact, and so is an SOS that both of them tell."""
    read = shaped(event, Event)
    attributes = read.attributes or {}
    sos = read.type == "alarm" and is_sos(attributes.get("alarm"))
    if sos and report is not None:
        report.sos = True
    seen = Decoded() if report is None else told(report, receipt)
    if sos and report is not None:
        return seen
    at_ms = _time(read.eventTime, device, receipt)
    extras = {name: value for name, value in unknown_fields(event, _EVENT).items() if value is not None}
    if read.geofenceId:
        extras["geofenceId"] = read.geofenceId
    if attributes:
        extras |= unknown_fields({"attributes": attributes}, frozenset())
    fact: Fact
    if sos:
        fact = fact_of("sos", device, at_ms, receipt, extras=extras)
    elif read.type in CROSSINGS:
        fact = _crossing(device, read.type, at_ms, extras, geofence, report, receipt)
    else:
        extras["event"] = read.type
        fact = fact_of("status", device, at_ms, receipt, extras=extras, online=ONLINE.get(read.type))
    return Decoded(positions=seen.positions, facts=(*seen.facts, fact))


def _crossing(
    device: str,
    crossed: str,
    at_ms: Ms | None,
    extras: dict[str, Any],
    geofence: dict[str, Any] | None,
    report: Report | None,
    receipt: Receipt,
) -> Fact:
    name = None if geofence is None else shaped(geofence, Geofence).name
    where: dict[str, Any] = {}
    if report is not None:
        where = placed(report, receipt)
        extras |= marks(report, receipt)
        if where and report.accuracy_m is not None and report.accuracy_m > 0:
            where["accuracy_m"] = round(report.accuracy_m * 10) / 10
    return fact_of("region", device, at_ms, receipt, extras=extras, event=CROSSINGS[crossed], place=name, **where)


def _time(stated: str | int | None, device: str, receipt: Receipt) -> Ms | None:
    if stated is None:
        return None
    if isinstance(stated, str):
        return shown(stated, receipt.devices.zone_of(device))
    return times.from_wire(stated / 1000)
