"""What a person says in the registry holds for the messages that come from then on, without a restart."""

from __future__ import annotations

import threading
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
import psycopg
from paho.mqtt.enums import CallbackAPIVersion

from domain.decide import ConfigureDevice, handle
from domain.decide.device_settings import STREAM
from domain.device_settings import DeviceSettings
from domain.time import Ms
from doorstep.embedded.broker import EmbeddedBroker
from doorstep.settings import Settings
from eventlog.clock import wall_ms
from eventlog.entry import Append
from eventlog.log import EventLog
from ingest.own_topics import _suffix
from tests.integration.doorstep.parents import eventually
from tests.integration.ingest.cell import LIMIT_S, Cell, Device, running

FIX = b'{"time":1795222900,"lat":31.2304,"lon":121.4737}'


def configure(cell: Cell, device: str, **settings: Any) -> None:
    command = ConfigureDevice(at_ms=Ms(wall_ms()), by="boss", device=device, settings=DeviceSettings(**settings))
    with EventLog(cell.settings.database_url or "") as log:
        history = [entry.event for entry in log.read(STREAM)]
        log.append([Append(STREAM, list(handle(history, command)), len(history))])


def has_session(broker: EmbeddedBroker, client_id: str) -> bool:
    """Whether the broker keeps a session of this name; to ask is to take it over."""
    answered, present = threading.Event(), []
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=False)

    def on_connect(_client: Any, _data: Any, flags: Any, _reason: Any, _properties: Any) -> None:
        present.append(flags.session_present)
        answered.set()

    client.on_connect = on_connect
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    assert answered.wait(LIMIT_S)
    client.disconnect()
    client.loop_stop()
    return bool(present[0])


def places(cell: Cell) -> set[tuple[str, int]]:
    """Device and latitude of each position in the log."""
    found: set[tuple[str, int]] = set()
    for entry in cell.entries():
        if (batch := entry.batch) is not None:
            found |= {(batch.devices[d], lat) for d, lat in zip(batch.device, batch.lat_e7.tolist(), strict=True)}
    return found


def test_a_device_is_heard_on_a_topic_of_its_own_until_that_is_taken_back(cell: Cell, broker: EmbeddedBroker) -> None:
    cell.settings = _quick(cell)
    session = cell.settings.mqtt_client_id + _suffix("lab/gate-7")
    with running(cell), Device(broker.url, "thing") as thing:
        configure(cell, "p7", topic="lab/gate-7", dialect="native")

        def heard() -> bool:
            thing.publish([("lab/gate-7/position", FIX)])
            return any(device == "p7" for device, _ in places(cell))

        eventually(heard, "the device is heard on its own topic", LIMIT_S)
        configure(cell, "p7", crs="gcj02")

        def shifted() -> bool:
            thing.publish([("doorstep/v1/p7/position", FIX)])
            return any(device == "p7" and lat != 312_304_000 for device, lat in places(cell))

        eventually(shifted, "its coordinates are read as the registry says", LIMIT_S)
        eventually(lambda: not _noted(cell), "its session is ended", LIMIT_S)
    assert not has_session(broker, session)
    assert len(set(cell.facts())) == 2, "one fix read in two ways; a repeat is none"


def test_a_topic_that_was_taken_back_while_ingest_was_away_leaves_no_session(
    cell: Cell, broker: EmbeddedBroker
) -> None:
    cell.settings = _quick(cell)
    configure(cell, "p7", topic="lab/gate", dialect="native")
    with running(cell):
        eventually(lambda: _noted(cell) == ["lab/gate"], "the session is noted", LIMIT_S)
        cell.kill()
    assert has_session(broker, cell.settings.mqtt_client_id + _suffix("lab/gate"))
    configure(cell, "p7")
    with running(cell):
        eventually(lambda: not _noted(cell), "the session is ended", LIMIT_S)
    assert not has_session(broker, cell.settings.mqtt_client_id + _suffix("lab/gate"))


def _noted(cell: Cell) -> list[str]:
    with psycopg.connect(cell.settings.database_url or "") as conn:
        return [topic for (topic,) in conn.execute("SELECT topic FROM ingest.own_topics").fetchall()]


def _quick(cell: Cell) -> Settings:
    return msgspec.structs.replace(cell.settings, registry_poll_s=0.1)
