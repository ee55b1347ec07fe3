"""The registry that people see: devices, tags and beacons, unknown ones first; how they are read, how their clocks run.

For whom a device speaks is said in `registry` (bindings, unbind).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from psycopg import Cursor
from starlette.responses import Response

from api import cursors
from api.auth import Staff
from api.cursors import Limit
from api.deps import Deps, Here
from api.routers.answers import STAFF_PROBLEMS, Device, IdempotencyKey, NameQuery, Reached, Sought, json, problems
from api.routers.writing import now, write
from api.shapes.devices import (
    ClockCorrectionAsk,
    DevicePage,
    DeviceWhole,
    DialectsShape,
    ModelShape,
    SettingsAsk,
    shape,
    whole,
)
from api.shapes.requests import WriteAnswer
from domain.errors import NotFound, Rejected
from projections.queries import devices

RECENT = 20
"""Messages of a device's page: what a person looks through to see that a phone speaks."""

router = APIRouter(prefix="/v1", tags=["devices"], responses=STAFF_PROBLEMS)


@router.get(
    "/devices",
    response_model=DevicePage,
    dependencies=[Reached],
    responses=problems(504),
    summary="Devices, tags and beacons; those that speak for nobody first, the newest of them first",
)
def list_devices(
    deps: Here,
    by: Staff,
    state: Annotated[
        Literal["unknown", "bound", "all"], Query(description="unknown: those that speak for nobody now")
    ] = "all",
    site: NameQuery = None,
    worker: NameQuery = None,
    q: Sought = None,
    limit: Limit = 100,
    cursor: cursors.Cursor = None,
) -> Response:
    """Each with its last message. `q`: a part of an id, a tag's in any spelling, or of the name of whom it speaks for.
    What is listed is at most some seconds old; one device's page is newer."""
    after = None if cursor is None else cursors.read_place_of_device(cursor)
    now_ms = deps.clock.now_ms()

    def query(at: Cursor[Any]) -> tuple[list[devices.DeviceRow], tuple[int, int]]:
        rows = devices.page(at, now_ms, limit + 1, state=state, site=site, worker=worker, q=q, after=after)
        return rows, devices.counts(at, now_ms)

    rows, (unknown, bound) = deps.database.read(query)
    rows, more = rows[:limit], len(rows) > limit
    following = cursors.write(int(rows[-1].bound), rows[-1].known_ms, rows[-1].device) if more else None
    items = [shape(row, deps.options.clock_off_s) for row in rows]
    return json(DevicePage(items=items, unknown=unknown, bound=bound, next=following))


@router.get(
    "/devices/{device}",
    response_model=DeviceWhole,
    dependencies=[Reached],
    responses=problems(404, 504),
    summary="A device with its bindings, settings, clock and last messages",
)
def one_device(deps: Here, by: Staff, device: Device) -> Response:
    now_ms = deps.clock.now_ms()

    def query(at: Cursor[Any]) -> DeviceWhole:
        row = devices.one(at, now_ms, device)
        if row is None:
            raise NotFound(f"device {device} was never heard nor registered")
        names = devices.names(at, row.periods())
        return whole(row, devices.messages(at, device, RECENT), names, now_ms, deps.options.clock_off_s)

    return json(deps.database.read(query))


@router.put(
    "/devices/{device}/settings",
    response_model=WriteAnswer,
    responses=problems(409),
    summary="Say how a device is to be read from now on; replaces all its settings",
)
def configure_device(deps: Here, by: Staff, key: IdempotencyKey, device: Device, ask: SettingsAsk) -> Response:
    _readable(deps, device, ask)
    return write(deps, key, "settings", device, ask.command(now(deps), by, device))


@router.post(
    "/devices/{device}/clock-corrections",
    response_model=WriteAnswer,
    responses=problems(409),
    summary="Correct a device's clock for a period; what it covers is judged again",
)
def correct_clock(deps: Here, by: Staff, key: IdempotencyKey, device: Device, ask: ClockCorrectionAsk) -> Response:
    return write(deps, key, "clock_correction", device, ask.command(now(deps), by, device))


@router.get("/dialects", response_model=DialectsShape, summary="What the settings of a device may name")
def list_dialects(deps: Here, by: Staff) -> Response:
    models = [ModelShape(model=model, title=title) for model, title in sorted(deps.dialects.models().items())]
    return json(DialectsShape(dialects=sorted(deps.dialects.names()), models=models))


def _readable(deps: Deps, device: str, ask: SettingsAsk) -> None:
    """Refuse what ingest could not read by. Raises Rejected."""
    if ask.dialect is not None and ask.dialect not in deps.dialects.names():
        raise Rejected(f"there is no dialect {ask.dialect!r}", code="unknown_dialect")
    if ask.model is not None and ask.model not in deps.dialects.models():
        raise Rejected(f"there is no field map of a model {ask.model!r}", code="unknown_model")
    if ask.topic is not None and ask.dialect is not None and not deps.dialects.reads(ask.dialect, device):
        message = f"{device} cannot have a topic of its own: it is no device of the dialect {ask.dialect}"
        raise Rejected(message, code="invalid_topic")
