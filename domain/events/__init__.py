"""All events. Importing this package registers every topic."""

from domain.events import alert, clock, customer, device, facts, policy, positions, shift, site, visit, worker
from domain.events.base import Decision, Event, all_topics, by_topic, decode, encode

__all__ = [
    "Decision",
    "Event",
    "alert",
    "all_topics",
    "by_topic",
    "clock",
    "customer",
    "decode",
    "device",
    "encode",
    "facts",
    "policy",
    "positions",
    "shift",
    "site",
    "visit",
    "worker",
]
