"""Events as the library's stored events and back."""

from __future__ import annotations

from uuid import UUID

import pytest
from eventsourcing.persistence import JSONTranscoder, StoredEvent

from domain.errors import CorruptLog
from domain.events.clock import TimeAdvanced
from domain.time import Ms
from eventlog.mapper import EventMapper, Recorded

STREAM = UUID(int=7)


def test_an_event_is_stored_under_its_own_topic_and_comes_back_equal() -> None:
    mapper = EventMapper(JSONTranscoder())
    recorded = Recorded(STREAM, 3, TimeAdvanced(recorded_at_ms=Ms(1), wall_ms=Ms(2), rate=60.0))
    stored = mapper.to_stored_event(recorded)
    assert (stored.originator_id, stored.originator_version) == (STREAM, 3)
    assert stored.topic == "doorstep.clock.time_advanced"
    assert stored.state == b'{"recorded_at_ms":1,"wall_ms":2,"rate":60.0}'
    assert mapper.to_domain_event(stored) == recorded


@pytest.mark.parametrize(("topic", "state"), [("doorstep.unknown", b"{}"), (TimeAdvanced.TOPIC, b'{"recorded')])
def test_rows_that_are_no_events_are_a_corrupt_log(topic: str, state: bytes) -> None:
    with pytest.raises(CorruptLog):
        EventMapper(JSONTranscoder()).to_domain_event(StoredEvent(STREAM, 1, topic, state))
