"""Invitations: what a worker's phone is told to speak for them, through OwnTracks or Traccar Client.

Names of settings are those of the apps: OwnTracks' booklet ("JSON", configuration), and the parameters that Traccar
Client takes from a link (its `ConfigurationService`, 9.7). Both apps ask before they take a link's settings over.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import psycopg
import segno

from api.invitations import App, Invitation, KnownLogin, Mode, NewLogin, Setting
from domain.errors import NotFound, Rejected, Unavailable
from doorstep import phone
from doorstep.phone import FIX_EVERY_M, FIX_EVERY_S, Phone, topic_part
from doorstep.settings import LOOPBACK, Settings
from ingest import credentials
from ingest.codecs.owntracks import device_of
from ingest.credentials import Minted

HEARTBEAT_S = 300
"""How often Traccar Client tells where a phone rests; without it a phone that rests and one that is off look alike."""

_HTTP = 3
_MQTT_PORTS = {"mqtt": 1883, "mqtts": 8883}
_MQTT_ONLY = (
    "mqttProtocolLevel",
    "host",
    "port",
    "tls",
    "clientId",
    "subTopic",
    "cmd",
    "pubQos",
    "pubRetain",
    "cleanSession",
    "keepalive",
)


class Invites:
    """See `api.invitations.Phones`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def device_of(self, worker: str, name: str) -> str:
        """See Phones."""
        return device_of(f"owntracks/{topic_part(worker)}/{name}")

    def check(self, app: App, mode: Mode) -> None:
        """See Phones."""
        if app == "traccar" and mode == "mqtt":
            raise Rejected("Traccar Client speaks HTTP only", code="invalid_mode")
        if mode == "http" and not (self._settings.door_url or self._settings.door_port):
            raise Rejected("this cell has no HTTP door: set DOORSTEP_DOOR_PORT or DOORSTEP_DOOR_URL", code="conflict")
        if mode == "mqtt" and not (self._settings.phones_mqtt_url or self._settings.mqtt_url):
            raise Rejected("it is not known how phones reach the broker: DOORSTEP_PHONES_MQTT_URL", code="conflict")

    def invite(self, worker: str, name: str, app: App, mode: Mode, *, host: str | None, port: int | None) -> Invitation:
        """See Phones."""
        self.check(app, mode)
        device = self.device_of(worker, name)
        with self._connected() as conn:
            minted = credentials.mint(conn, device, credentials.topics_of(device))
        if app == "traccar":
            return _traccar(device, minted, door_url(self._settings, host, port))
        if mode == "http":
            return _owntracks_http(worker, name, minted, door_url(self._settings, host, port))
        return _owntracks_mqtt(worker, name, minted, mqtt_url(self._settings, host, port))

    def logins(self, device: str) -> Sequence[KnownLogin]:
        """See Phones."""
        with self._connected() as conn:
            return [
                KnownLogin(
                    login=each.login,
                    device=each.device,
                    topics=each.topics,
                    created_at=each.created_at,
                    revoked_at=each.revoked_at,
                )
                for each in credentials.listed(conn, device)
            ]

    def mint(self, device: str, topics: Sequence[str] | None) -> NewLogin:
        """See Phones."""
        allowed = credentials.topics_of(device) if topics is None else tuple(topics)
        with self._connected() as conn:
            minted = credentials.mint(conn, device, allowed)
        return NewLogin(login=minted.login, password=minted.password, topics=allowed)

    def revoke(self, device: str, login: str) -> None:
        """See Phones."""
        with self._connected() as conn:
            if all(each.login != login for each in credentials.listed(conn, device)):
                raise NotFound(f"device {device} has no login {login}")
            credentials.revoke(conn, login)

    def set_key(self, device: str, secret: str | None) -> None:
        """See Phones."""
        with self._connected() as conn:
            if secret is None:
                credentials.drop_key(conn, device)
            else:
                credentials.set_key(conn, device, secret.encode())

    @contextmanager
    def _connected(self) -> Iterator[credentials.Connection]:
        try:
            with psycopg.connect(
                self._settings.database_url or "",
                autocommit=True,
                connect_timeout=max(2, round(self._settings.checkout_s)),
                options=f"-c statement_timeout={round(self._settings.query_timeout_s * 1_000)}",
            ) as conn:
                yield conn
        except psycopg.OperationalError as error:
            raise Unavailable(f"the database does not answer: {error}") from error


def door_url(settings: Settings, host: str | None = None, port: int | None = None) -> str:
    """How phones reach the HTTP door, without a slash at its end."""
    if settings.door_url is not None:
        url = settings.door_url.rstrip("/")
    else:
        scheme = "https" if settings.door_cert_file else "http"
        url = f"{scheme}://{_host(settings)}:{settings.door_port}"
    return _elsewhere(url, host, port)


