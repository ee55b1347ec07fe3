"""What goes into a codec and what comes out of it; plain data, so that a codec is a pure function."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from domain.events.device import DeviceStatusChanged
from domain.events.facts import Fact
from domain.positions import Position
from domain.time import Ms


class Message(msgspec.Struct, frozen=True, gc=False):
    """One MQTT PUBLISH as it was delivered (MQTT 3.1.1, section 3.3). `dup`: perhaps delivered before."""

    topic: str
    payload: bytes
    qos: int = 1
    retained: bool = False
    dup: bool = False


class Fault(msgspec.Struct, frozen=True):
    """What could not be read: a stable `reason` code, words for people, and which element of an array it was."""

    reason: str
    detail: str
    index: int | None = None


class Decoded(msgspec.Struct, frozen=True):
    """What a message says, in the order in which it says it.

    `status` is what a retained status says of a device, to be recorded only if it is news; `tick_ms` the cell's time in
    a cell that follows the wire's. A message that says nothing (a retained position) is all empty.
    """

    positions: Sequence[Position] = ()
    facts: Sequence[Fact] = ()
    unreadable: Sequence[Fault] = ()
    status: DeviceStatusChanged | None = None
    tick_ms: Ms | None = None


NOTHING = Decoded()
