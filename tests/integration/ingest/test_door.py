"""The HTTP door of the real role: what was answered with 200 is in the log, whatever is killed or away."""

from __future__ import annotations

import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import psycopg
import pytest

from doorstep.embedded.broker import EmbeddedBroker
from doorstep.embedded.folder import choose_port
from doorstep.embedded.postgres import SERVER_SETTINGS, EmbeddedPostgres
from eventlog.clock import wall_ms
from ingest import credentials
from tests.integration.doorstep.parents import eventually
from tests.integration.ingest.cell import Cell, running, settings_of

LIMIT_S = 20.0
NOW_S = wall_ms() // 1_000
Auth = tuple[str, str]


def fix(number: int) -> bytes:
    return b'{"_type":"location","lat":31.2,"lon":121.4,"acc":5,"tst":%d}' % (NOW_S - number)


def login(cell: Cell, device: str) -> Auth:
    """A login of a device, as an invite makes it."""
    with psycopg.connect(cell.settings.database_url or "", autocommit=True) as conn:
        minted = credentials.mint(conn, device, credentials.topics_of(device))
    return minted.login, minted.password


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A database of this test's own: it is stopped."""
    server = EmbeddedPostgres(tmp_path / "postgres", server_settings={**SERVER_SETTINGS, "fsync": "off"})
    server.start()
    yield server
    server.stop()


def cell_of(folder: Path, database: str, broker: EmbeddedBroker, **changes: object) -> Cell:
    known = {"door_port": choose_port(None), "backoff_max_s": 0.5}
    return Cell(settings_of(folder, database, broker.url, **{**known, **changes}))


def door_of(cell: Cell, **options: object) -> httpx.Client:
    scheme = "https" if cell.settings.door_cert_file else "http"
    options = {"timeout": LIMIT_S} | options
    return httpx.Client(base_url=f"{scheme}://127.0.0.1:{cell.settings.door_port}", **options)  # type: ignore[arg-type]


@pytest.fixture
def certificate(tmp_path: Path) -> dict[str, Path]:
    cert, key = tmp_path / "door.pem", tmp_path / "door.key"
    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(key))
    name = ("-subj", "/CN=door", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2")
    command = ["openssl", "req", "-x509", *new_key, "-out", str(cert), *name]
    subprocess.run(command, check=True, capture_output=True)
    return {"door_cert_file": cert, "door_key_file": key}


def test_phones_are_heard_over_https_by_their_logins_and_what_cannot_be_read_is_kept(
    tmp_path: Path, database: str, broker: EmbeddedBroker, certificate: dict[str, Path]
) -> None:
    cell = cell_of(tmp_path, database, broker, **certificate)
    li = login(cell, "li.phone")
    trusted = ssl.create_default_context(cafile=str(certificate["door_cert_file"]))
    with running(cell), door_of(cell, verify=trusted) as door:
        answer = door.post("/owntracks", content=fix(1), auth=li)
        assert (answer.status_code, answer.json()) == (200, [])
        assert cell.rows() == 1, "answered before the commit"
        assert door.post("/owntracks", content=fix(1), auth=li).status_code == 200
        query = f"/osmand/{li[0]}/{li[1]}?id=other&lat=31.2&lon=121.4&timestamp={NOW_S}"
        assert door.get(query).status_code == 200
        assert door.post("/owntracks", content=b"junk", auth=li).status_code == 200
        assert door.post("/owntracks", content=fix(2), auth=("li", "wrong")).status_code == 401

        zhao = login(cell, "p-1")  # while ingest runs
        said = json.dumps({"time": NOW_S, "lat": 31.2, "lon": 121.4})
        eventually(
            lambda: door.post("/doorstep/v1/p-1/position", content=said, auth=zhao).status_code == 200, "heard", LIMIT_S
        )
        with psycopg.connect(database, autocommit=True) as conn:
            credentials.revoke(conn, zhao[0])
        eventually(
            lambda: door.post("/doorstep/v1/p-1/position", content=said, auth=zhao).status_code == 401, "out", LIMIT_S
        )
        assert cell.rows() == 3
    assert sorted(cell.facts().values()) == [1, 1, 1]
    devices = {name for entry in cell.entries() if entry.batch is not None for name in entry.batch.devices}
    assert devices == {"li.phone", "p-1"}, "the device is that of the login"
    flagged = [json.loads(raw) for entry in cell.entries() if entry.batch for raw in entry.batch.extras.values()]
    assert [said["contradicts"] for said in flagged if "contradicts" in said] == ["other"]
    assert [(topic, state) for topic, _, state, _ in cell.letters()] == [("owntracks/li/phone", "open")]


def test_kill_9_between_the_request_and_its_answer_leaves_no_200_and_loses_nothing(
    tmp_path: Path, database: str, broker: EmbeddedBroker
) -> None:
    cell = cell_of(tmp_path, database, broker)
    li = login(cell, "li.phone")
    heard: list[int] = []
    stop = threading.Event()

    def phone(first: int) -> None:
        """Sends in order, each until it is heard, as the apps do."""
        number = first
        with door_of(cell) as door:
            while not stop.is_set():
                with suppress(httpx.HTTPError):
                    if door.post("/owntracks", content=fix(number), auth=li).status_code == 200:
                        heard.append(number)
                        number += 10
                        continue
                stop.wait(0.1)

    with running(cell), ThreadPoolExecutor(10) as pool:
        phones = [pool.submit(phone, first) for first in range(10)]
        try:
            eventually(lambda: len(heard) >= 100, "some are heard", LIMIT_S)
            cell.kill()
            assert cell.rows() >= len(heard), "a 200 for what is not in the log"
            cell.start()
            eventually(lambda: len(heard) >= 150, "they go on", LIMIT_S)
        finally:
            stop.set()
        for each in phones:
            each.result()
        stored = cell.facts()
    assert len(set(heard)) == len(heard)
    assert len(stored) >= len(heard)
    assert set(stored.values()) == {1}, "a retry is a repeat"


def test_while_the_database_is_away_the_door_says_503_and_the_retry_is_stored_once(
    tmp_path: Path, postgres: EmbeddedPostgres, broker: EmbeddedBroker
) -> None:
    cell = cell_of(tmp_path, postgres.url, broker, door_timeout_s=0.3)
    li = login(cell, "li.phone")
    with running(cell), door_of(cell) as door:
        assert door.post("/owntracks", content=fix(1), auth=li).status_code == 200
        postgres.stop()
        for _ in range(3):
            answer = door.post("/owntracks", content=fix(2), auth=li)
            assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
        assert door.post("/owntracks", content=fix(2), auth=(li[0], "wrong")).status_code == 401
        postgres.start()
        eventually(lambda: door.post("/owntracks", content=fix(2), auth=li).status_code == 200, "heard again", LIMIT_S)
    assert sorted(cell.facts().values()) == [1, 1]
    assert cell.letters() == []


def test_a_door_that_cannot_be_opened_ends_ingest_with_the_reason(
    tmp_path: Path, database: str, broker: EmbeddedBroker
) -> None:
    cell = cell_of(tmp_path, database, broker, door_port=urlport(broker.url))
    ended = cell.run_to_its_end()
    assert ended.returncode == 1
    assert "the HTTP door cannot be opened at 127.0.0.1:" in ended.stderr


def urlport(url: str) -> int:
    return httpx.URL(url).port or 0
