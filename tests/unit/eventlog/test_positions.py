"""Position format, version 1: what goes in comes out, and the shipped bytes stay readable."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import CorruptLog
from domain.positions import COLUMNS, Flag, Position, PositionBatch
from eventlog.positions import pack, unpack

NOW_MS = 1_780_000_000_000
FIXTURES = Path(__file__).parent / "fixtures"
HEADER_SIZE = 22

FROZEN = [
    Position(
        device="phone-b",
        observed_at_ms=NOW_MS - 1_500,
        sent_ms=NOW_MS - 100,
        lat_e7=312_345_678,
        lon_e7=1_214_567_890,
        accuracy_dm=45,
        speed_cms=130,
        heading_cdeg=35_999,
        altitude_dm=-12,
        battery_pct=87,
        flags=Flag.FUSED | Flag.MOCK_FALSE,
    ),
    Position(
        device="phone-a",
        observed_at_ms=NOW_MS + 3_500,
        lat_e7=-337_000_000,
        lon_e7=-1_790_000_001,
        accuracy_dm=40_000,
        flags=Flag.NETWORK | Flag.GCJ02,
        extras=b'{"id":"x-1"}',
    ),
    Position(device="phone-b", observed_at_ms=NOW_MS - 1_400, lat_e7=0, lon_e7=0),
    Position(
        device="phone-c",
        observed_at_ms=4_102_444_800_000,
        lat_e7=900_000_000,
        lon_e7=1_800_000_000,
        speed_cms=0,
        heading_cdeg=0,
        flags=Flag.TIME_AHEAD,
        extras=b'{"note":"\xe5\x88\xb0"}',
    ),
]
FROZEN_NUMBERS = {"phone-a": 1, "phone-b": 300, "phone-c": 7}


def numbered(batch: PositionBatch) -> dict[str, int]:
    return {device: 3 * place for place, device in enumerate(batch.devices)}


def round_trip(batch: PositionBatch, numbers: dict[str, int] | None = None) -> PositionBatch:
    numbers = numbers or numbered(batch)
    devices = {number: device for device, number in numbers.items()}
    return unpack(pack(batch, numbers.__getitem__), batch.recorded_at_ms, devices.__getitem__)


def rows(batch: PositionBatch) -> list[tuple[object, ...]]:
    """Each row's device name, values and extras, in order."""
    values = zip(*(getattr(batch, name).tolist() for name in COLUMNS[1:]), strict=True)
    names = [batch.devices[i] for i in batch.device.tolist()]
    return [(names[i], *row, batch.extras.get(i, b"")) for i, row in enumerate(values)]


def assert_packs(batch: PositionBatch, numbers: dict[str, int] | None = None) -> None:
    numbers = numbers or numbered(batch)
    back = round_trip(batch, numbers)
    expected = sorted(rows(batch), key=lambda row: numbers[str(row[0])])  # stable, as the format is
    assert rows(back) == expected
    assert back.recorded_at_ms == batch.recorded_at_ms
    assert set(back.facts()) == set(batch.facts())
    for name in COLUMNS:
        assert getattr(back, name).dtype == getattr(batch, name).dtype


int32 = st.integers(-(2**31), 2**31 - 1) | st.sampled_from([-(2**31), -(2**31) + 1, -1, 0, 127, 128, 32_767, 2**31 - 1])
optional = st.none() | st.integers(0, 300) | st.integers(-(2**31) + 1, 2**31 - 1)
instant = (
    st.integers(NOW_MS - 200, NOW_MS + 200)
    | st.integers(NOW_MS - 10**6, NOW_MS + 10**6)
    | st.integers(-(2**63), 2**63 - 1)
)
position = st.builds(
    Position,
    device=st.sampled_from([f"device-{i}" for i in range(6)]),
    observed_at_ms=instant,
    lat_e7=int32,
    lon_e7=int32,
    accuracy_dm=optional,
    speed_cms=optional,
    heading_cdeg=optional,
    altitude_dm=optional,
    battery_pct=optional,
    flags=st.sampled_from([0, 1, 0xFF, 0x100, 0xFFFF]),
    sent_ms=st.none() | instant.filter(bool),
    extras=st.just(b"") | st.binary(max_size=20),
)


