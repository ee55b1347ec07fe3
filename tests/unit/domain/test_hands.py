"""In whose hands a phone is: the last act that says so, in whatever order the acts became known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events.facts import CLASSES, TimeQuality
from domain.hands import HELD_MS, Act, act_of, add, before, holder
from domain.ids import fact_id
from domain.time import Ms


def said(kind, **fields):
    return CLASSES[kind](
        recorded_at_ms=Ms(9), fact=fact_id("p", kind, 5, b""), device="p", observed_at_ms=Ms(5), **fields
    )


@pytest.mark.parametrize(
    ("kind", "fields", "act"),
    [
        ("checkin", {"worker": "w"}, Act(7, 5, "w")),
        ("checkout", {"method": "nfc"}, Act(7, 5)),
        ("shift", {"on": True, "worker": "w"}, Act(7, 5, "w")),
        ("shift", {"on": False, "worker": "w"}, Act(7, 5, "w", off=True)),
        ("outing", {"visit": "v", "on": False, "worker": "w"}, Act(7, 5, "w")),
        ("checkin", {"worker": "w", "method": "door"}, None),
        ("checkin", {"worker": "w", "method": "customer"}, None),
        ("checkin", {"worker": "w", "quality": TimeQuality.AHEAD}, None),
        ("sos", {"worker": "w"}, None),
        ("status", {"worker": "w"}, None),
        ("scan", {"worker": "w", "tag": "74103794"}, None),
    ],
)
def test_what_people_do_with_the_phone_in_their_hands_is_an_act(kind, fields, act):
    assert act_of(said(kind, **fields), 7) == act


def test_the_last_who_named_themselves_holds_it_until_they_go_off_or_a_days_work_is_over():
    acts = [Act(10, 10, "a"), Act(20, 20), Act(30, 30, "b"), Act(40, 40, "b", off=True)]
    assert [holder(acts, at) for at in (9, 10, 29, 30, 39, 40, 50)] == [None, "a", "a", "b", "b", None, None]
    assert [holder(acts[:1], 10 + late) for late in (HELD_MS - 1, HELD_MS)] == ["a", None]


ACTS = st.lists(
    st.builds(Act, st.integers(0, 6), st.just(0), st.sampled_from(["", "a", "b"]), st.booleans()), max_size=8
)


@given(ACTS, st.randoms(use_true_random=False))
def test_acts_are_one_set_in_whatever_order_and_however_often_they_are_told(acts, rng):
    told = [*acts, *rng.choices(acts, k=3)] if acts else []
    rng.shuffle(told)
    kept: list[Act] = []
    news = [add(kept, act, -1) for act in told]
    assert kept == sorted(set(acts))
    assert sum(news) == len(kept)


def test_what_is_forgotten_is_dropped_and_what_is_asked_for_reaches_back_so_far_only():
    kept = [Act(at, at) for at in (1, 2, 3)]
    assert add(kept, Act(9, 9), 2)
    assert [act.at_ms for act in kept] == [3, 9]
    assert [act.at_ms for act in before(kept, 9, 7)] == [9, 3]
    assert [act.at_ms for act in before(kept, 9, 6)] == [9]
    assert list(before(kept, 2, 100)) == []
