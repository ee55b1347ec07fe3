"""The topics of the native wire format: `doorstep/v1/<device>/<kind>`, and the cell's time beside them."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from domain.errors import Unreadable
from domain.ids import DEVICE
from ingest.wire import KINDS

PREFIX = "doorstep/v1/"

ALL = f"{PREFIX}#"
"""What ingest subscribes to: unknown topics below it are to be seen, not lost."""

SOS = f"{PREFIX}+/sos"
"""Has a session of its own, so that it never waits behind a queue."""


def is_sos(topic: str) -> bool:
    """Whether two sessions hear what is published there: that of SOS, and that of everything."""
    return topic.endswith("/sos") and topic.startswith(PREFIX)


CLOCK_DEVICE = "_clock"
"""Looks like a device and is none."""

CLOCK = f"{PREFIX}{CLOCK_DEVICE}/time"
"""The cell's time in the mode `followed`; a broker should let nobody but the replay publish it."""


PROBE = f"{PREFIX}{CLOCK_DEVICE}/probe"
"""What ingest asks the broker to store, to see whether it still does: with a full disk a broker may stand and take
nothing. It says nothing."""


class NativeTopic(NamedTuple):
    """A topic's parts."""

    device: str
    kind: str


@lru_cache(maxsize=65_536)
def parse(topic: str) -> NativeTopic:
    """A native topic's parts. Raises Unreadable (`unknown_topic`)."""
    device, _, kind = topic.removeprefix(PREFIX).partition("/")
    if not topic.startswith(PREFIX) or kind not in KINDS or device == CLOCK_DEVICE or not DEVICE.fullmatch(device):
        raise Unreadable(f"{topic[:200]!r} is no topic of a device", code="unknown_topic")
    return NativeTopic(device, kind)
