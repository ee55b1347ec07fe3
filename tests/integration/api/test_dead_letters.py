"""Dead letters over the API: found by page and by reason, looked at, read again, dropped with a reason, downloaded."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from doorstep.letter_desk import LetterDesk
from tests.integration.api.cell import Cell
from tests.integration.ingest.letters import READABLE, keep, letter

ROOT = "/v1/dead-letters"


def code(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    return str(answer.json()["code"])


def listed(cell: Cell, **query: Any) -> list[dict[str, Any]]:
    """All letters that are asked for, page by page."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = cell.ok(cell.get(ROOT, params={**query, **({"cursor": cursor} if cursor else {})}))
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            return found


def key_of(cell: Cell, number: int, **query: Any) -> str:
    (key,) = (each["key"] for each in listed(cell, **query) if each["topic"] == f"doorstep/v1/p{number}/position")
    return str(key)


def test_a_list_is_paged_from_the_latest_on_and_narrowed_by_reason_and_state(cell: Cell) -> None:
    for number in range(5):
        keep(cell.dsn, letter(number), at_s=number // 2)  # some at the same instant
    keep(cell.dsn, letter(9, reason="wrong_key", retained=True), at_s=-60)
    found = listed(cell, limit=2)
    assert len({each["key"] for each in found}) == len(found) == 6
    assert [each["last_seen"] for each in found] == sorted((each["last_seen"] for each in found), reverse=True)
    assert "payload_base64" not in found[0]
    (one,) = listed(cell, reason="wrong_key")
    assert (one["topic"], one["retained"], one["state"], one["size"]) == ("doorstep/v1/p9/position", True, "open", 6)
    assert listed(cell, state="dropped") == []


def test_groups_count_what_is_wrong_and_tell_how_full_it_is(cell: Cell) -> None:
    keep(cell.dsn, letter(1), letter(2), letter(2), letter(3, reason="encrypted", payload=b"x" * 1_000))
    told = cell.ok(cell.get(f"{ROOT}/groups"))
    by_reason = {group["reason"]: group for group in told["groups"]}
    assert (by_reason["not_json"]["letters"], by_reason["not_json"]["times"]) == (2, 3)
    assert (by_reason["encrypted"]["size"], by_reason["encrypted"]["topic"]) == (1_000, "doorstep/v1/p3/position")
    assert [group["reason"] for group in told["groups"]] == ["not_json", "encrypted"]
    assert told["fill"]["letters"] == 3
    assert told["fill"]["size"] > 1_000
    assert not told["fill"]["warns"]
    with psycopg.connect(cell.dsn) as conn:
        conn.execute(
            "UPDATE ingest.dead_letters SET kept_since = now() - interval '80 days' WHERE reason = 'encrypted'"
        )
    fill = cell.ok(cell.get(f"{ROOT}/groups"))["fill"]
    assert (fill["warns"], round(fill["oldest_days"]), fill["days_most"]) == (True, 80, 90.0)


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (b'{"lat":1}\n', '{"lat":1}\n'),
        ("电量低".encode() * 5_000, ("电量低" * 5_000)[:4_000]),
        (b"\0\xff binary", None),
        (b"", None),
    ],
)
def test_one_is_shown_with_its_bytes(cell: Cell, payload: bytes, text: str | None) -> None:
    keep(cell.dsn, letter(1, payload=payload, detail="half \ud800"))
    key = key_of(cell, 1)
    shown = cell.ok(cell.get(f"{ROOT}/{key}"))
    assert base64.b64decode(shown["payload_base64"]) == payload
    assert (shown["text"], shown["size"], shown["detail"]) == (text, len(payload), "half \\ud800")
    whole = cell.get(f"{ROOT}/{key}/payload")
    assert (whole.content, whole.headers["X-Content-Type-Options"]) == (payload, "nosniff")
    assert whole.headers["Content-Disposition"].startswith("attachment")


def test_a_large_message_is_shown_by_its_beginning_and_downloaded_whole(cell: Cell) -> None:
    payload = b"\xf0" * (2 << 20)
    keep(cell.dsn, letter(1, payload=payload))
    key = key_of(cell, 1)
    shown = cell.get(f"{ROOT}/{key}")
    assert len(shown.content) < 100_000
    assert shown.json()["size"] == len(payload)
    assert cell.get(f"{ROOT}/{key}/payload").content == payload


def test_what_can_be_read_by_now_is_stored_once_by_key_and_by_reason(cell: Cell) -> None:
    keep(cell.dsn, letter(1, payload=READABLE), letter(2, payload=READABLE), letter(3), letter(4, reason="encrypted"))
    key = key_of(cell, 1)
    assert cell.ok(cell.post(f"{ROOT}/retry", {"keys": [key]})) == {"stored": 1, "unreadable": 0, "left": 0}
    assert cell.ok(cell.post(f"{ROOT}/retry", {"keys": [key]})) == {"stored": 0, "unreadable": 0, "left": 0}
    told = cell.ok(cell.post(f"{ROOT}/retry", {"reason": "not_json"}))
    assert told == {"stored": 1, "unreadable": 1, "left": 0}
    assert {each["key"] for each in listed(cell, state="resolved")} == {
        key,
        key_of(cell, 2, state="resolved"),
    }
    assert {each["reason"] for each in listed(cell)} == {"not_json", "encrypted"}
    assert sum(len(entry.batch) for entry in cell.log.page(0, 100) if entry.batch is not None) == 2


