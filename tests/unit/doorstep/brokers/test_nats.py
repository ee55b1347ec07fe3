"""MQTT's topics as NATS' subjects, and what a user may do by them."""

from __future__ import annotations

import pytest

from doorstep.brokers.nats import subjects, user


@pytest.mark.parametrize(
    ("topic_filter", "expected"),
    [
        ("doorstep/v1/+/position", ["doorstep.v1.*.position"]),
        ("doorstep/v1/#", ["doorstep.v1", "doorstep.v1.>"]),
        ("#", [">"]),
        ("+", ["*"]),
        ("owntracks/jane.doe/phone", ["owntracks.jane//doe.phone"]),
        ("/lead", ["/.lead"]),
        ("a//b", ["a./.b"]),
        ("trail/", ["trail./"]),
    ],
)
def test_a_topic_filter_becomes_the_subjects_it_matches(topic_filter: str, expected: list[str]) -> None:
    assert subjects(topic_filter) == expected


@pytest.mark.parametrize("topic", ["a b", "a\tb", "a*", "a>", ""])
def test_a_topic_that_the_broker_cannot_carry_is_refused(topic: str) -> None:
    with pytest.raises(ValueError, match="cannot carry"):
        subjects(topic)


def test_what_the_broker_cannot_carry_takes_nothing_else_from_its_user() -> None:
    made = user("d", "secret", publish=["zigbee2mqtt/Front door", "a/b"], subscribe=["a/cmd"], deny=["x/#"])
    assert made["permissions"] == {
        "publish": {"allow": ["a.b"], "deny": ["x", "x.>"]},
        "subscribe": {"allow": ["a.cmd", "$MQTT.sub.>"], "deny": ["x", "x.>"]},
    }


@pytest.mark.parametrize("publish", [[], ["zigbee2mqtt/Front door"]])
def test_who_may_publish_nothing_is_not_allowed_everything(publish: list[str]) -> None:
    made = user("ingest", "secret", publish=publish, subscribe=["#"], deny=[])
    assert made["permissions"]["publish"] == {"deny": [">"]}
