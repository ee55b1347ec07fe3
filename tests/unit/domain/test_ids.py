"""Identity: a fact is what a device said, however it was batched, sent or judged (SEMANTICS, Identity)."""

from __future__ import annotations

from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.ids import DEVICE, KEY, REGISTERED, fact_id, stream_id
from domain.positions import CONTENT_MASK, NULL, QUALITY_MASK, Flag, Position, PositionBatch

INT32 = st.integers(NULL + 1, 2**31 - 1)
CONTENT_FLAGS = st.integers(0, CONTENT_MASK)
QUALITY_FLAGS = st.sampled_from([0, int(Flag.TIME_AHEAD), int(Flag.TIME_UNSET)])

POSITIONS = st.builds(
    Position,
    device=st.sampled_from(["phone_1", "phone_2", "a", "b-", "_"]),
    observed_at_ms=st.integers(0, 2**53),
    lat_e7=st.integers(-900_000_000, 900_000_000),
    lon_e7=st.integers(-1_800_000_000, 1_800_000_000),
    accuracy_dm=st.none() | INT32,
    speed_cms=st.none() | INT32,
    heading_cdeg=st.none() | INT32,
    altitude_dm=st.none() | INT32,
    battery_pct=st.none() | INT32,
    flags=CONTENT_FLAGS,
    sent_ms=st.none() | st.integers(1, 2**53),
    extras=st.sampled_from([b"", b'{"id":"7"}', b'{"worker":"w-1"}']),
)


@given(st.lists(POSITIONS, max_size=20))
def test_a_column_row_and_a_single_position_have_one_identity(positions):
    assert PositionBatch.of(0, positions).facts() == [position.fact for position in positions]


@given(st.lists(POSITIONS, min_size=1, max_size=20), st.data())
def test_identity_does_not_depend_on_the_batch(positions, data):
    cut = data.draw(st.integers(0, len(positions)), label="cut")
    shuffled = data.draw(st.permutations(positions), label="shuffled")
    whole = PositionBatch.of(1, positions).facts()
    halves = PositionBatch.of(2, positions[:cut]).facts() + PositionBatch.of(3, positions[cut:]).facts()
    assert whole == halves
    assert sorted(whole) == sorted(PositionBatch.of(4, shuffled).facts())


@given(st.lists(POSITIONS, min_size=1, max_size=20), st.data())
def test_identity_survives_taking_rows_out_of_a_batch(positions, data):
    rows = np.array(data.draw(st.lists(st.integers(0, len(positions) - 1), unique=True)), np.int64)
    mask = np.zeros(len(positions), np.bool_)
    mask[rows] = True
    batch = PositionBatch.of(0, positions)
    assert batch.take(rows).facts() == [positions[i].fact for i in rows]
    assert batch.take(mask).facts() == [positions[i].fact for i in np.flatnonzero(mask)]


@given(POSITIONS, st.none() | st.integers(1, 2**53), QUALITY_FLAGS, st.integers(0, 2**53))
def test_identity_depends_neither_on_sending_nor_on_our_judgement_of_the_time(position, sent_ms, quality, recorded):
    again = replace(position, sent_ms=sent_ms, flags=position.flags & ~QUALITY_MASK | quality)
    assert again.fact == position.fact == PositionBatch.of(recorded, [again]).facts()[0]


@given(POSITIONS, st.data())
def test_another_content_is_another_fact(position, data):
    field = data.draw(st.sampled_from([name for name in Position.__struct_fields__ if name != "sent_ms"]))
    other = getattr(data.draw(POSITIONS), field)
    assert (replace(position, **{field: other}).fact == position.fact) == (other == getattr(position, field))


def test_an_absent_value_is_not_a_zero():
    position = Position(device="a", observed_at_ms=1, lat_e7=1, lon_e7=1)
    assert position.fact != replace(position, accuracy_dm=0).fact


def test_the_identity_of_a_position_is_frozen():
    position = Position(
        device="phone_1",
        observed_at_ms=1_780_000_000_123,
        lat_e7=312_304_000,
        lon_e7=1_214_737_000,
        accuracy_dm=125,
        battery_pct=81,
        flags=int(Flag.GPS | Flag.MOCK_FALSE),
        extras=b'{"id":"7"}',
    )
    assert position.fact == UUID("5e89b440-0f40-d208-8435-3d5f19a95f46")


def test_a_fact_is_told_by_device_kind_time_and_content():
    base = fact_id("a", "checkin", 1, b"{}")
    assert base == fact_id("a", "checkin", 1, b"{}")
    others = {
        fact_id("b", "checkin", 1, b"{}"),
        fact_id("a", "checkout", 1, b"{}"),
        fact_id("a", "checkin", 2, b"{}"),
        fact_id("a", "checkin", 1, b"[]"),
    }
    assert len(others | {base}) == 5


def test_a_stream_has_one_id_in_a_cell_and_another_in_the_next():
    here, there = UUID(int=1), UUID(int=2)
    assert stream_id(here, "visit/v-1") == stream_id(here, "visit/v-1")
    assert len({stream_id(here, "visit/v-1"), stream_id(here, "visit/v-2"), stream_id(there, "visit/v-1")}) == 3


@pytest.mark.parametrize(
    ("text", "key", "device", "registered"),
    [
        ("v-1", True, True, True),
        ("A_9", True, True, True),
        ("a.b:c", True, False, True),
        ("jane~2edoe.phone", False, False, True),
        ("x" * 64, True, True, True),
        ("x" * 65, False, False, True),
        ("x" * 128, False, False, True),
        ("x" * 129, False, False, False),
        ("", False, False, False),
        ("a b", False, False, False),
        ("a/b", False, False, False),
        ("a+", False, False, False),
        ("家", False, False, False),
        ("a\n", False, False, False),
        ("１", False, False, False),
    ],
)
def test_business_keys_and_device_ids_are_plain(text, key, device, registered):
    found = [pattern.fullmatch(text) is not None for pattern in (KEY, DEVICE, REGISTERED)]
    assert found == [key, device, registered]
