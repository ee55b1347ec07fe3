"""What holds for every uplink and packet, however broken: it is read or unreadable, what was read can be stored, and
saying it twice says it once."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.device_settings import DeviceSettings
from domain.errors import Unreadable
from domain.events import decode as stored
from domain.events import encode
from domain.ids import REGISTERED
from domain.positions import PositionBatch
from domain.time import Ms
from ingest.codecs import codec_of
from ingest.devices import Devices
from ingest.message import Decoded, Message
from ingest.models import MODELS
from ingest.reading import Receipt

RECEIVED_MS = Ms(1_795_222_930_000)
EUI, TTN, NODE = "a84041dd21834b1e", "ttn:doorstep-demo.ttn:tracker-07", "7efeee00"

DIALECTS = {
    "chirpstack": [f"application/1/device/{EUI}/event/{event}" for event in ("up", "location", "status", "join")],
    "ttn": [f"v3/doorstep-demo@ttn/devices/tracker-07/{event}" for event in ("up", "join", "location/solved")],
    "meshtastic": ["msh/CN/2/json/LongFast/!7efeee00"],
}

CAPTURED: dict[str, list[dict[str, Any]]] = {
    name: list(json.loads((Path(__file__).parent / "captured" / f"{name}.json").read_bytes()).values())
    for name in (*DIALECTS, "trackers")
}

_numbers = st.integers() | st.sampled_from([2**31, -(2**31) - 1, 2**63, 10**30, 10**400, 1e300, -1e300, 5e-324, -0.0])
_values = st.recursive(
    st.none() | st.booleans() | _numbers | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def _broken(draw: st.DrawFn, name: str) -> bytes:
    """A captured message with another payload, in which up to three things are something else, or gone."""
    said = copy.deepcopy(draw(st.sampled_from(CAPTURED[name])))
    fields = draw(st.sampled_from(CAPTURED["trackers"]))
    if name == "chirpstack" and draw(st.booleans()):
        said["object"] = copy.deepcopy(fields)
    if name == "ttn" and draw(st.booleans()):
        said["uplink_message"] = {"decoded_payload": copy.deepcopy(fields)}
    for _ in range(draw(st.integers(0, 3))):
        at: Any = said
        while at:
            key = draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
            if isinstance(at[key], dict | list) and at[key] and draw(st.booleans()):
                at = at[key]
                continue
            if isinstance(at, dict) and draw(st.booleans()):
                del at[key]
            else:
                at[key] = draw(_values)
            break
    return json.dumps(said, ensure_ascii=draw(st.booleans())).encode(errors="surrogatepass")


def _decode(topic: str, payload: bytes, model: str | None) -> Decoded | None:
    as_set = DeviceSettings(model=model, zone="Asia/Shanghai", crs="gcj02")
    receipt = Receipt(RECEIVED_MS, devices=Devices(dict.fromkeys((EUI, TTN, NODE), as_set)))
    try:
        return codec_of(topic).decode(Message(topic, payload), receipt)
    except Unreadable:
        return None


@pytest.mark.parametrize("name", DIALECTS)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_what_is_broken_is_unreadable_or_can_be_stored(name: str, data: st.DataObject) -> None:
    payload = data.draw(_broken(name))
    topic = data.draw(st.sampled_from(DIALECTS[name]))
    model = data.draw(st.sampled_from([None, *sorted(MODELS)]))
    said = _decode(topic, payload, model)
    if said is None:
        return
    batch = PositionBatch.of(RECEIVED_MS, said.positions)
    assert batch.facts() == [position.fact for position in said.positions]
    for device in [each.device for each in (*said.positions, *said.facts)]:
        assert REGISTERED.fullmatch(device)
    for fact in said.facts:
        assert stored(fact.TOPIC, encode(fact)) == fact
    assert said == _decode(topic, payload, model)
