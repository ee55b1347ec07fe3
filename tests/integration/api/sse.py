"""A browser's side of an event stream: events and comments as they come, with the id seen last."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

import httpx
import msgspec


class Event(NamedTuple):
    id: str
    kind: str
    data: dict[str, Any]


class Stream:
    """Reads an open stream. `comments` counts heartbeats, `retry_ms` is what the server asked for."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.comments = 0
        self.retry_ms: int | None = None
        self._lines = response.iter_lines()

    def next(self) -> Event | None:
        """The next event; None: the stream has ended."""
        fields: dict[str, str] = {}
        for line in self._lines:
            if line.startswith(":"):
                self.comments += 1
            elif line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "data" in fields:
                return Event(fields["id"], fields["event"], msgspec.json.decode(fields["data"]))
            elif "retry" in fields:
                self.retry_ms, fields = int(fields["retry"]), {}
        return None

    def heartbeat(self) -> None:
        """Wait for a comment; an event before it is a failure."""
        for line in self._lines:
            assert not line.startswith("data"), line
            if line.startswith(":"):
                self.comments += 1
                return
        raise AssertionError("the stream has ended")


def opened(url: str, token: str, last_id: str | None = None) -> AbstractContextManager[Stream]:
    """The stream behind a customer's link."""
    return opened_at(f"{url}/v1/track/{token}/stream", {}, last_id)


@contextmanager
def opened_at(url: str, headers: dict[str, str], last_id: str | None = None) -> Iterator[Stream]:
    """A stream. Reading it fails after ten seconds of silence."""
    headers = headers | ({} if last_id is None else {"Last-Event-ID": last_id})
    with httpx.Client(timeout=10) as client, client.stream("GET", url, headers=headers) as r:
        assert r.status_code == 200, r.read()
        yield Stream(r)
