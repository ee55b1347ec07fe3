"""Native topics: a device and a kind that exists, nothing else."""

from __future__ import annotations

import pytest

from domain.errors import Unreadable
from ingest import topics, wire


@pytest.mark.parametrize("kind", wire.KINDS)
def test_every_kind_has_its_topic(kind: str) -> None:
    assert topics.parse(f"doorstep/v1/Phone_17-a/{kind}") == ("Phone_17-a", kind)


@pytest.mark.parametrize(
    "topic",
    [
        "doorstep/v1/p1/nonsense",
        "doorstep/v1/p1/region",
        "doorstep/v1/p1",
        "doorstep/v1/p1/position/",
        "doorstep/v1/p1/extra/position",
        "doorstep/v1//position",
        "doorstep/v1/p 1/position",
        "doorstep/v1/门/position",
        f"doorstep/v1/{'p' * 65}/position",
        "doorstep/v1/_clock/position",
        "doorstep/v2/p1/position",
        "elsewhere",
        "",
    ],
)
def test_other_topics_are_unknown(topic: str) -> None:
    with pytest.raises(Unreadable) as error:
        topics.parse(topic)
    assert error.value.code == "unknown_topic"
