"""A real phone in five minutes, with a client that does exactly what the app's configuration says."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from domain.errors import NotFound
from doorstep.bootstrap import Running, staff_token
from doorstep.embedded.mqtt_probe import accepts_mqtt
from doorstep.phone import bind, phone_of, qr
from doorstep.settings import Settings, inherited_environ
from eventlog.clock import wall_ms
from tests.integration.doorstep.parents import ROOT, eventually
from tests.integration.doorstep.test_supervisor import up

LIMIT_S = 20.0
CAPTURED = json.loads((ROOT / "tests/unit/ingest/codecs/captured_owntracks.json").read_bytes())


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Its clock ticks often, or the test waits for it."""
    ports = {"postgres_port": 24_350, "broker_port": 21_890, "api_port": 28_350}
    return Settings(
        home=tmp_path / "home",
        listen="127.0.0.1",
        password="correct horse",
        device_password="shared secret",
        tick_every_s=0.2,
        **ports,
    )


class App:
    """An MQTT client as an OwnTracks configuration describes it."""

    def __init__(self, said: dict[str, Any]) -> None:
        self.granted: list[int] = []
        self._said = said
        self._connected, self._subscribed = threading.Event(), threading.Event()
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=said["clientId"],
            clean_session=said["cleanSession"],
            protocol=mqtt.MQTTv311 if said["mqttProtocolLevel"] == 4 else mqtt.MQTTv31,
        )
        if said["auth"]:
            self.client.username_pw_set(said["username"], said["password"])
        self.client.will_set(said["pubTopicBase"], b'{"_type":"lwt"}')
        self.client.on_connect = lambda *_: self._connected.set()
        self.client.on_subscribe = lambda _client, _data, _mid, granted, _properties: self._note(granted)

    def __enter__(self) -> App:
        self.client.connect(self._said["host"], self._said["port"], self._said["keepalive"])
        self.client.loop_start()
        assert self._connected.wait(LIMIT_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def publish(self, message: dict[str, Any], suffix: str = "") -> None:
        said = self._said
        sent = self.client.publish(
            said["pubTopicBase"] + suffix, json.dumps(message), said["pubQos"], said["pubRetain"]
        )
        sent.wait_for_publish(LIMIT_S)

    def subscribe(self, topic: str) -> int:
        self._subscribed.clear()
        self.client.subscribe(topic, 1)
        assert self._subscribed.wait(LIMIT_S)
        return self.granted[-1]

    def _note(self, granted: list[Any]) -> None:
        self.granted += [reason.value for reason in granted]
        self._subscribed.set()


@pytest.fixture
def api(settings: Settings) -> Iterator[httpx.Client]:
    """The API of a cell that was started as the README says."""
    with up(settings):
        found = Running.find(settings)
        assert found is not None
        headers = {"Authorization": f"Bearer {staff_token(settings)}"}
        with httpx.Client(base_url=found.api_url, headers=headers) as http:
            yield http


def printed(settings: Settings, *arguments: str) -> str:
    environ = {**inherited_environ(), **settings.to_environ()}
    command = [sys.executable, "-m", "doorstep.cli", "phone", *arguments]
    return subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_a_phone_set_up_by_its_code_shows_where_its_worker_is(settings: Settings, api: httpx.Client) -> None:
    text = printed(settings, "w-li", "--name", "李阿姨")
    link = next(line for line in text.splitlines() if line.startswith("owntracks:"))
    assert qr(link) in text
    said = json.loads(base64.b64decode(unquote(link.partition("?inline=")[2]), validate=True))
    assert said["password"] != settings.password, "the phone gets a password that opens less"

    now_s = wall_ms() // 1_000
    with App(said) as app:
        assert app.subscribe(said["subTopic"]) == 1
        assert app.subscribe("owntracks/+/+") == 0x80, "where the others are is none of its business"
        app.publish(CAPTURED["android_move"] | {"tst": now_s, "created_at": now_s})
        app.publish(CAPTURED["transition"] | {"tst": now_s}, "/event")

    devices = ["w-li.phone"]

    def position() -> dict[str, Any] | None:
        (worker,) = api.get("/v1/workers").json()["items"]
        if sorted(worker["devices"]) != sorted(devices):
            return None
        assert (worker["worker"], worker["name"]) == ("w-li", "李阿姨")
        found: dict[str, Any] | None = worker["position"]
        return found

    eventually(lambda: position() is not None, "the worker's position is known", LIMIT_S)
    where = position()
    assert where is not None
    assert (where["lat"], where["lon"], where["accuracy_m"]) == (31.2301534, 121.4703121, 12.0)
    assert (where["battery_pct"], round(where["speed_mps"], 2)) == (93, 11.67)

    again, guessed = phone_of(settings, "w-li", name="phone", host=None, port=None)
    assert (again.link(), guessed) == (link, False)
    stranger, _ = phone_of(settings, "w-none", name="phone", host=None, port=None)
    with pytest.raises(NotFound, match="--name"):
        bind(settings, stranger, None)

    text = printed(settings, "w-li", "--app", "traccar", "--device", "second")
    devices.append("w-li.second")
    link = next(line for line in text.splitlines() if line.startswith("org.traccar.client:"))
    assert qr(link) in text
    given = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    fix = {"id": given["id"], "lat": 31.2, "lon": 121.5, "timestamp": now_s + 1, "accuracy": 8}
    assert httpx.post(given["url"], data=fix, timeout=LIMIT_S).status_code == 200, "heard at the door of `up`"
    assert httpx.post(given["url"][:-1], data=fix, timeout=LIMIT_S).status_code == 401
    eventually(lambda: (position() or {}).get("lon") == 121.5, "the second phone is where its worker is", LIMIT_S)

    # By invitation, over MQTT and with a login of its own.
    made = api.post("/v1/workers/w-li/invites", json={"app": "owntracks", "mode": "mqtt", "device": "third"}).json()
    devices.append("w-li.third")
    said = json.loads(made["configuration"])
    signed = (said["username"], said["password"])
    eventually(lambda: accepts_mqtt(said["host"], said["port"], signed, 5.0), "the login counts at the broker", LIMIT_S)
    with App(said) as app:
        assert app.subscribe(said["subTopic"]) == 1
        after_s = wall_ms() // 1_000 + 1  # it speaks for its worker since the invitation
        app.publish(CAPTURED["android_move"] | {"tst": after_s, "created_at": after_s, "lon": 121.6})
    eventually(lambda: (position() or {}).get("lon") == 121.6, "the third phone is where its worker is", LIMIT_S)