def mqtt_url(settings: Settings, host: str | None = None, port: int | None = None) -> str:
    """How phones reach the broker: mqtt://host:port or mqtts://…, without anybody's password."""
    url = settings.phones_mqtt_url or settings.mqtt_url or ""
    parts = urlsplit(url)
    found = parts.hostname or ""
    if settings.phones_mqtt_url is None and found in LOOPBACK and settings.listen not in LOOPBACK:
        found = _host(settings)  # the embedded one, as this machine sees it
    return _elsewhere(f"{parts.scheme}://{found}:{parts.port or _MQTT_PORTS[parts.scheme]}", host, port)


def _host(settings: Settings) -> str:
    return phone.guess_address() if settings.listen in ("0.0.0.0", "::") else settings.listen


def _elsewhere(url: str, host: str | None, port: int | None) -> str:
    if host is None and port is None:
        return url
    parts = urlsplit(url)
    named, where = host or parts.hostname or "", port or parts.port
    bracketed = f"[{named}]" if ":" in named else named
    return urlunsplit(parts._replace(netloc=bracketed + (f":{where}" if where else "")))


def _phone(worker: str, name: str, minted: Minted, url: str) -> Phone:
    parts = urlsplit(url)
    return Phone(
        worker=worker,
        user=topic_part(worker),
        name=name,
        host=parts.hostname or "",
        port=parts.port or 0,
        tls=parts.scheme == "mqtts",
        username=minted.login,
        password=minted.password,
    )


def _owntracks_mqtt(worker: str, name: str, minted: Minted, url: str) -> Invitation:
    known = _phone(worker, name, minted, url)
    fields = [
        Setting("mode", "MQTT"),
        Setting("host", known.host),
        Setting("port", str(known.port)),
        Setting("tls", "on" if known.tls else "off"),
        Setting("username", minted.login),
        Setting("password", minted.password),
        Setting("client_id", f"owntracks-{known.user}-{known.name}"),
        Setting("device_id", known.name),
        Setting("topic", known.topic),
    ]
    return _owntracks("mqtt", known, minted, known.configuration(), fields)


def _owntracks_http(worker: str, name: str, minted: Minted, url: str) -> Invitation:
    """The topic goes along in each message: it is the device's, so nothing contradicts the login."""
    known = _phone(worker, name, minted, url)
    configuration = {name: value for name, value in known.configuration().items() if name not in _MQTT_ONLY}
    configuration |= {"mode": _HTTP, "url": f"{url}/owntracks"}
    fields = [
        Setting("mode", "HTTP"),
        Setting("url", f"{url}/owntracks"),
        Setting("username", minted.login),
        Setting("password", minted.password),
        Setting("device_id", known.name),
        Setting("topic", known.topic),
    ]
    return _owntracks("http", known, minted, configuration, fields)


def _owntracks(
    mode: Mode, known: Phone, minted: Minted, configuration: dict[str, Any], fields: Sequence[Setting]
) -> Invitation:
    link = phone.inline(configuration)
    return Invitation(
        app="owntracks",
        mode=mode,
        device=known.device,
        login=minted.login,
        link=link,
        qr_svg=qr_svg(link),
        settings=fields,
        configuration=json.dumps(configuration, indent=1),
        near=known.host in LOOPBACK,
    )


def _traccar(device: str, minted: Minted, url: str) -> Invitation:
    """The login is in the address, which is all that the app can be given. Only at the highest accuracy does it count
    time; it goes by whichever of time and distance comes first. Tracking itself is switched on by hand."""
    address = f"{url}/osmand/{minted.login}/{minted.password}"
    options = {
        "url": address,
        "id": device,
        "accuracy": "highest",
        "interval": FIX_EVERY_S,
        "distance": FIX_EVERY_M,
        "heartbeat": HEARTBEAT_S,
        "buffer": "true",
        "wakelock": "true",
    }
    link = f"org.traccar.client://config?{urlencode(options, quote_via=quote, safe='')}"
    fields = [
        Setting("server_url", address),
        Setting("device_identifier", device),
        Setting("accuracy", "highest"),
        Setting("interval_s", str(FIX_EVERY_S)),
        Setting("distance_m", str(FIX_EVERY_M)),
        Setting("heartbeat_s", str(HEARTBEAT_S)),
        Setting("buffer", "on"),
        Setting("wakelock", "on"),
    ]
    return Invitation(
        app="traccar",
        mode="http",
        device=device,
        login=minted.login,
        link=link,
        qr_svg=qr_svg(link),
        settings=fields,
        configuration=None,
        near=(urlsplit(url).hostname or "") in LOOPBACK,
    )


def qr_svg(text: str) -> str:
    """A QR code as an SVG element, black on white whatever the page's colours, sized by whoever shows it."""
    drawn = io.BytesIO()
    code = segno.make_qr(text, error="l", boost_error=False)
    code.save(drawn, kind="svg", border=4, light="#fff", xmldecl=False, svgns=True, omitsize=True, nl=False)
    return drawn.getvalue().decode()
