"""A session without a broker: what it says of itself."""

from __future__ import annotations

from ingest.broker import Access, Session
from ingest.inbox import Inbox, Line
from ingest.message import Message


def test_an_answer_that_waits_because_the_inbox_is_full_is_not_the_brokers_silence() -> None:
    inbox = Inbox(most_bytes=1)
    session = Session(Access(url="mqtt://127.0.0.1:1", client_id="c-1"), inbox, ["a"])
    session.connected = True
    session.probe()
    assert session.unanswered_s > 0
    inbox.put(Line(lambda _: None), Message("a", b""), 1)
    assert session.unanswered_s == 0