@given(
    st.lists(position, min_size=1, max_size=30), st.permutations(range(6)), st.sampled_from([1, 40, 1 << 20, 5 << 27])
)
def test_any_batch_comes_back_as_it_was_sorted_by_device(rows_: list[Position], places: list[int], apart: int) -> None:
    assert_packs(PositionBatch.of(NOW_MS, rows_), {f"device-{i}": place * apart for i, place in enumerate(places)})


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 2**32 - 1), st.integers(1, 62))
def test_batches_of_one_to_three_hundred_rows_come_back(size: int, devices: int, seed: int, bits: int) -> None:
    draw = np.random.default_rng(seed)

    def column(low: int, high: int, dtype: type) -> np.ndarray:
        return draw.integers(max(low, -(1 << bits)), min(high, 1 << bits), size, np.int64).astype(dtype)

    int32_columns = COLUMNS[3:-1]
    batch = PositionBatch(
        recorded_at_ms=NOW_MS,
        devices=[f"d{i}" for i in range(devices)],
        device=draw.integers(0, devices, size).astype(np.int32),
        observed_at_ms=NOW_MS + column(-(2**62), 2**62, np.int64),
        sent_ms=np.where(draw.random(size) < 0.5, 0, NOW_MS + column(-(2**62), 2**62, np.int64)),
        flags=column(0, 2**16, np.uint16),
        extras={int(i): b"{}" * int(i % 3 + 1) for i in np.flatnonzero(draw.random(size) < 0.1)},
        **{name: column(-(2**31), 2**31, np.int32) for name in int32_columns},
    )
    assert_packs(batch)


def test_absent_columns_take_no_bytes() -> None:
    bare = [Position(device="a", observed_at_ms=NOW_MS, lat_e7=i, lon_e7=-i) for i in range(100)]
    batch = PositionBatch.of(NOW_MS, bare)
    assert len(pack(batch, lambda _: 0)) == HEADER_SIZE + 1 + 100 * 8  # one byte: the rows of the only section
    assert_packs(batch)


def test_an_empty_batch_comes_back_empty() -> None:
    empty = PositionBatch.of(NOW_MS, [])
    assert len(round_trip(empty)) == 0


def test_rows_of_one_device_keep_their_order() -> None:
    positions = [Position(device=d, observed_at_ms=NOW_MS + i, lat_e7=0, lon_e7=0) for i, d in enumerate("babab")]
    back = round_trip(PositionBatch.of(NOW_MS, positions), {"a": 1, "b": 2})
    assert (back.observed_at_ms - NOW_MS).tolist() == [1, 3, 0, 2, 4]


def test_devices_without_rows_are_not_asked_for_a_number() -> None:
    positions = [Position(device=d, observed_at_ms=NOW_MS, lat_e7=0, lon_e7=0) for d in ("gone", "here")]
    batch = PositionBatch.of(NOW_MS, positions).take(np.array([1]))
    assert rows(round_trip(batch, {"here": 0}))[0][0] == "here"


def test_a_busy_city_costs_at_most_thirty_bytes_a_ping() -> None:
    for size in (20, 160):
        batch = PositionBatch.of(NOW_MS, [ping(i) for i in range(size)])
        assert len(pack(batch, lambda device: 1000 + int(device))) <= 30 * size


def ping(i: int) -> Position:
    """A ping with every field set, as a phone in a street has them."""
    return Position(
        device=str(i),
        observed_at_ms=NOW_MS - 200 - 37 * i,
        sent_ms=NOW_MS - 30 - i,
        lat_e7=312_000_000 + 9_973 * i,
        lon_e7=1_214_000_000 - 7_919 * i,
        accuracy_dm=30 + 5 * i,
        speed_cms=11 * i,
        heading_cdeg=i * 2_111 % 36_000,
        altitude_dm=100 + 3 * i,
        battery_pct=i % 101,
        flags=Flag.GPS,
    )


