"""Between the library's stored events and ours: plain structs with explicit topics, no aggregates."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from eventsourcing.persistence import Mapper, StoredEvent

from domain.events import Event, decode, encode


class Recorded(msgspec.Struct, frozen=True):
    """An event with its place in a stream; the shape that the library calls a domain event."""

    originator_id: UUID
    originator_version: int
    event: Event


class EventMapper(Mapper[UUID]):
    """Stores an event's own topic and bytes; reading upcasts to the present version of its class."""

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """A `Recorded` as a row."""
        return stored(domain_event.originator_id, domain_event.originator_version, domain_event.event)

    def to_domain_event(self, stored_event: StoredEvent) -> Recorded:
        """A row as a `Recorded`. Raises CorruptLog for unknown topics and bad bytes."""
        stream = stored_event.originator_id
        assert isinstance(stream, UUID)
        return Recorded(stream, stored_event.originator_version, decode(stored_event.topic, stored_event.state))


def stored(stream: UUID, version: int, event: Event) -> StoredEvent:
    """An event as a row."""
    return StoredEvent(stream, version, event.TOPIC, encode(event))
