"""Times that a device's clock shows without a zone, e.g. `2021-01-23T13:10:50`: read in the zone that the registry
gives the device.

Where clocks are set forward or back, a shown time is none, or two. It is then read by the offset in force before the
change: of an hour that is shown twice the first is meant, so nothing is dated ahead, and a time that is never shown
comes of a clock that has not been set forward yet. The rule looks at nothing else, so a repeat is the same fact.
"""

from __future__ import annotations

import re
from datetime import datetime

from domain.errors import Unreadable
from domain.time import Ms
from domain.zones import zone
from ingest import times

_SHOWN = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII)


def shown(text: str, zone_name: str) -> Ms:
    """An ISO 8601 time, in `zone_name` (IANA) where it states no offset. Raises Unreadable (`bad_time`)."""
    try:
        if not _SHOWN.fullmatch(text):
            raise ValueError(text)
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            at = at.replace(tzinfo=zone(zone_name))
        return times.from_wire(at)
    except (ValueError, OverflowError):
        raise Unreadable(f"{text[:100]!r} is no time of the form 2021-01-23T13:10:50", code="bad_time") from None
    except KeyError:
        raise Unreadable(f"there is no time zone {zone_name!r}", code="bad_time") from None
