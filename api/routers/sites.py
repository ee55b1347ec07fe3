"""Sites, for choosing one: where a reader hangs, whose door a contact watches."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api import cursors
from api.auth import Staff
from api.cursors import Limit
from api.deps import Here
from api.routers.answers import STAFF_PROBLEMS, Reached, Sought, json, problems
from api.shapes.sites import SitePage, shape
from projections.queries import sites

router = APIRouter(prefix="/v1/sites", tags=["registry"], responses=STAFF_PROBLEMS | problems(504))


@router.get("", response_model=SitePage, dependencies=[Reached], summary="Sites, by key")
def list_sites(deps: Here, by: Staff, q: Sought = None, limit: Limit = 100, cursor: cursors.Cursor = None) -> Response:
    """Those whose key, name, address or customer's name holds a text, or all."""
    after = None if cursor is None else cursors.read_key(cursor)
    rows = deps.database.read(lambda at: sites.page(at, limit + 1, q, after))
    rows, more = rows[:limit], len(rows) > limit
    following = cursors.write(rows[-1].site) if more else None
    return json(SitePage(items=[shape(row) for row in rows], next=following))
