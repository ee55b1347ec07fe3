"""What is said at the HTTP door, as the message that the same device would have published over MQTT."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple

from ingest import topics
from ingest.codecs import all_codecs
from ingest.credentials import Login
from ingest.doorkeeper import Shown


class Asked(NamedTuple):
    """One request of somebody who was let in."""

    login: Login
    path: str
    query: bytes
    content_type: str
    body: bytes


class Said(NamedTuple):
    """A message to be. `topic` None: the login's device is none of this dialect."""

    topic: str | None
    payload: bytes


class Answer(NamedTuple):
    """What the client hears."""

    status: HTTPStatus
    body: bytes = b""
    content_type: str = "text/plain"


class Route(NamedTuple):
    """A path: how it may be asked, what that says, and the answer once it is in the log."""

    methods: tuple[str, ...]
    said: Callable[[Asked], Said]
    answer: Answer


class Way(NamedTuple):
    """Where a path leads, with the login that it names itself: some apps can be given an address and nothing else."""

    route: Route
    path: str
    shown: Shown | None


def way_of(path: str) -> Way | None:
    """Where a path leads; None: nowhere. `/osmand` and `/traccar` may name a login: `/osmand/<login>/<password>`."""
    if path.startswith("/" + topics.PREFIX):
        return Way(_NATIVE, path, None)
    head, *rest = path.strip("/").split("/")
    route = _ROUTES.get(head)
    if route is None or len(rest) not in (0, 2) or (rest and head not in _WITH_LOGIN):
        return None
    return Way(route, path, Shown(*rest) if rest else None)


def may_publish(login: Login, topic: str) -> bool:
    """Whether one of a login's filters covers a topic (MQTT 3.1.1, section 4.7)."""
    return any(_covers(each.split("/"), topic.split("/")) for each in login.topics)


def _covers(levels: list[str], topic: list[str]) -> bool:
    for index, level in enumerate(levels):
        if level == "#":
            return True
        if index >= len(topic) or level not in ("+", topic[index]):
            return False
    return len(levels) == len(topic)


def _owntracks(asked: Asked) -> Said:
    """The login says whose it is. What the payload's `topic` says is compared by the codec; the headers X-Limit-U and
    X-Limit-D say no more than the app's settings, and nothing is read from them."""
    return Said(_topic_of("owntracks", asked.login.device), asked.body)


def _osmand(asked: Asked) -> Said:
    """OsmAnd asks with a query; Traccar Client posts a form (since 9.7) or JSON, older ones a query too. A form and a
    query say the same in the same way, so they are joined; JSON says everything itself."""
    body, query = asked.body.strip(), asked.query
    if body[:1] not in (b"{", b"["):
        body = b"&".join(part for part in (query, body) if part)
    return Said(f"osmand/{asked.login.device}", body)


def _traccar(asked: Asked) -> Said:
    """A Traccar server forwards for all its devices; its login must be let speak for them, by its topics."""
    return Said("traccar/position", asked.body)


def _native(asked: Asked) -> Said:
    return Said(asked.path.removeprefix("/"), asked.body)


def _topic_of(dialect: str, device: str) -> str | None:
    return next((codec.topic_of(device) for codec in all_codecs() if codec.name == dialect), None)


_OK = Answer(HTTPStatus.OK)
_NATIVE = Route(("POST",), _native, _OK)
_OSMAND = Route(("GET", "POST"), _osmand, _OK)
_ROUTES = {
    # The app reads the answer as a list of messages to it; there are none.
    "owntracks": Route(("POST",), _owntracks, Answer(HTTPStatus.OK, b"[]", "application/json")),
    "osmand": _OSMAND,
    "": _OSMAND,
    "traccar": Route(("POST",), _traccar, _OK),
}
_WITH_LOGIN = ("osmand", "traccar")
