"""ChirpStack v4 with its JSON marshaler: `application/<id>/device/<devEUI>/event/<event>`, to what the device says.

The format is ChirpStack's integration.proto as JSON. All fields are emitted, also empty ones (`object` is null where no
codec is set), except within `location` and `rxInfo`, which leave zeros out. The device is its devEUI in small letters.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from domain.errors import Unreadable
from domain.events.facts import Fact
from domain.positions import Flag
from domain.time import Ms
from ingest.facts import fact_of, position_of
from ingest.lorawan import NETWORK, Uplink, Zoned, instant, told
from ingest.message import NOTHING, Decoded, Message
from ingest.reading import Receipt, json_of, object_of, shaped
from ingest.wire import Name

_TOPIC = re.compile(r"application/[^/]+/device/([0-9a-fA-F]{16})/event/([a-z]+)")

OTHERS = frozenset(("ack", "txack", "log", "integration"))
"""What the network says of its own work: downlinks, frame counters, a payload codec that failed (the uplink comes all
the same)."""


class DeviceInfo(msgspec.Struct, rename="camel"):
    """Who the event is about."""

    dev_eui: Name | None = None


class Event(msgspec.Struct, rename="camel", kw_only=True):
    """What every event has. `time`: when the uplink was heard, by a gateway's clock where the server believes one."""

    time: Zoned | None = None
    device_info: DeviceInfo | None = None


class Up(Event, kw_only=True):
    """`object`: the payload as the device profile's codec reads it. `deduplicationId` names the set of gateways that
    heard it; what the device said is the same under any."""

    f_cnt: int | None = None
    f_port: int | None = None
    data: str | None = None
    object: dict[str, Any] | None = None
    rx_info: Any = None


class Location(msgspec.Struct):
    """common.Location; zeros are left out."""

    latitude: float = 0.0
    longitude: float = 0.0
    altitude: float | None = None
    accuracy: float | None = None
    source: str | None = None


class Located(Event, kw_only=True):
    """The network worked out where the device is."""

    location: Location


class Status(Event, kw_only=True):
    """The device answered for its battery. `batteryLevel` 0 comes also with external power and where it is unknown."""

    margin: int | None = None
    external_power_source: bool = False
    battery_level_unavailable: bool = False
    battery_level: float | None = None


_PROVIDERS = {
    "GPS": Flag.GPS,
    "GEO_RESOLVER_GNSS": Flag.GPS,
    "GEO_RESOLVER_TDOA": Flag.NETWORK,
    "GEO_RESOLVER_RSSI": Flag.NETWORK,
    "GEO_RESOLVER_WIFI": Flag.NETWORK,
}


class ChirpStack:
    """See `ingest.codecs.Codec`. Downlink commands below `application/` are not subscribed to."""

    name = "chirpstack"
    filters = ("application/+/device/+/event/+",)

    def claims(self, topic: str) -> bool:
        """See Codec."""
        return topic.startswith("application/")

    def topic_of(self, device: str) -> str | None:
        """See Codec. The network server publishes, not the device."""
        return None

    def decode(self, message: Message, receipt: Receipt) -> Decoded:
        """See Codec. ChirpStack retains nothing; where somebody else does, it is old."""
        found = _TOPIC.fullmatch(message.topic)
        if found is None:
            raise Unreadable(f"{message.topic[:200]!r} is no topic of a ChirpStack event", code="unknown_topic")
        device, event = found[1].lower(), found[2]
        if message.retained or event in OTHERS:
            return NOTHING
        said = object_of(json_of(message.payload))
        match event:
            case "up":
                return told(_uplink(device, said), receipt)
            case "location":
                return _located(device, said, receipt)
            case "status":
                return Decoded(facts=(_status(device, said, receipt),))
            case "join":
                return Decoded(facts=(_joined(device, said, receipt),))
        raise Unreadable(f"ChirpStack has no event {event[:200]!r}", code="unknown_topic")


CODEC = ChirpStack()


def _uplink(device: str, said: dict[str, Any]) -> Uplink:
    read = shaped(said, Up)
    heard_ms = instant(read.time)
    return Uplink(
        device=device,
        heard_ms=_gateways_ms(read.rx_info) if heard_ms is None else heard_ms,
        fields=read.object,
        data=read.data,
        port=read.f_port,
        count=read.f_cnt,
        extras=_contradiction(device, read),
    )


def _gateways_ms(rx_info: Any) -> Ms | None:
    """When the first gateway heard it, else when the server first heard of it, where the event itself has no time."""
    for name in ("gwTime", "nsTime"):
        times_ms = [
            at_ms
            for rx in (rx_info if isinstance(rx_info, list) else ())
            if isinstance(rx, dict) and (at_ms := _lenient(rx.get(name))) is not None
        ]
        if times_ms:
            return min(times_ms)
    return None


def _lenient(said: Any) -> Ms | None:
    try:
        return instant(msgspec.convert(said, Zoned))
    except (msgspec.ValidationError, Unreadable):
        return None


def _located(device: str, said: dict[str, Any], receipt: Receipt) -> Decoded:
    read = shaped(said, Located)
    place = read.location
    if place.source == "CONFIG" or (place.latitude == 0 and place.longitude == 0):
        return NOTHING  # where somebody put it on a map; or the network could not tell
    at_ms = instant(read.time)
    position = position_of(
        device,
        at_ms or Ms(0),
        place.latitude,
        place.longitude,
        receipt,
        accuracy_m=_measured(place.accuracy),
        altitude_m=_measured(place.altitude),
        sent_ms=at_ms,
        flags=int(_PROVIDERS.get(place.source or "", 0)),
        extras=({"source": place.source} if place.source else {}) | _contradiction(device, read),
    )
    return Decoded(positions=(position,))


def _measured(metres: float | None) -> float | None:
    """0 is how it says that it does not know."""
    return metres if metres and abs(metres) <= 1e8 else None


def _status(device: str, said: dict[str, Any], receipt: Receipt) -> Fact:
    read = shaped(said, Status)
    level = read.battery_level
    known = level is not None and 0 < level <= 100 and not read.battery_level_unavailable
    extras = _contradiction(device, read) | ({} if read.margin is None else {"margin": read.margin})
    if read.external_power_source:
        extras["external_power_source"] = True
    battery_pct = round(level) if level is not None and known else None
    return fact_of(
        "status", device, instant(read.time), receipt, extras=extras, battery_pct=battery_pct, network=NETWORK
    )


def _joined(device: str, said: dict[str, Any], receipt: Receipt) -> Fact:
    """It was switched on, or found the network again."""
    read = shaped(said, Event)
    extras = {"joined": True} | _contradiction(device, read)
    return fact_of("status", device, instant(read.time), receipt, extras=extras, online=True, network=NETWORK)


def _contradiction(device: str, read: Event) -> dict[str, Any]:
    """The device of the topic counts; what else the payload calls it is kept."""
    named = None if read.device_info is None else read.device_info.dev_eui
    if not named or re.sub("[^0-9a-f]", "", named.lower()) == device:
        return {}
    return {"contradicts": named}
