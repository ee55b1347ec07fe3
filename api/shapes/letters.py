"""Dead letters on the wire."""

from __future__ import annotations

import base64
from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, Field, model_validator

from api.letters import Fill, Group, Letter, State
from domain.time import from_datetime, isoformat

_TEXT_MOST = 4_000
"""Characters of a payload that are shown as text; its bytes are all there."""

_BYTES_MOST = 64 << 10
"""Bytes of a payload that come with its letter; all of them have an address of their own."""

_Key = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", description="the letter's key")]


class LetterShape(BaseModel, frozen=True):
    """A message that no codec could read: where it came in, why it could not be read, and how often it came."""

    key: str
    topic: str
    reason: str
    detail: str
    state: State
    retained: bool
    times: int
    size: int
    first_seen: str
    last_seen: str
    closed_at: str | None
    closed_by: str
    closed_why: str

    @classmethod
    def of(cls, letter: Letter) -> LetterShape:
        """Without the bytes."""
        return cls(**_plain(letter))


class WholeLetterShape(LetterShape, frozen=True):
    """The same with its first 64 KiB in base64, and the beginning as text where it is any."""

    payload_base64: str
    text: str | None

    @classmethod
    def of(cls, letter: Letter) -> WholeLetterShape:
        """With its first bytes."""
        return cls(
            **_plain(letter),
            payload_base64=base64.b64encode(letter.payload[:_BYTES_MOST]).decode(),
            text=_text(letter.payload) if letter.payload else None,
        )


class LetterPage(BaseModel, frozen=True):
    """A page of letters, the latest first; `next` is the cursor of the one that follows."""

    items: list[LetterShape]
    next: str | None


class GroupShape(BaseModel, frozen=True):
    """Letters of one reason; `topic` is one of theirs."""

    reason: str
    letters: int
    times: int
    size: int
    first_seen: str
    last_seen: str
    topic: str

    @classmethod
    def of(cls, group: Group) -> GroupShape:
        """On the wire."""
        return cls(**_plain(group))


class FillShape(BaseModel, frozen=True):
    """How full it is. `warns`: look at them before the oldest are given up."""

    letters: int
    size: int
    size_most: int
    oldest_days: float
    days_most: float
    share: float
    warns: bool

    @classmethod
    def of(cls, fill: Fill) -> FillShape:
        """On the wire."""
        return cls(**msgspec.structs.asdict(fill))


class GroupList(BaseModel, frozen=True):
    """Letters of a state by their reasons, the most frequent first; and how full it is with open ones."""

    groups: list[GroupShape]
    fill: FillShape


class WhichAsk(BaseModel, frozen=True, extra="forbid"):
    """Which open letters: some by their keys, or all of a reason."""

    keys: Annotated[list[_Key], Field(min_length=1, max_length=500)] | None = None
    reason: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9_]+$")] | None = None

    @model_validator(mode="after")
    def _one(self) -> WhichAsk:
        if (self.keys is None) == (self.reason is None):
            raise ValueError("name letters by `keys`, or a `reason`")
        return self


class DropAsk(WhichAsk, frozen=True, extra="forbid"):
    """Which, and why nobody needs them."""

    why: Annotated[str, Field(min_length=1, max_length=1_000, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]


class RetryAnswer(BaseModel, frozen=True):
    """How many could be read and are stored now, how many still cannot be, and for how many there was no time: ask
    again."""

    stored: int
    unreadable: int
    left: int


class DropAnswer(BaseModel, frozen=True):
    """How many were dropped."""

    dropped: int


def _plain(said: Letter | Group) -> dict[str, Any]:
    plain = msgspec.structs.asdict(said)
    plain.pop("payload", None)
    for name in ("first_seen", "last_seen", "closed_at"):
        if plain.get(name) is not None:
            plain[name] = isoformat(from_datetime(plain[name]))
    return plain


def _text(payload: bytes) -> str | None:
    try:
        text = payload[: 4 * _TEXT_MOST].decode()
    except UnicodeDecodeError as error:
        if error.start < len(payload[: 4 * _TEXT_MOST]) - 3 or len(payload) <= 4 * _TEXT_MOST:
            return None
        text = payload[: error.start].decode()
    return text[:_TEXT_MOST] if all(char.isprintable() or char in "\r\n\t" for char in text) else None
