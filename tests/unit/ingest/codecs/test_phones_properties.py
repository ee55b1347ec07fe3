"""What holds for whatever becomes of the phones' own payloads on the way: anything in any place, cut short, sealed.

Only Unreadable leaves a codec; what it reads can be stored, and comes back as it was.
"""

from __future__ import annotations

import base64
import json
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.secret import SecretBox

from domain.device_settings import DeviceSettings
from domain.errors import Unreadable
from domain.events import decode, encode
from domain.ids import REGISTERED
from domain.positions import PositionBatch
from domain.time import Ms
from eventlog.positions import pack, unpack
from ingest.codecs import Codec
from ingest.codecs.osmand import CODEC as OSMAND
from ingest.codecs.owntracks import CODEC as OWNTRACKS
from ingest.codecs.traccar import CODEC as TRACCAR
from ingest.devices import Devices
from ingest.message import Decoded, Message
from ingest.reading import Receipt

RECEIVED_MS = Ms(1_795_222_930_000)
KEY = b"123"


class Dialect(NamedTuple):
    codec: Codec
    topic: str
    device: str
    captured: dict[str, Any]


def _captured(name: str) -> dict[str, Any]:
    return dict(json.loads((Path(__file__).parent / f"captured_{name}.json").read_bytes()))


DIALECTS = {
    "owntracks": Dialect(OWNTRACKS, "owntracks/jane/phone", "jane.phone", _captured("owntracks")),
    "osmand": Dialect(OSMAND, "osmand/354120", "354120", _captured("osmand")),
    "traccar": Dialect(TRACCAR, "traccar/positions", "354120", _captured("traccar")),
}
EXAMPLES = 300

CASES = [(name, which) for name, dialect in DIALECTS.items() for which in sorted(dialect.captured)]

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
words = st.sampled_from(
    [
        "sos",
        "true",
        "0",
        "-1",
        "null",
        "NaN",
        "1e400",
        "gcj02",
        "p",
        "enter",
        "2026-11-21T01:02:03Z",
        "0001-01-01T00:00:00",
    ]
)
numbers = st.one_of(
    st.sampled_from([-1, 0, 1, 360, 1e8, -1e7, 1e300, 2**31, 2**63, 10**400, 253_402_300_800, 1_795_222_923]),
    st.integers(-200, 200),
    st.floats(allow_nan=False, allow_infinity=False),
)
anything = st.recursive(
    st.none() | st.booleans() | numbers | texts | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts | words, inner, max_size=3),
    max_leaves=6,
)


chance = st.sampled_from([False] * 9 + [True])


