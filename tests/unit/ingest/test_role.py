"""The role ends where it could go on only blindly."""

from __future__ import annotations

import threading
from typing import Any, cast

import pytest

from ingest.counters import Counts
from ingest.inbox import Inbox
from ingest.role import Ingest


class Idle:
    """Whatever the role starts: it does nothing until it is told to stop."""

    name = "idle"
    failure = None
    connected = True
    unanswered_s = 0.0

    def __init__(self) -> None:
        self.ready = threading.Event()
        self.ready.set()

    def remember(self) -> None:
        pass

    look = start = stop = probe = remember

    def run(self, stop: threading.Event) -> None:
        assert stop.wait(20)


def test_whoever_cannot_be_told_that_it_is_ready_ends_it_with_the_reason() -> None:
    idle: Any = Idle()
    nowhere = "host=127.0.0.1 port=1 connect_timeout=1"
    role = Ingest(nowhere, Inbox(), idle, [idle], Counts(), idle, cast("Any", idle), probe=idle)

    def on_ready() -> None:
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        role.run(threading.Event(), on_ready)
