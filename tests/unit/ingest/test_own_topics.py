"""Topics of devices' own: what one of them does harms no other, and a session ends once it is empty."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import pytest

from domain.errors import Unavailable
from ingest import own_topics
from ingest.broker import Session
from ingest.own_topics import OwnTopics, is_heard_elsewhere


class Fake:
    """A session without a broker."""

    def __init__(self, suffix: str, filters: Sequence[str]) -> None:
        self.filters, self.connected, self.refused, self.holds, self.heard = filters, True, False, False, 0
        self.failure: Unavailable | None = None
        self.answers = True
        self.ended = False

    def start(self) -> None:
        pass

    def discard(self) -> bool:
        self.ended = self.answers
        return self.answers


class Desk:
    """Topics whose notes are kept in memory."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened: list[Fake] = []
        self.noted: set[str] = set()
        self.topics = OwnTopics("", lambda *said: cast("Session", self._open(*said)))
        monkeypatch.setattr(self.topics, "_note", self._note)
        monkeypatch.setattr(own_topics.psycopg, "connect", lambda *_, **__: _Forgetting(self.noted))

    def _open(self, suffix: str, filters: Sequence[str]) -> Fake:
        self.opened.append(Fake(suffix, filters))
        return self.opened[-1]

    def _note(self, wanted: set[str]) -> set[str]:
        self.noted |= wanted
        return set(self.noted)

    def want(self, topics: Iterable[str]) -> None:
        self.topics.want(topics)

    def look(self) -> None:
        self.topics._look()


class _Forgetting:
    def __init__(self, noted: set[str]) -> None:
        self.noted = noted

    def __enter__(self) -> _Forgetting:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, _: str, said: tuple[Any, ...]) -> None:
        self.noted.discard(said[0])


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(monkeypatch)


def test_a_topic_that_the_broker_refuses_does_not_end_ingest(desk: Desk) -> None:
    desk.want(["porch"])
    (session,) = desk.opened
    session.failure, session.refused, session.connected = Unavailable("refused"), True, False
    assert desk.topics.failure is None
    assert not desk.topics.connected, "but it is told"
    session.refused = False
    assert desk.topics.failure is not None, "what else fails does"


def test_a_session_ends_once_what_the_broker_kept_for_it_is_in_the_log(desk: Desk) -> None:
    desk.want(["porch"])
    desk.want([])
    (session,) = desk.opened
    session.holds = True
    desk.look()
    desk.look()
    assert not session.ended, "something waits"
    session.holds, session.heard = False, 5
    desk.look()
    assert not session.ended, "more may come"
    desk.look()
    assert (session.ended, desk.noted) == (True, set())


def test_a_session_that_cannot_be_ended_is_tried_again(desk: Desk) -> None:
    desk.want(["porch"])
    desk.want([])
    (first,) = desk.opened
    first.answers = False
    desk.look()
    desk.look()
    assert desk.noted == {"porch"}
    desk.look()
    desk.look()
    assert desk.noted == set()


def test_a_topic_that_is_wanted_again_keeps_its_session(desk: Desk) -> None:
    desk.want(["porch"])
    desk.want([])
    desk.want(["porch"])
    desk.look()
    desk.look()
    (session,) = desk.opened
    assert not session.ended


def test_a_session_that_was_left_behind_hears_what_was_kept_for_it_before_it_ends(desk: Desk) -> None:
    desk.noted = {"porch"}
    desk.want([])
    (session,) = desk.opened
    assert session.filters == ["porch/#"]
    desk.look()
    desk.look()
    assert session.ended


def test_what_a_dialect_hears_anyway_is_known_by_its_topic() -> None:
    assert is_heard_elsewhere("porch/events/rpc")
    assert not is_heard_elsewhere("porch/status/input:0")
