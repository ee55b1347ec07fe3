"""Every list, walked page by page while rows are added: nothing that was there is told twice or left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from domain.events.facts import SosRaised
from domain.ids import fact_id
from domain.time import MINUTE_MS, Ms, utc_day
from eventlog.entry import Append
from ingest import dead_letters
from ingest.dead_letters import Letter
from tests.integration.api.cell import NOON, Cell, binding, fix, one_visit, site, visit, worker


def add_visits(cell: Cell, first: int) -> None:
    """Seven, at three times only, so that the keys must part them."""
    cell.plan(visits=[visit(n, starts_ms=NOON + (n % 3) * MINUTE_MS) for n in range(first, first + 7)])


def add_sites(cell: Cell, first: int) -> None:
    cell.plan(sites=[site(n, customer=1) for n in range(first, first + 7)])


def add_workers(cell: Cell, first: int) -> None:
    cell.plan(workers=[worker(n) for n in range(first, first + 7)])


def add_alerts(cell: Cell, first: int) -> None:
    """Seven calls for help, at three times only."""
    for n in range(first, first + 7):
        at = Ms(NOON + (n % 3) * MINUTE_MS)
        device = f"button-{n}"
        fact = SosRaised(
            recorded_at_ms=at, fact=fact_id(device, "sos", at, b""), device=device, observed_at_ms=at, note=str(n)
        )
        cell.log.append([Append(f"facts/{device}/{utc_day(at)}", [fact], 0)])


def add_devices(cell: Cell, first: int) -> None:
    """Seven unknown ones at three times only, and one that is bound."""
    for n in range(first, first + 7):
        cell.clock.ms = Ms(NOON + (n % 3) * MINUTE_MS)
        cell.seen([fix(f"phone-{n}", NOON, 31.2)])
    cell.clock.ms = NOON
    cell.plan(bindings=[binding(1) | {"device": f"phone-{first}"}])


def add_letters(cell: Cell, first: int) -> None:
    """Seven messages that nobody could read, at three times only."""
    with psycopg.connect(cell.dsn) as conn, conn.cursor() as cursor:
        for n in range(first, first + 7):
            letter = Letter(f"nowhere/{n}", b"junk", "unknown_topic", "no dialect knows it")
            dead_letters.insert(cursor, [letter], Ms(NOON + (n % 3) * MINUTE_MS))


LISTS: dict[str, tuple[str, Callable[[Cell, int], None]]] = {
    "/v1/visits": ("visit", add_visits),
    "/v1/workers": ("worker", add_workers),
    "/v1/alerts": ("alert", add_alerts),
    "/v1/devices": ("device", add_devices),
    "/v1/sites": ("site", add_sites),
    "/v1/dead-letters": ("key", add_letters),
}
WHOLE = {
    "/v1/board": "one day",
    "/v1/timeliness": "counts",
    "/v1/rules": "come with the program",
    "/v1/devices/{device}/logins": "a handful",
}
"""Lists that are not paged, and why."""


def page(cell: Cell, path: str, **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = cell.ok(cell.get(path, params={name: v for name, v in query.items() if v is not None}))
    return found


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("size", [2, 5])
def test_pages_have_no_repeats_and_no_gaps_while_rows_are_added(cell: Cell, path: str, size: int) -> None:
    name, add = LISTS[path]
    cell.plan(**one_visit())
    add(cell, 10)
    cell.fold()
    before = {item[name] for item in page(cell, path, limit=500)["items"]}
    assert len(before) >= 7
    seen: list[str] = []
    cursor = None
    while True:
        found = page(cell, path, limit=size, cursor=cursor)
        assert len(found["items"]) <= size
        seen += [item[name] for item in found["items"]]
        if not cursor:
            add(cell, 20)  # some before where the page ended, some after it
            cell.fold()
        cursor = found["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)), "told twice"
    assert before <= set(seen), "left out"


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("cursor", ["zzz", "W10", "WzFd", "WzEsMl0", "WyJhXHUwMDAwIl0", "WzFlNDAwLCJhIl0", "e30"])
def test_a_cursor_that_was_made_elsewhere_is_refused(shared: Cell, path: str, cursor: str) -> None:
    answer = shared.get(path, params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")


def test_every_list_is_walked_here(shared: Cell) -> None:
    document = shared.ok(shared.get("/openapi.json"))
    listing, paged = set(), set()
    for path, methods in document["paths"].items():
        operation = methods.get("get", {})
        content = operation.get("responses", {}).get("200", {}).get("content", {}).get("application/json", {})
        shape = document["components"]["schemas"].get(content.get("schema", {}).get("$ref", "").rpartition("/")[2], {})
        if shape.get("properties", {}).keys() & {"items", "visits"}:
            listing.add(path)
        if {"limit", "cursor"} <= {parameter["name"] for parameter in operation.get("parameters", [])}:
            paged.add(path)
    assert paged == set(LISTS)
    assert listing - paged == set(WHOLE)
