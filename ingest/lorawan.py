"""One uplink of a LoRaWAN device as facts, whichever network server passed it on.

Who is heard lives: an uplink that tells nothing else, or nothing that is understood, is a `status`, with the payload
beside it. Without it a tracker that finds no satellites would look like one whose battery is empty.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec

from domain.events.facts import Fact
from domain.positions import Flag, Position
from domain.time import Ms
from ingest import times
from ingest.canonical import unknown_fields
from ingest.facts import fact_of, position_of
from ingest.message import Decoded
from ingest.reading import Receipt
from ingest.trackers import Reading, read

NETWORK = "lorawan"
"""`network` of such a device's status."""

Zoned = Annotated[datetime, msgspec.Meta(tz=True)]
"""RFC 3339; network servers write nine digits behind the second."""


class Uplink(msgspec.Struct, frozen=True, kw_only=True):
    """What a network server says of one. `heard_ms`: when a gateway heard it; `fields`: its decoded payload, `data`
    the payload itself in base64; `count`: the device's frame counter; `extras` go with every fact."""

    device: str
    heard_ms: Ms | None
    fields: dict[str, Any] | None = None
    data: str | None = None
    port: int | None = None
    count: int | None = None
    simulated: bool = False
    extras: dict[str, Any] = {}


def instant(at: datetime | None) -> Ms | None:
    """A server's time; None: it did not say, or its clock was not set. Raises Unreadable."""
    at_ms = None if at is None else times.from_wire(at)
    return at_ms if at_ms is not None and at_ms >= times.UNSET_BEFORE_MS else None


def told(uplink: Uplink, receipt: Receipt) -> Decoded:
    """The facts of an uplink. They are dated by the device's own clock if it says a time, else when it was heard.
    Raises Unreadable (`too_deep`)."""
    device = uplink.device
    settings = receipt.devices.of(device)
    said = uplink.fields or {}
    reading = read(said, settings, receipt.devices.zone_of(device))
    extras = unknown_fields(reading.rest, frozenset()) | _measured(reading) | uplink.extras
    if uplink.simulated:
        extras["simulated"] = True
    if not reading.understood:  # a map that is written tomorrow may know better
        extras |= _given(data=uplink.data, port=uplink.port)
    at_ms = reading.at_ms or uplink.heard_ms

    positions = [] if reading.lat is None else [_position(uplink, reading, at_ms, receipt, extras)]
    facts: list[Fact] = []

    def add(kind: str, **content: Any) -> None:
        kept = uplink.extras if positions or facts else extras
        if kind == "sos":  # two calls may bear the time of one old fix, and are two calls
            kept = kept | _given(count=uplink.count)
        facts.append(fact_of(kind, device, at_ms, receipt, sent_ms=uplink.heard_ms, extras=kept, **content))

    if reading.alarm:
        place = positions[0] if positions else None
        add("sos", lat=place and place.lat_e7 / 1e7, lon=place and place.lon_e7 / 1e7)
    if reading.press is not None:
        add("button", press=reading.press)
    if reading.open is not None:
        add("contact", open=reading.open)
    if reading.beacon is not None:
        add("scan", tag=reading.beacon)
    if not positions and (not facts or reading.battery_pct is not None):
        battery_pct = None if reading.battery_pct is None else round(reading.battery_pct)
        add("status", battery_pct=battery_pct, network=NETWORK)
    positions.extend(_position(uplink, past, past.at_ms, receipt, uplink.extras) for past in reading.past)
    return Decoded(positions=positions, facts=facts)


def _position(uplink: Uplink, reading: Reading, at_ms: Ms | None, receipt: Receipt, extras: dict[str, Any]) -> Position:
    assert reading.lat is not None
    assert reading.lon is not None
    return position_of(
        uplink.device,
        at_ms or Ms(0),  # neither a clock nor a server: judged at its receipt
        reading.lat,
        reading.lon,
        receipt,
        accuracy_m=reading.accuracy_m,
        speed_mps=reading.speed_mps,
        heading_deg=reading.heading_deg,
        altitude_m=reading.altitude_m,
        battery_pct=reading.battery_pct,
        sent_ms=uplink.heard_ms,
        flags=int(Flag.MOCK_TRUE) if uplink.simulated else 0,
        extras=extras,
    )


def _measured(reading: Reading) -> dict[str, Any]:
    return _given(battery_v=reading.battery_v, moving=reading.moving)


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
