"""EMQX 5: its configuration, a file of users for its built-in database, and a list of rights.

Written from EMQX' documentation and never run by us: docs/brokers.md says so.
"""

from __future__ import annotations

import msgspec

from doorstep.brokers.accounts import Account
from doorstep.brokers.plan import File, Plan, role_environ

USERS, RIGHTS = "users.csv", "acl.conf"


def files(plan: Plan) -> list[File]:
    """`base.hocon`, the users, the rights, and what the roles need."""
    accounts = [plan.ingest, *plan.devices]
    users = "user_id,password_hash,salt,is_superuser\n"
    users += "".join(f"{account.name},{account.bcrypt},{_salt(account.bcrypt)},false\n" for account in accounts)
    return [
        File(name="base.hocon", text=_configuration(plan)),
        File(name=USERS, text=users, secret=True),
        File(name=RIGHTS, text=_rights(accounts), secret=True),
        role_environ(plan, plan.own_port),
    ]


def _salt(bcrypt: str) -> str:
    """bcrypt carries its salt in its first 29 characters; EMQX wants it in a column of its own too."""
    return bcrypt[:29]


def _rights(accounts: list[Account]) -> str:
    lines = ["%% From the top down, the first that fits counts."]
    for account in accounts:
        who = f"{{username, {_text(account.name)}}}"
        lines += [f"{{deny, {who}, all, [{_topics(account.deny)}]}}."] if account.deny else []
        lines += [f"{{allow, {who}, publish, [{_topics(account.publish)}]}}."] if account.publish else []
        lines += [f"{{allow, {who}, subscribe, [{_topics(account.subscribe)}]}}."] if account.subscribe else []
    return "\n".join([*lines, "{deny, all}."]) + "\n"


def _topics(topics: tuple[str, ...]) -> str:
    return ", ".join(_text(topic) for topic in topics)


def _text(text: str) -> str:
    """As Erlang and HOCON read it between quotes."""
    return msgspec.json.encode(text).decode()


def _configuration(plan: Plan) -> str:
    return f"""\
# EMQX for Doorstep, written by `doorstep broker-config emqx`; goes to etc/base.hocon.

# Nothing but TLS.
listeners.tcp.default.enable = false
listeners.ws.default.enable = false
listeners.wss.default.enable = false
listeners.ssl.default.enable = false

# Devices. Each one's session is called after its login, so that none can take over another's.
listeners.ssl.devices {{
  bind = "0.0.0.0:{plan.port}"
  zone = devices
{_tls(plan)}}}
zones.devices.mqtt.use_username_as_clientid = true

# Ingest, which keeps several sessions under one login. Let no device reach this port.
listeners.ssl.ingest {{
  bind = "0.0.0.0:{plan.own_port}"
{_tls(plan)}}}

mqtt {{
  max_packet_size = {plan.max_payload}B
  # Of one session: unacknowledged, and waiting. By default 32 and 1000, beyond which messages are dropped.
  max_inflight = {min(plan.in_flight, 65_535)}
  max_mqueue_len = infinity
  # A session of ingest outlives any absence; by default it is dropped after two hours.
  session_expiry_interval = 30d
}}

# Sessions and what waits for them on disk; otherwise a restart of the broker loses both. Ingest has to be back within
# the retention.
durable_sessions {{
  enable = true
  message_retention_period = 30d
}}

authentication = [
  {{
    mechanism = password_based
    backend = built_in_database
    user_id_type = username
    password_hash_algorithm {{ name = bcrypt }}
    # Read when the built-in database is empty; later changes go through EMQX' own import (docs/brokers.md).
    bootstrap_file = {_text(str(plan.folder / USERS))}
    bootstrap_type = hash
  }}
]

authorization {{
  no_match = deny
  # A forbidden publish cuts the connection: the one who configured it wrongly notices.
  deny_action = disconnect
  sources = [
    {{ type = file, enable = true, path = {_text(str(plan.folder / RIGHTS))} }}
  ]
}}
"""


def _tls(plan: Plan) -> str:
    tls = plan.tls
    lines = [f"certfile = {_text(str(tls.cert_file))}", f"keyfile = {_text(str(tls.key_file))}"]
    if tls.ca_file is not None:
        lines += [f"cacertfile = {_text(str(tls.ca_file))}", "verify = verify_peer", "fail_if_no_peer_cert = true"]
    return "  ssl_options {\n" + "".join(f"    {line}\n" for line in lines) + "  }\n"
