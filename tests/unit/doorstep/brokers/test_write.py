"""The files of each kind of broker: what stands in them, what is kept between two runs, and what nobody is shown."""

from __future__ import annotations

import csv
import io
import re
import stat
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import bcrypt
import pytest

from domain.errors import Rejected
from doorstep.brokers import write
from doorstep.brokers.plan import File
from doorstep.brokers.write import KINDS, Kept, Wish
from doorstep.settings import Settings
from ingest.credentials import Login, bcrypt_hash, mosquitto_hash

PASSWORD = "correct horse battery"
KEPT = Kept(
    password=PASSWORD,
    bcrypt=bcrypt_hash(PASSWORD),
    mosquitto_hash=mosquitto_hash(PASSWORD),
    client_id="doorstep-ingest-0a1b2c3d4e5f",
    cluster_password="between",
)
NODES = ("10.0.0.1", "10.0.0.2", "10.0.0.3")


def login(name: str, *topics: str, revoked: bool = False) -> Login:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Login(
        login=name,
        device=name,
        topics=topics,
        bcrypt=bcrypt_hash(name),
        mosquitto_hash=mosquitto_hash(name),
        created_at=at,
        revoked_at=at if revoked else None,
    )


LOGINS = [
    login("bert-1", "owntracks/bert/phone", "owntracks/bert/phone/#"),
    login("anna-1", "doorstep/v1/anna", "doorstep/v1/anna/#"),
    login("gone-1", "doorstep/v1/gone", revoked=True),
    login("doorstep", "doorstep/v1/#"),
]


def files(kind: str, logins: Sequence[Login] = LOGINS, **wishes: object) -> dict[str, File]:
    wish = Wish(kind=kind, nodes=NODES if kind == "nats-cluster" else (), **wishes)  # type: ignore[arg-type]
    return {file.name: file for file in write.files_of(wish, write.plan_of(wish, Settings(), logins, KEPT))}


@pytest.mark.parametrize("kind", KINDS)
def test_logins_that_stand_are_in_it_and_no_password_is_but_for_the_roles(kind: str) -> None:
    made = files(kind)
    text = "".join(file.text for name, file in made.items() if name != "doorstep.env")
    assert "anna-1" in text
    assert "bert-1" in text
    assert "gone-1" not in text
    assert PASSWORD not in text
    assert "correct%20horse%20battery" in made["doorstep.env"].text
    assert KEPT.client_id in made["doorstep.env"].text


@pytest.mark.parametrize("kind", KINDS)
def test_a_login_that_is_called_like_ingest_does_not_replace_it(kind: str) -> None:
    text = "".join(file.text for file in files(kind).values())
    assert "doorstep/v1/#" not in text


@pytest.mark.parametrize("kind", KINDS)
def test_what_holds_hashes_or_passwords_is_marked_secret(kind: str) -> None:
    for file in files(kind).values():
        holds = any(mark in file.text for mark in ("$2a$", "$7$", "horse", KEPT.client_id, KEPT.cluster_password + "@"))
        assert file.secret or not holds, file.name


@pytest.mark.parametrize("kind", KINDS)
def test_on_a_terminal_no_secret_is_shown_unasked(kind: str) -> None:
    made = list(files(kind).values())
    unasked, asked = write.shown(made, with_secrets=False), write.shown(made, with_secrets=True)
    assert not any(mark in unasked for mark in ("$2a$", "$7$", "horse", KEPT.client_id, "anna"))
    assert all(file.text in asked for file in made)
    assert all(file.name in unasked for file in made)


def test_emqx_gets_each_user_with_its_hash_and_salt() -> None:
    rows = list(csv.DictReader(io.StringIO(files("emqx")["users.csv"].text)))
    assert [row["user_id"] for row in rows] == ["doorstep", "anna-1", "bert-1"]
    assert {row["is_superuser"] for row in rows} == {"false"}
    for row, password in zip(rows, (PASSWORD, "anna-1", "bert-1"), strict=True):
        assert bcrypt.hashpw(password.encode(), row["salt"].encode()).decode() == row["password_hash"]


