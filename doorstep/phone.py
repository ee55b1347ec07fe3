"""`doorstep phone`: a worker's own phone as a device of the running cell, set up by the OwnTracks app's own QR code.

Names of the app's settings are those of its booklet ("JSON", configuration) and of its Android preferences.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import httpx
import msgspec
import segno

from domain.errors import NotFound, Rejected, Unavailable
from domain.ids import DEVICE
from domain.time import DAY_MS, Ms, from_datetime, isoformat
from doorstep.bootstrap import Running, staff_token
from doorstep.settings import LOOPBACK, Settings, WrongSetting
from ingest.codecs.owntracks import device_of

KEEPALIVE_S = 120
"""A lost phone is noticed after 1.5 times this (its last will); a shorter one costs battery."""

FIX_EVERY_S = 30
"""In the mode `move`: twice within a minute's walk of a door."""

FIX_EVERY_M = 50

_MOVE = 2
_MQTT_3_1_1 = 4
_DEVICE_MOST = 32
_PORTS = {"mqtt": 1883, "mqtts": 8883}
_ELSEWHERE = ("192.0.2.1", 9)
"""An address of documentation (RFC 5737): a UDP socket to it sends nothing, and learns which of ours faces the net."""


class Phone(msgspec.Struct, frozen=True, kw_only=True):
    """A phone and how it signs in. `user` and `name` are the parts of its topic; both fit any broker's topics."""

    worker: str
    user: str
    name: str
    host: str
    port: int
    tls: bool
    username: str
    password: str

    @property
    def topic(self) -> str:
        """Where it publishes."""
        return f"owntracks/{self.user}/{self.name}"

    @property
    def device(self) -> str:
        """Its id in the registry."""
        return device_of(self.topic)

    def configuration(self) -> dict[str, Any]:
        """What OwnTracks imports. Without a protocol level Android speaks MQTT 3.1, which NATS refuses; `subTopic`
        keeps it from asking where all the other phones are."""
        return {
            "_type": "configuration",
            "mode": 0,  # MQTT; 3 is HTTP
            "mqttProtocolLevel": _MQTT_3_1_1,
            "host": self.host,
            "port": self.port,
            "tls": self.tls,
            "auth": bool(self.username),
            "username": self.username,
            "password": self.password,
            "clientId": f"owntracks-{self.user}-{self.name}",
            "deviceId": self.name,
            "tid": re.sub("[^A-Za-z0-9]", "", self.worker)[-2:] or "dd",
            "pubTopicBase": self.topic,
            "subTopic": f"{self.topic}/cmd",
            "cmd": False,
            "pubQos": 1,
            "pubRetain": False,
            "cleanSession": False,
            "keepalive": KEEPALIVE_S,
            "monitoring": _MOVE,
            "moveModeLocatorInterval": FIX_EVERY_S,  # Android
            "locatorInterval": FIX_EVERY_S,  # iOS
            "locatorDisplacement": FIX_EVERY_M,
        }

    def link(self) -> str:
        """The configuration as a link that the app opens."""
        return inline(self.configuration())

    def lines(self, *, guessed: bool = False) -> list[str]:
        """All that somebody with the phone in their hand needs."""
        near = self.host in LOOPBACK
        host = self.host + ("  (guessed; another: --host)" if guessed else "")
        return [
            f"worker    {self.worker}",
            f"device    {self.device}",
            f"host      {host}",
            f"port      {self.port}",
            f"TLS       {'yes' if self.tls else 'no'}",
            f"user      {self.username or '(none)'}",
            f"password  {self.password or '(none)'}",
            f"topic     {self.topic}",
            *(["", "Only this machine can reach that host. Start `doorstep up --listen 0.0.0.0`."] if near else []),
            "",
            self.link(),
            "",
            qr(self.link()),
        ]


def phone_of(settings: Settings, worker: str, *, name: str, host: str | None, port: int | None) -> tuple[Phone, bool]:
    """The phone of a worker at the running cell; and whether its host was guessed. Raises WrongSetting."""
    running = Running.find(settings)
    if running is None:
        raise WrongSetting(f"nothing runs on {settings.home}: start `doorstep up` first")
    if not DEVICE.fullmatch(name) or len(name) > _DEVICE_MOST:
        raise WrongSetting(f"--device {name!r}: 1 to {_DEVICE_MOST} of letters, digits, _ -")
    if not running.phones_url:
        raise WrongSetting("phones share no login at this broker; each is invited with one of its own")
    url = urlsplit(running.phones_url)
    guessed = host is None and running.listen in ("0.0.0.0", "::")
    phone = Phone(
        worker=worker,
        user=topic_part(worker),
        name=name,
        host=host or (guess_address() if guessed else url.hostname or ""),
        port=port or url.port or _PORTS[url.scheme],
        tls=url.scheme == "mqtts",
        username=unquote(url.username or ""),
        password=unquote(url.password or ""),
    )
    return phone, guessed


