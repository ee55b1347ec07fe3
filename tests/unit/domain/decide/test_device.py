"""Devices: bound to a worker or a site for a period, past periods too."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.decide import BindDevice, UnbindDevice, device_stream, stream_of
from domain.errors import NotFound
from domain.events.device import DeviceBound, DeviceNumbered, DeviceUnbound

NOON = 1_780_000_000_000

BIND = BindDevice(at_ms=NOON, by="office", device="phone_1", worker="w-1", from_ms=NOON - 500)
BOUND = DeviceBound(recorded_at_ms=NOON, by="office", device="phone_1", worker="w-1", from_ms=NOON - 500)
UNBIND = UnbindDevice(at_ms=NOON + 1, by="office", device="phone_1", from_ms=NOON)
UNBOUND = DeviceUnbound(recorded_at_ms=NOON + 1, by="office", device="phone_1", at_ms=NOON)


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
    assert device_stream("phone_1") == "device/phone_1" == stream_of(BIND) == stream_of(UNBIND)
