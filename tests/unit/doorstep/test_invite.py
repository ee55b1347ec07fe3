"""What addresses an invitation names, and what it never tells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from api.invitations import App, Mode
from domain.errors import Rejected
from doorstep import phone
from doorstep.invite import Invites, door_url, mqtt_url
from doorstep.settings import Settings, WrongSetting


@pytest.fixture(autouse=True)
def address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phone, "guess_address", lambda: "192.168.7.7")


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({"door_port": 5055}, "http://127.0.0.1:5055"),
        ({"door_port": 5055, "listen": "0.0.0.0"}, "http://192.168.7.7:5055"),
        ({"door_port": 5055, "listen": "10.0.0.5"}, "http://10.0.0.5:5055"),
        ({"door_port": 5055, "door_cert_file": Path("door.pem")}, "https://127.0.0.1:5055"),
        ({"door_port": 5055, "door_url": "https://phones.example.com/in/"}, "https://phones.example.com/in"),
    ],
)
def test_phones_find_the_door_where_it_is_or_where_the_setting_says(settings: dict[str, Any], url: str) -> None:
    assert door_url(Settings(**settings)) == url


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({"mqtt_url": "mqtt://doorstep:s3cret@127.0.0.1:21883"}, "mqtt://127.0.0.1:21883"),
        ({"mqtt_url": "mqtt://doorstep:s3cret@127.0.0.1:21883", "listen": "0.0.0.0"}, "mqtt://192.168.7.7:21883"),
        ({"mqtt_url": "mqtts://doorstep:s3cret@broker.example.com", "listen": "0.0.0.0"}, "mqtts://broker.example.com:8883"),
        ({"mqtt_url": "mqtt://x:y@10.1.1.1:1883", "phones_mqtt_url": "mqtts://out.example.com"}, "mqtts://out.example.com:8883"),
    ],
)  # fmt: skip
def test_phones_find_the_broker_without_being_told_anybodys_password(settings: dict[str, Any], url: str) -> None:
    assert mqtt_url(Settings(**settings)) == url


def test_who_knows_better_names_host_and_port() -> None:
    settings = Settings(door_port=5055)
    assert door_url(settings, "10.0.0.9", None) == "http://10.0.0.9:5055"
    assert door_url(settings, None, 80) == "http://127.0.0.1:80"
    assert door_url(settings, "fd00::1", 80) == "http://[fd00::1]:80"


@pytest.mark.parametrize(
    ("settings", "app", "mode", "code"),
    [
        ({"door_port": 5055}, "traccar", "mqtt", "invalid_mode"),
        ({"door_port": 0}, "owntracks", "http", "conflict"),
        ({}, "traccar", "http", "conflict"),
        ({}, "owntracks", "mqtt", "conflict"),
    ],
)
def test_nobody_is_invited_where_there_is_no_way_in(settings: dict[str, Any], app: App, mode: Mode, code: str) -> None:
    with pytest.raises(Rejected) as refused:
        Invites(Settings(**settings)).check(app, mode)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "wrong",
    [
        {"DOORSTEP_DOOR_KEY_FILE": "door.key"},
        {"DOORSTEP_DOOR_URL": "phones.example.com"},
        {"DOORSTEP_PHONES_MQTT_URL": "https://mqtt.example.com"},
        {"DOORSTEP_DOOR_PORT": "70000"},
    ],
)
def test_settings_of_the_door_that_cannot_be_are_named(wrong: dict[str, str]) -> None:
    (variable,) = wrong
    with pytest.raises(WrongSetting, match=variable):
        Settings.read(environ=wrong)
