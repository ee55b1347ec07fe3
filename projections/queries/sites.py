"""Sites by key, for choosing one."""

from __future__ import annotations

from typing import Any, LiteralString

import msgspec
from psycopg import Cursor

from projections.queries.columns import J, where_given


class SiteRow(msgspec.Struct, frozen=True):
    """A site's particulars, and its customer's name."""

    site: str
    name: str
    address: str
    zone: str
    customer: str
    customer_name: str | None


_FOUND: LiteralString = "position(lower(%(q)s) IN lower(concat_ws(' ', s.site, s.name, s.address, c.name))) > 0"


def page(cursor: Cursor[Any], limit: int, q: str | None, after: str | None) -> list[SiteRow]:
    """At most `limit` sites past `after`, by key; `q`: a part of key, name, address or the customer's name."""
    asked = {"limit": limit, "q": q, "after": after}
    where = where_given(asked, {"q": _FOUND, "after": "s.site > %(after)s"})
    statement: LiteralString = f"""SELECT s.site, s.name, s.address, s.zone, s.customer, c.name FROM {J}.sites s
        LEFT JOIN {J}.customers c ON c.customer = s.customer """
    found = cursor.execute(statement + where + " ORDER BY s.site LIMIT %(limit)s", asked)
    return [SiteRow(*row) for row in found.fetchall()]
