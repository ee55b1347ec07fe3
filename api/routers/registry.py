"""Writes: what staff enter, promise, move and call off. Each is a command; `/v1/plan` is many of them at once."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from starlette.responses import Response

from api.auth import Staff
from api.commands import Done
from api.deps import Here
from api.problems import of_error
from api.routers.answers import STAFF_PROBLEMS, Device, IdempotencyKey, Name, placed, problems
from api.routers.writing import now, write
from api.shapes.requests import (
    BindAsk,
    CancelShiftAsk,
    CancelVisitAsk,
    CustomerAsk,
    LineAnswer,
    PlanAnswer,
    PlanAsk,
    PolicyAsk,
    ReassignAsk,
    RescheduleAsk,
    ShiftAsk,
    SiteAsk,
    UnbindAsk,
    VisitAsk,
    WorkerAsk,
    WriteAnswer,
)
from domain.errors import Rejected

router = APIRouter(prefix="/v1", tags=["registry"], responses=STAFF_PROBLEMS | problems(404, 409))


@router.post("/customers", response_model=WriteAnswer, summary="Enter a customer, or restate one")
def register_customer(deps: Here, by: Staff, key: IdempotencyKey, ask: CustomerAsk) -> Response:
    return write(deps, key, "customer", ask.customer, ask.command(now(deps), by))


@router.post("/sites", response_model=WriteAnswer, summary="Enter a site with its geofence, or survey it again")
def register_site(deps: Here, by: Staff, key: IdempotencyKey, ask: SiteAsk) -> Response:
    return write(deps, key, "site", ask.site, ask.command(now(deps), by, deps.options.zone))


@router.post("/workers", response_model=WriteAnswer, summary="Enter a worker, or restate one")
def register_worker(deps: Here, by: Staff, key: IdempotencyKey, ask: WorkerAsk) -> Response:
    return write(deps, key, "worker", ask.worker, ask.command(now(deps), by))


@router.post(
    "/devices/{device}/bindings", response_model=WriteAnswer, summary="Say for whom a device speaks; past dates count"
)
def bind_device(deps: Here, by: Staff, key: IdempotencyKey, device: Device, ask: BindAsk) -> Response:
    return write(deps, key, "binding", device, ask.command(now(deps), by, device))


@router.post("/devices/{device}/unbind", response_model=WriteAnswer, summary="From then on a device speaks for nobody")
def unbind_device(deps: Here, by: Staff, key: IdempotencyKey, device: Device, ask: UnbindAsk) -> Response:
    return write(deps, key, "binding", device, ask.command(now(deps), by, device))


@router.post("/shifts", response_model=WriteAnswer, summary="Plan a shift, or restate its hours")
def plan_shift(deps: Here, by: Staff, key: IdempotencyKey, ask: ShiftAsk) -> Response:
    return write(deps, key, "shift", ask.shift, ask.command(now(deps), by))


@router.post("/shifts/{shift}/cancel", response_model=WriteAnswer, summary="Call a shift off")
def cancel_shift(
    deps: Here, by: Staff, key: IdempotencyKey, shift: Name, ask: CancelShiftAsk | None = None
) -> Response:
    return write(deps, key, "shift", shift, (ask or CancelShiftAsk()).command(now(deps), by, shift))


@router.post("/policies", response_model=WriteAnswer, summary="Adopt thresholds from a date on")
def adopt_policy(deps: Here, by: Staff, key: IdempotencyKey, ask: PolicyAsk) -> Response:
    return write(deps, key, "policy", "policy", ask.command(now(deps), by))


@router.post("/visits", response_model=WriteAnswer, summary="Promise a visit")
def schedule_visit(deps: Here, by: Staff, key: IdempotencyKey, ask: VisitAsk) -> Response:
    return write(deps, key, "visit", ask.visit, ask.command(now(deps), by))


@router.post("/visits/{visit}/reschedule", response_model=WriteAnswer, summary="Move the promise")
def reschedule_visit(deps: Here, by: Staff, key: IdempotencyKey, visit: Name, ask: RescheduleAsk) -> Response:
    return write(deps, key, "visit", visit, ask.command(now(deps), by, visit))


@router.post("/visits/{visit}/reassign", response_model=WriteAnswer, summary="Send another worker, or nobody yet")
def reassign_visit(deps: Here, by: Staff, key: IdempotencyKey, visit: Name, ask: ReassignAsk) -> Response:
    return write(deps, key, "visit", visit, ask.command(now(deps), by, visit))


@router.post("/visits/{visit}/cancel", response_model=WriteAnswer, summary="Call a visit off")
def cancel_visit(
    deps: Here, by: Staff, key: IdempotencyKey, visit: Name, ask: CancelVisitAsk | None = None
) -> Response:
    return write(deps, key, "visit", visit, (ask or CancelVisitAsk()).command(now(deps), by, visit))


@router.post("/plan", response_model=PlanAnswer, summary="Many lines at once, in one transaction")
def plan(deps: Here, by: Staff, key: IdempotencyKey, ask: PlanAsk) -> Response:
    lines = ask.lines(now(deps), by, deps.options.zone)
    if len(lines) > deps.options.plan_lines:
        raise Rejected(f"{len(lines)} lines; the most is {deps.options.plan_lines}", code="invalid_plan")

    def answer(done: Sequence[Done]) -> str:
        answers = [
            LineAnswer(
                kind=kind,
                id=id,
                outcome=result.outcome,
                problem=None if result.refusal is None else of_error(result.refusal),
            )
            for (kind, id, _), result in zip(lines, done, strict=True)
        ]
        return PlanAnswer(lines=answers, position=0).model_dump_json(exclude={"position"}, exclude_none=True)

    return placed(*deps.desk.carry_out([[command] for _, _, command in lines], key, answer))