def test_where_people_are_shows_in_the_bytes_of_their_rows_only() -> None:
    here = PositionBatch.of(NOW_MS, [ping(i) for i in range(20)])
    there = dataclasses.replace(here, lat_e7=-here.lat_e7, lon_e7=here.lon_e7 // 1000)
    one, other = (np.frombuffer(pack(b, int), np.uint8) for b in (here, there))
    assert len(one) == len(other)
    changed = np.flatnonzero(one != other)
    first = HEADER_SIZE + 20 + 20 * 2 + 20 * 2  # header, device numbers, observed_at, sent
    assert first <= changed.min()
    assert changed.max() < first + 20 * 8
    assert one[first : first + 80].tobytes() == here.lat_e7.astype("<i4").tobytes()


def test_a_number_given_twice_or_out_of_range_is_refused() -> None:
    positions = [Position(device=d, observed_at_ms=NOW_MS, lat_e7=0, lon_e7=0) for d in "ab"]
    batch = PositionBatch.of(NOW_MS, positions)
    with pytest.raises(ValueError, match="one number"):
        pack(batch, lambda _: 5)
    for number in (-1, 2**32):
        with pytest.raises(ValueError, match="32 bits"):
            pack(batch, lambda device, number=number: number if device == "a" else 0)


def test_the_shipped_bytes_of_version_1_are_read_and_written_for_ever() -> None:
    shipped = bytes.fromhex((FIXTURES / "positions_v1.hex").read_text())
    batch = PositionBatch.of(NOW_MS, FROZEN)
    devices = {number: device for device, number in FROZEN_NUMBERS.items()}
    expected = sorted(rows(batch), key=lambda row: FROZEN_NUMBERS[str(row[0])])
    assert rows(unpack(shipped, NOW_MS, devices.__getitem__)) == expected
    assert pack(batch, FROZEN_NUMBERS.__getitem__).hex(" ", 4) == shipped.hex(" ", 4)


def test_a_payload_cut_anywhere_or_longer_is_corrupt() -> None:
    payload = pack(PositionBatch.of(NOW_MS, FROZEN), FROZEN_NUMBERS.__getitem__)
    for size in range(len(payload)):
        with pytest.raises(CorruptLog):
            unpack(payload[:size], NOW_MS, str)
    with pytest.raises(CorruptLog):
        unpack(payload + b"\0", NOW_MS, str)


@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda tail: b"\xd1\0" + tail))
def test_junk_is_corrupt_or_a_batch_and_nothing_else(junk: bytes) -> None:
    try:
        unpack(junk, NOW_MS, str)
    except CorruptLog:
        return
    assert len(junk) >= HEADER_SIZE


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_payload_is_corrupt_or_a_batch_and_nothing_else(data: st.DataObject) -> None:
    payload = bytearray(pack(PositionBatch.of(NOW_MS, FROZEN), FROZEN_NUMBERS.__getitem__))
    for _ in range(data.draw(st.integers(1, 3))):
        payload[data.draw(st.integers(0, 40))] = data.draw(st.integers(0, 255))
    try:
        batch = unpack(bytes(payload), NOW_MS, str)
    except CorruptLog:
        return
    assert len(batch.facts()) == len(batch)


def test_a_device_number_that_nobody_knows_is_corrupt() -> None:
    payload = pack(PositionBatch.of(NOW_MS, FROZEN), FROZEN_NUMBERS.__getitem__)
    with pytest.raises(CorruptLog, match="no number"):
        unpack(payload, NOW_MS, {1: "phone-a"}.__getitem__)


def test_other_versions_and_algorithms_are_refused_by_name() -> None:
    payload = pack(PositionBatch.of(NOW_MS, FROZEN), FROZEN_NUMBERS.__getitem__)
    with pytest.raises(CorruptLog, match="first byte is 0xd2"):
        unpack(b"\xd2" + payload[1:], NOW_MS, str)
    with pytest.raises(CorruptLog, match="algorithm 1"):
        unpack(b"\xd1\1" + payload[2:], NOW_MS, str)
