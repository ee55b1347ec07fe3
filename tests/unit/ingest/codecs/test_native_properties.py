"""What holds for any bytes at all, and for any valid message."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from domain.crs import Crs
from domain.errors import Unreadable
from domain.events import decode, encode
from domain.events.facts import POSITION
from domain.ids import FactId
from domain.positions import PositionBatch
from domain.time import Ms
from ingest import wire
from ingest.codecs.native import CODEC
from ingest.message import Decoded, Message
from ingest.reading import Receipt

RECEIVED_MS = Ms(1_790_000_000_000)
FIELDS = sorted({name for shape in wire.KINDS.values() for name in shape.__struct_fields__})

kinds = st.sampled_from(sorted(wire.KINDS))
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)
times = st.integers(946_684_800_000, 4_102_444_800_000).map(lambda ms: f"{ms // 1000}.{ms % 1000:03d}")


def said(kind: str, payload: bytes, *, retained: bool = False) -> Decoded:
    """What a message says; nothing where it cannot be read. Anything but Unreadable is a failure."""
    try:
        decoded = CODEC.decode(Message(f"doorstep/v1/d-1/{kind}", payload, retained=retained), Receipt(RECEIVED_MS))
    except Unreadable:
        return Decoded()
    assert all(fault.reason and fault.index is not None for fault in decoded.unreadable)
    if decoded.positions:
        PositionBatch.of(RECEIVED_MS, decoded.positions)
    for event in (*decoded.facts, *([decoded.status] if decoded.status else [])):
        assert decode(event.TOPIC, encode(event)) == event
    return decoded


def identities(decoded: Decoded) -> list[FactId]:
    assert not decoded.unreadable
    return [position.fact for position in decoded.positions] + [FactId(fact.fact) for fact in decoded.facts]


# Any bytes


@given(kinds, st.binary(), st.booleans())
def test_any_bytes_are_read_or_refused_by_name(kind: str, payload: bytes, retained: bool) -> None:
    said(kind, payload, retained=retained)


@given(kinds, anything, st.booleans())
def test_any_json_is_read_or_refused_by_name(kind: str, value: Any, retained: bool) -> None:
    said(kind, json.dumps(value).encode(), retained=retained)


@given(
    kinds, st.lists(st.dictionaries(st.sampled_from(FIELDS), anything | times | st.integers(-200, 200))), st.booleans()
)
@example("position", [{"time": 10**400, "lat": 1, "lon": 1}], False)
@example("position", [{"time": 1, "lat": 10**400, "lon": 1}], False)
@example("checkin", [{"time": 1, "id": 10**4000}], False)
def test_wrong_values_in_named_fields_are_refused_by_name(
    kind: str, elements: list[dict[str, Any]], single: bool
) -> None:
    value = elements[0] if single and elements else elements
    said(kind, msgspec.json.encode(value))


@given(st.text() | st.text("_ac/-9"), st.binary())
def test_any_topic_is_read_or_refused_by_name(topic: str, payload: bytes) -> None:
    for name in (topic, f"doorstep/v1/{topic}", f"doorstep/v1/{topic}/position"):
        with suppress(Unreadable):
            CODEC.decode(Message(name, payload), Receipt(RECEIVED_MS))


# Any valid message


def coordinates() -> st.SearchStrategy[dict[str, Any]]:
    crs: st.SearchStrategy[Crs] = st.sampled_from(["wgs84", "gcj02", "bd09"])
    return st.fixed_dictionaries({"lat": st.floats(-90, 90), "lon": st.floats(-180, 180)}, optional={"crs": crs})


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "visit": texts,
    "item": texts,
    "tag": texts,
    "code": texts,
    "reason": texts,
    "note": texts,
    "network": texts,
    "done": st.booleans(),
    "on": st.booleans(),
    "open": st.booleans(),
    "mock": st.booleans(),
    "online": st.booleans(),
    "press": st.sampled_from(["single", "double", "long"]),
    "method": st.sampled_from(["app", "nfc", "qr", "ble", "code", "door", "button", "customer"]),
    "provider": st.sampled_from(["gps", "network", "fused"]),
    "permission": st.sampled_from(["always", "while_in_use", "denied"]),
    "accuracy": st.floats(0, 1e8),
    "speed": st.floats(0, 1e6),
    "heading": st.floats(0, 360),
    "altitude": st.floats(-1e7, 1e8),
    "battery": st.floats(0, 100),
}


@st.composite
def elements(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]]]:
    """A kind, and distinct payloads of it as a device may send them."""
    kind = draw(kinds)
    shape = wire.KINDS[kind]
    known = set(shape.__struct_fields__)
    own = {name: VALUES[name] for name in sorted(known & VALUES.keys())}
    required = {field.name for field in msgspec.structs.fields(shape) if field.required} - {"time", "lat", "lon"}
    common = {
        "sent": times.map(float),
        "worker": texts,
        "id": texts | st.integers(-(2**63), 2**63 - 1),
        "x-app": anything,
    }

    def payload() -> st.SearchStrategy[dict[str, Any]]:
        must = {"time": times.map(float)} | {name: own[name] for name in sorted(required)}
        may = {name: value for name, value in own.items() if name not in required} | common
        plain = st.fixed_dictionaries(must, optional=may)
        if "lat" not in known:
            return plain
        place = coordinates() if kind == POSITION else st.just({}) | coordinates()
        return st.builds(lambda a, b: a | b, plain, place)

    return kind, draw(st.lists(payload(), min_size=1, max_size=5))


@given(elements(), st.randoms(use_true_random=False))
def test_identities_do_not_depend_on_keys_order_array_or_sending(
    said_by: tuple[str, list[dict[str, Any]]], random: Any
) -> None:
    kind, payloads = said_by

    def shuffled(payload: dict[str, Any]) -> dict[str, Any]:
        names = list(payload)
        random.shuffle(names)
        return {name: payload[name] for name in names} | {"sent": 1_790_000_000 + random.random()}

    one_by_one = [fact for each in payloads for fact in identities(said(kind, msgspec.json.encode(each)))]
    assert len(one_by_one) == len(payloads)
    together = identities(said(kind, json.dumps([shuffled(each) for each in payloads]).encode()))
    assert together == one_by_one
    cut = random.randrange(len(payloads) + 1)
    parts = [payloads[:cut], payloads[cut:]]
    assert [fact for part in parts for fact in identities(said(kind, json.dumps(part).encode()))] == one_by_one
