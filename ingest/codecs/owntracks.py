"""OwnTracks, as its apps for Android and iOS publish it in MQTT mode: to positions, crossings of regions and states.

The formats are those of the OwnTracks booklet ("JSON") and of what the apps really send. All times are epoch seconds,
`vel` is km/h, negative numbers are unknown, and numbers may come as text. Fields without a name here are kept.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Any, Literal, overload

from msgspec import Meta, Struct

from domain.crs import to_wgs84
from domain.errors import Unreadable
from domain.events.device import DeviceStatusChanged
from domain.events.facts import Fact, RegionCrossed, StatusReported
from domain.ids import REGISTERED, fact_id
from domain.positions import CRS_FLAGS, PROVIDERS, QUALITIES, Position
from domain.time import Ms
from ingest import times
from ingest.canonical import canonical, unknown_fields
from ingest.message import NOTHING, Decoded, Message
from ingest.reading import Receipt, json_of, object_of, shaped, whole
from ingest.wire import Lat, Lon, Name, Number, Text

PREFIX = "owntracks/"

OTHERS = frozenset(
    ("waypoint", "waypoints", "card", "cmd", "steps", "beacon", "configuration", "dump", "request", "tour", "tours")
)
"""What else the apps publish: settings, contacts, commands. Nothing in it is said about a visit."""

_KMH = 100 / 3.6
"""One km/h in cm/s."""

Epoch = int | float
Unknown = Annotated[float, Meta(ge=-1e6, le=1e8)]
"""Negative where the phone does not know; iOS once multiplied even its -1 by a factor."""

_PROVIDER = {name: int(flag) for name, flag in PROVIDERS.items()}
_QUALITY = {quality: int(flag) for quality, flag in QUALITIES.items()}


class Said(Struct, kw_only=True, rename={"ref": "_id", "kind": "_type", "apple": "iOS"}):
    """What every message may carry. `created_at`: when the app wrote it, said where that is not `tst`; it is as near
    to the sending as anything that it says."""

    kind: str
    ref: Name | Number | None = None
    created_at: Epoch | None = None
    worker: Name | None = None


class Location(Said, kw_only=True):
    """Where the phone is. `source`: Android's provider."""

    tst: Epoch
    lat: Lat
    lon: Lon
    acc: Unknown | None = None
    alt: Annotated[float, Meta(ge=-1e7, le=1e8)] | None = None
    vel: Annotated[float, Meta(ge=-1e6, le=3.6e6)] | None = None
    cog: Annotated[float, Meta(ge=-1e6, le=360)] | None = None
    batt: Annotated[float, Meta(ge=-1e6, le=100)] | None = None
    source: Text | None = None


class Transition(Said, kw_only=True):
    """The phone's own geofencing says that it entered or left a region."""

    tst: Epoch
    event: Literal["enter", "leave"]
    desc: Text | None = None
    lat: Lat | None = None
    lon: Lon | None = None
    acc: Unknown | None = None


class State(Said, kw_only=True):
    """`status`: what the phone's settings allow; and `lwt`. `apple` is `iOS` on the wire."""

    apple: dict[str, Any] | None = None
    android: dict[str, Any] | None = None


def _named(shape: type[Said]) -> frozenset[str]:
    return frozenset(shape.__struct_encode_fields__)


_STORED = {"_id": "ref", "desc": "place", "acc": "accuracy_m"}
"""Fields with another name in the events."""

_LOCATION = _named(Location) - {"worker", "_id"}
_TRANSITION = _named(Transition)
_STATE = _named(State) - {"iOS", "android"}


