"""What small devices say in words: a tag, and a will."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.errors import Unreadable
from domain.events.device import DeviceStatusChanged
from domain.tags import normal_uid
from ingest.facts import fact_of
from ingest.message import Decoded, Message
from ingest.reading import Receipt

LONGEST_TAG = 200
"""Characters; as in the native format."""

ONLINE = {"online": True, "offline": False}


def text_of(payload: bytes) -> str:
    """A payload of plain text. Raises Unreadable (`not_utf8`)."""
    try:
        return payload.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(f"the payload is not UTF-8: {error.reason} at byte {error.start}", code="not_utf8") from None


def tag_of(said: Any) -> str:
    """A tag as a reader names it, normalised; Wiegand readers give a number. Raises Unreadable."""
    if type(said) is int and said >= 0:
        said = str(said)
    if not isinstance(said, str):
        raise Unreadable(f"a tag is a text, not {type(said).__name__}", code="wrong_type")
    tag = normal_uid(said)
    if not tag or len(tag) > LONGEST_TAG or "\0" in tag:
        raise Unreadable(f"a tag has 1 to {LONGEST_TAG} characters and no NUL", code="out_of_range")
    return tag


def will(device: str, message: Message, receipt: Receipt, words: Mapping[str, bool] = ONLINE) -> Decoded:
    """`Online` or `Offline`, in any case, or other `words`: retained for the registry, live a fact without a time of
    its own. Raises Unreadable."""
    online = words.get(text_of(message.payload).strip().lower())
    if online is None:
        raise Unreadable(f"a will says one of {', '.join(words)}", code="unknown_value")
    if message.retained:
        status = DeviceStatusChanged(recorded_at_ms=receipt.at_ms, device=device, status={"online": online})
        return Decoded(status=status)
    return Decoded(facts=(fact_of("status", device, None, receipt, online=online),))
