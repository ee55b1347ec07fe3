"""The Things Stack v3: `v3/<app>@<tenant>/devices/<device>/<event>`, to what the device says.

The format is its "Data Formats". The open-source server has no `@<tenant>`. Fields that are 0, false or empty are left
out, outside `decoded_payload`. The device is `ttn:<app>:<device>`, or `ttn:<app>.<tenant>:<device>`: device ids are
unique within an application only, and a dev_eui is neither in the topic nor does every device have one.
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

_ID = "[a-z0-9-]{2,36}"
_TOPIC = re.compile(rf"v3/({_ID})(?:@({_ID}))?/devices/({_ID})/([a-z/]+)")

OTHERS = re.compile(r"down/.*|service/data|up/normalized")
"""Downlinks, and what services say; `up/normalized` is an uplink told once more."""


class ApplicationIds(msgspec.Struct):
    """Whose device."""

    application_id: Name | None = None


class EndDeviceIds(msgspec.Struct):
    """Which device."""

    device_id: Name | None = None
    application_ids: ApplicationIds | None = None


class Event(msgspec.Struct, kw_only=True):
    """What every message has. `received_at`: by the application server; `simulated`: typed in its console."""

    end_device_ids: EndDeviceIds | None = None
    received_at: Zoned | None = None
    simulated: bool = False


class TxSettings(msgspec.Struct):
    """`time`: by the gateway's clock, whatever that is worth."""

    time: Zoned | None = None


class UplinkMessage(msgspec.Struct):
    """`received_at`: by the network server. What it has under `locations` is no part of the uplink: places that a
    person entered (`user`) or an earlier payload said (`frm-payload`), repeated with every uplink."""

    f_port: int | None = None
    f_cnt: int | None = None
    frm_payload: str | None = None
    decoded_payload: dict[str, Any] | None = None
    received_at: Zoned | None = None
    settings: TxSettings | None = None


class Up(Event, kw_only=True):
    """An uplink."""

    uplink_message: UplinkMessage


class Location(msgspec.Struct):
    """Zeros are left out."""

    latitude: float = 0.0
    longitude: float = 0.0
    altitude: float | None = None
    accuracy: float | None = None
    source: str | None = None


class LocationSolved(msgspec.Struct):
    """`service`: who worked it out."""

    location: Location
    service: str | None = None


class Solved(Event, kw_only=True):
    """A service worked out where the device is."""

    location_solved: LocationSolved


class JoinAccept(msgspec.Struct):
    """The device was let in."""

    received_at: Zoned | None = None


class Join(Event, kw_only=True):
    """A device joined."""

    join_accept: JoinAccept | None = None


class TheThingsStack:
    """See `ingest.codecs.Codec`."""

    name = "ttn"
    filters = ("v3/+/devices/+/#",)

    def claims(self, topic: str) -> bool:
        """See Codec."""
        return topic.startswith("v3/")

    def topic_of(self, device: str) -> str | None:
        """See Codec. The network server publishes, not the device."""
        return None

    def decode(self, message: Message, receipt: Receipt) -> Decoded:
        """See Codec. The server retains nothing; where somebody else does, it is old."""
        found = _TOPIC.fullmatch(message.topic)
        if found is None:
            raise Unreadable(f"{message.topic[:200]!r} is no topic of The Things Stack", code="unknown_topic")
        app, tenant, name, event = found.groups()
        device = f"ttn:{app}.{tenant}:{name}" if tenant else f"ttn:{app}:{name}"
        if message.retained or OTHERS.fullmatch(event):
            return NOTHING
        said = object_of(json_of(message.payload))
        match event:
            case "up":
                return told(_uplink(device, app, name, said), receipt)
            case "location/solved":
                return _solved(device, app, name, said, receipt)
            case "join":
                return Decoded(facts=(_joined(device, app, name, said, receipt),))
        raise Unreadable(f"The Things Stack has no message {event[:200]!r}", code="unknown_topic")


CODEC = TheThingsStack()


def _uplink(device: str, app: str, name: str, said: dict[str, Any]) -> Uplink:
    read = shaped(said, Up)
    uplink = read.uplink_message
    return Uplink(
        device=device,
        # The gateway's own clock comes behind the server's: many have none, and nobody checks it.
        heard_ms=instant(uplink.received_at)
        or instant(None if uplink.settings is None else uplink.settings.time)
        or instant(read.received_at),
        fields=uplink.decoded_payload,
        data=uplink.frm_payload,
        port=uplink.f_port,
        count=uplink.f_cnt,
        simulated=read.simulated,
        extras=_contradiction(app, name, read),
    )


def _solved(device: str, app: str, name: str, said: dict[str, Any], receipt: Receipt) -> Decoded:
    read = shaped(said, Solved)
    solved, place = read.location_solved, read.location_solved.location
    if solved.service == "frm-payload" or place.source == "SOURCE_REGISTRY":
        return NOTHING  # the uplink says it itself; or a person put it on a map
    if place.latitude == 0 and place.longitude == 0:
        return NOTHING
    at_ms = instant(read.received_at)
    extras = {"service": solved.service, "source": place.source}
    position = position_of(
        device,
        at_ms or Ms(0),
        place.latitude,
        place.longitude,
        receipt,
        accuracy_m=_measured(place.accuracy),
        altitude_m=_measured(place.altitude),
        sent_ms=at_ms,
        flags=int(Flag.GPS if place.source == "SOURCE_GPS" else Flag.NETWORK),
        extras={key: value for key, value in extras.items() if value} | _contradiction(app, name, read),
    )
    return Decoded(positions=(position,))


def _measured(metres: float | None) -> float | None:
    """Left out, and 0: not known."""
    return metres if metres and abs(metres) <= 1e8 else None


def _joined(device: str, app: str, name: str, said: dict[str, Any], receipt: Receipt) -> Fact:
    """It was switched on, or found the network again."""
    read = shaped(said, Join)
    at_ms = instant(None if read.join_accept is None else read.join_accept.received_at) or instant(read.received_at)
    extras = {"joined": True} | _contradiction(app, name, read)
    return fact_of("status", device, at_ms, receipt, extras=extras, online=True, network=NETWORK)


def _contradiction(app: str, name: str, read: Event) -> dict[str, Any]:
    """The device of the topic counts; what else the payload calls it is kept. Payloads do not name the tenant."""
    ids = read.end_device_ids or EndDeviceIds()
    said_app = ids.application_ids.application_id if ids.application_ids else None
    said = (said_app or app, ids.device_id or name)
    return {} if said == (app, name) else {"contradicts": f"ttn:{said[0]}:{said[1]}"}
