"""Alerts: a list to work through, one with all that it rests on, and what people decide about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query
from psycopg import Cursor
from starlette.responses import Response

from api import cursors
from api.answers import Key
from api.auth import Staff
from api.commands import Done
from api.cursors import Limit
from api.deps import Deps, Here
from api.routers.answers import (
    STAFF_PROBLEMS,
    IdempotencyKey,
    NameQuery,
    Reached,
    json,
    placed,
    problems,
)
from api.routers.days import Day, Zone, span_or_all
from api.shapes import facts as fact_shapes
from api.shapes.alerts import Acknowledged, AlertAnswer, AlertPage, AlertWhole, Resolved, full, state_of, whole
from api.shapes.decisions import AcknowledgeAsk, AlertAsk, ResolveAsk
from domain.decide import alert as deciding
from domain.errors import NotFound
from domain.time import Ms
from projections.queries import alerts, evidence
from projections.queries.alerts import AlertRow, Told

AlertId = Annotated[UUID, Path(description="the alert's id")]

router = APIRouter(prefix="/v1/alerts", tags=["alerts"], responses=STAFF_PROBLEMS)


@router.get(
    "",
    response_model=AlertPage,
    dependencies=[Reached],
    responses=problems(504),
    summary="Alerts, the latest start first",
)
def list_alerts(
    deps: Here,
    by: Staff,
    state: Annotated[
        Literal["active", "open", "acknowledged", "resolved", "retracted", "all"],
        Query(description="active: open and acknowledged"),
    ] = "active",
    rule: Annotated[str | None, Query(pattern=r"^[a-z0-9_]{1,64}$", description="those of one rule")] = None,
    worker: NameQuery = None,
    visit: NameQuery = None,
    day: Day = None,
    zone: Zone = None,
    limit: Limit = 100,
    cursor: cursors.Cursor = None,
) -> Response:
    """Those that started on a business day, or all."""
    from_ms, to_ms = span_or_all(deps, day, zone)
    after = None if cursor is None else cursors.read_time_and_id(cursor)

    def query(at: Cursor[Any]) -> list[Told]:
        return alerts.newest(
            at,
            limit + 1,
            state=state,
            rule=rule,
            worker=worker,
            visit=visit,
            from_ms=from_ms,
            to_ms=to_ms,
            after=after,
        )

    rows = deps.database.read(query)
    rows, more = rows[:limit], len(rows) > limit
    following = cursors.write(rows[-1][0].started_ms, rows[-1][0].alert) if more else None
    return json(AlertPage(items=[full(told) for told in rows], next=following))


@router.get(
    "/{alert}",
    response_model=AlertWhole,
    dependencies=[Reached],
    responses=problems(404, 504),
    summary="An alert with its history, the facts that it rests on, and the fence",
)
def one_alert(deps: Here, by: Staff, alert: AlertId) -> Response:
    def query(at: Cursor[Any]) -> AlertWhole:
        told = _told(at, alert)
        changes = alerts.history(at, [alert]).get(alert, [])
        wanted = list({fact for said in (told[0].evidence, *(c.evidence for c in changes)) for fact in said})
        rested = fact_shapes.facts(evidence.facts(at, wanted), evidence.fixes(at, told[0], wanted))
        return whole(told, changes, rested)

    return json(deps.database.read(query))


@router.post(
    "/{alert}/acknowledge",
    response_model=AlertAnswer,
    responses=problems(404, 409),
    summary="Take an alert on; the first has it",
)
def acknowledge_alert(
    deps: Here, by: Staff, key: IdempotencyKey, alert: AlertId, ask: AcknowledgeAsk | None = None
) -> Response:
    """`unchanged`: somebody has it, who `acknowledged` says. What is resolved cannot be taken on (`alert_resolved`)."""
    return _decide(deps, by, key, alert, ask or AcknowledgeAsk())


@router.post(
    "/{alert}/resolve",
    response_model=AlertAnswer,
    responses=problems(404, 409),
    summary="Say what an alert was: true, false or excused",
)
def resolve_alert(deps: Here, by: Staff, key: IdempotencyKey, alert: AlertId, ask: ResolveAsk) -> Response:
    """Whoever took it on, or nobody. Another verdict later replaces this one."""
    return _decide(deps, by, key, alert, ask)


def _decide(deps: Deps, by: str, key: Key | None, alert: UUID, ask: AlertAsk) -> Response:
    row, _ = deps.database.read(lambda at: _told(at, alert))
    command = ask.command(Ms(deps.clock.now_ms()), by, row)

    def answer(done: Sequence[Done]) -> str:
        if done[0].refusal is not None:
            raise done[0].refusal
        said = _answer(row, done[0])
        return said.model_dump_json(exclude={"position"})

    return placed(*deps.desk.carry_out([[command]], key, answer))


def _answer(row: AlertRow, done: Done) -> AlertAnswer:
    """By the stream of the decisions: the projection may not have heard of them yet."""
    decided = deciding.DECIDER.fold(done.history)
    took, resolved = decided.acknowledged, decided.resolved
    return AlertAnswer(
        alert=row.alert,
        outcome="created" if done.new else "unchanged",
        state=state_of(row.standing, acknowledged=took is not None, resolved=resolved is not None),
        acknowledged=None if took is None else Acknowledged(at=took.recorded_at_ms, by=took.by, note=took.note),
        resolved=None
        if resolved is None
        else Resolved(at=resolved.recorded_at_ms, by=resolved.by, verdict=resolved.verdict, note=resolved.note),
        position=0,
    )


def _told(at: Cursor[Any], alert: UUID) -> Told:
    told = alerts.one(at, alert)
    if told is None:
        raise NotFound(f"there is no alert {alert}")
    return told
