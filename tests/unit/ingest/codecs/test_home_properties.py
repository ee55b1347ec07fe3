"""Whatever becomes of a message on the way: one that is damaged in one place is read, or refused as Unreadable, and
what was read can be stored."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import Unreadable
from domain.events import decode, encode
from domain.ids import REGISTERED
from domain.time import Ms
from ingest.codecs import all_codecs
from ingest.message import Message
from ingest.reading import Receipt
from tests.unit.ingest.codecs.captured import captured

RECEIVED_MS = Ms(1_795_222_930_000)

TOPICS = {
    "tasmota": ("tele/hall/SENSOR", "stat/hall/RESULT", "tele/hall/LWT"),
    "homeassistant": ("hall/tag_scanned",),
    "esphome": ("esphome/hall/tag", "esphome/hall/tag_removed", "esphome/hall/status"),
    "zigbee2mqtt": ("zigbee2mqtt/hall", "zigbee2mqtt/hall/availability"),
    "theengs": ("home/hall/BTtoMQTT/3C2EF5A1B2C3", "home/hall/LWT"),
    "shelly": ("shellyplus1-a8032abe54dc/events/rpc", "shellyplus1-a8032abe54dc/online"),
}
CODECS = {codec.name: codec for codec in all_codecs()}

_junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        (10**30, -(2**63), 2**64, 1e308, 1e-320, "", "\0", "1970-01-01T00:00:00", "ON", "on_press", 0, -1)
    )
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(said: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a message, from the whole to the last leaf."""
    inner = said.items() if isinstance(said, dict) else enumerate(said) if isinstance(said, list) else ()
    return [path, *(place for key, value in inner for place in places(value, (*path, key)))]


def damaged(said: Any, path: tuple[Any, ...], junk: Any) -> Any:
    """The message with something else in one place."""
    if not path:
        return junk
    said = copy.deepcopy(said)
    holder = said
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = junk
    return said


@pytest.mark.parametrize("dialect", sorted(TOPICS))
@settings(max_examples=40)
@given(data=st.data())
def test_a_damaged_message_is_read_or_refused(dialect: str, data: st.DataObject) -> None:
    said = data.draw(st.sampled_from(list(captured(dialect).values())))
    said = damaged(said, data.draw(st.sampled_from(places(said))), data.draw(_junk))
    payload = json.dumps(said, ensure_ascii=False).encode(errors="replace")
    for topic in TOPICS[dialect]:
        try:
            decoded = CODECS[dialect].decode(Message(topic, payload), Receipt(RECEIVED_MS))
        except Unreadable:
            continue
        for event in (*decoded.facts, *([decoded.status] if decoded.status else [])):
            assert REGISTERED.fullmatch(event.device)
            assert decode(event.TOPIC, encode(event)) == event
