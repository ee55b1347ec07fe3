"""Bindings: the last word wins for the period it covers, in any order of dates."""

from __future__ import annotations

from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from domain.bindings import Binding, Bindings, evolve
from domain.events.clock import TimeAdvanced
from domain.events.device import DeviceBound, DeviceUnbound


def bound(worker, from_ms, until_ms=None):
    return DeviceBound(recorded_at_ms=0, device="d", worker=worker, from_ms=from_ms, until_ms=until_ms)


def unbound(at_ms):
    return DeviceUnbound(recorded_at_ms=0, device="d", at_ms=at_ms)


def fold(*events):
    bindings = Bindings()
    for event in events:
        bindings = evolve(bindings, event)
    return bindings


def spans(bindings):
    return [(b.worker or b.site, b.from_ms, b.until_ms) for b in bindings.periods]


def test_an_open_binding_holds_from_its_start_on():
    bindings = fold(bound("a", 100))
    assert bindings.at(99) is None
    assert bindings.at(100) == bindings.at(10**15) == Binding(from_ms=100, worker="a")


def test_the_end_of_a_binding_is_exclusive():
    bindings = fold(bound("a", 100, 200))
    assert bindings.at(199) is not None
    assert bindings.at(200) is None


def test_a_site_is_bound_like_a_worker():
    event = DeviceBound(recorded_at_ms=0, device="d", site="s", from_ms=1)
    assert fold(event).at(1) == Binding(from_ms=1, site="s")


def test_a_binding_ends_the_earlier_open_one_at_its_start():
    assert spans(fold(bound("a", 100), bound("b", 200))) == [("a", 100, 200), ("b", 200, None)]


def test_an_open_binding_is_not_resumed_after_the_one_that_ended_it():
    assert spans(fold(bound("a", 100), bound("b", 200, 300))) == [("a", 100, 200), ("b", 200, 300)]


def test_a_bounded_binding_is_resumed_after_a_correction_inside_it():
    bindings = fold(bound("a", 100, 400), bound("b", 200, 300))
    assert spans(bindings) == [("a", 100, 200), ("b", 200, 300), ("a", 300, 400)]


def test_a_late_binding_for_a_past_period_leaves_the_present_alone():
    bindings = fold(bound("a", 100), bound("b", 50, 150))
    assert spans(bindings) == [("b", 50, 150), ("a", 150, None)]


def test_a_late_open_binding_wins_for_all_that_follows():
    assert spans(fold(bound("a", 100), bound("b", 50))) == [("b", 50, None)]


def test_a_restated_binding_replaces_the_first():
    assert spans(fold(bound("a", 100), bound("b", 100))) == [("b", 100, None)]


def test_unbinding_ends_what_holds_and_what_would_follow():
    assert spans(fold(bound("a", 100, 200), bound("b", 300), unbound(150))) == [("a", 100, 150)]
    assert spans(fold(bound("a", 100), unbound(100))) == []


def test_a_device_can_be_bound_again_after_unbinding():
    assert spans(fold(bound("a", 100), unbound(200), bound("b", 300))) == [("a", 100, 200), ("b", 300, None)]


def test_other_events_change_no_binding():
    bindings = fold(bound("a", 100))
    assert evolve(bindings, TimeAdvanced(recorded_at_ms=0, wall_ms=0)) is bindings


def test_bindings_survive_a_snapshot():
    bindings = fold(bound("a", 100, 400), bound("b", 200, 300))
    assert msgspec.json.decode(msgspec.json.encode(bindings), type=Bindings) == bindings
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(bindings), type=Bindings) == bindings


INSTANTS = st.integers(0, 12)
EVENTS = st.one_of(
    st.builds(
        lambda worker, start, length: bound(worker, start, None if length is None else start + length),
        st.sampled_from("abc"),
        INSTANTS,
        st.none() | st.integers(1, 6),
    ),
    st.builds(unbound, INSTANTS),
)


HORIZON = range(20)  # past every end that EVENTS can name


def painted(events):
    """Who holds the device at each instant, told slowly: every event paints over the instants that it covers."""
    cells = dict.fromkeys(HORIZON)
    still_open = set()
    for number, event in enumerate(events):
        start = event.at_ms if isinstance(event, DeviceUnbound) else event.from_ms
        for ms in HORIZON:
            held = cells[ms]
            begun = held in still_open and min(m for m in HORIZON if cells[m] == held) < start
            if ms >= start and (begun or isinstance(event, DeviceUnbound)):
                cells[ms] = None
        still_open = {held for held in still_open if cells[HORIZON[-1]] == held}
        if isinstance(event, DeviceBound):
            for ms in HORIZON[start : event.until_ms]:
                cells[ms] = number
            if event.until_ms is None:
                still_open = {number}
    return [None if cells[ms] is None else events[cells[ms]].worker for ms in HORIZON]


@given(st.lists(EVENTS, max_size=8))
def test_the_periods_never_overlap_and_stand_in_order(events):
    periods = fold(*events).periods
    for one, next_one in pairwise(periods):
        assert one.until_ms is not None
        assert one.from_ms < one.until_ms <= next_one.from_ms


@given(st.lists(EVENTS, max_size=8))
def test_every_instant_is_held_by_the_last_word_on_it(events):
    bindings = fold(*events)
    held = [bindings.at(ms) for ms in HORIZON]
    assert [b and b.worker for b in held] == painted(events)