class OwnTracks:
    """See `ingest.codecs.Codec`."""

    name = "owntracks"
    filters = (f"{PREFIX}#",)

    def claims(self, topic: str) -> bool:
        """See Codec."""
        return topic.startswith(PREFIX)

    def topic_of(self, device: str) -> str | None:
        """See Codec."""
        user, _, phone = device.partition(".")
        return f"{PREFIX}{_spelt(user)}/{_spelt(phone)}" if user and phone else None

    def decode(self, message: Message, receipt: Receipt) -> Decoded:
        """See Codec. The type decides, not the last part of the topic. A retained location is no fact: apps retain
        them by default, and the broker repeats them at each subscription."""
        device = device_of(message.topic)
        if not message.payload:
            return NOTHING  # what clears a retained message (MQTT 3.1.1, section 3.3.1.3)
        said = object_of(json_of(message.payload))
        kind = said.get("_type")
        if message.retained:
            return Decoded(status=_registered(device, said, receipt)) if kind in ("status", "lwt") else NOTHING
        if kind == "location":
            return Decoded(positions=(_position(device, said, receipt),))
        if kind == "transition":
            return Decoded(facts=(_crossing(device, said, receipt),))
        if kind in ("status", "lwt"):
            return Decoded(facts=(_reported(device, said, receipt),))
        if isinstance(kind, str) and kind in OTHERS:
            return NOTHING
        raise _unknown(said)


CODEC = OwnTracks()


@lru_cache(maxsize=65_536)
def device_of(topic: str) -> str:
    """The device of `owntracks/<user>/<device>[/…]`: `<user>.<device>`, where each byte of a character outside
    [A-Za-z0-9_-] is written ~hh. Raises Unreadable (`unknown_topic`)."""
    user, _, rest = topic.removeprefix(PREFIX).partition("/")
    phone = rest.partition("/")[0]
    device = f"{_plain(user)}.{_plain(phone)}"
    if not (topic.startswith(PREFIX) and user and phone and REGISTERED.fullmatch(device)):
        raise Unreadable(f"{topic[:200]!r} is no topic of an OwnTracks device", code="unknown_topic")
    return device


def _plain(part: str) -> str:
    return "".join(
        char if char.isascii() and (char.isalnum() or char in "_-") else "".join(f"~{byte:02x}" for byte in raw)
        for char in part
        for raw in (char.encode(errors="surrogatepass"),)
    )


def _spelt(part: str) -> str:
    """What `_plain` wrote so."""
    return _ESCAPED.sub(lambda run: bytes.fromhex(run[0].replace("~", "")).decode(errors="replace"), part)


_ESCAPED = re.compile(r"(?:~[0-9a-f]{2})+")


def _unknown(said: dict[str, Any]) -> Unreadable:
    kind = said.get("_type")
    if kind is None:
        return Unreadable("Object missing required field `_type`", code="missing_field")
    if kind == "encrypted":
        return Unreadable("the payload is encrypted, and this cell has no key for it", code="encrypted")
    return Unreadable(f"OwnTracks has no type {str(kind)[:200]!r}", code="unknown_value")


def _position(device: str, said: dict[str, Any], receipt: Receipt) -> Position:
    read = shaped(said, Location, strict=False)
    extras = unknown_fields(said, _LOCATION)
    if read.source is not None and read.source not in _PROVIDER:
        extras["source"] = read.source
    stated_ms = times.from_wire(read.tst)
    sent_ms = _sent_ms(read, stated_ms)
    observed_at_ms = stated_ms
    # A ping states the present for an older fix, so that it does not look like a repeat (owntracks/ios#197). No fix is
    # younger than its message.
    if said.get("t") == "p" and times.UNSET_BEFORE_MS <= sent_ms < stated_ms:
        observed_at_ms = sent_ms
        extras["tst"] = read.tst
    sure = times.quality(observed_at_ms, receipt.at_ms, receipt.tolerance_ms)
    crs = receipt.devices.of(device).crs or "wgs84"
    lat, lon = to_wgs84(crs, read.lat, read.lon)
    return Position(
        device=device,
        observed_at_ms=observed_at_ms,
        lat_e7=round(lat * 1e7),
        lon_e7=round(lon * 1e7),
        accuracy_dm=whole(read.acc, 10) or None,  # Android says 0 where it has none
        speed_cms=whole(read.vel, _KMH),
        heading_cdeg=None if (heading := whole(read.cog, 100)) is None else heading % 36_000,
        altitude_dm=None if read.alt is None else round(read.alt * 10),
        battery_pct=whole(read.batt, 1),
        flags=_PROVIDER.get(read.source or "", 0) | _QUALITY[sure] | CRS_FLAGS[crs],
        sent_ms=sent_ms,
        extras=canonical(extras),
    )


