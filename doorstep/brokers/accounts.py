"""Who may do what at a broker, in the words of MQTT; each kind of broker spells it its own way."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ingest.credentials import Login
from ingest.topics import CLOCK_DEVICE, PREFIX, PROBE

CLOCK_ALL = f"{PREFIX}{CLOCK_DEVICE}/#"
"""The cell's time: no device may say it, or hear it."""

COMMAND = "cmd"
"""Below its own topic a device hears what is meant for it: OwnTracks' remote commands come on `<topic>/cmd`."""


OWN, SHARED = "doorstep", "device"
"""Who reads everything; and the login that devices share where they have none of their own."""

RESERVED = frozenset((OWN, SHARED))


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Who may connect. `publish`, `subscribe`, `deny`: MQTT filters; a denied one is forbidden in both directions."""

    name: str
    bcrypt: str
    mosquitto_hash: str
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    deny: tuple[str, ...] = (CLOCK_ALL,)


def device_account(login: Login) -> Account:
    """A device publishes at and below its own topics, and hears nothing but what is meant for it."""
    return Account(
        name=login.login,
        bcrypt=login.bcrypt,
        mosquitto_hash=login.mosquitto_hash,
        publish=login.topics,
        subscribe=commands(login.topics),
    )


def device_accounts(logins: Iterable[Login]) -> list[Account]:
    """Those of the logins that still stand, by name. One that is called like an account of ours is left out: a broker
    would take neither."""
    standing = [login for login in logins if login.revoked_at is None and login.login not in RESERVED]
    return [device_account(login) for login in sorted(standing, key=lambda one: one.login)]


def ingest_account(name: str, bcrypt: str, mosquitto_hash: str) -> Account:
    """Ingest hears everything: a device may be given any topic of its own while the broker runs, and a broker that does
    not let ingest hear it would end ingest (NATS refuses) or lose what it says (Mosquitto grants and delivers nothing).
    It publishes its probe and nothing else, so that whoever learns its password still forges nothing."""
    return Account(
        name=name,
        bcrypt=bcrypt,
        mosquitto_hash=mosquitto_hash,
        publish=(PROBE,),
        subscribe=("#",),
        deny=(),
    )


def commands(topics: Iterable[str]) -> tuple[str, ...]:
    """Where a device that publishes on these topics is spoken to. A topic with a wildcard is a gateway's: it is spoken
    to nowhere."""
    bases = dict.fromkeys(topic.removesuffix("/#") for topic in topics)
    return tuple(f"{base}/{COMMAND}" for base in bases if not set(base) & set("+#"))
