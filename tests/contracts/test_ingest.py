"""What ingest and either broker, configured as we write it, must hold together: stored, once, then acknowledged."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from domain.events.device import DeviceStatusChanged
from eventlog.clock import wall_ms
from ingest.codecs import codec_of
from ingest.codecs.native import CODEC as NATIVE
from ingest.message import Message
from ingest.reading import Receipt
from ingest.topics import SOS
from tests.contracts.brokers import ACK_WAIT_S, LIMIT_S, Broker, Certificates, phone
from tests.contracts.clients import Client, device
from tests.contracts.loss import MESSAGES, left
from tests.integration.doorstep.parents import eventually
from tests.integration.ingest.cell import Cell, running, settings_of

NOW_S = wall_ms() // 1_000
PHONES = phone("gateway-1", "doorstep/v1", "owntracks")
"""One login for all devices of a test."""


@pytest.fixture
def broker(kind: str, certificates: Certificates, tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(kind, tmp_path / "broker", certificates)
    broker.write([PHONES])
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def cell(broker: Broker, database: str, tmp_path: Path) -> Iterator[Cell]:
    """Its ingest does not run yet."""
    access = {"mqtt_client_id": broker.kept.client_id, "mqtt_ca_file": broker.certificates.path("ca.pem")}
    cell = Cell(settings_of(tmp_path, database, broker.url, backoff_max_s=0.5, flush_rows=200, door_port=0, **access))
    yield cell
    if not cell.has_ended:
        cell.stop()


@pytest.fixture
def phones(broker: Broker) -> Iterator[Client]:
    with device(broker, PHONES) as client:
        assert client.is_connected
        yield client


def fixes(count: int, *, first: int = 0) -> list[tuple[str, bytes]]:
    """Distinct positions of twenty phones."""
    said = b'{"time":%d.%03d,"lat":31.2304167,"lon":121.4737012,"accuracy":8.5}'
    numbers = range(first, first + count)
    return [(f"doorstep/v1/p{n % 20}/position", said % (NOW_S - 3_600 + n // 1_000, n % 1_000)) for n in numbers]


def facts_of(messages: Sequence[tuple[str, bytes]]) -> set[UUID]:
    said = [codec_of(topic).decode(Message(topic, payload), Receipt(wall_ms())) for topic, payload in messages]
    found = {fact.fact for decoded in said for fact in decoded.facts}
    return found | {position.fact for decoded in said for position in decoded.positions}


def is_whole(cell: Cell, messages: Sequence[tuple[str, bytes]]) -> None:
    """Each fact is in the log, once."""
    expected = facts_of(messages)
    cell.until_rows(len(expected))
    found = cell.facts()
    assert set(found) == expected
    assert set(found.values()) == {1}


@contextmanager
def heir(broker: Broker, suffix: str = "") -> Iterator[Client]:
    """Who takes over a session of ingest's and acknowledges nothing."""
    name, password = broker.kept.client_id + suffix, broker.kept.password
    with Client(broker, "doorstep", password, name, port=broker.own_port, clean=False, acknowledge=False) as client:
        yield client


def test_what_devices_say_is_stored_once_and_then_acknowledged(cell: Cell, broker: Broker, phones: Client) -> None:
    sos = ("doorstep/v1/p1/sos", b'{"time":%d,"note":"help"}' % NOW_S)
    said = [
        *fixes(300),
        sos,
        ("owntracks/jane/phone", b'{"_type":"location","tst":%d,"lat":31.2,"lon":121.4,"vel":36}' % NOW_S),
        ("doorstep/v1/p1/checkin", b'{"time":%d,"visit":"v1","lat":31.2,"lon":121.4}' % NOW_S),
    ]
    status = ("doorstep/v1/p1/status", b'{"online":true}')
    phones.publish([status], retain=True)
    with running(cell):
        phones.publish([*said, *said[:50]])
        is_whole(cell, said)
        changed = [entry.event for entry in cell.entries() if isinstance(entry.event, DeviceStatusChanged)]
        assert [event.status for event in changed] == [{"online": True}], "a retained status is no fact"
        assert cell.stop() == 0
    assert cell.letters() == []
    with heir(broker) as native, heir(broker, "-sos") as urgent, heir(broker, "-owntracks") as owntracks:
        threading.Event().wait(2 * ACK_WAIT_S)
        assert (native.got, urgent.got, owntracks.got) == ([], [], []), "all of it was acknowledged"


def test_a_burst_while_ingest_is_away_is_kept_and_delivered_again_what_nobody_acknowledged(
    cell: Cell, broker: Broker, phones: Client
) -> None:
    said = [*fixes(20_000), ("doorstep/v1/p1/sos", b'{"time":%d}' % NOW_S)]
    with heir(broker) as native, heir(broker, "-sos") as urgent:
        assert native.subscribe(NATIVE.filters[0])
        assert urgent.subscribe(SOS)
    phones.publish(said[:10])
    with heir(broker) as native:
        eventually(lambda: len(native.got) == 10, "it is given them", LIMIT_S)
    with heir(broker) as native:
        eventually(lambda: any(again for _, _, again in native.got), "again, and marked so (DUP)", LIMIT_S)
    for first in range(10, len(said), 2_000):
        phones.publish(said[first : first + 2_000])
    with running(cell):
        is_whole(cell, said)


def test_kill_9_of_ingest_and_a_database_that_is_away_lose_and_double_nothing(
    cell: Cell, broker: Broker, phones: Client
) -> None:
    said = fixes(6_000)
    with running(cell):
        phones.publish(said[:2_000])
        cell.until_rows(500)
        cell.kill()
        phones.publish(said[2_000:3_000])
        cell.start()
        cell.until_rows(2_500)
        with database_away(cell.settings.database_url or ""):
            phones.publish(said[3_000:5_000])
        phones.publish(said[5_000:])
        is_whole(cell, said)
        assert cell.letters() == []


def test_an_orderly_restart_of_the_broker_loses_nothing_that_waits(
    kind: str, certificates: Certificates, tmp_path: Path
) -> None:
    assert left(Broker(kind, tmp_path / "broker", certificates), signal.SIGTERM, 0.0) == MESSAGES


@contextmanager
def database_away(url: str) -> Iterator[None]:
    """Nobody is connected to it, and nobody gets in."""
    name = urlsplit(url).path.removeprefix("/")
    admin = urlsplit(url)._replace(path="/postgres").geturl()
    with psycopg.connect(admin, autocommit=True) as conn:
        allow = SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        conn.execute(allow.format(Identifier(name), SQL("false")))
        conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        try:
            yield
        finally:
            conn.execute(allow.format(Identifier(name), SQL("true")))
