"""The stream through a real server: the first state, each change, resuming, swaps, slow readers, the end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from api.live.hub import Frame
from domain.time import MINUTE_MS, Ms, isoformat
from projections.rebuild import rebuild
from tests.integration.api.cell import HOME, NOON, Cell, fix, one_visit, served_at
from tests.integration.api.sse import opened

STARTS = NOON + 60 * MINUTE_MS


def until(condition: Callable[[], bool], what: str, limit_s: float = 20.0) -> None:
    end = monotonic() + limit_s
    while not condition():
        assert monotonic() < end, what
        sleep(0.01)


@pytest.fixture
def served(database: str, tmp_path: Path) -> Iterator[Cell]:
    with served_at(database, tmp_path, stream_heartbeat_s=0.2, stream_recheck_s=0.05) as cell:
        cell.plan(**one_visit())
        cell.fold()
        yield cell


def nearer(cell: Cell, at_ms: int, away_m: float) -> None:
    """A fix of phone-1, folded."""
    cell.clock.ms = Ms(max(cell.clock.ms, at_ms))
    cell.seen([fix("phone-1", at_ms, HOME[0] - away_m / 111_195.0)])
    cell.fold()


def test_first_comes_the_whole_state_then_every_change(served: Cell) -> None:
    with opened(served.url, served.link()) as stream:
        first = stream.next()
        assert first is not None
        assert stream.retry_ms == 2_000
        assert (first.kind, first.data["status"]) == ("progress", "scheduled")
        last = served.approach("phone-1", STARTS - 10 * MINUTE_MS)
        served.fold()
        second = stream.next()
        assert second is not None
        assert second.data["status"] == "on_the_way"
        assert second.data["position"]["at"] == isoformat(last)
        assert second.data == served.ok(served.get(f"/v1/track/{served.link()}", token=None)), "as a request shows it"
        nearer(served, last + 20_000, 1_300)
        third = stream.next()
        assert third is not None
        assert third.data["eta"]["remaining_m"] < second.data["eta"]["remaining_m"]
        assert [e.id.rpartition("-")[0] for e in (first, second, third)] == [first.id.rpartition("-")[0]] * 3
        assert int(first.id.rpartition("-")[2]) < int(second.id.rpartition("-")[2]) < int(third.id.rpartition("-")[2])


def test_silence_is_filled_with_comments(served: Cell) -> None:
    with opened(served.url, served.link()) as stream:
        stream.next()
        stream.heartbeat()
        stream.heartbeat()
        assert stream.comments >= 2


def test_the_headers_keep_proxies_from_holding_it_back(served: Cell) -> None:
    with opened(served.url, served.link()) as stream:
        headers = stream.response.headers
        assert headers["content-type"].startswith("text/event-stream")
        assert headers["x-accel-buffering"] == "no"
        assert headers["cache-control"] == "no-store"
        assert "content-encoding" not in headers


def test_who_comes_back_with_the_newest_id_is_told_nothing_until_it_changes(served: Cell) -> None:
    token = served.link()
    with opened(served.url, token) as stream:
        seen = stream.next()
    assert seen is not None
    with opened(served.url, token, seen.id) as stream:
        stream.heartbeat()
        last = served.approach("phone-1", STARTS - 10 * MINUTE_MS)
        served.fold()
        event = stream.next()
        assert event is not None
        assert event.data["position"]["at"] == isoformat(last)


def test_who_was_away_during_a_change_is_told_the_newest_state(served: Cell) -> None:
    token = served.link()
    with opened(served.url, token) as stream:
        seen = stream.next()
    assert seen is not None
    served.approach("phone-1", STARTS - 10 * MINUTE_MS)
    served.fold()
    with opened(served.url, token, seen.id) as stream:
        event = stream.next()
        assert event is not None
        assert event.data["status"] == "on_the_way"


def test_a_swap_of_the_projection_sends_everybody_a_whole_state(served: Cell) -> None:
    with opened(served.url, served.link()) as stream:
        first = stream.next()
        rebuild(served.dsn, served.log)
        second = stream.next()
        assert first is not None
        assert second is not None
        assert first.id.rpartition("-")[0] != second.id.rpartition("-")[0], "another epoch"
        assert first.data == second.data


def test_a_visit_goes_stale_by_the_clock_alone(served: Cell) -> None:
    last = served.approach("phone-1", STARTS - 10 * MINUTE_MS)
    served.fold()
    with opened(served.url, served.link()) as stream:
        first = stream.next()
        assert first is not None
        assert first.data["stale"] is None
        served.clock.ms = Ms(last + 121_000)
        second = stream.next()
        assert second is not None
        assert second.data["stale"] == {"since": isoformat(last)}


def test_a_lost_connection_to_the_database_is_made_again_and_nothing_is_missed(served: Cell) -> None:
    with opened(served.url, served.link()) as stream:
        stream.next()
        with psycopg.connect(served.dsn, autocommit=True) as conn:
            ended = conn.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE query LIKE 'LISTEN doorstep_live%' AND datname = current_database()"
            ).fetchone()
        assert ended == (1,)
        served.approach("phone-1", STARTS - 10 * MINUTE_MS)
        served.fold()
        event = stream.next()
        assert event is not None
        assert event.data["status"] == "on_the_way"


def test_it_ends_with_the_link(database: str, tmp_path: Path) -> None:
    with served_at(database, tmp_path, stream_heartbeat_s=0.05) as cell:
        cell.plan(**one_visit())
        cell.fold()
        links = cell.deps.links
        token = cell.link()
        with opened(cell.url, token) as stream:
            assert stream.next() is not None
            wall = links._wall
            links._wall = lambda: wall() + 73 * 3_600_000  # the last hour of the link has passed
            assert stream.next() is None
        assert httpx.get(f"{cell.url}/v1/track/{token}").status_code == 410


def test_a_browser_that_leaves_is_forgotten_at_once(served: Cell) -> None:
    with opened(served.url, served.link()) as stream:
        stream.next()
        assert served.deps.hub.clients == 1
    until(lambda: served.deps.hub.clients == 0, "the stream is closed")


def test_stopping_the_server_ends_the_streams(database: str, tmp_path: Path) -> None:
    ended = threading.Event()
    with served_at(database, tmp_path) as cell:
        cell.plan(**one_visit())
        cell.fold()
        token, reading = cell.link(), threading.Event()

        def read() -> None:
            with opened(cell.url, token) as stream:
                stream.next()
                reading.set()
                if stream.next() is None:
                    ended.set()

        reader = threading.Thread(target=read)
        reader.start()
        assert reading.wait(20)
        began = monotonic()
    assert monotonic() - began < 4, "nobody waited for the stream to end by itself"
    reader.join(20)
    assert ended.is_set()


def test_a_reader_that_stops_reading_costs_one_reference_and_catches_up_with_the_newest(served: Cell) -> None:
    at = urlsplit(served.url)
    big = b"x" * 50_000
    frames = [Frame(f"e-{n}", b"id: e-%d\ndata: %b\n\n" % (n, big)) for n in range(2_000)]
    with socket.create_connection((at.hostname, at.port)) as browser:
        browser.sendall(f"GET /v1/track/{served.link()}/stream HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        until(lambda: served.deps.hub.clients == 1, "it is connected")
        (topic,) = served.deps.hub._topics.values()
        (client,) = topic.clients
        until(lambda: client.have is not None, "the first state is sent")
        loop = client._ready._loop
        assert loop is not None
        waited, given = 0, 0
        while waited < 20:  # until the buffers on the way are full: the stream waits, and the hub goes on
            loop.call_soon_threadsafe(client.give, frames[given])
            given += 1
            end = monotonic() + 0.05
            while client.have != frames[given - 1].id and monotonic() < end:
                sleep(0.001)
            waited = waited + 1 if client.have != frames[given - 1].id else 0
        until(lambda: client._slot is frames[given - 1], "the newest waits, and only it")
        browser.settimeout(20)
        received = b""
        while b"id: e-%d\n" % (given - 1) not in received:
            chunk = browser.recv(1_000_000)
            assert chunk, "the stream has ended"
            received += chunk
        assert b"id: e-%d\n" % (given - 3) not in received, "what was past when it could go on was skipped"