def test_emqx_forbids_what_it_does_not_allow_and_the_clock_first() -> None:
    rules = [line for line in files("emqx")["acl.conf"].text.splitlines() if not line.startswith("%%")]
    assert all(re.fullmatch(r"\{(allow|deny), .*\}\.|\{deny, all\}\.", rule) for rule in rules)
    assert rules[-1] == "{deny, all}."
    of_anna = [rule for rule in rules if '"anna-1"' in rule]
    assert of_anna == [
        '{deny, {username, "anna-1"}, all, ["doorstep/v1/_clock/#"]}.',
        '{allow, {username, "anna-1"}, publish, ["doorstep/v1/anna", "doorstep/v1/anna/#"]}.',
        '{allow, {username, "anna-1"}, subscribe, ["doorstep/v1/anna/cmd"]}.',
    ]


def test_emqx_listens_with_tls_only_and_its_braces_are_even() -> None:
    text = files("emqx", ca_file=PurePosixPath("/certs/ca.crt"))["base.hocon"].text
    assert text.count("{") == text.count("}")
    for listener in ("tcp", "ws", "wss", "ssl"):
        assert f"listeners.{listener}.default.enable = false" in text
    assert text.count("fail_if_no_peer_cert = true") == 2
    assert 'bootstrap_file = "/opt/emqx/etc/users.csv"' in text
    assert "no_match = deny" in text


def test_a_cluster_has_three_nodes_and_three_of_everything() -> None:
    made = files("nats-cluster")
    assert [name for name in made if name.startswith("nats-")] == ["nats-1.conf", "nats-2.conf", "nats-3.conf"]
    for place, node in enumerate(NODES, start=1):
        text = made[f"nats-{place}.conf"].text
        assert f"server_name: doorstep-{place}" in text
        assert "stream_replicas: 3" in text
        assert f'cluster_advertise: "{node}:6222"' in text
    assert all(f"@{node}:6222" in made["routes.conf"].text for node in NODES)
    with pytest.raises(Rejected, match="--node"):
        write.plan_of(Wish(kind="nats-cluster", nodes=NODES[:2]), Settings(), [], KEPT)


def test_a_kind_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(Rejected, match="nats, nats-cluster, mosquitto, emqx"):
        write.plan_of(Wish(kind="hivemq"), Settings(), [], KEPT)


def test_a_second_run_writes_what_differs_and_changes_no_password(tmp_path: Path) -> None:
    def run(logins: Sequence[Login], password: str | None = None) -> list[str]:
        kept = write.kept_in(tmp_path, password, "doorstep-ingest")
        wish = Wish(kind="mosquitto")
        plan = write.plan_of(wish, Settings(), logins, kept)
        return [file.name for file in write.write(tmp_path, write.files_of(wish, plan), kept)]

    assert set(run(LOGINS)) == {"secrets.json", "mosquitto.conf", "access.acl", "passwords", "doorstep.env"}
    assert run(LOGINS) == []
    assert run(LOGINS[:1]) == ["access.acl", "passwords"]
    assert set(run(LOGINS[:1], "another password")) == {"secrets.json", "passwords", "doorstep.env"}
    assert run(LOGINS[:1]) == [], "it is remembered"
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert modes.pop("mosquitto.conf") & 0o044
    assert set(modes.values()) == {0o600}


def test_a_session_is_called_what_nobody_can_guess() -> None:
    made = [write.kept_in(None, None, "doorstep-ingest").client_id for _ in range(2)]
    assert made[0] != made[1]
    assert all(re.fullmatch(r"doorstep-ingest-[0-9a-f]{12}", name) for name in made)
    longest = write.kept_in(None, None, "x" * 40).client_id
    assert Settings.read({}, environ={"DOORSTEP_MQTT_CLIENT_ID": longest}).mqtt_client_id == longest
