"""What network servers and mesh gateways publish arrives in the log, once, read as the registry says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from domain.events.facts import Fact
from tests.integration.ingest.cell import Cell, Device, running
from tests.integration.ingest.test_registry import configure

CAPTURED = Path(__file__).parents[2] / "unit/ingest/codecs/captured"
EUI, TTN, NODE = "a84041dd21834b1e", "ttn:doorstep-demo.ttn:tracker-07", "7efeee00"


def captured(dialect: str) -> dict[str, dict[str, Any]]:
    return dict(json.loads((CAPTURED / f"{dialect}.json").read_bytes()))


def told(cell: Cell) -> list[tuple[str, str]]:
    """Device and kind of every fact in the log."""
    found: list[tuple[str, str]] = []
    for entry in cell.entries():
        if entry.batch is not None:
            found += [(entry.batch.devices[device], "position") for device in entry.batch.device.tolist()]
        elif isinstance(entry.event, Fact):
            found.append((entry.event.device, entry.event.KIND))
    return sorted(found)


def test_trackers_are_heard_through_their_networks_and_twice_is_once(cell: Cell, phone: Device) -> None:
    chirpstack, ttn, mesh = captured("chirpstack"), captured("ttn"), captured("meshtastic")
    said = chirpstack["up_trackerd"] | {"object": captured("trackers")["sensecap-t1000"]}
    again = said | {"deduplicationId": "f7e1f2a4-0000-4000-8000-000000000000", "rxInfo": []}
    configure(cell, EUI, model="sensecap-t1000")
    with running(cell):
        messages = [
            (f"application/17c82e96/device/{EUI}/event/up", said),
            (f"application/17c82e96/device/{EUI}/event/up", again),
            (f"application/17c82e96/device/{EUI}/command/down", {"devEui": EUI, "fPort": 1, "data": "AQ=="}),
            ("v3/doorstep-demo@ttn/devices/tracker-07/up", ttn["up_lgt92"]),
            ("v3/doorstep-demo@ttn/devices/tracker-07/location/solved", ttn["solved_from_payload"]),
            ("v3/doorstep-demo@ttn/devices/tracker-07/up", ttn["up_lgt92"]),
            ("msh/CN/2/json/LongFast/!7efeee00", mesh["position"]),
            ("msh/CN/shanghai/2/json/LongFast/!a1b2c3d4", mesh["position_at_another_gateway"]),
            ("msh/CN/2/e/LongFast/!7efeee00", {}),
            ("msh/CN/2/json/LongFast/!7efeee00", mesh["telemetry"]),
        ]
        phone.publish([(topic, json.dumps(payload).encode()) for topic, payload in messages])
        cell.until_rows(5)
        # Each dialect has a session of its own: only their own last words say that they are through.
        phone.publish(
            [
                (f"application/17c82e96/device/{EUI}/event/join", json.dumps(chirpstack["join"]).encode()),
                ("v3/doorstep-demo@ttn/devices/tracker-07/join", json.dumps(ttn["join"]).encode()),
                ("msh/CN/2/json/LongFast/!7efeee00", json.dumps(mesh["nodeinfo"]).encode()),
            ]
        )
        cell.until_rows(8)
    assert told(cell) == sorted(
        [(EUI, "position"), (EUI, "sos"), (EUI, "status"), (TTN, "position"), (TTN, "status"), (NODE, "position")]
        + [(NODE, "status")] * 2
    )
    assert cell.letters() == []