def bind(settings: Settings, phone: Phone, called: str | None) -> None:
    """Let the phone speak for its worker from the day before on, for it may hold fixes already; enter the worker where
    there is none and they are `called` something. Raises NotFound, Rejected, Unavailable."""
    with _api(settings) as http:
        from_ms = _enter(http, phone.worker, called)
        binding = {"worker": phone.worker, "from": isoformat(from_ms)}
        _ask(http, "POST", f"/v1/devices/{phone.device}/bindings", json=binding)


def invite(settings: Settings, worker: str, called: str | None, asked: dict[str, Any]) -> list[str]:
    """The same with a login of the phone's own, over HTTP where that is `asked`: what to print. Raises as `bind`."""
    with _api(settings) as http:
        from_ms = _enter(http, worker, called)
        path = f"/v1/workers/{worker}/invites"
        made = _ask(http, "POST", path, json={**asked, "from": isoformat(from_ms)})
    fields = [(each["name"].replace("_", " "), each["value"]) for each in made["settings"]]
    wide = max(len(name) for name, _ in fields)
    near = "Only this machine can reach that address. Start `doorstep up --listen 0.0.0.0`."
    return [
        *(f"{name:<{wide}}  {value}" for name, value in [("worker", worker), ("device", made["device"]), *fields]),
        "",
        near if made["near"] else "Another address, where phones do not reach this one: --host, --port.",
        "",
        made["link"],
        "",
        qr(made["link"]),
    ]


@contextmanager
def _api(settings: Settings) -> Iterator[httpx.Client]:
    """The running cell's API, asked as staff. Raises WrongSetting."""
    running = Running.find(settings)
    if running is None:
        raise WrongSetting(f"nothing runs on {settings.home}: start `doorstep up` first")
    headers = {"Authorization": f"Bearer {staff_token(settings)}"}
    with httpx.Client(base_url=running.api_url, headers=headers, timeout=settings.query_timeout_s) as http:
        yield http


def _enter(http: httpx.Client, worker: str, called: str | None) -> Ms:
    """Enter a worker where there is none; since when a phone may hold fixes of theirs. Raises NotFound."""
    now = _ask(http, "GET", "/v1/clock")["now"]
    from_ms = Ms(from_datetime(datetime.fromisoformat(now)) // DAY_MS * DAY_MS - DAY_MS)
    if not _is_known(http, worker, from_ms):
        if called is None:
            raise NotFound(f"there is no worker {worker}; enter them with --name")
        _ask(http, "POST", "/v1/workers", json={"worker": worker, "name": called})
    return from_ms


def inline(configuration: dict[str, Any]) -> str:
    """A configuration of OwnTracks as a link that the app opens. What a query may not hold of base64 is quoted: both
    apps unquote it, and Android's would read a bare + as a space."""
    text = json.dumps(configuration, separators=(",", ":")).encode()
    return f"owntracks:///config?inline={quote(base64.b64encode(text).decode(), safe='')}"


def guess_address() -> str:
    """The address of this machine that faces its network; loopback where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def qr(text: str) -> str:
    """A QR code in half blocks, for a terminal with light letters on dark."""
    drawn = io.StringIO()
    segno.make_qr(text, error="l", boost_error=False).terminal(drawn, border=2, compact=True)
    return drawn.getvalue().rstrip("\n")


def topic_part(worker: str) -> str:
    """The worker's key in a topic; where that would need quoting, something like it that is no other worker's."""
    if DEVICE.fullmatch(worker):
        return worker
    digest = hashlib.blake2b(worker.encode(), digest_size=4).hexdigest()
    return f"{re.sub('[^A-Za-z0-9_-]', '-', worker)[:48]}-{digest}"


def _is_known(http: httpx.Client, worker: str, at_ms: int) -> bool:
    """Whether the cell has a worker: it shows the track of none that it has not."""
    moment = {"from": isoformat(at_ms), "to": isoformat(at_ms + 1)}
    return _ask(http, "GET", f"/v1/workers/{worker}/track", params=moment, also=404) is not None


def _ask(http: httpx.Client, method: str, path: str, *, also: int = 0, **options: Any) -> Any:
    """What the API answers; None for the status `also`. Raises Rejected, Unavailable."""
    try:
        answer = http.request(method, path, **options)
    except httpx.HTTPError as error:
        raise Unavailable(f"the API does not answer: {error}") from error
    if answer.status_code == also:
        return None
    if answer.is_error:
        refusal = Unavailable if answer.is_server_error else Rejected
        raise refusal(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
    return answer.json()
