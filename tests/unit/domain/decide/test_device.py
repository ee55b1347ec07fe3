"""Devices: bound to a worker or a site for a period, past periods too."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.clocks import MOST_OFFSET_MS
from domain.decide import BindDevice, CorrectDeviceClock, UnbindDevice, device_stream, stream_of
from domain.errors import NotFound
from domain.events.device import DeviceBound, DeviceClockCorrected, DeviceNumbered, DeviceUnbound

NOON = 1_780_000_000_000

BIND = BindDevice(at_ms=NOON, by="office", device="phone_1", worker="w-1", from_ms=NOON - 500)
BOUND = DeviceBound(recorded_at_ms=NOON, by="office", device="phone_1", worker="w-1", from_ms=NOON - 500)
UNBIND = UnbindDevice(at_ms=NOON + 1, by="office", device="phone_1", from_ms=NOON)
UNBOUND = DeviceUnbound(recorded_at_ms=NOON + 1, by="office", device="phone_1", at_ms=NOON)

CORRECT = CorrectDeviceClock(
    at_ms=NOON,
    by="office",
    device="phone_1",
    offset_ms=-3_600_000,
    from_ms=NOON - 500,
    until_ms=NOON,
    reason="summer time",
)
CORRECTED = DeviceClockCorrected(
    recorded_at_ms=NOON,
    by="office",
    device="phone_1",
    offset_ms=-3_600_000,
    from_ms=NOON - 500,
    until_ms=NOON,
    reason="summer time",
)


def test_a_device_is_bound_from_a_past_date(given):
    given().when(BIND).then(BOUND)


def test_a_device_is_bound_to_a_site_for_a_period(given):
    given().when(BindDevice(at_ms=NOON, device="door", site="s-1", from_ms=NOON, until_ms=NOON + 9)).then(
        DeviceBound(recorded_at_ms=NOON, device="door", site="s-1", from_ms=NOON, until_ms=NOON + 9)
    )


def test_a_binding_that_stands_is_no_news(given):
    given(BOUND).when(replace(BIND, at_ms=NOON + 7, by="import")).then_nothing()


def test_binding_again_after_another_bound_it_is_news(given):
    other = replace(BOUND, worker="w-2")
    given(BOUND, other).when(BIND).then(BOUND)


def test_a_device_of_another_dialect_is_bound_alike(given):
    given().when(replace(BIND, device="jane~2edoe.phone")).then(replace(BOUND, device="jane~2edoe.phone"))


def test_a_binding_that_is_only_made_where_it_is_needed(given):
    needed = replace(BIND, from_ms=NOON, needed_ms=NOON + 100)
    bound = replace(BOUND, from_ms=NOON)
    given().when(needed).then(bound)
    given(BOUND).when(needed).then_nothing()
    given(BOUND, replace(BOUND, worker="w-2", from_ms=NOON + 100)).when(needed).then(bound)
    given(BOUND, replace(BOUND, worker="w-2", from_ms=NOON + 101)).when(needed).then_nothing()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"worker": None}, "invalid_binding"),
        ({"site": "s-1"}, "invalid_binding"),
        ({"worker": "w 1"}, "invalid_key"),
        ({"worker": None, "site": ""}, "invalid_key"),
        ({"device": "a b"}, "invalid_key"),
        ({"device": "x" * 129}, "invalid_key"),
        ({"device": "a/b"}, "invalid_key"),
        ({"until_ms": NOON - 500}, "invalid_period"),
        ({"until_ms": NOON - 501}, "invalid_period"),
        ({"from_ms": -1}, "invalid_time"),
        ({"until_ms": 10**15}, "invalid_time"),
    ],
)
def test_a_binding_that_makes_no_sense_is_refused(given, wrong, code):
    given().when(replace(BIND, **wrong)).then_refused(code)


def test_a_device_is_unbound(given):
    given(BOUND).when(UNBIND).then(UNBOUND)


def test_unbinding_what_ended_before_says_nothing_new(given):
    given(replace(BOUND, until_ms=NOON)).when(UNBIND).then_nothing()


def test_a_device_that_spoke_but_was_never_bound_has_nothing_to_unbind(given):
    given(DeviceNumbered(recorded_at_ms=NOON, device="phone_1", number=3)).when(UNBIND).then_nothing()


def test_an_unheard_device_is_not_found(given):
    given().when(UNBIND).then_refused("not_found", NotFound)


def test_a_device_has_a_stream_of_its_own():
    assert device_stream("phone_1") == "device/phone_1" == stream_of(BIND) == stream_of(UNBIND) == stream_of(CORRECT)


@pytest.mark.parametrize("name", ["tag:74103794", f"beacon:{'f' * 32}:65535:65535", "ble:A4C1387FC1E1", "x" * 128])
def test_whatever_is_scanned_or_heard_is_bound_like_a_device(given, name):
    given().when(replace(BIND, device=name)).then(replace(BOUND, device=name))


def test_a_clock_is_corrected_for_a_period_before_the_device_is_bound_or_after(given):
    given().when(CORRECT).then(CORRECTED)
    given(BOUND).when(CORRECT).then(CORRECTED)


def test_a_correction_leaves_the_bindings_alone(given):
    given(BOUND, CORRECTED).when(BIND).then_nothing()
    given(CORRECTED, BOUND).when(CORRECT).then_nothing()


def test_what_a_correction_would_not_change_is_no_news(given):
    inside = replace(CORRECT, from_ms=NOON - 400, until_ms=NOON - 300)
    given(CORRECTED).when(inside).then_nothing()
    given().when(replace(CORRECT, offset_ms=0)).then_nothing()


def test_a_correction_is_taken_back(given):
    given(CORRECTED).when(replace(CORRECT, offset_ms=0)).then(replace(CORRECTED, offset_ms=0))


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"offset_ms": MOST_OFFSET_MS + 1}, "invalid_offset"),
        ({"offset_ms": -MOST_OFFSET_MS - 1}, "invalid_offset"),
        ({"until_ms": NOON - 500}, "invalid_period"),
        ({"from_ms": -1}, "invalid_time"),
        ({"reason": " "}, "invalid_text"),
        ({"device": "a/b"}, "invalid_key"),
    ],
)
def test_a_correction_that_makes_no_sense_is_refused(given, wrong, code):
    given().when(replace(CORRECT, **wrong)).then_refused(code)
