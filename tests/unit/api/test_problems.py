"""From an error's code to a problem and its status."""

from __future__ import annotations

import msgspec
import pytest

from api.answers import IdempotencyKeyReused
from api.auth import Unauthorized
from api.links import LinkExpired
from api.problems import MEDIA_TYPE, STATUSES, answer, of_error, problem
from api.routers.answers import NotYetProjected
from api.routers.customer import TooManyStreams
from domain.errors import (
    ConcurrentAppend,
    Conflict,
    CorruptLog,
    DoorstepError,
    NotFound,
    Rejected,
    Transient,
    Unavailable,
)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound("no"), 404),
        (Conflict("no"), 409),
        (Rejected("no", code="visit_cancelled"), 409),
        (Rejected("no", code="shift_cancelled"), 409),
        (Rejected("no", code="invalid_window"), 422),
        (Rejected("no", code="unknown_site"), 422),
        (Rejected("no", code="something_new"), 409),
        (LinkExpired("no"), 410),
        (Unauthorized("no"), 401),
        (IdempotencyKeyReused("no"), 422),
        (Unavailable("no"), 503),
        (Unavailable("no", code="outcome_unknown"), 503),
        (ConcurrentAppend("no"), 503),
        (Transient("no"), 503),
        (TooManyStreams("no"), 503),
        (NotYetProjected("no"), 504),
        (CorruptLog("secret"), 500),
    ],
)
def test_every_error_has_its_status(error: DoorstepError, status: int) -> None:
    assert of_error(error).status == status


def test_our_own_faults_are_not_told_to_strangers() -> None:
    assert "secret" not in of_error(CorruptLog("secret")).model_dump_json()


def test_a_problem_says_what_it_is() -> None:
    response = answer(problem("invalid_fence", "a radius of 0 m"))
    assert response.status_code == 422
    assert response.media_type == MEDIA_TYPE
    assert msgspec.json.decode(bytes(response.body)) == {
        "type": "urn:doorstep:problem:invalid_fence",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": "a radius of 0 m",
        "code": "invalid_fence",
    }


def test_what_is_passing_says_when_to_try_again() -> None:
    assert answer(problem("unavailable", "away")).headers["retry-after"] == "1"
    assert "retry-after" not in answer(problem("conflict", "no")).headers


def test_a_refused_token_says_how_to_show_one() -> None:
    assert answer(problem("unauthorized", "no")).headers["www-authenticate"].startswith("Bearer")


def test_no_code_stands_for_success() -> None:
    assert all(status >= 400 for status in STATUSES.values())
