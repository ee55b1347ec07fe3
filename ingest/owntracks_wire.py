"""What OwnTracks' apps say, as types: the formats of its booklet ("JSON") and of what the apps really send.

All times are epoch seconds, `vel` is km/h, negative numbers are unknown, and numbers may come as text. Fields without a
name here are kept.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from ingest.wire import Lat, Lon, Name, Number, Text

Epoch = int | float
Unknown = Annotated[float, Meta(ge=-1e6, le=1e8)]
"""Negative where the phone does not know; iOS once multiplied even its -1 by a factor."""


class Said(Struct, kw_only=True, rename={"ref": "_id", "kind": "_type", "apple": "iOS"}):
    """What every message may carry. `created_at`: when the app wrote it, said where that is not `tst`; it is as near
    to the sending as anything that it says."""

    kind: str
    ref: Name | Number | None = None
    created_at: Epoch | None = None
    worker: Name | None = None


class Location(Said, kw_only=True):
    """Where the phone is. `source`: Android's provider."""

    tst: Epoch
    lat: Lat
    lon: Lon
    acc: Unknown | None = None
    alt: Annotated[float, Meta(ge=-1e7, le=1e8)] | None = None
    vel: Annotated[float, Meta(ge=-1e6, le=3.6e6)] | None = None
    cog: Annotated[float, Meta(ge=-1e6, le=360)] | None = None
    batt: Annotated[float, Meta(ge=-1e6, le=100)] | None = None
    source: Text | None = None


class Transition(Said, kw_only=True):
    """The phone's own geofencing says that it entered or left a region."""

    tst: Epoch
    event: Literal["enter", "leave"]
    desc: Text | None = None
    lat: Lat | None = None
    lon: Lon | None = None
    acc: Unknown | None = None


class State(Said, kw_only=True):
    """`status`: what the phone's settings allow; and `lwt`. `apple` is `iOS` on the wire."""

    apple: dict[str, Any] | None = None
    android: dict[str, Any] | None = None


class Steps(Said, kw_only=True):
    """The answer to a question for steps, between the two other times that it states."""

    tst: Epoch


class Beacon(Said, kw_only=True):
    """An iBeacon that an iPhone hears, many a second. `tst` is that of the phone's newest fix, so the same for many."""

    tst: Epoch
    uuid: Name
    major: int = 0
    minor: int = 0


class Waypoint(Said, kw_only=True):
    """A region that the phone watches: a circle, a beacon, or both. `tst`: when it was drawn. `rad` in metres, -1 where
    only the beacon counts. iOS writes the beacon behind the name: `desc:uuid:major:minor`."""

    tst: Epoch | None = None
    desc: Name | None = None
    lat: Lat | None = None
    lon: Lon | None = None
    rad: Unknown | None = None
    rid: Name | Number | None = None
    uuid: Name | None = None
    major: int | None = None
    minor: int | None = None


class Waypoints(Said, kw_only=True):
    """All regions of a phone."""

    waypoints: list[Any]


class Card(Said, kw_only=True):
    """Whom the phone belongs to. `face`: a picture in base64."""

    name: Name | None = None
    face: str | None = None


class Encrypted(Said, kw_only=True):
    """Any other message, sealed: base64 of nonce and box."""

    data: str


def named(shape: type[Said]) -> frozenset[str]:
    """The names of a shape's fields on the wire."""
    return frozenset(shape.__struct_encode_fields__)
