"""Messages that tell several things."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from domain.errors import Unreadable
from domain.events.facts import Fact
from domain.time import Ms
from ingest.elements import told
from ingest.facts import fact_of
from ingest.message import Fault
from ingest.reading import Receipt

RECEIPT = Receipt(Ms(1_795_222_930_000))


def read(tag: str) -> Iterator[Fact]:
    if not tag:
        raise Unreadable("no tag", code="empty")
    yield fact_of("scan", "d", None, RECEIPT, tag=tag)


def test_what_can_be_read_is_and_the_rest_is_named() -> None:
    decoded = told(["a", "", "b"], read)
    assert [fact.tag for fact in decoded.facts] == ["a", "b"]  # type: ignore[attr-defined]
    assert decoded.unreadable == [Fault("empty", "no tag", 1)]


def test_where_nothing_can_be_read_the_message_cannot() -> None:
    with pytest.raises(Unreadable):
        told(["", ""], read)
    assert told([], read).facts == []


def test_what_stands_beside_a_fact_is_kept_and_is_no_part_of_its_identity() -> None:
    near = fact_of("scan", "d", None, RECEIPT, tag="a", extras={"packet": 1}, beside={"rssi": -30})
    far = fact_of("scan", "d", None, RECEIPT, tag="a", extras={"packet": 1}, beside={"rssi": -90})
    next_one = fact_of("scan", "d", None, RECEIPT, tag="a", extras={"packet": 2}, beside={"rssi": -30})
    assert near.fact == far.fact != next_one.fact
    assert near.extras == {"packet": 1, "rssi": -30}
