"""An event that has moved on: old bytes are lifted step by step, newer ones are refused rather than misread."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import CorruptLog
from domain.events import Event, all_topics, by_topic, decode, encode
from domain.events.clock import TimeAdvanced


class KeyHandedOver(Event, frozen=True, kw_only=True, omit_defaults=True):
    """In version 1 the key was a number and the people were one string."""

    TOPIC: ClassVar[str] = "test.key.handed_over"
    CLASS_VERSION: ClassVar[int] = 2

    key: str
    people: tuple[str, ...]

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state["key"] = f"k-{state['key']}"
        state["people"] = state.pop("who").split(",")


class LockChanged(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Its author forgot the step from 2 to 3."""

    TOPIC: ClassVar[str] = "test.lock.changed"
    CLASS_VERSION: ClassVar[int] = 3

    lock: str

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state["lock"] = state.pop("name")


def test_version_1_bytes_become_a_version_2_event():
    stored = b'{"recorded_at_ms":5,"key":7,"who":"w-1,c-1"}'
    assert decode("test.key.handed_over", stored) == KeyHandedOver(recorded_at_ms=5, key="k-7", people=("w-1", "c-1"))


def test_version_2_is_stored_with_its_version_and_read_without_upcasting():
    event = KeyHandedOver(recorded_at_ms=5, key="k-7", people=("w-1",))
    assert encode(event) == b'{"_v":2,"recorded_at_ms":5,"key":"k-7","people":["w-1"]}'
    assert decode("test.key.handed_over", encode(event)) == event


@pytest.mark.parametrize(
    ("topic", "stored"),
    [
        ("test.key.handed_over", b'{"_v":3,"recorded_at_ms":5,"key":"k-7","people":[]}'),
        ("doorstep.clock.time_advanced", b'{"_v":2,"recorded_at_ms":5,"wall_ms":5}'),
        ("test.lock.changed", b'{"recorded_at_ms":5,"name":"front"}'),
        ("test.key.handed_over", b'{"recorded_at_ms":5,"key":7}'),
        ("test.key.handed_over", b'{"_v":"2","recorded_at_ms":5}'),
        ("test.key.handed_over", b"[]"),
        ("doorstep.clock.time_advanced", b'{"recorded_at_ms":"5","wall_ms":5}'),
        ("doorstep.clock.nobody_claims_this", b"{}"),
    ],
    ids=[
        "newer than the class",
        "newer than a class that never moved",
        "an upcast is missing",
        "an upcast misses a field",
        "a version that is no number",
        "no object",
        "a wrong type",
        "an unknown topic",
    ],
)
def test_what_cannot_be_read_rightly_is_a_corrupt_log(topic, stored):
    with pytest.raises(CorruptLog):
        decode(topic, stored)


@given(st.sampled_from(sorted(all_topics())), st.binary() | st.text().map(str.encode))
def test_junk_is_never_anything_but_a_corrupt_log(topic, junk):
    with pytest.raises(CorruptLog):
        decode(topic, junk)


def test_two_events_cannot_claim_one_topic():
    with pytest.raises(TypeError, match=r"doorstep\.clock\.time_advanced"):
        type("Impostor", (Event,), {"TOPIC": TimeAdvanced.TOPIC, "__annotations__": {}}, frozen=True, kw_only=True)
    assert by_topic(TimeAdvanced.TOPIC) is TimeAdvanced
