"""What a phone is told: its topic, its settings, the link and the code."""

from __future__ import annotations

import base64
import json
from ipaddress import IPv4Address
from pathlib import Path
from urllib.parse import unquote

import msgspec
import pytest

from doorstep import phone
from doorstep.bootstrap import Running
from doorstep.embedded.broker import near_host
from doorstep.phone import Phone, qr, topic_part
from doorstep.settings import Settings, WrongSetting

PHONE = Phone(
    worker="w-li",
    user="w-li",
    name="phone",
    host="192.168.1.20",
    port=1883,
    tls=False,
    username="device",
    password="s3cret??>>/+=&密",
)


def read(link: str) -> dict[str, object]:
    """As both apps do: unquoted, then base64."""
    head, _, inline = link.partition("?inline=")
    assert head == "owntracks:///config"
    return dict(json.loads(base64.b64decode(unquote(inline), validate=True)))


@pytest.mark.parametrize("password", [PHONE.password, *("x" * length for length in range(8, 12))])
def test_the_link_carries_the_configuration_whole(password: str) -> None:
    signed = msgspec.structs.replace(PHONE, password=password)
    assert read(signed.link()) == signed.configuration()
    inline = signed.link().partition("?inline=")[2]
    assert not set(inline) & set("+/=&#? "), "a query would end or change there"


def test_the_phone_speaks_what_the_broker_understands_and_asks_for_nobody_elses_position() -> None:
    said = PHONE.configuration()
    assert (said["mode"], said["mqttProtocolLevel"], said["pubQos"], said["cleanSession"]) == (0, 4, 1, False)
    assert (said["pubTopicBase"], said["subTopic"]) == ("owntracks/w-li/phone", "owntracks/w-li/phone/cmd")
    assert said["pubRetain"] is False
    assert PHONE.device == "w-li.phone"


def test_a_broker_without_users_is_not_given_one() -> None:
    said = msgspec.structs.replace(PHONE, username="", password="").configuration()
    assert said["auth"] is False


def test_two_workers_never_share_a_topic_and_none_needs_quoting() -> None:
    workers = ["w-li", "w.li", "w:li", "w_li", "w" * 64, "w." * 32]
    parts = [topic_part(worker) for worker in workers]
    assert len(set(parts)) == len(workers)
    assert parts[0] == "w-li"
    assert all(len(part) <= 64 and not set(part) & set(".:~") for part in parts)


def test_the_code_is_drawn_in_lines_of_one_width_that_differ_with_the_text() -> None:
    lines = qr(PHONE.link()).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert len(lines) == (len(lines[0]) + 1) // 2
    assert len(lines[0]) < 100, "wider than most terminals can be made"
    assert set("".join(lines)) <= set("█▀▄ ")
    assert qr(PHONE.link()) != qr(PHONE.link() + "x")


def test_who_can_only_be_reached_from_here_is_told_so() -> None:
    near = msgspec.structs.replace(PHONE, host="127.0.0.1")
    assert any("--listen" in line for line in near.lines())
    assert not any("--listen" in line for line in PHONE.lines())
    assert any("guessed" in line for line in PHONE.lines(guessed=True))


@pytest.mark.parametrize(
    ("listen", "asked", "host", "guessed"),
    [
        ("0.0.0.0", None, "192.168.7.7", True),
        ("0.0.0.0", "10.0.0.5", "10.0.0.5", False),
        ("192.168.1.5", None, "192.168.1.5", False),
        ("127.0.0.1", None, "127.0.0.1", False),
    ],
)
def test_the_host_is_the_one_listened_on_and_guessed_where_that_is_everywhere(
    monkeypatch: pytest.MonkeyPatch, listen: str, asked: str | None, host: str, guessed: bool
) -> None:
    url = f"mqtt://device:p%40ss@{near_host(listen)}:21883"
    running = Running(
        pid=1, database_url="", mqtt_url="mqtt://x:y@z", api_url="", processes={}, listen=listen, phones_url=url
    )
    monkeypatch.setattr(Running, "find", lambda _settings: running)
    monkeypatch.setattr(phone, "guess_address", lambda: "192.168.7.7")
    found, was_guessed = phone.phone_of(Settings(), "w-li", name="phone", host=asked, port=None)
    assert (found.host, was_guessed) == (host, guessed)
    assert (found.port, found.tls, found.username, found.password) == (21883, False, "device", "p@ss")


def test_a_guess_is_an_address() -> None:
    assert IPv4Address(phone.guess_address())


def test_where_nothing_runs_the_way_to_start_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="doorstep up"):
        phone.phone_of(Settings(home=tmp_path), "w-li", name="phone", host=None, port=None)
