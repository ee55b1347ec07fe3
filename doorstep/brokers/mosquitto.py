"""Mosquitto 2: mosquitto.conf, an access list and a password file.

Its defaults drop acknowledged QoS 1 messages in a burst (9 500 of 60 000 arrived); what is set here lets all through.
After a crash of the broker itself it has lost what it acknowledged since it last saved: docs/brokers.md.
"""

from __future__ import annotations

from doorstep.brokers.accounts import Account
from doorstep.brokers.plan import File, Plan, role_environ

ACCESS, PASSWORDS = "access.acl", "passwords"


def files(plan: Plan) -> list[File]:
    """The configuration, the rights, the passwords, and what the roles need."""
    accounts = [plan.ingest, *plan.devices]
    return [
        File(name="mosquitto.conf", text=_configuration(plan)),
        File(name=ACCESS, text=_HEAD + "\n".join(_rights(account) for account in accounts), secret=True),
        File(name=PASSWORDS, text="".join(f"{one.name}:{one.mosquitto_hash}\n" for one in accounts), secret=True),
        role_environ(plan, plan.own_port),
    ]


_HEAD = """\
# Who may publish (write) and hear (read) what. What is not allowed is forbidden; a forbidden publish is acknowledged
# and dropped. SIGHUP makes a running broker read this file and the passwords again.

"""


def _rights(account: Account) -> str:
    lines = [f"user {account.name}"]
    lines += [f"topic deny {topic}" for topic in account.deny]
    lines += [f"topic write {topic}" for topic in account.publish]
    lines += [f"topic read {topic}" for topic in account.subscribe]
    return "\n".join(lines) + "\n"


def _configuration(plan: Plan) -> str:
    return f"""\
# Mosquitto for Doorstep, written by `doorstep broker-config mosquitto`.

# Nobody without a password, and everybody on topics of their own only.
allow_anonymous false
password_file {plan.folder / PASSWORDS}
acl_file {plan.folder / ACCESS}

# Sessions and what waits for them lie on disk, written every other second. What was acknowledged since the last write
# is lost in a crash; an orderly stop writes first.
persistence true
persistence_location {plan.data}/
autosave_interval 1

# The queue of an absent or slow session. With the default of 1000 a burst is acknowledged and dropped.
max_queued_messages 1000000

# Unacknowledged messages of one session. The default of 20 makes ingest wait for every commit; 0 (no limit) was seen to
# use packet ids twice.
max_inflight_messages 1000

# A larger packet cuts its connection, so that the sender knows. (message_size_limit would acknowledge and drop it.)
max_packet_size {plan.max_payload}

# Otherwise small packets wait for the last one's acknowledgement: 43 ms at p99.
set_tcp_nodelay true

log_dest stderr
log_type error
log_type warning
log_type notice

# Devices. Each one's session is called after its login, so that none can take over another's.
listener {plan.port}
use_username_as_clientid true
{_tls(plan)}
# Ingest, which keeps several sessions under one login. Let no device reach this port; a device that does has its own
# rights and no more.
listener {plan.own_port}
{_tls(plan)}"""


def _tls(plan: Plan) -> str:
    tls = plan.tls
    lines = [f"certfile {tls.cert_file}", f"keyfile {tls.key_file}", "tls_version tlsv1.2"]
    if tls.ca_file is not None:
        lines += [f"cafile {tls.ca_file}", "require_certificate true"]
    return "\n".join(lines) + "\n"
