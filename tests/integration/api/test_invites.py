"""Invitations, logins and keys over the API: who is bound, what is told once, what opens what."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree

import httpx
import psycopg
import pytest

from domain.time import isoformat
from ingest import credentials
from ingest.credentials import Login
from tests.integration.api.cell import NOON, Cell, cell_at, worker


@pytest.fixture
def cell(database: str, tmp_path: Path) -> Iterator[Cell]:
    """A cell whose phones come from elsewhere."""
    reached = {
        "door_url": "https://phones.example.com",
        "phones_mqtt_url": "mqtts://mqtt.example.com",
        "mqtt_url": "mqtt://doorstep:top-secret@127.0.0.1:1",
    }
    with cell_at(database, tmp_path, **reached) as running:
        running.plan(workers=[worker()])
        yield running


def invite(cell: Cell, **ask: Any) -> httpx.Response:
    return cell.post("/v1/workers/w-1/invites", {"app": "owntracks", "mode": "mqtt", **ask})


def opened(cell: Cell, login: str, password: str) -> Login | None:
    with psycopg.connect(cell.dsn) as conn:
        return credentials.verify(conn, login, password)


def configuration(link: str) -> dict[str, Any]:
    head, _, inline = link.partition("?inline=")
    assert head == "owntracks:///config"
    return dict(json.loads(base64.b64decode(unquote(inline), validate=True)))


def manual(made: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in made["settings"]}


def test_an_invitation_sets_owntracks_up_over_mqtt_and_binds_the_phone(cell: Cell) -> None:
    made = cell.ok(invite(cell))
    said = configuration(made["link"])
    assert (said["host"], said["port"], said["tls"]) == ("mqtt.example.com", 8883, True)
    assert (said["pubTopicBase"], said["username"]) == ("owntracks/w-1/phone", made["login"])
    login = opened(cell, said["username"], said["password"])
    assert login is not None
    assert (login.device, made["device"]) == ("w-1.phone", "w-1.phone")
    assert {"owntracks/w-1/phone", "owntracks/w-1/phone/#"} <= set(login.topics)
    assert json.loads(made["configuration"]) == said
    assert manual(made)["password"] == said["password"]
    assert "top-secret" not in json.dumps(made)
    cell.fold()
    (item,) = cell.ok(cell.get("/v1/workers"))["items"]
    assert item["devices"] == ["w-1.phone"]


def test_over_http_owntracks_is_given_the_door_and_nothing_of_mqtt(cell: Cell) -> None:
    said = configuration(cell.ok(invite(cell, mode="http"))["link"])
    assert (said["mode"], said["url"]) == (3, "https://phones.example.com/owntracks")
    assert (said["auth"], said["pubTopicBase"]) == (True, "owntracks/w-1/phone")
    assert not said.keys() & {"host", "port", "tls", "clientId", "subTopic"}


def test_traccar_client_is_given_an_address_that_holds_the_login(cell: Cell) -> None:
    made = cell.ok(invite(cell, app="traccar", mode="http", device="second"))
    link = urlsplit(made["link"])
    assert (link.scheme, link.netloc) == ("org.traccar.client", "config")
    said = {name: values[0] for name, values in parse_qs(link.query).items()}
    assert (said["id"], made["device"]) == ("w-1.second", "w-1.second")
    path = urlsplit(said["url"]).path.split("/")
    assert (said["url"].startswith("https://phones.example.com/osmand/"), path[1]) == (True, "osmand")
    login = opened(cell, path[2], path[3])
    assert login is not None
    assert "osmand/w-1.second" in login.topics
    assert (manual(made)["server_url"], made["configuration"]) == (said["url"], None)
    assert said["accuracy"] == "highest", "else the app does not count time"


def test_the_code_is_an_image_of_the_link_that_no_page_colours(cell: Cell) -> None:
    svg = cell.ok(invite(cell))["qr_svg"]
    drawn = ElementTree.fromstring(svg)
    assert drawn.tag == "{http://www.w3.org/2000/svg}svg"
    assert "viewBox" in drawn.attrib
    assert "width" not in drawn.attrib
    assert "script" not in svg


def test_the_password_is_told_once_and_no_cache_or_key_keeps_it(cell: Cell) -> None:
    key = {"Idempotency-Key": "k-1"}
    first, second = (cell.post("/v1/workers/w-1/invites", ask(), headers=key) for _ in range(2))
    assert first.headers["cache-control"] == "no-store"
    said = [manual(cell.ok(each))["password"] for each in (first, second)]
    assert len(set(said)) == 2
    with psycopg.connect(cell.dsn) as conn:
        tables = conn.execute("SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT LIKE 'pg_%'").fetchall()
        for schema, table in tables:
            query = f'SELECT count(*) FROM "{schema}"."{table}" t WHERE t::text LIKE %s OR t::text LIKE %s'
            found = conn.execute(query.encode(), (f"%{said[0]}%", f"%{said[0].encode().hex()}%")).fetchone()
            assert found == (0,), table


def ask() -> dict[str, str]:
    return {"app": "owntracks", "mode": "mqtt"}


def test_a_phone_speaks_from_now_on_or_from_the_past_that_is_stated(cell: Cell) -> None:
    def bound() -> list[dict[str, Any]]:
        cell.fold()
        found: list[dict[str, Any]] = cell.ok(cell.get("/v1/devices/w-1.phone"))["bindings"]
        return found

    cell.ok(invite(cell))
    cell.clock.ms += 60_000  # type: ignore[assignment]
    cell.ok(invite(cell))
    assert [each["from"] for each in bound()] == [isoformat(NOON)], "asked again, it is bound already"
    cell.ok(invite(cell, **{"from": "2026-09-01T00:00:00+08:00"}))
    assert [each["from"] for each in bound()] == ["2026-08-31T16:00:00.000Z"]


def test_nobody_is_given_a_login_for_a_worker_who_is_not_there(cell: Cell) -> None:
    refused = cell.post("/v1/workers/w-9/invites", ask())
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_worker")
    with psycopg.connect(cell.dsn) as conn:
        assert credentials.listed(conn) == []


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"app": "traccar", "mode": "mqtt"}, 422),
        ({"app": "whatsapp"}, 422),
        ({"device": "a b"}, 422),
        ({"device": "x" * 33}, 422),
        ({"host": "evil.example/x"}, 422),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_done(cell: Cell, asked: dict[str, str], status: int) -> None:
    head = cell.log.head()
    assert invite(cell, **asked).status_code == status
    assert cell.log.head() == head


def test_a_cell_without_a_door_says_so(database: str, tmp_path: Path) -> None:
    with cell_at(database, tmp_path, mqtt_url="mqtt://127.0.0.1:1") as running:
        running.plan(workers=[worker()])
        refused = invite(running, mode="http")
        assert (refused.status_code, "DOORSTEP_DOOR_PORT" in refused.json()["detail"]) == (409, True)
        made = running.ok(invite(running))
        assert made["near"] is True
        named = running.ok(invite(running, host="10.0.0.7", port=2883))
        assert (manual(named)["host"], manual(named)["port"], named["near"]) == ("10.0.0.7", "2883", False)


def test_logins_are_listed_without_passwords_and_revoked(cell: Cell) -> None:
    made = cell.ok(invite(cell))
    password = manual(made)["password"]
    path = "/v1/devices/w-1.phone/logins"
    (listed,) = cell.ok(cell.get(path))["items"]
    assert listed.keys() == {"login", "topics", "created_at", "revoked_at"}
    assert (listed["login"], listed["revoked_at"]) == (made["login"], None)
    assert cell.post(f"/v1/devices/other/logins/{made['login']}/revoke").status_code == 404
    assert opened(cell, made["login"], password) is not None
    for _ in range(2):
        cell.ok(cell.post(f"{path}/{made['login']}/revoke"))
    assert opened(cell, made["login"], password) is None
    (listed,) = cell.ok(cell.get(path))["items"]
    assert listed["revoked_at"] is not None


def test_a_login_is_made_for_any_device_with_its_own_topics_or_with_those_of_a_gateway(cell: Cell) -> None:
    own = cell.post("/v1/devices/p-7/logins", {})
    assert own.headers["cache-control"] == "no-store"
    assert "doorstep/v1/p-7/#" in cell.ok(own)["topics"]
    gate = cell.ok(cell.post("/v1/devices/gate/logins", {"topics": ["traccar/#"]}))
    login = opened(cell, gate["login"], gate["password"])
    assert login is not None
    assert login.topics == ("traccar/#",)
    for wrong in ([], ["#"], ["a b"], ["a#"], ["a/#/b"], ["+a"], [""], ["a\n"], ["/a"]):
        assert cell.post("/v1/devices/gate/logins", {"topics": wrong}).status_code == 422, wrong


def test_a_devices_secret_is_set_replaced_and_forgotten_and_never_told(cell: Cell) -> None:
    path = "/v1/devices/w-1.phone/key"
    for secret in ("first", "密钥"):
        assert secret not in cell.request("PUT", path, json={"secret": secret}).text
    with psycopg.connect(cell.dsn) as conn:
        assert credentials.keys(conn) == {"w-1.phone": "密钥".encode()}
    assert cell.request("PUT", path, json={"secret": "密" * 11}).status_code == 422
    cell.ok(cell.request("DELETE", path))
    with psycopg.connect(cell.dsn) as conn:
        assert credentials.keys(conn) == {}
