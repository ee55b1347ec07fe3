"""What phones and a Traccar server publish arrives in the log, once; what is sealed, as soon as there is its key."""

from __future__ import annotations

import base64
import json
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from nacl.secret import SecretBox

from domain.events.device import DeviceStatusChanged
from domain.events.facts import Fact
from ingest import credentials
from tests.integration.doorstep.parents import eventually
from tests.integration.ingest.cell import LIMIT_S, Cell, Device, running

CAPTURED = Path(__file__).parents[2] / "unit/ingest/codecs"


def captured(dialect: str) -> dict[str, Any]:
    return dict(json.loads((CAPTURED / f"captured_{dialect}.json").read_bytes()))


def told(cell: Cell) -> list[tuple[str, str]]:
    """Device and kind of every fact in the log."""
    found: list[tuple[str, str]] = []
    for entry in cell.entries():
        if entry.batch is not None:
            found += [(entry.batch.devices[device], "position") for device in entry.batch.device.tolist()]
        elif isinstance(entry.event, Fact):
            found.append((entry.event.device, entry.event.KIND))
    return sorted(found)


def registered(cell: Cell) -> list[tuple[str, str]]:
    """Device and part of its entry, of every change of the registry, in order."""
    events = [entry.event for entry in cell.entries()]
    return [(event.device, event.about) for event in events if isinstance(event, DeviceStatusChanged)]


def test_phones_are_heard_in_every_dialect_and_what_they_are_set_to_is_told_once(cell: Cell, phone: Device) -> None:
    owntracks, osmand, traccar = captured("owntracks"), captured("osmand"), captured("traccar")
    jane = "owntracks/jane/phone"
    with running(cell):
        phone.publish([(f"{jane}/info", json.dumps(owntracks["card"]).encode())], retain=True)
        for _ in range(2):  # a phone that uploads twice, and is asked for its regions twice
            phone.publish(
                [
                    (jane, json.dumps(owntracks["iphone_http"]).encode()),
                    (f"{jane}/beacon", json.dumps(owntracks["beacon"]).encode()),
                    (f"{jane}/waypoint", json.dumps(owntracks["iphone_waypoint"]).encode()),
                    (f"{jane}/waypoints", json.dumps(owntracks["waypoints"]).encode()),
                    (f"{jane}/dump", b'{"_type":"dump","configuration":{"password":"secret"}}'),
                    ("osmand/354121", osmand["android_7_sos"].encode()),
                    ("osmand/354121", json.dumps(osmand["client_9"]).encode()),
                    ("traccar/positions", json.dumps(traccar["position"]).encode()),
                    ("traccar/events", json.dumps(traccar["sos"]).encode()),
                ]
            )
        cell.until_rows(8)
        # Each dialect has a session of its own: only its own last word says that it is through.
        phone.publish(
            [
                (jane, b'{"_type":"location","tst":1795222999,"lat":31.2,"lon":121.4}'),
                ("osmand/354121", b"timestamp=1795222999&lat=31.2&lon=121.4"),
                ("traccar/events", json.dumps(traccar["offline"]).encode()),
            ]
        )
        cell.until_rows(11)
        assert cell.stop() == 0
    assert told(cell) == [
        ("354120", "position"),
        ("354120", "position"),
        ("354120", "sos"),
        ("354120", "status"),
        ("354121", "position"),
        ("354121", "position"),
        ("354121", "position"),
        ("354121", "sos"),
        ("jane.phone", "position"),
        ("jane.phone", "position"),
        ("jane.phone", "scan"),
    ]
    assert sorted(registered(cell)) == [("jane.phone", about) for about in ("card", "region:6da9cf", "regions")]
    assert cell.letters() == []


KEY = "钥匙 of jane".encode()


def sealed(tst: int) -> bytes:
    """A location in a box."""
    box = SecretBox(KEY.ljust(32, b"\0")).encrypt(b'{"_type":"location","tst":%d,"lat":31.2,"lon":121.4}' % tst)
    return json.dumps({"_type": "encrypted", "data": base64.b64encode(box).decode()}).encode()


def test_a_sealed_message_waits_for_its_key_and_later_ones_are_read_at_once(cell: Cell, phone: Device) -> None:
    topic, first, later = "owntracks/jane/phone", 1_795_222_000, count(1_795_222_001)
    with running(cell):
        phone.publish([(topic, sealed(first))])
        eventually(lambda: bool(cell.letters()), "there is a dead letter", LIMIT_S)
        with psycopg.connect(cell.settings.database_url or "", autocommit=True) as conn:
            credentials.set_key(conn, "jane.phone", b"wrong")
            assert "wrong_key" in cell.run_to_its_end("dead-letters", "retry").stdout
            credentials.set_key(conn, "jane.phone", KEY)
        assert cell.run_to_its_end("dead-letters", "retry").returncode == 0
        cell.until_rows(1)

        def is_read() -> bool:
            phone.publish([(topic, sealed(next(later)))])
            return cell.rows() > 1

        eventually(is_read, "ingest follows the key", LIMIT_S)
        assert cell.stop() == 0
    positions = [entry.batch for entry in cell.entries() if entry.batch is not None]
    assert positions[0].observed_at_ms.tolist() == [first * 1_000]
    assert set(told(cell)) == {("jane.phone", "position")}
    assert "wrong_key" in {reason for _, reason, state, _ in cell.letters() if state == "resolved"}, "the last reason"
