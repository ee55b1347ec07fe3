"""Tag readers, doors and buttons by way of a real broker: every topic of theirs is subscribed to, and each message is
one fact."""

from __future__ import annotations

import json
from collections import Counter

from domain.events.device import DeviceStatusChanged
from domain.events.facts import Fact
from tests.integration.doorstep.parents import eventually
from tests.integration.ingest.cell import LIMIT_S, Cell, Device, running
from tests.unit.ingest.codecs.captured import captured

SHELLY = "shellyplusi4-a8032abe54dc"

SAID = [
    ("tele/hall/SENSOR", "tasmota", "rc522", "tasmota:hall", "scan"),
    ("stat/hall/RESULT", "tasmota", "button", "tasmota:hall:Button1", "button"),
    ("0AFFD2/tag_scanned", "homeassistant", "tasmota", "homeassistant:0AFFD2", "scan"),
    ("house/hall/tag_scanned", "homeassistant", "object", "homeassistant:house~2fhall", "scan"),
    ("esphome/hall/tag", "esphome", "pn532", "esphome:hall", "scan"),
    ("esphome/hall/tag_removed", "esphome", "pn532", "esphome:hall", "status"),
    ("zigbee2mqtt/kitchen/大门", "zigbee2mqtt", "door_open", "zigbee2mqtt:kitchen~2f~e5~a4~a7~e9~97~a8", "contact"),
    ("zigbee2mqtt/bell", "zigbee2mqtt", "sos_tuya", "zigbee2mqtt:bell", "sos"),
    ("home/hall/BTtoMQTT/6087574C9BC2", "theengs", "ibeacon", "theengs:hall", "scan"),
    ("home/hall/BTtoMQTT/3C2EF5A1B2C3", "theengs", "door_open", "ble:3C2EF5A1B2C3", "contact"),
    (f"{SHELLY}/events/rpc", "shelly", "button", f"{SHELLY}:input:0", "button"),
    (f"{SHELLY}/events/rpc", "shelly", "wired_door", f"{SHELLY}:input:1", "contact"),
]
WILLS = {
    "tele/hall/LWT": b"Online",
    "esphome/hall/status": b"online",
    "zigbee2mqtt/bell/availability": b'{"state":"online"}',
    "home/hall/LWT": b"online",
    f"{SHELLY}/online": b"true",
}


def payload(dialect: str, which: str) -> bytes:
    said = captured(dialect)[which]
    return said.encode() if isinstance(said, str) else json.dumps(said).encode()


def test_readers_doors_and_buttons_reach_the_log(cell: Cell, phone: Device) -> None:
    phone.publish(list(WILLS.items()), retain=True)
    with running(cell):
        phone.publish([(topic, payload(dialect, which)) for topic, dialect, which, _, _ in SAID])
        cell.until_rows(len(SAID))

        def states() -> set[str]:
            return {entry.event.device for entry in cell.entries() if isinstance(entry.event, DeviceStatusChanged)}

        devices = {"tasmota:hall", "esphome:hall", "zigbee2mqtt:bell", "theengs:hall", SHELLY}
        eventually(lambda: states() == devices, "retained wills are in the registry", LIMIT_S)
        facts = [entry.event for entry in cell.entries() if isinstance(entry.event, Fact)]
    assert Counter((fact.device, fact.KIND) for fact in facts) == Counter((device, kind) for *_, device, kind in SAID)
    assert cell.letters() == []