def _places(said: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a payload, as the keys that lead to it."""
    inner = said.items() if isinstance(said, dict) else enumerate(said) if isinstance(said, list) else ()
    return [here, *(place for key, value in inner for place in _places(value, (*here, key)))]


@st.composite
def mutated(draw: st.DrawFn, said: Any) -> Any:
    """A captured payload with a few things replaced, left out, or added."""
    changed = deepcopy(said)
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.sampled_from(_places(changed)))
        if not place:
            continue
        *way, last = place
        holder = changed
        for key in way:
            holder = holder[key]
        match draw(st.sampled_from(["replace", "replace", "drop", "add"])):
            case "replace":
                holder[last] = draw(anything)
            case "drop":
                del holder[last]
            case _ if isinstance(holder, dict):
                holder[draw(texts)] = draw(anything)
            case _:
                holder.append(draw(anything))
    return changed


def _payload(said: Any) -> bytes | None:
    """JSON, or the query that was captured; None for what neither can say."""
    if isinstance(said, str):
        return said.encode()
    try:
        return msgspec.json.encode(said)
    except (TypeError, OverflowError):
        return None


def _read(dialect: Dialect, payload: bytes, devices: Devices, retained: bool) -> Decoded:
    """What a message says; nothing where it cannot be read. Anything but Unreadable is a failure."""
    message = Message(dialect.topic, payload, retained=retained)
    try:
        found = dialect.codec.decode(message, Receipt(RECEIVED_MS, devices=devices))
    except Unreadable as refusal:
        reason = refusal.code
        found = Decoded()
    else:
        reason = ""
    assert reason != Unreadable.code, "a refusal has a reason of its own"
    assert all(fault.reason and fault.index is not None for fault in found.unreadable)
    return found


def _stored(found: Decoded) -> None:
    """What was read can be stored and comes back."""
    if found.positions:
        batch = PositionBatch.of(RECEIVED_MS, found.positions)
        assert batch.facts() == [position.fact for position in found.positions]
        names = {device: number for number, device in enumerate(batch.devices)}
        unpacked = unpack(pack(batch, names.__getitem__), RECEIVED_MS, list(batch.devices).__getitem__)
        assert sorted(unpacked.facts()) == sorted(batch.facts())
    for event in (*found.facts, *([found.status] if found.status else [])):
        assert decode(event.TOPIC, encode(event)) == event
    for said in (*found.positions, *found.facts):
        assert REGISTERED.fullmatch(said.device)
        assert said.observed_at_ms is None or -62_135_596_800_000 <= said.observed_at_ms <= 253_402_300_799_999


@settings(max_examples=EXAMPLES)
@given(case=st.sampled_from(CASES), data=st.data(), crs=st.sampled_from([None, "gcj02", "bd09"]), retained=chance)
def test_whatever_becomes_of_a_payload_it_is_stored_or_refused_by_name(
    case: tuple[str, str], data: st.DataObject, crs: Any, retained: bool
) -> None:
    name, which = case
    dialect = DIALECTS[name]
    devices = Devices({dialect.device: DeviceSettings(crs=crs)}, {dialect.device: KEY}, zone="Asia/Shanghai")
    captured = dialect.captured[which]
    if isinstance(captured, str):
        fields = data.draw(mutated(dict(parse_qsl(captured))))
        payload: bytes | None = urlencode(
            {name: str(value) for name, value in fields.items()}, errors="replace"
        ).encode()
    else:
        payload = _payload(data.draw(mutated(captured)))
    if payload is None:
        return
    _stored(_read(dialect, payload, devices, retained))


@settings(max_examples=EXAMPLES)
@given(case=st.sampled_from(CASES), data=st.data())
def test_a_payload_cut_short_or_with_a_changed_byte_is_stored_or_refused_by_name(
    case: tuple[str, str], data: st.DataObject
) -> None:
    name, which = case
    dialect = DIALECTS[name]
    whole = _payload(dialect.captured[which])
    assert whole is not None
    cut = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    if cut:
        cut[data.draw(st.integers(0, len(cut) - 1))] = data.draw(st.integers(0, 255))
    _stored(_read(dialect, bytes(cut), Devices(), retained=False))


@settings(max_examples=EXAMPLES)
@given(which=st.sampled_from(sorted(DIALECTS["owntracks"].captured)), data=st.data())
def test_whatever_is_in_a_box_is_stored_or_refused_by_name(which: str, data: st.DataObject) -> None:
    dialect = DIALECTS["owntracks"]
    inner = _payload(data.draw(mutated(dialect.captured[which])))
    if inner is None:
        return
    sealed = SecretBox(KEY.ljust(32, b"\0")).encrypt(inner, bytes(24))
    payload = json.dumps({"_type": "encrypted", "data": base64.b64encode(sealed).decode()}).encode()
    _stored(_read(dialect, payload, Devices(keys={"jane.phone": KEY}), retained=False))


@pytest.mark.parametrize(("name", "which"), CASES)
def test_what_was_captured_is_read_whole(name: str, which: str) -> None:
    """Lest the tests above pass because nothing is ever read."""
    dialect = DIALECTS[name]
    payload = _payload(dialect.captured[which])
    assert payload is not None
    key = {dialect.device: "钥匙 of jane".encode()}
    found = _read(dialect, payload, Devices(keys=key), retained=False)
    assert found.positions or found.facts or found.status
    assert not found.unreadable
    _stored(found)
