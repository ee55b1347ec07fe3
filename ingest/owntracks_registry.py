"""What an OwnTracks message tells about the phone rather than about the day: how it is, its regions, whose it is.

This is registry, not fact: it bears no time at which it was so, the apps send all of it again whenever they are asked,
and a card is retained by design. A region is told so that people can see what a crossing means; what is concluded comes
from our own sites alone.
"""

from __future__ import annotations

import re
from typing import Any

from domain.crs import to_wgs84
from domain.errors import Unreadable
from domain.events.device import DeviceStatusChanged
from domain.tags import beacon_id
from ingest import times
from ingest.canonical import canonical, unknown_fields
from ingest.message import Decoded, Fault
from ingest.owntracks_facts import state
from ingest.owntracks_wire import Card, State, Waypoint, Waypoints, named
from ingest.reading import Receipt, object_of, shaped, whole

CARD_MOST_BYTES = 16_384
"""A name, a short id and what else a card may say, without its picture."""

_STATE = named(State) - {"iOS", "android"}
_WAYPOINT = named(Waypoint) - {"worker"}
_WAYPOINTS = named(Waypoints) - {"worker"}
_CARD = named(Card) - {"worker"}

_BEACON = re.compile(
    r"(?P<name>.*):(?P<uuid>[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})"
    r"(?::(?P<major>\d{1,5}))?(?::(?P<minor>\d{1,5}))?",
    re.DOTALL,
)


def registered(device: str, said: dict[str, Any], receipt: Receipt) -> DeviceStatusChanged:
    """A retained `status` or `lwt`. Raises Unreadable, as all below."""
    read = shaped(said, State, strict=False)
    extras = unknown_fields(said, _STATE | {"tst"})
    status = extras | {name: value for name, value in state(read).items() if value is not None}
    return DeviceStatusChanged(recorded_at_ms=receipt.at_ms, device=device, status=status)


def region(device: str, said: dict[str, Any], receipt: Receipt) -> Decoded:
    """`waypoint`: one region, newly drawn or changed."""
    drawn, key = _region(device, said, receipt)
    return _told(device, f"region:{key}", drawn, receipt)


def regions(device: str, said: dict[str, Any], receipt: Receipt) -> Decoded:
    """`waypoints`: all regions, in place of all that were told so before. One that cannot be read is a fault."""
    read = shaped(said, Waypoints, strict=False)
    drawn: list[dict[str, Any]] = []
    faults: list[Fault] = []
    for index, element in enumerate(read.waypoints):
        try:
            drawn.append(_region(device, {"_type": "waypoint"} | object_of(element), receipt)[0])
        except Unreadable as error:
            faults.append(Fault(error.code, str(error), index))
    if faults and not drawn:
        return Decoded(unreadable=tuple(faults))
    status = unknown_fields(said, _WAYPOINTS) | {"regions": drawn}
    told = DeviceStatusChanged(recorded_at_ms=receipt.at_ms, device=device, about="regions", status=status)
    return Decoded(status=told, unreadable=tuple(faults))


def card(device: str, said: dict[str, Any], receipt: Receipt) -> Decoded:
    """`card`: the name, and how large the picture is. A face has no use here, and would be in the log for ever."""
    read = shaped(said, Card, strict=False)
    told = unknown_fields(said, _CARD)
    if read.name is not None:
        told["name"] = read.name
    if read.face is not None:
        told["face_bytes"] = len(read.face) * 3 // 4
    if len(canonical(told)) > CARD_MOST_BYTES:
        raise Unreadable(f"a card has at most {CARD_MOST_BYTES} bytes beside its picture", code="out_of_range")
    return _told(device, "card", told, receipt)


def _told(device: str, about: str, status: dict[str, Any], receipt: Receipt) -> Decoded:
    change = DeviceStatusChanged(recorded_at_ms=receipt.at_ms, device=device, about=about, status=status)
    return Decoded(status=change)


def _region(device: str, said: dict[str, Any], receipt: Receipt) -> tuple[dict[str, Any], str]:
    """A region with its centre in WGS-84 degrees and its radius in metres, and what it is told apart by."""
    read = shaped(said, Waypoint, strict=False)
    drawn = unknown_fields(said, _WAYPOINT)
    key = next((value for value in (read.rid, read.tst, read.desc) if value is not None), None)
    if key is None:
        raise Unreadable("a region needs a `rid`, `tst` or `desc`", code="missing_field")
    name, uuid, major, minor = read.desc, read.uuid, read.major, read.minor
    behind = _BEACON.fullmatch(name) if name and uuid is None else None
    if behind is not None:
        name, uuid = behind["name"], behind["uuid"]
        major, minor = (None if number is None else int(number) for number in behind.group("major", "minor"))
    if read.tst is not None:
        times.from_wire(read.tst)  # is a time at all
    said_so = {"name": name, "rid": None if read.rid is None else str(read.rid), "tst": read.tst}
    drawn |= {field: value for field, value in said_so.items() if value is not None}
    if uuid:
        drawn["beacon"] = beacon_id(uuid, major or 0, minor or 0)
    if read.lat is not None and read.lon is not None:
        crs = receipt.devices.of(device).crs or "wgs84"
        lat, lon = to_wgs84(crs, read.lat, read.lon)
        drawn |= {"lat": round(lat * 1e7) / 1e7, "lon": round(lon * 1e7) / 1e7}
        if crs != "wgs84":
            drawn["crs"] = crs
    radius_dm = whole(read.rad, 10)
    if radius_dm is not None:
        drawn["radius_m"] = radius_dm / 10
    return drawn, str(key)
