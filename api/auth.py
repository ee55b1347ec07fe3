"""Staff show a token. It is compared in constant time, and a refusal says nothing about it."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.deps import deps_of
from domain.errors import DoorstepError

_bearer = HTTPBearer(auto_error=False, description="The staff token: printed at the start, kept in home/staff-token.")


class Unauthorized(DoorstepError):
    """No token, or not ours."""

    code = "unauthorized"


async def staff(request: Request, shown: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> str:
    """Who asks, as it goes into the log. Raises Unauthorized."""
    expected = deps_of(request).staff_token.encode()
    if shown is None or not hmac.compare_digest(shown.credentials.encode(), expected):
        raise Unauthorized("staff only: show the staff token as `Authorization: Bearer …`")
    return "staff"


Staff = Annotated[str, Depends(staff)]
