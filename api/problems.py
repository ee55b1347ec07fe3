"""Errors as RFC 9457 problems: one table from code to status, one place that writes them."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from domain.errors import DoorstepError, NotFound, Permanent, Rejected, Transient

log_ = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 1
"""What is passing is usually over by then: a restart takes about a second."""

STATUSES: dict[str, HTTPStatus] = {
    "malformed": HTTPStatus.BAD_REQUEST,
    "unauthorized": HTTPStatus.UNAUTHORIZED,
    "not_found": HTTPStatus.NOT_FOUND,
    "method_not_allowed": HTTPStatus.METHOD_NOT_ALLOWED,
    "conflict": HTTPStatus.CONFLICT,
    "visit_cancelled": HTTPStatus.CONFLICT,
    "shift_cancelled": HTTPStatus.CONFLICT,
    "alert_resolved": HTTPStatus.CONFLICT,
    "link_expired": HTTPStatus.GONE,
    "too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "invalid": HTTPStatus.UNPROCESSABLE_ENTITY,
    "unknown": HTTPStatus.UNPROCESSABLE_ENTITY,
    "idempotency_key_reused": HTTPStatus.UNPROCESSABLE_ENTITY,
    "internal": HTTPStatus.INTERNAL_SERVER_ERROR,
    "unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "outcome_unknown": HTTPStatus.SERVICE_UNAVAILABLE,
    "concurrent_append": HTTPStatus.SERVICE_UNAVAILABLE,
    "too_many_streams": HTTPStatus.SERVICE_UNAVAILABLE,
    "not_yet_projected": HTTPStatus.GATEWAY_TIMEOUT,
}
"""Code to status. `invalid_…` and `unknown_…` are found under their first word."""

_BY_STATUS = {
    400: "malformed",
    401: "unauthorized",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    503: "unavailable",
}


class Wrong(BaseModel, frozen=True):
    """One thing that is wrong with a request: where, as in `body.visits.3.site`, and what."""

    where: str
    message: str


class Problem(BaseModel, frozen=True):
    """RFC 9457. `code` is stable; `detail` is for people. `errors`: all that is wrong with the request's form."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[Wrong] | None = None


def status_of(code: str) -> HTTPStatus:
    """The status of an error's code."""
    found = STATUSES.get(code) or STATUSES.get(code.partition("_")[0])
    return found or HTTPStatus.INTERNAL_SERVER_ERROR


def problem(code: str, detail: str, errors: list[Wrong] | None = None) -> Problem:
    """A problem by its code."""
    status = status_of(code)
    return Problem(
        type=f"urn:doorstep:problem:{code}", title=status.phrase, status=status, detail=detail, code=code, errors=errors
    )


def of_error(error: DoorstepError) -> Problem:
    """What an error of ours is to the one who asked. Those that are our own fault say no more than that."""
    if status_of(error.code) is not HTTPStatus.INTERNAL_SERVER_ERROR:
        return problem(error.code, str(error))
    if isinstance(error, NotFound | Transient):
        return problem("not_found" if isinstance(error, NotFound) else "unavailable", str(error))
    if isinstance(error, Rejected):
        return problem("conflict", str(error))
    log_.error("%s: %s", type(error).__name__, error)
    kind = "what is stored cannot be read" if isinstance(error, Permanent) else "something went wrong"
    return problem("internal", kind)


def answer(found: Problem, headers: dict[str, str] | None = None) -> Response:
    """A problem as a response."""
    headers = dict(headers or {})
    if found.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.setdefault("Retry-After", str(RETRY_AFTER_S))
    if found.status == HTTPStatus.UNAUTHORIZED:
        headers.setdefault("WWW-Authenticate", 'Bearer realm="doorstep"')
    return Response(
        found.model_dump_json(exclude_none=True), status_code=found.status, headers=headers, media_type=MEDIA_TYPE
    )


def install(app: FastAPI) -> None:
    """Every error of an application leaves as a problem."""
    app.add_exception_handler(DoorstepError, _on_error)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(Exception, _on_bug)


def _on_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, DoorstepError)
    return answer(of_error(error))


def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _BY_STATUS.get(error.status_code, "internal" if error.status_code >= 500 else "malformed")
    return answer(problem(code, str(error.detail)), dict(error.headers or {}))


def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    wrong = [Wrong(where=".".join(map(str, e["loc"])), message=str(e["msg"])) for e in error.errors()]
    if any(e["type"] == "json_invalid" for e in error.errors()):
        return answer(problem("malformed", "the body is no JSON", wrong))
    return answer(problem("invalid_request", "; ".join(f"{w.where}: {w.message}" for w in wrong[:3]), wrong))


def _on_bug(request: Request, error: Exception) -> Response:
    log_.error("a request failed", exc_info=error)
    return answer(problem("internal", "something went wrong"))


def describe(openapi: dict[str, Any]) -> None:
    """Make every error of an OpenAPI document a problem, whatever the framework assumed."""
    body = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path in openapi["paths"].values():
        for operation in path.values():
            for status, response in operation.get("responses", {}).items():
                if status.upper().startswith(("4", "5")) and not _is_told(response):
                    response["content"] = body
    schemas = openapi.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    add_shape(openapi, Problem)


def add_shape(openapi: dict[str, Any], kind: type[BaseModel]) -> None:
    """Add a shape that no answer is made of by itself: problems, events of a stream."""
    shape = kind.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    schemas = openapi.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(shape.pop("$defs", {}))
    schemas[kind.__name__] = shape


def _is_told(response: dict[str, Any]) -> bool:
    """Whether an endpoint said itself what this answer looks like."""
    said = str(response.get("content", ""))
    return bool(said) and not any(name in said for name in ("/Problem'", "/HTTPValidationError'"))
