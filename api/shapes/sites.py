"""Sites in JSON, for choosing one."""

from __future__ import annotations

from pydantic import BaseModel

from projections.queries.sites import SiteRow


class SiteShape(BaseModel, frozen=True):
    """A site. `zone`: IANA."""

    site: str
    name: str
    address: str
    zone: str
    customer: str
    customer_name: str | None


class SitePage(BaseModel, frozen=True):
    """A page of sites, by key. `next`: the cursor of the page after it."""

    items: list[SiteShape]
    next: str | None


def shape(row: SiteRow) -> SiteShape:
    """One site."""
    return SiteShape(
        site=row.site,
        name=row.name,
        address=row.address,
        zone=row.zone,
        customer=row.customer,
        customer_name=row.customer_name,
    )
