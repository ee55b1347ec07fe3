"""`nats` and `nats-cluster`: the configuration of a NATS server, or of three that keep every message on all of them."""

from __future__ import annotations

from typing import Any

import msgspec

from doorstep.brokers import nats
from doorstep.brokers.accounts import Account
from doorstep.brokers.plan import RECONNECT_STORM_S, File, Plan, role_environ

USERS, ROUTES = "users.conf", "routes.conf"

ROUTE_PORT = 6222
"""Where the servers of a cluster speak to each other, unless a node's address says otherwise."""


def files(plan: Plan) -> list[File]:
    """One server."""
    return [
        File(name="nats.conf", text=_server(plan, "doorstep", 1)),
        _users(plan),
        role_environ(plan, plan.port),
    ]


def cluster_files(plan: Plan) -> list[File]:
    """Three servers or more, one of `plan.nodes` each; any one may fail."""
    nodes = [
        File(name=f"nats-{place}.conf", text=_server(plan, f"doorstep-{place}", 3) + _cluster(plan, node))
        for place, node in enumerate(plan.nodes, start=1)
    ]
    routes = "".join(f"  nats-route://routes:{plan.cluster_password}@{_at(node)}\n" for node in plan.nodes)
    secret = f'authorization {{ user: routes, password: "{plan.cluster_password}", timeout: 5 }}\n'
    return [
        *nodes,
        File(name=ROUTES, text=f"{secret}routes: [\n{routes}]\n", secret=True),
        _users(plan),
        role_environ(plan, plan.port),
    ]


def _server(plan: Plan, name: str, replicas: int) -> str:
    copies = f"""
  # Every message and session on all three: any one may fail.
  stream_replicas: {replicas}
  consumer_replicas: {replicas}
"""
    return f"""\
# NATS for Doorstep, written by `doorstep broker-config`.

server_name: {name}

# NATS' own protocol cannot be switched off; nobody outside this machine needs it.
host: 127.0.0.1
port: 4222

# For the health check: /healthz.
http: "127.0.0.1:8222"

# A phone that was offline for days sends much at once; larger messages cut the connection.
max_payload: {plan.max_payload}

jetstream {{
  store_dir: "{plan.data}"
  # `always` survives power loss; `100ms` carries about six times as much and may lose that long.
  sync_interval: {plan.sync_interval}
}}

# Who may connect, and where they may publish. A reload (SIGHUP) reads it again and cuts off whom it no longer names.
authorization {{
  # After a restart all devices sign in at once, at about 2 ms of a core each; the usual 2 s would turn most away.
  timeout: {RECONNECT_STORM_S}
  include "./{USERS}"
}}

mqtt {{
  port: {plan.port}
  # Unacknowledged messages of one subscription, as DOORSTEP_IN_FLIGHT; the default is too low for a burst.
  max_ack_pending: {plan.in_flight}
  # What ingest has not acknowledged by then is delivered again.
  ack_wait: "{round(plan.ack_wait_s * 1000)}ms"{copies if replicas > 1 else ""}
  tls {{
{_tls(plan)}
    # The handshakes of a restart come at once too.
    timeout: {RECONNECT_STORM_S}
  }}
}}
"""


def _tls(plan: Plan) -> str:
    tls = plan.tls
    lines = [f'cert_file: "{tls.cert_file}"', f'key_file: "{tls.key_file}"']
    if tls.ca_file is not None:
        lines += ["# Each client shows a certificate of this authority, besides its password.", "verify: true"]
        lines += [f'ca_file: "{tls.ca_file}"']
    return "\n".join(f"    {line}" for line in lines)


def _cluster(plan: Plan, node: str) -> str:
    tls = plan.tls
    between = "  # In clear between the servers: keep that network to yourself, or give --ca-file."
    if tls.ca_file is not None:
        files = f'cert_file: "{tls.cert_file}", key_file: "{tls.key_file}", ca_file: "{tls.ca_file}"'
        between = f"  # Each server shows the others its certificate, which names it.\n  tls {{ {files}, timeout: 5 }}"
    return f"""
cluster {{
  name: doorstep
  listen: "0.0.0.0:{_at(node).rpartition(":")[2]}"
  cluster_advertise: "{_at(node)}"
{between}
  include "./{ROUTES}"
}}
"""


def _at(node: str) -> str:
    """Where the other servers reach one."""
    return node if ":" in node else f"{node}:{ROUTE_PORT}"


def _users(plan: Plan) -> File:
    """In JSON, which NATS reads."""
    users = [_user(account) for account in (plan.ingest, *plan.devices)]
    body = ",\n".join(f"  {msgspec.json.encode(user).decode()}" for user in users)
    head = "# Hashes of passwords: for the broker's eyes only. The first one is ingest.\n"
    return File(name=USERS, text=f"{head}users: [\n{body}\n]\n", secret=True)


def _user(account: Account) -> dict[str, Any]:
    return nats.user(account.name, account.bcrypt, account.publish, account.subscribe, account.deny)
