"""Meshtastic's JSON: `<root>/2/json/<channel>/<gateway>`, where a gateway repeats what the nodes of its mesh say.

The format is that of the firmware (MeshPacketSerializer): coordinates in 1e-7 degrees, times in epoch seconds, zeros
left out of most fields. The device is the node, `from` as eight hexadecimal digits, whoever heard it. The root is `msh`
or begins with it (`msh/EU_868`, `msh/US/bayarea`).
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from msgspec import Meta, Struct, structs

from domain.errors import Unreadable
from domain.events.device import DeviceStatusChanged
from domain.events.facts import Fact
from domain.ids import fact_id
from domain.positions import Position
from domain.time import SECOND_MS, Ms
from ingest import times
from ingest.canonical import canonical, unknown_fields
from ingest.facts import fact_of, position_of
from ingest.message import NOTHING, Decoded, Message
from ingest.reading import Receipt, json_of, object_of, shaped

NETWORK = "meshtastic"
"""`network` of a node's status."""

_TOPIC = re.compile(r"msh(?:/[^/]+)*?/2/(json|stat|e|c|map)(?:/(.*))?")
_NODE = re.compile(r"!([0-9a-f]{8})")

SAYINGS = frozenset(("telemetry", "nodeinfo", "detection"))
"""What a node says of itself: a sign of life, kept as it came."""

LETTERS = frozenset(("text", "waypoint", "sendtext", "sendposition"))
MESH = frozenset(("", "neighborinfo", "traceroute", "paxcounter", "gpios_changed", "gpios_read_reply"))
OTHERS = LETTERS | MESH
"""Letters between people, how the mesh hangs together, and commands to a gateway. No type: a packet that the gateway
could not decrypt or has no JSON for."""

Epoch = Annotated[int, Meta(ge=0, lt=2**33)]


class Packet(Struct, kw_only=True, rename={"node": "from"}):
    """One packet of the mesh, as one gateway heard it at `timestamp`. `id`: the node's own, the same at every gateway;
    `node`: signed before firmware 2.2."""

    id: Annotated[int, Meta(ge=-(2**31), lt=2**32)]
    node: Annotated[int, Meta(ge=-(2**31), lt=2**32)]
    type: Annotated[str, Meta(max_length=100)] = ""
    timestamp: Epoch = 0
    payload: Any = None


class Fix(Struct):
    """`time`: when the node sent it; `timestamp`: when its receiver of satellites found it. 0: not known.
    `precision_bits`: how many of 32 bits the channel lets through; the middle of what they leave is said."""

    latitude_i: Annotated[int, Meta(ge=-900_000_000, le=900_000_000)] = 0
    longitude_i: Annotated[int, Meta(ge=-1_800_000_000, le=1_800_000_000)] = 0
    altitude: Annotated[int, Meta(ge=-(10**8), le=10**8)] | None = None
    time: Epoch = 0
    timestamp: Epoch = 0
    precision_bits: Annotated[int, Meta(ge=0, le=32)] | None = None


class Power(Struct):
    """101 is how a node says that it is plugged in."""

    battery_level: int | None = None


_FIX = frozenset(Fix.__struct_fields__) - {"precision_bits"}


class Meshtastic:
    """See `ingest.codecs.Codec`."""

    name = "meshtastic"
    filters = ("msh/#",)

    def claims(self, topic: str) -> bool:
        """See Codec."""
        return topic.startswith("msh/")

    def topic_of(self, device: str) -> str | None:
        """See Codec. Any gateway of the mesh may pass a node's words on."""
        return None

    def decode(self, message: Message, receipt: Receipt) -> Decoded:
        """See Codec. What gateways publish as protobuf beside the JSON (`/2/e/`, `/2/c/`, `/2/map/`) says the same, and
        is nothing; a retained packet is old."""
        found = _TOPIC.fullmatch(message.topic)
        if found is None:
            raise Unreadable(f"{message.topic[:200]!r} is no topic of a Meshtastic gateway", code="unknown_topic")
        sort, rest = found[1], found[2] or ""
        if sort == "stat":
            return _gateway(rest, message, receipt)
        if sort != "json" or message.retained:
            return NOTHING
        packet = shaped(object_of(json_of(message.payload)), Packet)
        if packet.type in OTHERS:
            return NOTHING
        node = packet.node % 2**32
        if node in (0, 2**32 - 1):
            raise Unreadable(f"{packet.node} is nobody's number", code="out_of_range")
        if packet.type == "position":
            position = _position(f"{node:08x}", packet, receipt)
            return NOTHING if position is None else Decoded(positions=(position,))
        if packet.type in SAYINGS:
            return Decoded(facts=(_said(f"{node:08x}", packet, receipt),))
        raise Unreadable(f"Meshtastic has no type {packet.type!r}", code="unknown_value")


