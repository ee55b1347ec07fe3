"""A device with a login of its own, from the registry to the log: heard within seconds, as itself only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as mqtt
import psycopg
import pytest

from doorstep.bootstrap import Running, session_name
from doorstep.embedded.broker import BrokerUser
from doorstep.embedded.mqtt_probe import accepts_mqtt
from doorstep.settings import Settings
from doorstep.supervisor import Supervisor
from eventlog.clock import wall_ms
from eventlog.log import EventLog
from ingest import credentials
from ingest.credentials import Minted
from tests.conftest import fresh_database
from tests.contracts.brokers import Certificates
from tests.integration.doorstep.embedded.test_broker import session as connected
from tests.integration.doorstep.parents import eventually

LIMIT_S = 30.0
FIX = b'{"time":%d,"lat":31.2,"lon":121.4}'


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[Settings]:
    home = tmp_path_factory.mktemp("home")
    with fresh_database(postgres_url) as url:
        yield Settings(home=home, database_url=url, password="correct horse", logins_poll_s=0.2, door_port=0)


@pytest.fixture(scope="module")
def cell(settings: Settings) -> Iterator[Running]:
    with Supervisor(settings, ("ingest",), say=lambda line: None) as running:
        yield running


def gets_in(cell: Running, minted: Minted) -> bool:
    parts = urlsplit(cell.mqtt_url)
    return accepts_mqtt(parts.hostname or "", parts.port or 0, (minted.login, minted.password), 5.0)


def mint(cell: Running, device: str) -> Minted:
    with psycopg.connect(cell.database_url) as conn:
        return credentials.mint(conn, device, credentials.topics_of(device))


def has_session(cell: Running, name: str) -> bool:
    """Whether the broker keeps a session of this name. Asking takes it over for a moment."""
    parts, found = urlsplit(cell.mqtt_url), Event()
    present: list[bool] = []
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=name, clean_session=False)
    client.username_pw_set(parts.username, unquote(parts.password or ""))

    def on_connect(_client: Any, _data: Any, flags: Any, *_: Any) -> None:
        present.append(bool(flags.session_present))
        found.set()

    client.on_connect = on_connect
    client.connect(parts.hostname or "", parts.port or 0)
    client.loop_start()
    assert found.wait(LIMIT_S)
    client.disconnect()
    client.loop_stop()
    return present[0]


def heard(cell: Running) -> set[str]:
    """The devices of which the log has positions."""
    with EventLog(cell.database_url) as log:
        return {name for entry in log.page(0, 10_000) if entry.batch is not None for name in entry.batch.devices}


def test_a_device_speaks_as_itself_from_its_minting_to_its_revocation(cell: Running) -> None:
    anna, bert = mint(cell, "anna"), mint(cell, "bert")
    eventually(lambda: gets_in(cell, anna) and gets_in(cell, bert), "both get in without a restart", LIMIT_S)
    now_s = wall_ms() // 1_000
    with connected(cell.mqtt_url, "of-anna", user=BrokerUser(anna.login, anna.password)) as phone:
        phone.publish("doorstep/v1/bert/position", FIX % now_s)
        phone.publish("doorstep/v1/anna/position", FIX % now_s)
        eventually(lambda: bool(heard(cell)), "what anna said of herself is in the log", LIMIT_S)
        with psycopg.connect(cell.database_url) as conn:
            credentials.revoke(conn, anna.login)
        eventually(lambda: phone.lost > 0, "the revoked login is cut off", LIMIT_S)
    assert not gets_in(cell, anna)
    assert gets_in(cell, bert)
    assert heard(cell) == {"anna"}, "and what she said as bert is not"


def test_the_sessions_of_ingest_have_names_that_nobody_can_guess(cell: Running, settings: Settings) -> None:
    assert has_session(cell, session_name(settings))
    assert not has_session(cell, settings.mqtt_client_id)


def test_a_home_with_sessions_under_the_plain_name_keeps_it(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, password="correct horse")
    assert session_name(settings).startswith("doorstep-ingest-")
    assert session_name(settings) == session_name(settings)
    (settings.home / "session-name").unlink()
    (settings.home / "broker/jetstream").mkdir(parents=True)
    assert session_name(settings) == "doorstep-ingest"


def test_the_roles_show_the_certificate_that_the_broker_asks_everybody_for(tmp_path: Path, database: str) -> None:
    made = Certificates(tmp_path)
    asking = Settings(
        home=tmp_path / "home",
        database_url=database,
        password="correct horse",
        door_port=0,
        broker_cert_file=made.path("server.pem"),
        broker_key_file=made.path("server.key"),
        broker_ca_file=made.path("ca.pem"),
        mqtt_ca_file=made.path("ca.pem"),
        mqtt_cert_file=made.path("client.pem"),
        mqtt_key_file=made.path("client.key"),
    )
    with Supervisor(asking, ("ingest",), say=lambda line: None) as running:
        assert running.mqtt_url.startswith("mqtts://doorstep:")
        assert not accepts_mqtt("127.0.0.1", urlsplit(running.mqtt_url).port or 0, ("doorstep", "correct horse"), 5.0)
