"""`doorstep broker-config`: from the registry's logins to files for a broker, and the secrets that outlive a run."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

import msgspec
import psycopg

from domain.errors import Rejected, Unavailable
from doorstep.brokers import emqx, mosquitto, nats_files
from doorstep.brokers.accounts import OWN, device_accounts, ingest_account
from doorstep.brokers.plan import File, Plan, Tls
from doorstep.embedded.broker import parse_size
from doorstep.settings import Settings
from ingest import credentials
from ingest.credentials import Login

KEPT = "secrets.json"
"""What was minted for a broker, beside its files: a later run must not lock ingest out."""

_SESSION_BYTES = 6


class Kind(msgspec.Struct, frozen=True):
    """A kind of broker: what its files are, and where they usually lie on its machine."""

    files: Callable[[Plan], list[File]]
    folder: str
    data: str


KINDS = {
    "nats": Kind(nats_files.files, "/etc/nats", "/var/lib/nats"),
    "nats-cluster": Kind(nats_files.cluster_files, "/etc/nats", "/var/lib/nats"),
    "mosquitto": Kind(mosquitto.files, "/etc/mosquitto/doorstep", "/var/lib/mosquitto"),
    "emqx": Kind(emqx.files, "/opt/emqx/etc", "/opt/emqx/data"),
}


class Kept(msgspec.Struct, frozen=True):
    """What ingest signs in with, and its hashes, which differ whenever they are made."""

    password: str
    bcrypt: str
    mosquitto_hash: str
    client_id: str
    cluster_password: str


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a person said about a broker; None: as usual."""

    kind: str
    host: str = "localhost"
    port: int = 8883
    own_port: int = 8884
    folder: PurePosixPath | None = None
    data: PurePosixPath | None = None
    cert_file: PurePosixPath | None = None
    key_file: PurePosixPath | None = None
    ca_file: PurePosixPath | None = None
    nodes: tuple[str, ...] = ()


def plan_of(wish: Wish, settings: Settings, logins: Sequence[Login], kept: Kept) -> Plan:
    """Everything that the broker is to be. Raises Rejected."""
    kind = KINDS.get(wish.kind)
    if kind is None:
        raise Rejected(f"no broker is called {wish.kind!r}; there are {', '.join(KINDS)}", code="unknown_broker")
    if wish.kind == "nats-cluster" and len(wish.nodes) < 3:
        raise Rejected("a cluster that may lose a node has three: give each one's address as --node", code="few_nodes")
    folder = wish.folder or PurePosixPath(kind.folder)
    return Plan(
        host=wish.host,
        port=wish.port,
        own_port=wish.own_port,
        tls=Tls(
            cert_file=wish.cert_file or folder / "tls.crt",
            key_file=wish.key_file or folder / "tls.key",
            ca_file=wish.ca_file,
        ),
        folder=folder,
        data=wish.data or PurePosixPath(kind.data),
        ingest=ingest_account(OWN, kept.bcrypt, kept.mosquitto_hash),
        password=kept.password,
        client_id=kept.client_id,
        devices=device_accounts(logins),
        in_flight=settings.in_flight,
        max_payload=parse_size(settings.max_payload),
        sync_interval=settings.sync_interval,
        ack_wait_s=settings.ack_wait_s,
        cluster_password=kept.cluster_password,
        nodes=wish.nodes,
    )


def files_of(wish: Wish, plan: Plan) -> list[File]:
    """The files of a plan."""
    return KINDS[wish.kind].files(plan)


def read_logins(settings: Settings) -> list[Login]:
    """The logins of devices. Raises Unavailable."""
    try:
        with psycopg.connect(settings.database_url or "") as conn:
            return credentials.listed(conn)
    except psycopg.Error as error:
        raise Unavailable(f"the logins cannot be read: {error}") from error


def kept_in(folder: Path | None, password: str | None, client_id: str) -> Kept:
    """What was minted for this folder before, else minted now. A `password` that is set counts more."""
    file = None if folder is None else folder / KEPT
    known = msgspec.json.decode(file.read_bytes(), type=Kept) if file is not None and file.exists() else None
    if known is not None and password in (None, known.password):
        return known
    said = password or (known.password if known else secrets.token_urlsafe(credentials.PASSWORD_BYTES))
    return Kept(
        password=said,
        bcrypt=credentials.bcrypt_hash(said),
        mosquitto_hash=credentials.mosquitto_hash(said),
        client_id=known.client_id if known else f"{client_id[:27]}-{secrets.token_hex(_SESSION_BYTES)}",
        cluster_password=known.cluster_password if known else secrets.token_hex(24),
    )


def write(folder: Path, files: Sequence[File], kept: Kept) -> list[Path]:
    """Write what differs, each file whole or not at all; those written. Secret ones are for their owner only."""
    folder.mkdir(parents=True, exist_ok=True)  # a broker that is another user has to get in
    remembered = File(name=KEPT, text=msgspec.json.format(msgspec.json.encode(kept)).decode() + "\n", secret=True)
    written = []
    for file in (remembered, *files):
        place = folder / file.name
        if place.exists() and place.read_text() == file.text:
            continue
        fresh = place.with_name(place.name + ".new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if file.secret else 0o644), "w") as out:
            out.write(file.text)
        if place.exists():  # a broker that is another user was given them by hand
            old = place.stat()
            os.chmod(fresh, old.st_mode & 0o777)
            if os.geteuid() == 0:
                os.chown(fresh, old.st_uid, old.st_gid)
        fresh.replace(place)
        written.append(place)
    return written


def shown(files: Sequence[File], *, with_secrets: bool) -> str:
    """The files for a terminal; secret ones only where they are asked for."""
    parts = []
    for file in files:
        text = file.text
        if file.secret and not with_secrets:
            lines = len(re.findall("\n", text))
            text = f"# {lines} lines with secrets: written with --out, shown with --secrets\n"
        parts.append(f"# ===== {file.name} =====\n{text}")
    return "\n".join(parts)
