"""NATS: subjects for topics, users with permissions; the embedded broker and `doorstep broker-config nats` share it.

Measured with nats-server 2.15 (docs/brokers.md): a reload leaves sessions standing, cuts off who may no longer connect,
and checks the password of every connected client again; a forbidden publish is acknowledged and dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

_FORBIDDEN = re.compile(r"[\s*>]")
"""A topic with a space cuts its client's connection; * and > are NATS' own wildcards."""

_SESSION = "$MQTT.sub.>"
"""Where a session of QoS 1 is delivered. The server lets nobody subscribe to it by that name."""


def subjects(topic_filter: str) -> list[str]:
    """The NATS subjects of an MQTT topic filter. `a/#` also matches `a`, which `a.>` does not. Raises ValueError for
    what the broker cannot carry."""
    if _FORBIDDEN.search(topic_filter) or not topic_filter:
        raise ValueError(f"the broker cannot carry the topic {topic_filter!r}")
    if topic_filter == "#":
        return [">"]
    base = topic_filter.removesuffix("/#")
    subject = ".".join(_token(level, at == 0) for at, level in enumerate(base.split("/")))
    return [subject] if base == topic_filter else [subject, f"{subject}.>"]


def carried(topic_filters: Iterable[str]) -> list[str]:
    """The subjects of those filters that the broker can carry; what it cannot carry nobody can be heard on."""
    found: list[str] = []
    for topic_filter in topic_filters:
        try:
            found += subjects(topic_filter)
        except ValueError:
            continue
    return list(dict.fromkeys(found))


def user(
    name: str, password: str, publish: Iterable[str], subscribe: Iterable[str], deny: Iterable[str]
) -> dict[str, Any]:
    """One entry of `authorization.users`; the password in clear or as bcrypt. An empty list of NATS allows everything,
    so that whoever may publish nothing is denied everything."""
    denied = carried(deny)
    may_publish = carried(publish)
    return {
        "user": name,
        "password": password,
        "permissions": {
            "publish": {"allow": may_publish, "deny": denied} if may_publish else {"deny": [">"]},
            "subscribe": {"allow": [*carried(subscribe), _SESSION], "deny": denied},
        },
    }


def _token(level: str, is_first: bool) -> str:
    """One level of a topic: `.` is written `//`, an empty level `/`."""
    if level == "+":
        return "*"
    return level.replace(".", "//") or "/"
