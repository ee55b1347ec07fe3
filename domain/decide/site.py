"""Sites. Their state is the latest survey."""

from __future__ import annotations

from typing import Literal

from domain.decide import checks
from domain.decide.base import Command, Decider, says_the_same
from domain.decide.fences import check_fence
from domain.events import Event
from domain.events.site import SiteRegistered
from domain.geo import Circle, Polygon


class RegisterSite(Command, frozen=True, kw_only=True):
    """Enter a site with its geofence (WGS-84) and IANA zone, or survey it again.

    `name`, `address`, `fence` None: as known. `only_new`: fields that are for a site which is not known yet.
    """

    site: str
    customer: str
    name: str | None = None
    address: str | None = ""
    zone: str
    fence: Circle | Polygon | None = None
    only_new: tuple[Literal["zone", "fence"], ...] = ()


Site = SiteRegistered | None


def site_stream(site: str) -> str:
    """The stream of a site."""
    return f"site/{site}"


def decide(state: Site, command: RegisterSite) -> tuple[Event, ...]:
    """A restatement where something is new."""
    checks.key(command.site, "site")
    checks.key(command.customer, "customer")
    name, address, zone, fence = command.name, command.address, command.zone, command.fence
    if state is not None:
        name = state.name if name is None else name
        address = state.address if address is None else address
        zone = state.zone if "zone" in command.only_new else zone
        fence = state.fence if "fence" in command.only_new or fence is None else fence
    name, address = name or "", address or ""
    checks.text(name, "name", needed=True)
    checks.text(address, "address")
    checks.zone(zone)
    if fence is None:
        checks.invalid("fence", f"site {command.site} is new: say where it is")
    check_fence(fence)
    registered = SiteRegistered(
        recorded_at_ms=command.at_ms,
        by=command.by,
        site=command.site,
        customer=command.customer,
        name=name,
        address=address,
        zone=zone,
        fence=fence,
    )
    return () if state and says_the_same(registered, state) else (registered,)


def evolve(state: Site, event: Event) -> Site:
    """The latest survey."""
    return event if isinstance(event, SiteRegistered) else state


DECIDER: Decider[Site, RegisterSite] = Decider(
    stream=lambda command: site_stream(command.site), initial=None, decide=decide, evolve=evolve
)
