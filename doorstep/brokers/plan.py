"""Everything that a broker's configuration is made of, whatever the kind, and the files that it becomes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import quote

import msgspec

from doorstep.brokers.accounts import Account

RECONNECT_STORM_S = 30
"""How long a client may take to sign in. After a restart all devices come at once, and each password costs about 2 ms
of a core: NATS' own limit of 2 s would turn most of 10 000 away again and again."""


class Tls(msgspec.Struct, frozen=True, kw_only=True):
    """Certificates, by their paths on the broker's machine. `cert_file` holds the whole chain; with `ca_file` each
    client has to show a certificate that this authority signed, besides its password."""

    cert_file: PurePosixPath
    key_file: PurePosixPath
    ca_file: PurePosixPath | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a broker is to be. `folder`: where its files will lie on its machine; `host`: the name in its certificate;
    `own_port`: where a broker with two doors lets ingest in."""

    host: str
    port: int
    own_port: int
    tls: Tls
    folder: PurePosixPath
    data: PurePosixPath
    ingest: Account
    password: str
    client_id: str
    devices: Sequence[Account]
    in_flight: int
    max_payload: int
    sync_interval: str
    ack_wait_s: float
    cluster_password: str = ""
    nodes: Sequence[str] = ()


class File(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a configuration. A `secret` one holds passwords or their hashes: for its owner only."""

    name: str
    text: str
    secret: bool = False


def role_environ(plan: Plan, port: int) -> File:
    """What the roles of Doorstep need to sign in, as variables."""
    url = f"mqtts://{quote(plan.ingest.name)}:{quote(plan.password, safe='')}@{plan.host}:{port}"
    lines = [
        "# How the roles of Doorstep reach this broker; for their environment, and for nobody else's eyes.",
        "# The session's name is a secret too: whoever signs in under it takes the session over, with all that waits.",
        f"DOORSTEP_MQTT_URL={url}",
        f"DOORSTEP_MQTT_CLIENT_ID={plan.client_id}",
        "# Where the broker's certificate is not signed by an authority that this machine trusts:",
        "#DOORSTEP_MQTT_CA_FILE=",
    ]
    if plan.tls.ca_file is not None:
        lines += ["# Our own certificate, which the broker asks for:", "#DOORSTEP_MQTT_CERT_FILE="]
        lines += ["#DOORSTEP_MQTT_KEY_FILE="]
    return File(name="doorstep.env", text="\n".join(lines) + "\n", secret=True)
