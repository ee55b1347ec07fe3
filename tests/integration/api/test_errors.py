"""Whatever goes wrong leaves as a problem with its status and code."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api.links import Links, secret_of
from api.problems import MEDIA_TYPE
from tests.integration.api.cell import Cell, cell_at, customer, one_visit, site, visit


def code_of(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    problem = answer.json()
    assert problem.keys() >= {"type", "title", "status", "detail", "code"}
    assert problem["status"] == status
    return str(problem["code"])


def test_400_a_body_that_is_no_json(shared: Cell) -> None:
    headers = {"Content-Type": "application/json"}
    for body in (b'{"customer":', b"\xff\xfe", b"[" * 100_000):
        answer = shared.request("POST", "/v1/customers", content=body, headers=headers)
        assert code_of(answer, 400) == "malformed"


@pytest.mark.parametrize("token", [None, "wrong", "", "é", "a-token-for-the-test"])
def test_401_without_the_staff_token(shared: Cell, token: str | None) -> None:
    headers = {} if token is None else {b"Authorization": b"Bearer " + token.encode("latin-1")}
    answer = shared.request("GET", "/v1/board", token=None, headers=headers)
    assert code_of(answer, 401) == "unauthorized"
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_404_what_is_not_there(shared: Cell) -> None:
    assert code_of(shared.get("/v1/nothing"), 404) == "not_found"
    assert code_of(shared.get("/v1/visits/v-9"), 404) == "not_found"
    assert code_of(shared.post("/v1/visits/v-9/cancel", {}), 404) == "not_found"
    assert code_of(shared.post("/v1/visits/v-9/links"), 404) == "not_found"
    assert code_of(shared.get("/v1/track/garbage"), 404) == "not_found"
    assert code_of(shared.get("/v1/track/garbage/stream"), 404) == "not_found"
    period = "from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z"
    assert code_of(shared.get(f"/v1/workers/w-9/track?{period}"), 404) == "not_found"
    assert code_of(shared.get("/pages/assets/none.js"), 404) == "not_found"


def test_405_what_cannot_be_done_there(shared: Cell) -> None:
    answer = shared.request("DELETE", "/v1/board")
    assert code_of(answer, 405) == "method_not_allowed"
    assert answer.headers["allow"] == "GET"


def test_409_what_the_state_of_things_forbids(cell: Cell) -> None:
    cell.plan(**one_visit())
    assert code_of(cell.post("/v1/visits", visit(service="cooking")), 409) == "conflict"
    cell.ok(cell.post("/v1/visits/v-1/cancel"))
    assert code_of(cell.post("/v1/visits/v-1/reassign", {"worker": None}), 409) == "visit_cancelled"


def test_410_a_link_that_has_expired(cell: Cell) -> None:
    cell.plan(**one_visit())
    cell.fold()
    token, _ = Links(lambda: secret_of(cell.deps.database), valid_h=1, wall=lambda: 1_000).make("v-1")
    assert code_of(cell.get(f"/v1/track/{token}", token=None), 410) == "link_expired"
    assert code_of(cell.get(f"/v1/track/{token}/stream", token=None), 410) == "link_expired"


def test_413_a_body_beyond_the_limit(database: str, tmp_path: Path) -> None:
    with cell_at(database, tmp_path, body_most=1_000) as cell:
        assert code_of(cell.post("/v1/customers", customer() | {"name": "x" * 2_000}), 413) == "too_large"

        async def unannounced() -> AsyncIterator[bytes]:
            for _ in range(3):
                yield b"x" * 500

        headers = {"Content-Type": "application/json"}
        answer = cell.request("POST", "/v1/customers", content=unannounced(), headers=headers)
        assert code_of(answer, 413) == "too_large"


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/v1/customers", {"customer": "c-1"}, "invalid_request"),
        ("/v1/customers", {"customer": "c-1", "name": 5}, "invalid_request"),
        ("/v1/customers", {"customer": "c-1", "name": "x", "surprise": 1}, "invalid_request"),
        ("/v1/customers", [], "invalid_request"),
        ("/v1/customers", {"customer": "with space", "name": "x"}, "invalid_key"),
        ("/v1/customers", {"customer": "c-1", "name": "\0"}, "invalid_text"),
        ("/v1/customers", {"customer": "c" * 65, "name": "x"}, "invalid_key"),
        ("/v1/visits", visit(window_from="2026-01-01T00:00:00"), "invalid_request"),
        ("/v1/visits", visit(window_from=1_790_000_000), "invalid_request"),
        ("/v1/visits", visit(window_from="2300-01-01T00:00:00Z"), "invalid_time"),
        ("/v1/visits", visit(window_to="2020-01-01T00:00:00Z"), "invalid_window"),
        ("/v1/visits", visit(planned_s=10**30), "invalid_duration"),
        ("/v1/sites", site() | {"fence": {"shape": "star"}}, "invalid_request"),
        ("/v1/sites", site() | {"crs": "mercator"}, "invalid_request"),
        ("/v1/sites", site(lat=91.0), "invalid_fence"),
        ("/v1/sites", site() | {"zone": "Mars/Base"}, "invalid_zone"),
        ("/v1/devices/d/bindings", {"from": "2026-01-01T00:00:00Z"}, "invalid_binding"),
        ("/v1/devices/a b/unbind", {"from": "2026-01-01T00:00:00Z"}, "invalid_request"),
        ("/v1/policies", {"from": "2026-01-01T00:00:00Z", "values": {"nonsense": 1}}, "invalid_policy"),
        ("/v1/visits/a b/cancel", {}, "invalid_request"),
    ],
)
def test_422_what_cannot_be_meant(shared: Cell, path: str, body: Any, code: str) -> None:
    assert code_of(shared.post(path, body), 422) == code


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/board?day=yesterday", "invalid_request"),
        ("/v1/board?day=0001-01-01", "invalid_day"),
        ("/v1/board?day=9999-12-31", "invalid_day"),
        ("/v1/board?zone=Mars/Base", "invalid_zone"),
        ("/v1/board?zone=../../etc/passwd", "invalid_zone"),
        ("/v1/board?min_position=-1", "invalid_request"),
        ("/v1/alerts?cursor=garbage", "invalid_cursor"),
        ("/v1/alerts?limit=0", "invalid_request"),
        ("/v1/alerts?limit=100000", "invalid_request"),
        ("/v1/alerts?state=perhaps", "invalid_request"),
        ("/v1/alerts?rule=%00", "invalid_request"),
        ("/v1/visits/%00", "invalid_request"),
        ("/v1/workers/w-1/track", "invalid_request"),
        ("/v1/workers/w-1/track?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "invalid_period"),
        ("/v1/workers/w-1/track?from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", "invalid_period"),
    ],
)
def test_422_what_cannot_be_read(shared: Cell, path: str, code: str) -> None:
    assert code_of(shared.get(path), 422) == code


def test_422_says_all_that_is_wrong_and_where(shared: Cell) -> None:
    lines = {"visits": [{"visit": "v-1"}, visit(window_to="later")]}
    errors = shared.post("/v1/plan", lines).json()["errors"]
    where = {error["where"] for error in errors}
    assert {"body.visits.0.site", "body.visits.0.window_from", "body.visits.1.window_to"} <= where


def test_422_a_plan_of_too_many_lines(database: str, tmp_path: Path) -> None:
    with cell_at(database, tmp_path, plan_lines=2) as cell:
        answer = cell.post("/v1/plan", {"customers": [customer(n) for n in range(3)]})
        assert code_of(answer, 422) == "invalid_plan"
        assert cell.log.head() == 0


def test_422_a_character_that_is_none(shared: Cell) -> None:
    body = b'{"customer":"c-1","name":"\\ud800"}'
    answer = shared.request("POST", "/v1/customers", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


def test_500_a_bug_is_told_without_its_secrets(shared: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr(type(shared.deps.clock), "shape", lambda self: broken())
    answer = shared.get("/v1/clock")
    assert code_of(answer, 500) == "internal"
    assert "hunter2" not in answer.text


def test_503_too_many_streams(database: str, tmp_path: Path) -> None:
    with cell_at(database, tmp_path, streams_most=1) as cell:
        cell.plan(**one_visit())
        cell.fold()
        cell.deps.hub.subscribe("v-1", None)
        answer = cell.get(f"/v1/track/{cell.link()}/stream")
        assert code_of(answer, 503) == "too_many_streams"
        assert answer.headers["retry-after"]


def test_503_a_visit_that_is_not_computed_yet(cell: Cell) -> None:
    cell.plan(**one_visit())
    assert code_of(cell.get(f"/v1/track/{cell.link()}"), 503) == "unavailable"


def test_every_answer_is_careful_with_addresses_and_contents(shared: Cell) -> None:
    for path in ("/v1/board", "/v1/nothing", f"/v1/track/{secrets.token_urlsafe()}", "/healthz", "/console"):
        headers = shared.get(path).headers
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