def test_what_there_was_no_time_for_is_told_and_comes_first_the_next_time(
    cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingest import dead_letters

    keep(cell.dsn, letter(1), letter(2), letter(3))
    each, is_over = dead_letters.each_to_retry, threading.Event()

    def slowly(*arguments: Any) -> Iterator[Any]:
        for found in each(*arguments):
            yield found
            if not is_over.is_set():
                is_over.wait(0.6)  # the request's time is over by then
                is_over.set()

    monkeypatch.setattr(dead_letters, "each_to_retry", slowly)
    assert isinstance(cell.deps.letters, LetterDesk)
    monkeypatch.setattr(cell.deps.letters, "_retry_s", 0.2)
    assert cell.ok(cell.post(f"{ROOT}/retry", {"reason": "not_json"})) == {"stored": 0, "unreadable": 1, "left": 2}
    assert cell.ok(cell.post(f"{ROOT}/retry", {"reason": "not_json"}))["left"] == 0


def test_two_do_not_read_again_at_once(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = cell.deps.letters
    assert isinstance(desk, LetterDesk)
    with desk._one_retry:
        assert code(cell.post(f"{ROOT}/retry", {"reason": "not_json"}), 409) == "conflict"
    assert cell.ok(cell.post(f"{ROOT}/retry", {"reason": "not_json"}))["left"] == 0


def test_dropped_ones_keep_who_said_why(cell: Cell) -> None:
    keep(cell.dsn, letter(1), letter(2), letter(3, reason="encrypted"))
    key = key_of(cell, 3)
    body = {"reason": "not_json", "why": " a test of the gateway "}
    assert cell.ok(cell.post(f"{ROOT}/drop", body)) == {"dropped": 2}
    assert cell.ok(cell.post(f"{ROOT}/drop", body)) == {"dropped": 0}
    assert cell.ok(cell.post(f"{ROOT}/drop", {"keys": [key], "why": "no key"})) == {"dropped": 1}
    found = {each["key"]: each for each in listed(cell, state="dropped")}
    assert (found[key]["closed_why"], found[key]["closed_by"]) == ("no key", "staff")
    assert sorted(each["closed_why"] for each in found.values()) == ["a test of the gateway"] * 2 + ["no key"]
    assert listed(cell) == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("retry", {}),
        ("retry", {"keys": ["ab"]}),
        ("retry", {"keys": []}),
        ("retry", {"keys": ["0" * 32], "reason": "not_json"}),
        ("retry", {"reason": "a\0"}),
        ("drop", {"reason": "not_json"}),
        ("drop", {"reason": "not_json", "why": "  "}),
        ("drop", {"reason": "not_json", "why": "a\0b"}),
        ("drop", {"keys": ["0" * 32] * 501, "why": "many"}),
        ("drop", {"reason": "not_json", "why": "x" * 1_001}),
    ],
)
def test_an_ask_that_is_unclear_is_refused(shared: Cell, path: str, body: dict[str, Any]) -> None:
    assert code(shared.post(f"{ROOT}/{path}", body), 422) == "invalid_request"


def test_a_reason_that_is_no_text_is_refused(shared: Cell) -> None:
    body = b'{"reason": "not_json", "why": "half \\ud800"}'
    answer = shared.request("POST", f"{ROOT}/drop", content=body, headers={"Content-Type": "application/json"})
    assert code(answer, 422) == "invalid_request"


def test_what_is_not_there_or_not_asked_for_so_is_refused(shared: Cell) -> None:
    assert code(shared.get(f"{ROOT}/{'0' * 32}"), 404) == "not_found"
    assert code(shared.get(f"{ROOT}/{'0' * 32}/payload"), 404) == "not_found"
    assert code(shared.get(f"{ROOT}/short"), 422) == "invalid_request"
    assert code(shared.get(ROOT, params={"cursor": "nonsense"}), 422) == "invalid_cursor"
    assert code(shared.get(ROOT, params={"state": "lost"}), 422) == "invalid_request"
    assert code(shared.get(ROOT, params={"limit": 501}), 422) == "invalid_request"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/groups"),
        ("GET", f"/{'0' * 32}"),
        ("GET", f"/{'0' * 32}/payload"),
        ("POST", "/retry"),
        ("POST", "/drop"),
    ],
)
def test_without_a_token_nobody_sees_or_does_anything(shared: Cell, method: str, path: str) -> None:
    assert code(shared.request(method, ROOT + path, token=None), 401) == "unauthorized"
