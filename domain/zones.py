"""Time zones from the pinned `tzdata` wheel only, so that a local day is the same day on every machine.

`zoneinfo.ZoneInfo(name)` would prefer the host's files, which differ from host to host (SEMANTICS, Time).
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

_PLACELESS = frozenset({"Factory"})
"""Names in the database that say that nobody has set a zone."""


@cache
def names() -> frozenset[str]:
    """Every IANA zone name that Doorstep knows."""
    listed = (files("tzdata") / "zones").read_text(encoding="ascii").split()
    return frozenset(listed) - _PLACELESS


@cache
def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name, e.g. `Asia/Shanghai`. Raises KeyError for names that the database does not list."""
    if name not in names():
        raise KeyError(name)
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as stored:
        return ZoneInfo.from_file(stored, key=name)
