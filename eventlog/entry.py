"""What goes into the log (`Append`) and what comes out of it (`Entry`)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from domain.events import Event
from domain.positions import PositionBatch


class Append(msgspec.Struct, frozen=True):
    """Events for one stream, by its name such as `visit/v-17`.

    `expected` is the version that the stream has now; 0: it must not exist.
    """

    stream: str
    events: Sequence[Event]
    expected: int


class Entry(msgspec.Struct, frozen=True):
    """One event in its place: `position` in the log's total order, `version` in its stream, both from 1.

    `batch` holds the rows of a `PositionsRecorded`, unpacked and found equal to its digest.
    """

    position: int
    stream: UUID
    version: int
    event: Event
    batch: PositionBatch | None = None
