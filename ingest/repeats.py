"""What was acknowledged lately, to recognise messages that a broker delivers again because it did not hear it."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from ingest.inbox import Delivery, Line

LATELY = 65_535
"""Acknowledged messages remembered: no session has more packet ids."""

_LOOK_S = 2.0
"""paho asks the broker for a sign of life after one keepalive of silence, and gives up after another: a cable that is
pulled is noticed that late, give or take its turns of a second."""


class _Place(msgspec.Struct, gc=False, eq=False):
    """Which packet a message was, of which connection of which line, and when it was acknowledged."""

    line: Any
    connection: int
    packet: int
    at_s: float


class Acknowledged:
    """Remembers batches as they are; only when a repeat comes are they laid out by what they say."""

    def __init__(self, keepalive_s: float) -> None:
        self._keepalive_s = keepalive_s
        self._noticed_s = 2 * keepalive_s + _LOOK_S
        self._batches: deque[list[tuple[int, _Place]]] = deque()
        self._unindexed: deque[list[tuple[int, _Place]]] = deque()
        self._count = 0
        self._places: dict[int, list[_Place]] = {}

    def add(self, deliveries: Sequence[tuple[int, Delivery]], at_s: float) -> None:
        """These were acknowledged; each with the hash of what it says."""
        if not deliveries:
            return
        batch = [(digest, _Place(d.line, d.connection, d.packet, at_s)) for digest, d in deliveries]
        self._batches.append(batch)
        self._unindexed.append(batch)
        self._count += len(batch)
        while self._count - len(self._batches[0]) >= LATELY:
            oldest = self._batches.popleft()
            self._count -= len(oldest)
            if self._unindexed and self._unindexed[0] is oldest:
                self._unindexed.popleft()
                continue
            for digest, place in oldest:
                self._drop(digest, place)

    def recognise(self, digest: int, line: Line, packet: int, now_s: float) -> bool:
        """Whether a message marked DUP is one of these.

        By its packet id on the same connection. Otherwise each whose acknowledgement may not have arrived in time
        stands for one message that says the same: on a new connection ids mean nothing, and a broker that repeats a
        message in the moment of its acknowledgement (NATS does) may give it a new id.
        """
        while self._unindexed:
            for said, place in self._unindexed.popleft():
                self._places.setdefault(said, []).append(place)
        places = [place for place in self._places.get(digest, ()) if place.line is line]
        if any(place.connection == line.connection and place.packet == packet for place in places):
            return True
        for place in places:
            stands = place.connection == line.connection
            since_s = (now_s if stands else line.changed_at_s) - place.at_s
            if since_s <= (self._keepalive_s if stands else self._noticed_s):
                place.connection, place.packet, place.at_s = line.connection, packet, -math.inf
                return True
        return False

    def _drop(self, digest: int, place: _Place) -> None:
        places = self._places[digest]
        places.remove(place)
        if not places:
            del self._places[digest]
