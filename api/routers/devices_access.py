"""What devices sign in with: invitations of workers' phones, logins, and the keys of those that encrypt.

Passwords are told once and kept nowhere, so these answers are never kept for an Idempotency-Key either: who asks twice
gets two logins, and can revoke one.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel
from starlette.responses import Response

from api.auth import Staff
from api.deps import Here
from api.routers.answers import STAFF_PROBLEMS, Device, Name, json, problems
from api.routers.writing import now, write
from api.shapes.phones import (
    AccessAnswer,
    InvitationShape,
    InviteAsk,
    KeyAsk,
    LoginAsk,
    LoginList,
    NewLoginShape,
)
from domain.decide import BindDevice
from domain.time import Ms

router = APIRouter(prefix="/v1", tags=["devices"], responses=STAFF_PROBLEMS | problems(404, 409))

Login = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="the login's name")]


@router.post(
    "/workers/{worker}/invites", response_model=InvitationShape, summary="Set a worker's phone up: link, code, settings"
)
def invite(deps: Here, by: Staff, worker: Name, ask: InviteAsk) -> Response:
    """Binds the phone to the worker and makes a login for it. The answer holds the password and comes once."""
    deps.phones.check(ask.app, ask.mode)
    device, at_ms = deps.phones.device_of(worker, ask.device), now(deps)
    from_ms = at_ms if ask.from_ms is None else Ms(ask.from_ms)
    needed_ms = at_ms if ask.from_ms is None else None
    # First the binding, which says whether there is such a worker: a login without one would be nobody's.
    bound = BindDevice(at_ms=at_ms, by=by, device=device, worker=worker, from_ms=from_ms, needed_ms=needed_ms)
    write(deps, None, "binding", device, bound)
    made = deps.phones.invite(worker, ask.device, ask.app, ask.mode, host=ask.host, port=ask.port)
    return _once(InvitationShape.of(worker, made))


@router.get("/devices/{device}/logins", response_model=LoginList, summary="A device's logins, without passwords")
def list_logins(deps: Here, by: Staff, device: Device) -> Response:
    """Revoked ones too: who could once speak for a device is part of its story."""
    return json(LoginList.of(deps.phones.logins(device)))


@router.post("/devices/{device}/logins", response_model=NewLoginShape, summary="Make a login for any device")
def mint_login(deps: Here, by: Staff, device: Device, ask: LoginAsk) -> Response:
    """For devices that no app's invitation fits: trackers, gateways, a Traccar server that forwards."""
    return _once(NewLoginShape.of(deps.phones.mint(device, ask.topics)))


@router.post(
    "/devices/{device}/logins/{login}/revoke", response_model=AccessAnswer, summary="A login opens nothing any more"
)
def revoke_login(deps: Here, by: Staff, device: Device, login: Login) -> Response:
    """Doing it twice changes nothing."""
    deps.phones.revoke(device, login)
    return json(AccessAnswer(device=device))


@router.put("/devices/{device}/key", response_model=AccessAnswer, summary="Say with which secret a device encrypts")
def set_key(deps: Here, by: Staff, device: Device, ask: KeyAsk) -> Response:
    """The secret of OwnTracks' payload encryption; the last one counts, for what is read from then on."""
    deps.phones.set_key(device, ask.secret)
    return json(AccessAnswer(device=device))


@router.delete("/devices/{device}/key", response_model=AccessAnswer, summary="Forget a device's secret")
def drop_key(deps: Here, by: Staff, device: Device) -> Response:
    """What the device still encrypts becomes a dead letter."""
    deps.phones.set_key(device, None)
    return json(AccessAnswer(device=device))


def _once(shape: BaseModel) -> Response:
    answer = json(shape)
    answer.headers["Cache-Control"] = "no-store"
    return answer
