"""A day's plan as a CSV file, with a report line by line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api.auth import Staff
from api.commands import Done
from api.deps import Here
from api.plan_sheet import COLUMNS, NEEDED, Reading, Sheet, refused
from api.routers.answers import STAFF_PROBLEMS, IdempotencyKey, placed, problems
from api.routers.days import zone_of
from api.shapes.plan_sheet import CellProblem, Counts, SheetAnswer, SheetLine
from api.sheet import read
from domain.errors import Rejected
from domain.time import Ms

router = APIRouter(prefix="/v1", tags=["registry"], responses=STAFF_PROBLEMS | problems(413))


async def _body(request: Request) -> bytes:
    return await request.body()


@router.post(
    "/plan/csv",
    response_model=SheetAnswer,
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": f"A header and a line for each visit. Columns: {', '.join(COLUMNS)}; "
            f"needed: {', '.join(NEEDED)}. Items of a checklist are parted by |.",
            "content": {"text/csv": {"schema": {"type": "string"}}},
        }
    },
    summary="A day's plan as CSV, with a report line by line",
)
def plan_csv(
    deps: Here,
    by: Staff,
    key: IdempotencyKey,
    body: Annotated[bytes, Depends(_body)],
    dry_run: Annotated[bool, Query(description="only report what would become of it")] = False,
    zone: Annotated[str | None, Query(description="IANA zone of local times and new sites; none: the cell's")] = None,
) -> Response:
    """UTF-8 or GB18030, parted by comma, semicolon or tab. A bad line does not stop the others and changes nothing."""
    there = zone_of(deps, zone)
    lines = read(body, COLUMNS, NEEDED)
    if len(lines) > deps.options.plan_lines:
        raise Rejected(f"{len(lines)} lines; the most is {deps.options.plan_lines}", code="invalid_plan")
    sheet = Sheet(at_ms=Ms(deps.clock.now_ms()), by=by, zone=there, business_day_hour=deps.options.business_day_hour)
    readings = [sheet.read(line) for line in lines]

    def answer(done: Sequence[Done]) -> str:
        said = _report(readings, done)
        return said.model_dump_json(exclude={"position"})

    errands = [reading.errand for reading in readings if not reading.wrong]
    return placed(*deps.desk.carry_out(errands, None if dry_run else key, answer, rehearse=dry_run))


def _report(readings: Sequence[Reading], done: Sequence[Done]) -> SheetAnswer:
    results = iter(done)
    told = []
    for reading in readings:
        result = None if reading.wrong else next(results)
        wrong = reading.wrong
        if result is not None and result.refusal is not None:
            wrong = (refused(result.refusal),)
        told.append(
            SheetLine(
                line=reading.line.number,
                visit=reading.line.cells.get("visit"),
                outcome="refused" if result is None else result.outcome,
                problems=[CellProblem(field=w.field, code=w.code, detail=w.detail) for w in wrong],
            )
        )
    counted = Counter(line.outcome for line in told)
    counts = Counts(created=counted["created"], unchanged=counted["unchanged"], refused=counted["refused"])
    return SheetAnswer(lines=told, counts=counts, position=0)
