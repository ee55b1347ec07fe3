"""Policies: adopted from a date on, each laid over the earlier ones, and never unreadable for the folds."""

from __future__ import annotations

import pytest

from domain.decide import AdoptPolicy, handle, policy_stream, stream_of
from domain.events import decode, encode
from domain.events.policy import PolicyAdopted
from domain.policies import DEFAULT, in_force

NOON = 1_780_000_000_000


def adopt(from_ms=NOON, at_ms=NOON, **values):
    return AdoptPolicy(at_ms=at_ms, by="owner", from_ms=from_ms, values=values)


def adopted(from_ms=NOON, at_ms=NOON, **values):
    return PolicyAdopted(recorded_at_ms=at_ms, by="owner", from_ms=from_ms, values=values)


def test_a_policy_is_adopted(given):
    given().when(adopt(late_s=300.0)).then(adopted(late_s=300.0))


def test_a_policy_may_hold_from_a_past_date(given):
    given(adopted(late_s=300.0)).when(adopt(from_ms=0, late_s=60.0)).then(adopted(from_ms=0, late_s=60.0))


def test_other_thresholds_from_the_same_date_are_laid_over_the_earlier(given):
    given(adopted(late_s=300.0)).when(adopt(nearby_m=500.0)).then(adopted(nearby_m=500.0))


def test_what_holds_already_is_no_news(given):
    history = adopted(late_s=300.0), adopted(nearby_m=500.0)
    given(*history).when(adopt(late_s=300.0)).then_nothing()
    given(*history).when(adopt(from_ms=NOON + 5, late_s=300.0)).then_nothing()


def test_what_holds_only_until_a_later_date_is_news(given):
    history = adopted(late_s=300.0), adopted(from_ms=NOON + 5, late_s=600.0)
    given(*history).when(adopt(late_s=300.0)).then(adopted(late_s=300.0))


def test_laying_a_default_down_is_news_so_that_it_outlives_another_default(given):
    given().when(adopt(late_s=float(DEFAULT.late_s))).then(adopted(late_s=float(DEFAULT.late_s)))


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"lateness": 1.0},
        {"late_s": float("nan")},
        {"late_s": float("inf")},
        {"late_s": -1.0},
        {"late_s": 0.5},
        {"nearby_m": 1e10},
    ],
    ids=repr,
)
def test_a_policy_that_no_fold_could_read_is_refused(given, values):
    given().when(adopt(**values)).then_refused("invalid_policy")


def test_a_date_is_a_date(given):
    given().when(adopt(from_ms=-1, late_s=1.0)).then_refused("invalid_time")


@pytest.mark.parametrize("name", DEFAULT.__struct_fields__)
def test_every_threshold_can_be_adopted_and_read_back_from_the_log(name):
    (event,) = handle((), adopt(**{name: 1}))
    stored = decode(event.TOPIC, encode(event))
    assert type(event.values[name]) is type(stored.values[name]) is float
    assert getattr(in_force([(stored.from_ms, stored.values)], NOON), name) == 1


def test_policies_share_one_stream():
    assert policy_stream() == "policy" == stream_of(adopt(late_s=1.0))
