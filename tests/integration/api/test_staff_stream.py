"""The staff's stream through a real server: what changed, nothing twice, and starting over where it must."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest

from domain.events.facts import SosRaised
from domain.ids import fact_id
from domain.time import MINUTE_MS, Ms, isoformat, utc_day
from eventlog.entry import Append
from projections.rebuild import rebuild
from tests.integration.api.cell import HOME, NOON, TOKEN, Cell, fix, one_visit, served_at, visit, worker
from tests.integration.api.sse import Stream, opened_at

STARTS = NOON + 60 * MINUTE_MS


@pytest.fixture
def served(database: str, tmp_path: Path) -> Iterator[Cell]:
    with served_at(database, tmp_path, stream_heartbeat_s=0.2, staff_gap_ms=0) as cell:
        cell.plan(**one_visit())
        cell.fold()
        yield cell


def watching(cell: Cell, last_id: str | None = None) -> AbstractContextManager[Stream]:
    return opened_at(f"{cell.url}/v1/stream", {"Authorization": f"Bearer {TOKEN}"}, last_id)


def nearer(cell: Cell, at_ms: int, away_m: float) -> None:
    """A fix of phone-1, folded."""
    cell.clock.ms = Ms(max(cell.clock.ms, at_ms))
    cell.seen([fix("phone-1", at_ms, HOME[0] - away_m / 111_195.0)])
    cell.fold()


def test_staff_are_told_of_each_change_what_the_lists_show(served: Cell) -> None:
    with watching(served) as stream:
        first = stream.next()
        assert first is not None
        assert (first.kind, first.data) == ("reset", {"position": served.log.head()})
        last = served.approach("phone-1", STARTS - 10 * MINUTE_MS)
        served.fold()
        event = stream.next()
        assert event is not None
        assert (event.kind, event.data["position"]) == ("changed", served.log.head())
        assert event.data["clock"] == served.ok(served.get("/v1/clock"))
        assert event.data["visits"] == served.ok(served.get("/v1/board"))["visits"]
        assert event.data["visits"][0]["status"] == "on_the_way"
        assert event.data["workers"] == served.ok(served.get("/v1/workers"))["items"]
        assert event.data["workers"][0]["position"]["at"] == isoformat(last)


def test_an_alert_is_told_once_and_again_when_somebody_takes_it_on(served: Cell) -> None:
    with watching(served) as stream:
        stream.next()
        at = Ms(NOON + 1)
        fact = fact_id("phone-1", "sos", at, b"")
        said = SosRaised(recorded_at_ms=at, fact=fact, device="phone-1", observed_at_ms=at)
        served.log.append([Append(f"facts/phone-1/{utc_day(at)}", [said], 0)])
        served.fold()
        raised = stream.next()
        assert raised is not None
        (alert,) = raised.data["alerts"]
        assert (alert["rule"], alert["state"]) == ("sos", "open")
        assert raised.data["workers"][0]["open_alerts"] == 1
        nearer(served, NOON + 2_000, 3_000)
        moved = stream.next()
        assert moved is not None
        assert moved.data["alerts"] == [], "it was told already"
        served.ok(served.post(f"/v1/alerts/{alert['alert']}/acknowledge", {"by": "anna"}))
        served.fold()
        taken = stream.next()
        assert taken is not None
        assert [(a["state"], a["acknowledged"]["by"]) for a in taken.data["alerts"]] == [("acknowledged", "anna")]
        assert taken.data["workers"][0]["open_alerts"] == 0


def test_a_visit_whose_alert_came_by_time_alone_is_told(served: Cell) -> None:
    with watching(served) as stream:
        stream.next()
        served.tick(STARTS + 41 * MINUTE_MS)
        served.fold()
        event = stream.next()
        assert event is not None
        assert "late" in {alert["rule"] for alert in event.data["alerts"]}
        (shown,) = event.data["visits"]
        assert "late" in {alert["rule"] for alert in shown["alerts"]}


def test_only_the_worker_who_moved_is_told(served: Cell) -> None:
    served.plan(workers=[worker(2)], bindings=[{"device": "phone-2", "worker": "w-2", "from": "2026-01-01T00:00:00Z"}])
    served.fold()
    with watching(served) as stream:
        stream.next()
        served.seen([fix("phone-2", NOON, 31.5)])
        served.fold()
        event = stream.next()
        assert event is not None
        assert [item["worker"] for item in event.data["workers"]] == ["w-2"], "at no visit, and on the map"
        assert event.data["visits"] == []


def test_who_comes_back_and_missed_nothing_is_told_nothing(served: Cell) -> None:
    with watching(served) as stream:
        stream.next()
        nearer(served, NOON, 3_000)
        seen = stream.next()
        assert seen is not None
    with watching(served, seen.id) as stream:
        stream.heartbeat()
        nearer(served, NOON + 20_000, 2_900)
        event = stream.next()
        assert event is not None
        assert event.kind == "changed"
    with watching(served, seen.id) as stream:
        event = stream.next()
        assert event is not None
        assert (event.kind, event.data) == ("reset", {"position": served.log.head()})


def test_more_visits_than_a_notification_names_are_told_all_the_same(served: Cell) -> None:
    with watching(served) as stream:
        stream.next()
        served.plan(visits=[visit(n, visit="v-" + f"{n}".rjust(60, "0")) for n in range(10, 140)])
        served.fold()
        event = stream.next()
        assert event is not None
        assert (event.kind, len(event.data["visits"])) == ("changed", 131), (
            "and the one that became known in the same instant"
        )


def test_a_swap_of_the_projection_starts_everybody_over(served: Cell) -> None:
    with watching(served) as stream:
        first = stream.next()
        assert first is not None
        rebuild(served.dsn, served.log)
        again = stream.next()
        assert again is not None
        assert (again.kind, again.data) == ("reset", {"position": served.log.head()})
        assert again.id.rpartition("-")[0] != first.id.rpartition("-")[0], "another epoch"


def test_the_stream_is_for_staff(served: Cell) -> None:
    assert httpx.get(f"{served.url}/v1/stream").status_code == 401
