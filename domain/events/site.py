"""A site: a home with its geofence and its time zone."""

from __future__ import annotations

from typing import ClassVar

from domain.events.base import Decision
from domain.geo import Circle, Polygon


class SiteRegistered(Decision, frozen=True, kw_only=True, omit_defaults=True):
    """A site was surveyed, or surveyed again. Coordinates are WGS-84; `zone` is an IANA name."""

    TOPIC: ClassVar[str] = "doorstep.site.registered"

    site: str
    customer: str
    name: str
    address: str = ""
    zone: str
    fence: Circle | Polygon
