"""Sites. Their state is the latest survey."""

from __future__ import annotations

from domain.decide import checks
from domain.decide.base import Command, Decider, says_the_same
from domain.decide.fences import check_fence
from domain.events import Event
from domain.events.site import SiteRegistered
from domain.geo import Circle, Polygon


class RegisterSite(Command, frozen=True, kw_only=True):
    """Enter a site with its geofence (WGS-84) and IANA zone, or survey it again."""

    site: str
    customer: str
    name: str
    address: str = ""
    zone: str
    fence: Circle | Polygon


Site = SiteRegistered | None


def site_stream(site: str) -> str:
    """The stream of a site."""
    return f"site/{site}"


def decide(state: Site, command: RegisterSite) -> tuple[Event, ...]:
    """A restatement where something is new."""
    checks.key(command.site, "site")
    checks.key(command.customer, "customer")
    checks.text(command.name, "name", needed=True)
    checks.text(command.address, "address")
    checks.zone(command.zone)
    check_fence(command.fence)
    registered = SiteRegistered(
        recorded_at_ms=command.at_ms,
        by=command.by,
        site=command.site,
        customer=command.customer,
        name=command.name,
        address=command.address,
        zone=command.zone,
        fence=command.fence,
    )
    return () if state and says_the_same(registered, state) else (registered,)


def evolve(state: Site, event: Event) -> Site:
    """The latest survey."""
    return event if isinstance(event, SiteRegistered) else state


DECIDER: Decider[Site, RegisterSite] = Decider(
    stream=lambda command: site_stream(command.site), initial=None, decide=decide, evolve=evolve
)
