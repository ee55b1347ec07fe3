"""What an OwnTracks phone publishes, written from that project's description alone.

It shares nothing with the codec that reads it. Whole seconds, km/h, metres; a phone that was offline sends what it kept
one message after the other, and a field that is None is left out.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from simulators.wire import Message

Trigger = Literal["p", "c", "b", "r", "u", "t", "v"]
"""Why a location was published: ping, circular region, beacon, answer, user, timer, visit."""


class Location(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="location", tag_field="_type"):
    """A fix: degrees, metres, km/h, battery in percent; `conn` w: Wi-Fi, m: mobile, o: offline."""

    lat: float
    lon: float
    tst: int
    tid: str
    acc: int | None = None
    alt: int | None = None
    batt: int | None = None
    bs: int | None = None
    cog: int | None = None
    conn: Literal["w", "m", "o"] | None = None
    created_at: int | None = None
    t: Trigger | None = None
    vac: int | None = None
    vel: int | None = None


class Transition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="transition", tag_field="_type"):
    """Into or out of a region (`desc`, defined at `wtst`); the fix that showed it."""

    lat: float
    lon: float
    tst: int
    wtst: int
    tid: str
    event: Literal["enter", "leave"]
    desc: str
    acc: int | None = None
    t: Literal["b", "c", "l"] = "c"


class Status(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="status", tag_field="_type"):
    """How the app may work on this phone, by its platform."""

    iOS: dict[str, str | int] | None = None  # noqa: N815 - the field's name
    android: dict[str, int] | None = None


class Lwt(msgspec.Struct, frozen=True, kw_only=True, tag="lwt", tag_field="_type"):
    """The will: `tst` is when the phone first connected, not when it was lost."""

    tst: int


def location(user: str, device: str, body: Location) -> Message:
    """Published to the phone's own topic."""
    return Message(_topic(user, device), msgspec.json.encode(body))


def transition(user: str, device: str, body: Transition) -> Message:
    """Published below it."""
    return Message(f"{_topic(user, device)}/event", msgspec.json.encode(body))


def status(user: str, device: str, body: Status) -> Message:
    """Published below it."""
    return Message(f"{_topic(user, device)}/status", msgspec.json.encode(body))


def will(user: str, device: str, connected_s: int) -> Message:
    """What the broker is to say when the phone is lost."""
    return Message(_topic(user, device), msgspec.json.encode(Lwt(tst=connected_s)))


def _topic(user: str, device: str) -> str:
    return f"owntracks/{user}/{device}"
