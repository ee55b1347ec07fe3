"""What holds for any bytes that arrive on a topic of OwnTracks."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from domain.errors import Unreadable
from domain.events import decode, encode
from domain.ids import REGISTERED
from domain.positions import PositionBatch
from domain.time import Ms
from ingest.codecs.owntracks import CODEC, ENTRIES, OTHERS, TESTIMONY
from ingest.message import Decoded, Message
from ingest.owntracks_wire import Beacon, Card, Location, State, Transition, Waypoint, Waypoints
from ingest.reading import Receipt

RECEIVED_MS = Ms(1_795_222_930_000)
TYPES = ["location", "encrypted", *TESTIMONY, *ENTRIES, *sorted(OTHERS)]
SHAPES = (Location, Transition, State, Beacon, Waypoint, Waypoints, Card)
FIELDS = sorted({name for shape in SHAPES for name in shape.__struct_encode_fields__} | {"t", "topic", "data"})

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)
numbers = st.integers(-200, 200) | st.floats(-200, 200) | st.integers(0, 4_102_444_800).map(str)
values = anything | numbers | st.sampled_from(["p", "enter", "leave", "nan", "1e400"])


def said(payload: bytes, *, topic: str = "owntracks/jane/phone", retained: bool = False) -> Decoded:
    """What a message says; nothing where it cannot be read. Anything but Unreadable is a failure."""
    try:
        decoded = CODEC.decode(Message(topic, payload, retained=retained), Receipt(RECEIVED_MS))
    except Unreadable:
        return Decoded()
    if decoded.positions:
        assert PositionBatch.of(RECEIVED_MS, decoded.positions).facts() == [each.fact for each in decoded.positions]
    for event in (*decoded.facts, *([decoded.status] if decoded.status else [])):
        assert decode(event.TOPIC, encode(event)) == event
    return decoded


@given(st.binary() | anything.map(lambda value: json.dumps(value).encode()), st.booleans())
def test_any_bytes_are_read_or_refused_by_name(payload: bytes, retained: bool) -> None:
    said(payload, retained=retained)


@given(st.sampled_from(TYPES), st.dictionaries(st.sampled_from(FIELDS) | texts, values), st.booleans())
@example("location", {"tst": 10**400, "lat": 1, "lon": 1}, False)
@example("location", {"tst": 1, "lat": 1, "lon": 1, "acc": 1e8, "vel": 3.6e6, "alt": 1e8}, False)
@example("status", {"android": {"loc": {}}}, True)
@example("lwt", {"tst": 10**400}, False)
def test_any_values_in_any_fields_are_read_or_refused_by_name(
    kind: str, fields: dict[str, Any], retained: bool
) -> None:
    with suppress(TypeError):  # what JSON cannot say
        said(msgspec.json.encode(fields | {"_type": kind}), retained=retained)


@given(st.lists(st.text(), max_size=4).map("/".join), st.sampled_from([b"", b"{}", b'{"_type":"lwt"}']))
def test_any_topic_is_read_or_refused_by_name(path: str, payload: bytes) -> None:
    for fact in said(payload, topic=f"owntracks/{path}").facts:
        assert REGISTERED.fullmatch(fact.device)


locations = st.fixed_dictionaries(
    {"tst": st.integers(946_684_800, 4_102_444_800), "lat": st.floats(-90, 90), "lon": st.floats(-180, 180)},
    optional={"acc": st.floats(-1, 1e6), "vel": st.floats(-1, 1e3), "batt": st.integers(-1, 100), "tid": texts},
)


@given(locations, st.integers(946_684_800, 4_102_444_800), st.randoms())
def test_order_text_and_time_of_sending_do_not_make_another_fact(fields: dict[str, Any], sent: int, any_order) -> None:
    def fact(message: dict[str, Any]) -> object:
        (position,) = said(json.dumps(message).encode()).positions
        return position.fact

    plain = fields | {"_type": "location"}
    names = list(plain)
    any_order.shuffle(names)
    as_text = {name: str(plain[name]) if name in ("tst", "batt") else plain[name] for name in names}
    assert fact(plain) == fact(as_text | {"created_at": sent})
