"""The shape of every event: a frozen struct, an explicit topic, a version, and upcasts beside the class.

Nothing stored depends on a module path: the log holds `TOPIC`, and `by_topic` finds the class. A class whose
shape changes raises `CLASS_VERSION` and adds `upcast_v1_v2(state)`; the bytes of each shipped version stay
as fixtures in tests/unit/domain/fixtures for ever.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

import msgspec

from domain.errors import CorruptLog
from domain.time import Ms

_TOPICS: dict[str, type[Event]] = {}
_ENCODER = msgspec.json.Encoder()
_VERSION_MARK = b'{"_v":'

E = TypeVar("E", bound="Event")


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that happened. `recorded_at_ms` is the cell's clock when it was appended (epoch ms, UTC)."""

    TOPIC: ClassVar[str] = ""
    CLASS_VERSION: ClassVar[int] = 1

    recorded_at_ms: Ms

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        topic = cls.__dict__.get("TOPIC", "")
        if topic:
            if topic in _TOPICS and _TOPICS[topic].__qualname__ != cls.__qualname__:
                raise TypeError(f"two events claim the topic {topic}")
            _TOPICS[topic] = cls


class Decision(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Something a person or a system decided; `by` names them."""

    by: str = ""


def encode(event: Event) -> bytes:
    """An event as stored bytes: JSON of its fields, with `_v` where the class has moved past version 1."""
    state = _ENCODER.encode(event)
    version = type(event).CLASS_VERSION
    if version == 1:
        return state
    return _VERSION_MARK + (b"%d," % version) + state[1:]


def decode(topic: str, state: bytes) -> Event:
    """Stored bytes as an event of the present version. Raises CorruptLog for unknown topics and bad bytes."""
    cls = by_topic(topic)
    try:
        if not state.startswith(_VERSION_MARK) and cls.CLASS_VERSION == 1:
            return msgspec.json.decode(state, type=cls)
        raw: dict[str, Any] = msgspec.json.decode(state)
        version = raw.pop("_v", 1)
        if version > cls.CLASS_VERSION:
            raise CorruptLog(f"event {topic} has version {version}, written by a newer Doorstep")
        while version < cls.CLASS_VERSION:
            getattr(cls, f"upcast_v{version}_v{version + 1}")(raw)
            version += 1
        return msgspec.convert(raw, type=cls)
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        raise CorruptLog(f"event {topic} cannot be read: {error}") from error


def by_topic(topic: str) -> type[Event]:
    """The class of a topic. Raises CorruptLog where no class claims it."""
    try:
        return _TOPICS[topic]
    except KeyError:
        raise CorruptLog(f"no event class claims the topic {topic}") from None


def all_topics() -> dict[str, type[Event]]:
    """Every topic and its class."""
    return dict(_TOPICS)
