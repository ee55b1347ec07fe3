"""Lines of a board are plain JSON, and exactly what their shape says."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import msgspec
import pytest

from api.shapes.encode import encode
from api.shapes.lines import lines
from api.shapes.visits import BoardVisit
from api.times import parse
from projections.queries.alerts import BriefRow
from projections.queries.visits import VisitRow

T = 1_790_000_000_123
EMPTY = VisitRow(
    visit="v-1",
    customer="c-1",
    customer_name=None,
    site="s-1",
    site_name="家",
    address="",
    zone="Asia/Shanghai",
    site_lat_e7=312_304_000,
    site_lon_e7=1_214_737_001,
    worker=None,
    worker_name=None,
    service="cleaning",
    window_from_ms=T,
    window_to_ms=T + 1,
    planned_s=7_200,
    checklist="[]",
    revision=1,
    first_from_ms=T,
    first_to_ms=T + 1,
    status="scheduled",
    status_at_ms=T + 2,
    over=False,
    fix_lat_e7=None,
    fix_lon_e7=None,
    fix_accuracy_dm=None,
    fix_ms=None,
    eta_ms=None,
    eta_early_ms=None,
    eta_late_ms=None,
    remaining_m=None,
    arrived_ms=None,
    lateness_s=None,
    on_time=None,
    early_s=None,
    served_from_ms=None,
    served_to_ms=None,
    served_s=None,
)
FULL = msgspec.structs.replace(
    EMPTY,
    customer_name="张三",
    worker="w-1",
    worker_name="李四",
    status="on_the_way",
    fix_lat_e7=312_304_001,
    fix_lon_e7=-1_214_737_000,
    fix_accuracy_dm=55,
    fix_ms=T + 3,
    eta_ms=T + 4,
    eta_early_ms=T + 5,
    eta_late_ms=T + 6,
    remaining_m=700,
    arrived_ms=T + 7,
    lateness_s=-60,
    on_time=True,
)
ALERTS = {
    "v-1": [
        BriefRow("v-1", UUID(int=1), "late", True, T, None, False, False),
        BriefRow("v-1", UUID(int=2), "no_show", False, T, T + 1, True, True),
    ]
}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


@pytest.mark.parametrize("row", [EMPTY, FULL])
@pytest.mark.parametrize("alerts", [{}, ALERTS])
def test_a_line_is_what_its_shape_says(row: VisitRow, alerts: dict[str, list[BriefRow]]) -> None:
    made = msgspec.json.decode(encode({"lines": lines([row], alerts)}))["lines"][0]
    assert len(made["alerts"]) == len(alerts.get("v-1", ()))
    assert BoardVisit.model_validate(_with_instants(made)).model_dump(mode="json") == made


def _with_instants(value: Any) -> Any:
    """Times as the shape takes them."""
    if isinstance(value, dict):
        return {name: _with_instants(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_with_instants(inner) for inner in value]
    return parse(value) if isinstance(value, str) and _TIME.fullmatch(value) else value
