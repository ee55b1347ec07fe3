"""Real brokers that run what `doorstep broker-config` writes, with certificates and logins made for the test."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
import pytest

from domain.time import to_datetime
from doorstep.brokers import write
from doorstep.brokers.write import KEPT, Kept, Wish
from doorstep.embedded.broker import find_program
from doorstep.embedded.folder import choose_port
from doorstep.settings import Settings
from eventlog.clock import wall_ms
from ingest.credentials import Login, bcrypt_hash, mosquitto_hash
from tests.integration.doorstep.parents import ROOT, eventually

KINDS = ("nats", "mosquitto")
LIMIT_S = 60.0
ACK_WAIT_S = 1.0
"""After this NATS redelivers; Mosquitto does so when a session comes back."""


class Certificates:
    """An authority, and certificates that it signed: `server` for 127.0.0.1, and `client`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        self._openssl("req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca", "-days", "2")
        (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
        for name in ("server", "client"):
            self._openssl("req", *new_key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
            signing = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names", "-days", "2")
            self._openssl("x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.pem", *signing)

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def path(self, name: str) -> Path:
        return self.folder / name


class Phone(msgspec.Struct, frozen=True):
    """A login of a device, with its password."""

    login: Login
    password: str


def phone(name: str, *topics: str, device: str | None = None) -> Phone:
    """A login that may publish on these topics and below them."""
    password = secrets.token_urlsafe(12)
    login = Login(
        login=name,
        device=device or name,
        topics=tuple(spelt for topic in topics for spelt in (topic, f"{topic}/#")),
        bcrypt=bcrypt_hash(password),
        mosquitto_hash=mosquitto_hash(password),
        created_at=to_datetime(wall_ms()),
        revoked_at=None,
    )
    return Phone(login, password)


class Broker:
    """A broker of a kind, with the configuration that is written for it. `demand_certificates` of every client."""

    def __init__(
        self, kind: str, folder: Path, certificates: Certificates, *, demand_certificates: bool = False
    ) -> None:
        self.kind = kind
        self.folder = folder
        self.certificates = certificates
        self.port, self.own_port = choose_port(None), choose_port(None)
        if kind == "nats":
            self.own_port = self.port
        self.demands_certificates = demand_certificates
        self.wish = Wish(
            kind=kind,
            host="127.0.0.1",
            port=self.port,
            own_port=self.own_port,
            folder=PurePosixPath(folder),
            data=PurePosixPath(folder / "data"),
            cert_file=PurePosixPath(certificates.path("server.pem")),
            key_file=PurePosixPath(certificates.path("server.key")),
            ca_file=PurePosixPath(certificates.path("ca.pem")) if demand_certificates else None,
        )
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "data").mkdir(parents=True)

    @property
    def kept(self) -> Kept:
        """How ingest signs in."""
        return msgspec.json.decode((self.folder / KEPT).read_bytes(), type=Kept)

    @property
    def url(self) -> str:
        """How ingest reaches it."""
        return f"mqtts://doorstep:{self.kept.password}@127.0.0.1:{self.own_port}"

    def write(self, phones: Sequence[Phone], **changes: Any) -> None:
        """As `doorstep broker-config KIND --out` does."""
        settings = Settings(ack_wait_s=ACK_WAIT_S, sync_interval="1s", **changes)
        kept = write.kept_in(self.folder, None, "ingest")
        plan = write.plan_of(self.wish, settings, [phone.login for phone in phones], kept)
        write.write(self.folder, write.files_of(self.wish, plan), kept)

    def start(self) -> None:
        """Run the server on what was written; what a test must have otherwise is set beside it."""
        command, environ = _COMMANDS[self.kind](self.folder)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=environ)
        eventually(lambda: self._listens() or self._has_ended(), "the broker listens", LIMIT_S)
        assert not self._has_ended(), (self.folder / "log").read_text()

    def read_again(self) -> None:
        """Tell the running server that its configuration has changed."""
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    def end(self, number: signal.Signals) -> None:
        """End the server by a signal."""
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(30)

    def stop(self) -> None:
        if self._process is not None:
            self.end(signal.SIGTERM)

    def _has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _listens(self) -> bool:
        """On both doors: they are opened one after the other."""
        for port in (self.port, self.own_port):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) != 0:
                    return False
        return True


def mosquitto_program() -> tuple[Path, Mapping[str, str]]:
    """The installed Mosquitto, else the one that scripts/fetch_mosquitto.sh unpacked; skips where there is none."""
    for place in (shutil.which("mosquitto"), "/usr/sbin/mosquitto"):
        if place and Path(place).exists():
            return Path(place), {}
    unpacked = ROOT / ".venv/mosquitto"
    program = unpacked / "usr/sbin/mosquitto"
    if program.exists():
        libraries = [str(folder) for part in ("lib", "usr/lib") for folder in (unpacked / part).glob("*-linux-gnu")]
        return program, {"LD_LIBRARY_PATH": ":".join(libraries)}
    reason = "no Mosquitto here: install Debian's package, or run scripts/fetch_mosquitto.sh"
    if Settings.read().require_mosquitto:
        pytest.fail(reason)
    pytest.skip(reason)


def _nats(folder: Path) -> tuple[list[str], Mapping[str, str]]:
    # Its own protocol and the health check have fixed ports, which another broker on this machine may have.
    text = (folder / "nats.conf").read_text()
    for written, here in (("port: 4222", "port: -1"), ('http: "127.0.0.1:8222"', "")):
        assert written in text
        text = text.replace(written, here)
    (folder / "here.conf").write_text(text)
    return [str(find_program()), "--config", str(folder / "here.conf")], {}


def _mosquitto(folder: Path) -> tuple[list[str], Mapping[str, str]]:
    # As root it would become the user `mosquitto`, whom this machine may lack.
    program, environ = mosquitto_program()
    text = (folder / "mosquitto.conf").read_text()
    (folder / "here.conf").write_text(("user root\n" if os.geteuid() == 0 else "") + text)
    return [str(program), "-c", str(folder / "here.conf")], environ


_COMMANDS: Mapping[str, Callable[[Path], tuple[list[str], Mapping[str, str]]]] = {
    "nats": _nats,
    "mosquitto": _mosquitto,
}
