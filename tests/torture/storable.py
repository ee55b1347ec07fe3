"""What must hold of anything that ever leaves a codec: it is Unreadable, or it can be written, read and judged."""

from __future__ import annotations

import msgspec
import numpy as np

from domain.errors import Unreadable
from domain.events import Event, decode, encode
from domain.ids import REGISTERED
from domain.positions import PositionBatch
from eventlog.positions import pack, unpack
from ingest.codecs import Codec
from ingest.dead_letters import Letter
from ingest.message import Decoded, Message
from ingest.reading import Receipt

FIRST_MS, LAST_MS = -210_866_803_200_000, 9_224_318_015_999_999
"""What PostgreSQL's timestamptz holds: a fact outside of it would stop the projector."""


def check(codec: Codec, message: Message, receipt: Receipt) -> bool:
    """Whether the message could be read at all. Raises whatever should not happen: AssertionError, or what leaves the
    codec besides Unreadable."""
    try:
        said = codec.decode(message, receipt)
    except Unreadable as error:
        f"{error.code}: {error}".encode()
        return False
    _stored(said, receipt)
    if said.unreadable:
        letter = Letter.of(message, said.unreadable)
        assert letter.reason
        letter.detail.encode()
    return True


def _stored(said: Decoded, receipt: Receipt) -> None:
    for position in said.positions:
        _device(position.device)
        _instant(position.observed_at_ms)
        _instant(position.sent_ms or 0)
        assert abs(position.lat_e7) <= 900_000_000, position
        assert abs(position.lon_e7) <= 1_800_000_000, position
        if position.extras:
            assert isinstance(msgspec.json.decode(position.extras.decode()), dict)
    if said.positions:
        _packed(said, receipt)
    for fact in said.facts:
        _device(fact.device)
        _instant(fact.observed_at_ms or 0)
        _instant(fact.sent_ms or 0)
        for name in ("worker", "visit"):
            text = getattr(fact, name, None)
            assert text is None or "\0" not in text, f"{name} holds a NUL, which PostgreSQL refuses"
        _event(fact)
    if said.status is not None:
        _device(said.status.device)
        _event(said.status)
    _instant(said.tick_ms or 0)


def _packed(said: Decoded, receipt: Receipt) -> None:
    batch = PositionBatch.of(receipt.at_ms, said.positions)
    numbers = {name: number for number, name in enumerate(batch.devices, start=1)}
    names = {number: name for name, number in numbers.items()}
    again = unpack(pack(batch, numbers.__getitem__), receipt.at_ms, names.__getitem__)
    facts = sorted(fact.bytes for fact in batch.facts())
    assert facts == sorted(position.fact.bytes for position in said.positions), "columns have other identities"
    assert facts == sorted(fact.bytes for fact in again.facts()), "packing changes a fact"
    assert sorted(again.sent_ms.tolist()) == sorted(batch.sent_ms.tolist())
    assert np.all(np.isfinite(again.lat_e7))


def _event(event: Event) -> None:
    state = encode(event)
    assert b"\0" not in state
    state.decode()
    assert decode(event.TOPIC, state) == event, f"{event} is another one after it was stored"


def _device(device: str) -> None:
    assert REGISTERED.fullmatch(device), f"{device!r} is no device id"


def _instant(at_ms: int) -> None:
    assert isinstance(at_ms, int)
    assert FIRST_MS <= at_ms <= LAST_MS, f"{at_ms} is no instant that can be stored"
