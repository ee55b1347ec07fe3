"""How many different facts a day's messages say: what must be found again in the cell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from simulators.phone import Losing, Sending
from simulators.wire import Lost


def distinct_facts(sendings: Iterable[Sending | Losing]) -> int:
    """Without statuses: a broker that says wills says more of them than were sent."""
    found: set[tuple[str, bytes]] = set()
    for _, message in sendings:
        if isinstance(message, Lost) or message.topic.endswith("/status"):
            continue
        said: Any = msgspec.json.decode(message.payload)
        for one in said if isinstance(said, list) else [said]:
            found.add((message.topic, msgspec.json.encode(one, order="deterministic")))
    return len(found)
