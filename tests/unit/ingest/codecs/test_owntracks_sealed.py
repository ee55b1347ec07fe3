"""Encrypted OwnTracks messages: boxes as the apps make them, opened with the key that the registry has."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from nacl.secret import SecretBox

from domain.errors import Unreadable
from domain.time import Ms
from ingest.codecs.owntracks import CODEC
from ingest.devices import Devices
from ingest.message import NOTHING, Decoded, Message
from ingest.owntracks_sealed import opened, secret_key
from ingest.reading import Receipt

CAPTURED: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "captured_owntracks.json").read_bytes())

KEY = "钥匙 of jane".encode()


def decode(said: dict[str, Any], key: bytes | None = KEY, *, retained: bool = False) -> Decoded:
    devices = Devices(keys={} if key is None else {"jane.phone": key})
    message = Message("owntracks/jane/phone", json.dumps(said).encode(), retained=retained)
    return CODEC.decode(message, Receipt(Ms(1_795_222_930_000), devices=devices))


def sealed(inner: bytes, key: bytes = KEY) -> dict[str, Any]:
    """As the apps do it: the passphrase in UTF-8, zeros up to 32 bytes, a random nonce before the box."""
    box = SecretBox((key + bytes(32))[:32]).encrypt(inner)
    return {"_type": "encrypted", "data": base64.b64encode(box).decode()}


def refusal(said: dict[str, Any], key: bytes | None = KEY, *, retained: bool = False) -> str:
    with pytest.raises(Unreadable) as refused:
        decode(said, key, retained=retained)
    return refused.value.code


def test_with_the_devices_key_an_encrypted_location_is_the_one_that_was_sealed() -> None:
    (found,) = decode(CAPTURED["sealed"]).positions
    plain = {"_type": "location", "tst": 1_795_222_923, "lat": 31.2301534, "lon": 121.4703121}
    plain |= {"acc": 12, "batt": 93, "tid": "ne", "_id": "82486537"}
    (same,) = decode(plain).positions
    assert found == same
    assert msgspec.json.decode(found.extras) == {"_id": "82486537", "tid": "ne"}, "nothing of the envelope is kept"


@pytest.mark.parametrize("inner", [name for name in CAPTURED if name not in ("sealed",)])
def test_any_message_may_come_sealed(inner: str) -> None:
    payload = json.dumps(CAPTURED[inner]).encode()
    assert decode(sealed(payload)) == decode(CAPTURED[inner])


def test_without_a_key_it_waits_among_the_dead_letters() -> None:
    assert refusal(CAPTURED["sealed"], key=None) == "encrypted"


@pytest.mark.parametrize("key", [b"", b"another", KEY + b"!", KEY[:-1]])
def test_with_another_key_it_says_so_and_can_be_read_once_the_right_one_is_entered(key: bytes) -> None:
    assert refusal(CAPTURED["sealed"], key) == "wrong_key"
    assert decode(CAPTURED["sealed"]).positions


def test_a_changed_box_is_not_believed() -> None:
    box = bytearray(base64.b64decode(CAPTURED["sealed"]["data"]))
    box[60] ^= 1
    assert refusal({"_type": "encrypted", "data": base64.b64encode(box).decode()}) == "wrong_key"


@pytest.mark.parametrize(
    "data", ["", "AAAA", "no base64!", "AAEC AwQF", "李", "A", base64.b64encode(bytes(39)).decode(), "AAECAwQFBgcICQo"]
)
def test_what_is_no_box_is_refused(data: str) -> None:
    assert refusal({"_type": "encrypted", "data": data}) == "wrong_type"
    assert refusal({"_type": "encrypted", "data": 7}) == "wrong_type"
    assert refusal({"_type": "encrypted"}) == "missing_field"


@pytest.mark.parametrize(
    ("inner", "reason"),
    [
        (b"", "empty"),
        (b"{", "not_json"),
        (b"\xff", "not_json"),
        (b"7", "not_an_object"),
        (b"{}", "missing_field"),
        (json.dumps(CAPTURED["sealed"]).encode(), "unknown_value"),
    ],
)
def test_what_cannot_be_read_inside_says_why(inner: bytes, reason: str) -> None:
    assert refusal(sealed(inner)) == reason


def test_a_retained_box_is_opened_for_the_registry_and_without_a_key_is_no_letter_at_each_subscription() -> None:
    state = sealed(b'{"_type":"lwt","tst":1}')
    found = decode(state, retained=True).status
    assert found is not None
    assert found.status == {"online": False}
    assert decode(state, key=None, retained=True) == NOTHING
    assert decode(CAPTURED["sealed"], retained=True) == NOTHING
    assert refusal(state, b"another", retained=True) == "wrong_key"


def test_the_topic_inside_the_box_is_the_one_that_can_contradict() -> None:
    said = {"_type": "location", "tst": 1, "lat": 1, "lon": 1, "topic": "owntracks/john/phone"}
    (found,) = decode(sealed(json.dumps(said).encode())).positions
    assert msgspec.json.decode(found.extras)["contradicts"] == "john.phone"


def test_base64_may_be_broken_into_lines() -> None:
    data = CAPTURED["sealed"]["data"]
    assert decode({"_type": "encrypted", "data": f"{data[:76]}\r\n{data[76:]}\n"}) == decode(CAPTURED["sealed"])


@given(st.binary(max_size=40), st.binary(max_size=60))
@example(b"", b"inner")
@example(b"x" * 32, b"inner")
@example(b"x" * 33, b"inner")
def test_a_passphrase_is_cut_or_filled_with_zeros_to_a_key(key: bytes, inner: bytes) -> None:
    assert secret_key(key) == (key + bytes(32))[:32]
    assert opened(sealed(inner, key)["data"], key) == inner
