"""Corrections of a clock: for each instant of the device's own clock the last word counts."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clocks import ClockPeriods, Correction, dated_ms, evolve
from domain.events.clock import TimeAdvanced
from domain.events.device import DeviceClockCorrected
from domain.events.facts import TimeQuality


def corrected(offset_ms, from_ms, until_ms=None):
    return DeviceClockCorrected(recorded_at_ms=0, device="d", offset_ms=offset_ms, from_ms=from_ms, until_ms=until_ms)


def fold(*events):
    clock = ClockPeriods()
    for event in events:
        clock = evolve(clock, event)
    return clock


def test_a_correction_holds_within_its_period_only():
    clock = fold(corrected(-5, 100, 200))
    assert [clock.offset_ms(at) for at in (99, 100, 199, 200)] == [0, -5, -5, 0]


def test_an_open_correction_holds_from_its_start_on_also_after_one_inside_it():
    assert fold(corrected(-5, 100), corrected(7, 150, 160)).periods == (
        Correction(100, 150, -5),
        Correction(150, 160, 7),
        Correction(160, None, -5),
    )


def test_an_offset_of_nothing_takes_a_correction_back_where_it_says_so():
    clock = fold(corrected(-5, 100, 400), corrected(0, 200, 300))
    assert clock.periods == (Correction(100, 200, -5), Correction(300, 400, -5))
    assert fold(corrected(-5, 100, 400), corrected(0, 0)) == ClockPeriods()


def test_what_means_the_same_is_equal():
    assert fold(corrected(5, 0, 10), corrected(5, 10, 20)) == fold(corrected(5, 0, 20))


def test_other_events_change_no_clock():
    clock = fold(corrected(5, 0, 10))
    assert evolve(clock, TimeAdvanced(recorded_at_ms=0, wall_ms=0)) is clock


def test_corrections_survive_a_snapshot():
    clock = fold(corrected(5, 0, 10), corrected(-5, 20))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(clock), type=ClockPeriods) == clock


CLAIMS = range(-10, 40)
EVENTS = st.builds(
    lambda offset, start, length: corrected(offset, start, None if length is None else start + length),
    st.sampled_from([-7, -1, 0, 1, 7]),
    st.integers(0, 12),
    st.none() | st.integers(1, 6),
)


@given(st.lists(EVENTS, max_size=8))
def test_every_instant_is_corrected_by_the_last_word_on_it(events):
    clock = fold(*events)
    for claim in CLAIMS:
        words = [e.offset_ms for e in events if e.from_ms <= claim and (e.until_ms is None or claim < e.until_ms)]
        assert clock.offset_ms(claim) == (words[-1] if words else 0)
    assert clock.offsets_ms(np.array(CLAIMS)).tolist() == [clock.offset_ms(claim) for claim in CLAIMS]
    for one, next_one in pairwise(clock.periods):
        assert one.until_ms is not None
        assert one.from_ms < one.until_ms <= next_one.from_ms


@given(st.lists(EVENTS, max_size=8), st.integers(-5, 30), st.none() | st.integers(1, 12))
def test_a_period_falls_into_pieces_of_one_offset_each(events, from_ms, length):
    clock, until_ms = fold(*events), None if length is None else from_ms + length
    pieces = list(clock.pieces(from_ms, until_ms))
    assert (pieces[0].from_ms, pieces[-1].until_ms) == (from_ms, until_ms)
    assert all(one.until_ms == next_one.from_ms for one, next_one in pairwise(pieces))
    for piece in pieces:
        stretch = range(piece.from_ms, 60 if piece.until_ms is None else piece.until_ms)
        assert {clock.offset_ms(claim) for claim in stretch} <= {piece.offset_ms}


@pytest.mark.parametrize(
    ("claim_ms", "quality", "dated"),
    [
        (50_000, TimeQuality.DEVICE, 50_000),
        (1_000_000, TimeQuality.DEVICE, 400_000),
        (1_000_000, TimeQuality.AHEAD, 400_000),
        (50_000, TimeQuality.AHEAD, 300_000),
        (1_020_000, TimeQuality.AHEAD, 420_000),
        (1_020_001, TimeQuality.AHEAD, 300_000),
        (1_000_000, TimeQuality.UNSET, 300_000),
    ],
)
def test_what_was_not_believed_is_believed_once_its_corrected_time_is_plausible(claim_ms, quality, dated):
    clock = fold(corrected(-600_000, 100_000))
    assert dated_ms(clock, claim_ms, quality, 300_000) == dated
