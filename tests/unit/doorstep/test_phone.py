"""What a phone is told: its topic, its settings, the link and the code."""

from __future__ import annotations

import base64
import json
from urllib.parse import unquote

import msgspec
import pytest

from doorstep.phone import Phone, qr, topic_part

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
    phone = msgspec.structs.replace(PHONE, password=password)
    assert read(phone.link()) == phone.configuration()
    inline = phone.link().partition("?inline=")[2]
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