CODEC = Meshtastic()


def _position(node: str, packet: Packet, receipt: Receipt) -> Position | None:
    """Where a node is; None where it does not know."""
    said = object_of(packet.payload)
    fix = shaped(said, Fix)
    if fix.latitude_i == 0 and fix.longitude_i == 0:
        return None
    heard_ms = _ms(packet.timestamp)
    # A node repeats its last fix under the present time. No fix is younger than its message.
    known = [at for at in (fix.time, fix.timestamp) if _ms(at) is not None]
    # Without a time of its own it is judged at its receipt: gateways hear it at different times, and it is one fact.
    at_ms = _ms(min(known)) if known else None
    # What the gateways say beside it (rssi, hops_away, sender, their number of the channel) differs from one to the
    # next. `ground_speed` and `ground_track` stay as they came: documented in m/s and 0.01°, sent in km/h and 1e-5°.
    extras = unknown_fields(said, _FIX) | {"id": packet.id % 2**32}
    if fix.time and fix.timestamp:
        extras["time"] = fix.time
    return position_of(
        node,
        at_ms or Ms(0),
        fix.latitude_i / 1e7,
        fix.longitude_i / 1e7,
        receipt,
        accuracy_m=_blurred_m(fix.precision_bits),
        altitude_m=fix.altitude or None,
        sent_ms=heard_ms,
        extras=extras,
    )


def _blurred_m(bits: int | None) -> float | None:
    """The half height of the cell that the said bits leave, in metres; None where nothing was taken away."""
    return None if not bits or bits >= 32 else 2.0 ** (31 - bits) * 1e-7 * 111_320


def _said(node: str, packet: Packet, receipt: Receipt) -> Fact:
    """Telemetry, its name, a sensor: that it lives, and its battery. Its identity is that of the packet, without the
    time, which is that of whichever gateway was first."""
    said = object_of(packet.payload)
    level = shaped(said, Power).battery_level
    battery_pct = level if level is not None and 0 <= level <= 100 else None
    rest = unknown_fields(said, frozenset() if battery_pct is None else frozenset({"battery_level"}))
    extras = {"id": packet.id % 2**32, "type": packet.type} | ({"payload": rest} if rest else {})
    fact = fact_of(
        "status", node, _ms(packet.timestamp), receipt, extras=extras, battery_pct=battery_pct, network=NETWORK
    )
    content = canonical(extras | {"battery_pct": battery_pct})
    return structs.replace(fact, fact=fact_id(node, fact.KIND, 0, content))


def _gateway(said_to: str, message: Message, receipt: Receipt) -> Decoded:
    """Firmware before 2.4 says under `/2/stat/` whether a gateway is there; retained, and by its last will."""
    found = _NODE.fullmatch(said_to)
    if found is None:
        raise Unreadable(f"{said_to[:200]!r} is no gateway", code="unknown_topic")
    online = {b"online": True, b"offline": False}.get(message.payload)
    if online is None:
        raise Unreadable("a gateway is `online` or `offline`", code="unknown_value")
    if message.retained:
        status = DeviceStatusChanged(recorded_at_ms=receipt.at_ms, device=found[1], status={"online": online})
        return Decoded(status=status)
    return Decoded(facts=(fact_of("status", found[1], None, receipt, online=online, network=NETWORK),))


def _ms(epoch_s: int) -> Ms | None:
    """0 is unknown, and so is what a clock says that was never set."""
    at_ms = Ms(epoch_s * SECOND_MS)
    return at_ms if at_ms >= times.UNSET_BEFORE_MS else None
