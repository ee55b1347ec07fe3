"""The OpenAPI against the application: every route is told whole, and staff's are staff's."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import msgspec
from starlette.routing import Route

from tests.integration.api.cell import Cell

PUBLIC = {
    "/healthz",
    "/readyz",
    "/metrics",
    "/v1/clock",
    "/v1/map",
    "/v1/wire-schema",
    "/v1/track/{token}",
    "/v1/track/{token}/stream",
}
"""For machines, for everybody's pages, and for whoever has a customer's link."""
UNTOLD = {"/", "/v/{token}", "/console", "/pages/{name:path}", "/map/{name}", "/openapi.json"}
"""Pages and files."""
TOLD_ONCE = ("/links", "/invites", "/logins", "/revoke")
"""Answers that no key keeps: they hold what opens something; revoking twice changes nothing."""
HARMLESS_TWICE = ("/dead-letters/retry", "/dead-letters/drop")
"""What is read or dropped once is closed, and doing it again finds nothing to do."""
ANYTHING = {"/v1/wire-schema": "a schema is what it is"}


def told(cell: Cell) -> dict[str, Any]:
    document: dict[str, Any] = cell.ok(cell.get("/openapi.json", token=None))
    return document


def operations(cell: Cell) -> list[tuple[str, str, dict[str, Any]]]:
    """(path, method, operation) of everything that is told."""
    return [(path, method, o) for path, methods in told(cell)["paths"].items() for method, o in methods.items()]


def test_every_route_is_told_or_is_a_page(shared: Cell) -> None:
    routes = {(r.path, m.lower()) for r in _routes(shared) for m in (r.methods or ()) if m != "HEAD"}
    found = {(path, method) for path, method, _ in operations(shared)}
    assert {path for path, _ in routes - found} == UNTOLD
    assert found <= routes


def test_every_answer_and_every_parameter_is_told(shared: Cell) -> None:
    document = told(shared)
    schemas = document["components"]["schemas"]
    every = operations(shared)
    assert len({operation["operationId"] for *_, operation in every}) == len(every) >= 35
    for path, method, operation in every:
        where = f"{method} {path}"
        assert operation["summary"], where
        assert operation["tags"], where
        for parameter in operation.get("parameters", []):
            assert parameter.get("description"), f"{where}: {parameter['name']}"
        (content,) = operation["responses"]["200"]["content"].items()
        kind, schema = content[0], content[1]["schema"]
        if kind.endswith("json") and path not in ANYTHING:
            shape = schemas[schema["$ref"].rpartition("/")[2]]
            assert shape["properties"], where
        else:
            assert kind != "application/json", where
        if method == "post" and "requestBody" in operation:
            (body,) = operation["requestBody"]["content"].values()
            assert body["schema"] != {}, where


def test_every_refusal_is_told_as_a_problem(shared: Cell) -> None:
    for path, method, operation in operations(shared):
        where, responses = f"{method} {path}", operation["responses"]
        for status, response in responses.items():
            if status[0] in "45" and path != "/readyz":
                assert list(response["content"]) == ["application/problem+json"], (where, status)
        if path.startswith("/v1/"):
            assert responses.keys() >= {"422", "500", "503"}, where
        assert ("401" in responses) == ("security" in operation) == (path not in PUBLIC), where
        names = {parameter["name"] for parameter in operation.get("parameters", [])}
        assert ("504" in responses) == ("min_position" in names), where
        if method == "post" and not path.endswith(TOLD_ONCE + HARMLESS_TWICE):
            assert "Idempotency-Key" in names, where


def test_what_streams_send_is_told(shared: Cell) -> None:
    document = told(shared)
    streamed = document["paths"]["/v1/stream"]["get"]["responses"]["200"]["content"]["text/event-stream"]
    assert streamed["x-events"].keys() == {"changed", "reset"}
    changed = document["components"]["schemas"]["Changed"]
    assert changed["properties"].keys() == {"position", "clock", "visits", "alerts", "workers"}


def test_all_that_is_referred_to_is_there(shared: Cell) -> None:
    document = told(shared)
    words = msgspec.json.encode(document).decode().split('"')
    for reference in {word for word in words if word.startswith("#/components/")}:
        assert reference.rpartition("/")[2] in document["components"]["schemas"], reference


def test_nobody_without_the_token_gets_past_the_door(shared: Cell) -> None:
    head = shared.log.head()
    for path, method, operation in operations(shared):
        if path in PUBLIC:
            continue
        assert "security" in operation, path
        asked = re.sub(r"\{[a-z]+\}", str(uuid4()), path)
        answer = shared.request(method.upper(), asked, token=None, json={} if method == "post" else None)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized"), path
    assert shared.log.head() == head


def _routes(cell: Cell) -> list[Route]:
    """Every route, also those of the routers that were included."""
    found: list[Route] = []
    waiting = list(cell.app.routes)
    while waiting:
        route = waiting.pop()
        if isinstance(route, Route):
            found.append(route)
        else:
            waiting += getattr(route, "original_router", route).routes  # type: ignore[attr-defined]
    return found
