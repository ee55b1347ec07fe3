"""What an OwnTracks message testifies: a position, a crossing of a region, a state, a beacon in reach, steps."""

from __future__ import annotations

from typing import Any, overload

from domain.crs import to_wgs84
from domain.errors import Unreadable
from domain.events.facts import Fact, RegionCrossed, StatusReported
from domain.ids import fact_id
from domain.positions import CRS_FLAGS, PROVIDERS, QUALITIES, Position
from domain.tags import beacon_id
from domain.time import Ms
from ingest import times
from ingest.canonical import canonical, unknown_fields
from ingest.facts import fact_of
from ingest.owntracks_wire import Beacon, Location, Said, State, Steps, Transition, named
from ingest.reading import Receipt, shaped, whole

_KMH = 100 / 3.6
"""One km/h in cm/s."""

_PROVIDER = {name: int(flag) for name, flag in PROVIDERS.items()}
_QUALITY = {quality: int(flag) for quality, flag in QUALITIES.items()}

_STORED = {"_id": "ref", "desc": "place", "acc": "accuracy_m"}
"""Fields with another name in the events."""

_LOCATION = named(Location) - {"worker", "_id"}
_TRANSITION = named(Transition)
_STATE = named(State) - {"iOS", "android"}
_STEPS = named(Steps)
_BEACON = named(Beacon)

_STRENGTH = ("acc", "prox", "rssi")
"""How near a beacon sounded: many a second say otherwise and mean the same."""


def position(device: str, said: dict[str, Any], receipt: Receipt) -> Position:
    """`location`. Raises Unreadable, as all below."""
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


def crossing(device: str, said: dict[str, Any], receipt: Receipt) -> Fact:
    """`transition`."""
    read = shaped(said, Transition, strict=False)
    extras = unknown_fields(said, _TRANSITION)
    content: dict[str, Any] = {"event": read.event, "desc": read.desc}
    if read.lat is not None and read.lon is not None:
        crs = receipt.devices.of(device).crs or "wgs84"
        accuracy_dm = whole(read.acc, 10)
        lat, lon = to_wgs84(crs, read.lat, read.lon)
        content |= {"lat": round(lat * 1e7) / 1e7, "lon": round(lon * 1e7) / 1e7}
        content["acc"] = accuracy_dm / 10 if accuracy_dm else None
        if crs != "wgs84":
            extras["crs"] = crs
    elif read.lat is not None or read.lon is not None:
        raise Unreadable("`lat` and `lon` belong together", code="missing_field")
    return _fact(RegionCrossed, device, read, times.from_wire(read.tst), content, extras, receipt)


def reported(device: str, said: dict[str, Any], receipt: Receipt) -> Fact:
    """`status` and `lwt`. Neither has a time of its own: a status bears none, and a will was written when the app
    connected."""
    read = shaped(said, State, strict=False)
    return _fact(StatusReported, device, read, None, state(read), unknown_fields(said, _STATE), receipt)


def counted(device: str, said: dict[str, Any], receipt: Receipt) -> Fact:
    """`steps`: how it is with the phone, so a status; what it counted is in the extras."""
    read = shaped(said, Steps, strict=False)
    return _fact(StatusReported, device, read, times.from_wire(read.tst), {}, unknown_fields(said, _STEPS), receipt)


def heard(device: str, said: dict[str, Any], receipt: Receipt) -> Fact:
    """`beacon`: a scan, as of a tag. Its strength is kept with it and makes no other fact of it."""
    read = shaped(said, Beacon, strict=False)
    extras = unknown_fields(said, _BEACON)
    observed_at_ms = times.from_wire(read.tst)
    return fact_of(
        "scan",
        device,
        observed_at_ms,
        receipt,
        sent_ms=_sent_ms(read, observed_at_ms),
        beside={name: extras.pop(name) for name in _STRENGTH if name in extras},
        extras=extras,
        tag=beacon_id(read.uuid, read.major, read.minor),
        worker=read.worker,
        ref=None if read.ref is None else str(read.ref),
    )


def state(read: State) -> dict[str, Any]:
    """What a status or will says in our words; None where it does not."""
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
    extras: dict[str, Any],
    receipt: Receipt,
) -> Fact:
    """A fact of what was read. Its identity is its content in the names of the wire, whenever it was sent."""
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