def _crossing(device: str, said: dict[str, Any], receipt: Receipt) -> Fact:
    read = shaped(said, Transition, strict=False)
    content: dict[str, Any] = {"event": read.event, "desc": read.desc}
    if read.lat is not None and read.lon is not None:
        accuracy_dm = whole(read.acc, 10)
        lat, lon = to_wgs84(receipt.devices.of(device).crs or "wgs84", read.lat, read.lon)
        content |= {"lat": round(lat * 1e7) / 1e7, "lon": round(lon * 1e7) / 1e7}
        content["acc"] = accuracy_dm / 10 if accuracy_dm else None
    elif read.lat is not None or read.lon is not None:
        raise Unreadable("`lat` and `lon` belong together", code="missing_field")
    return _fact(RegionCrossed, device, read, times.from_wire(read.tst), content, said, _TRANSITION, receipt)


def _reported(device: str, said: dict[str, Any], receipt: Receipt) -> Fact:
    read = shaped(said, State, strict=False)
    # Neither state has a time of its own: a status bears none, and a will was written when the app connected.
    return _fact(StatusReported, device, read, None, _state(read), said, _STATE, receipt)


def _registered(device: str, said: dict[str, Any], receipt: Receipt) -> DeviceStatusChanged:
    read = shaped(said, State, strict=False)
    extras = unknown_fields(said, _STATE | {"tst"})
    status = extras | {name: value for name, value in _state(read).items() if value is not None}
    return DeviceStatusChanged(recorded_at_ms=receipt.at_ms, device=device, status=status)


def _state(read: State) -> dict[str, Any]:
    return {"online": False if read.kind == "lwt" else None, "permission": _permission(read)}


_IOS = {
    "kCLAuthorizationStatusAuthorizedAlways": "always",
    "kCLAuthorizationStatusAuthorizedWhenInUse": "while_in_use",
    "kCLAuthorizationStatusDenied": "denied",
    "kCLAuthorizationStatusRestricted": "denied",
}
_ANDROID = {0: "always", -1: "always", -2: "while_in_use", -3: "while_in_use", -4: "denied"}
"""Two numbers each: with fine and with coarse locations."""


def _permission(read: State) -> str | None:
    """Whether the app may see where the phone is."""
    ios = (read.apple or {}).get("locationManagerAuthorizationStatus")
    if isinstance(ios, str) and ios in _IOS:
        return _IOS[ios]
    android = (read.android or {}).get("loc")
    return _ANDROID.get(android) if type(android) is int else None


def _fact(
    cls: type[Fact],
    device: str,
    read: Said,
    observed_at_ms: Ms | None,
    content: dict[str, Any],
    said: dict[str, Any],
    named: frozenset[str],
    receipt: Receipt,
) -> Fact:
    """A fact of what was read. Its identity is its content in the names of the wire, whenever it was sent."""
    extras = unknown_fields(said, named)
    content = content | {"worker": read.worker, "_id": None if read.ref is None else str(read.ref)}
    content = {name: value for name, value in content.items() if value is not None}
    return cls(
        recorded_at_ms=receipt.at_ms,
        fact=fact_id(device, cls.KIND, observed_at_ms or 0, canonical(extras | content)),
        device=device,
        observed_at_ms=observed_at_ms,
        quality=times.quality(observed_at_ms, receipt.at_ms, receipt.tolerance_ms),
        sent_ms=_sent_ms(read, observed_at_ms),
        extras=extras,
        **{_STORED.get(name, name): value for name, value in content.items()},
    )


@overload
def _sent_ms(read: Said, stated_ms: Ms) -> Ms: ...
@overload
def _sent_ms(read: Said, stated_ms: Ms | None) -> Ms | None: ...
def _sent_ms(read: Said, stated_ms: Ms | None) -> Ms | None:
    return stated_ms if read.created_at is None else times.from_wire(read.created_at)
