"""A cell for the API's tests: a real database and log, a judge folded by hand, a clock set by hand, and a client."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
from anyio.from_thread import start_blocking_portal
from fastapi import FastAPI

from api.deps import Deps
from api.serve import serve
from domain.events.clock import TimeAdvanced
from domain.positions import Position, PositionBatch
from domain.time import MINUTE_MS, Ms, isoformat
from doorstep import bootstrap
from doorstep.bootstrap_api import api_app
from doorstep.embedded.folder import choose_port
from doorstep.settings import Settings
from eventlog.entry import Append
from eventlog.log import EventLog
from projections.unit import Unit

TOKEN = "a-token-for-the-tests"
NOON = Ms(1_790_000_000_000 // MINUTE_MS * MINUTE_MS)
"""2026-09-21 14:13 UTC; 22:13 in Shanghai."""
HOME = (31.2, 121.4)
"""Where the site s-1 is."""


class HandClock:
    """The cell's time, as a test sets it."""

    def __init__(self) -> None:
        self.ms = NOON

    def now_ms(self) -> Ms:
        return self.ms


class Cell:
    """One cell and its API. `cell.get(path)` asks as staff, with `token=None` as anybody."""

    def __init__(
        self,
        settings: Settings,
        log: EventLog,
        clock: HandClock,
        app: FastAPI,
        ask: Callable[..., httpx.Response],
        url: str = "http://cell.test",
    ) -> None:
        self.settings, self.log, self.clock, self.app, self.url = settings, log, clock, app, url
        self._ask = ask
        self._unit: Unit | None = None

    @property
    def dsn(self) -> str:
        assert self.settings.database_url is not None
        return self.settings.database_url

    @property
    def deps(self) -> Deps:
        deps: Deps = self.app.state.deps
        return deps

    # the log

    def fold(self) -> int:
        """Let the judge fold all that is in the log; its position."""
        if self._unit is None:
            self._unit = Unit.open(self.dsn, self.log)
        while entries := self.log.page(self._unit.place.position, 1_000):
            self._unit.fold(entries)
        return self._unit.place.position

    def reopen(self) -> None:
        """Forget the judge, whose connection is lost; the next fold opens another."""
        if self._unit is not None:
            self._unit.close()
        self._unit = None

    def tick(self, at_ms: int) -> None:
        """It is now so late, in the log and on the clock."""
        self.clock.ms = Ms(max(self.clock.ms, at_ms))
        tick = TimeAdvanced(recorded_at_ms=Ms(at_ms), wall_ms=Ms(at_ms), rate=0.0)
        self.log.append([Append("clock", [tick], self.log.version("clock"))])

    def seen(self, positions: Sequence[Position]) -> None:
        """Phones tell where they are, now."""
        self.log.append([], batch=PositionBatch.of(self.clock.ms, positions))

    def approach(
        self, device: str, start_ms: int, *, from_m: float = 3_000.0, to_m: float = 1_500.0, fixes: int = 10
    ) -> int:
        """A phone comes nearer to HOME from the south, a fix each 20 s; the instant of the last."""
        self.clock.ms = Ms(max(self.clock.ms, start_ms + fixes * 20_000))
        away = [from_m + (to_m - from_m) * i / (fixes - 1) for i in range(fixes)]
        told = [fix(device, start_ms + i * 20_000, HOME[0] - metres / 111_195.0) for i, metres in enumerate(away)]
        self.seen(told)
        return start_ms + (fixes - 1) * 20_000

    # HTTP

    def request(self, method: str, path: str, *, token: str | None = TOKEN, **options: Any) -> httpx.Response:
        headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **options.pop("headers", {})}
        return self._ask(method, path, headers=headers, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> httpx.Response:
        return self.request("POST", path, json=json, **options)

    def ok(self, answer: httpx.Response) -> Any:
        assert answer.status_code == 200, answer.text
        return answer.json()

    def plan(self, **lines: Any) -> Any:
        return self.ok(self.post("/v1/plan", lines))

    def link(self, visit: str = "v-1") -> str:
        """The token of a fresh link."""
        return str(self.ok(self.post(f"/v1/visits/{visit}/links"))["token"])

    def close(self) -> None:
        if self._unit is not None:
            self._unit.close()


def fix(device: str, at_ms: int, lat: float, lon: float = HOME[1]) -> Position:
    """A fix of 10 m."""
    return Position(
        device=device, observed_at_ms=at_ms, lat_e7=round(lat * 1e7), lon_e7=round(lon * 1e7), accuracy_dm=100
    )


def customer(number: int = 1) -> dict[str, Any]:
    return {"customer": f"c-{number}", "name": f"Customer {number}"}


def site(number: int = 1, lat: float = HOME[0], lon: float = HOME[1], customer: int | None = None) -> dict[str, Any]:
    fence = {"shape": "circle", "lat": lat, "lon": lon, "radius_m": 100}
    return {"site": f"s-{number}", "customer": f"c-{customer or number}", "name": f"Site {number}", "fence": fence}


def worker(number: int = 1) -> dict[str, Any]:
    return {"worker": f"w-{number}", "name": "王秀兰", "surname": "王", "title": "阿姨"}


def binding(number: int = 1) -> dict[str, Any]:
    return {"device": f"phone-{number}", "worker": f"w-{number}", "from": "2026-01-01T00:00:00Z"}


def visit(number: int = 1, *, starts_ms: int = NOON + 60 * MINUTE_MS, **changes: Any) -> dict[str, Any]:
    return {
        "visit": f"v-{number}",
        "site": "s-1",
        "customer": "c-1",
        "service": "cleaning",
        "worker": "w-1",
        "window_from": isoformat(starts_ms),
        "window_to": isoformat(starts_ms + 30 * MINUTE_MS),
        "planned_s": 7_200,
    } | changes


def one_visit() -> dict[str, Any]:
    """Lines of a plan: one of each, the visit in an hour."""
    return {
        "customers": [customer()],
        "sites": [site()],
        "workers": [worker()],
        "bindings": [binding()],
        "visits": [visit()],
    }


@contextmanager
def prepared(database: str, home: Path, **changes: Any) -> Iterator[tuple[Settings, EventLog, HandClock, FastAPI]]:
    """A migrated cell and its application, not running yet."""
    options = {"staff_token": TOKEN, "min_position_wait_s": 0.2, "stream_gap_ms": 1, "checkout_s": 1.0} | changes
    settings = Settings(home=home, database_url=database, **options)
    if not _is_migrated(database):
        bootstrap.migrate(settings)
    clock = HandClock()
    with bootstrap.event_log(settings, checkout_s=1, read_attempts=2) as log:
        yield settings, log, clock, api_app(settings, log, clock)


def _is_migrated(database: str) -> bool:
    """A copy of a migrated cell is; finding that out by migrating would take longer than most tests."""
    with psycopg.connect(database) as conn:
        return conn.execute("SELECT FROM pg_class WHERE oid = to_regclass('api.answers')").fetchone() is not None


@contextmanager
def cell_at(database: str, home: Path, **changes: Any) -> Iterator[Cell]:
    """A running cell on an empty database, asked without a network."""
    with prepared(database, home, **changes) as (settings, log, clock, app), start_blocking_portal() as portal:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://cell.test")

        def ask(method: str, path: str, **options: Any) -> httpx.Response:
            return portal.call(partial(client.request, method, path, **options))

        with portal.wrap_async_context_manager(app.router.lifespan_context(app)):
            cell = Cell(settings, log, clock, app, ask)
            try:
                yield cell
            finally:
                cell.close()
                portal.call(client.aclose)


@contextmanager
def served_at(database: str, home: Path, **changes: Any) -> Iterator[Cell]:
    """A running cell behind a real server on a port of its own."""
    with prepared(database, home, **changes) as (settings, log, clock, app):
        port, stop, ready = choose_port(24_800), threading.Event(), threading.Event()
        options = {"host": "127.0.0.1", "port": port, "stop": stop, "on_ready": ready.set}
        server = threading.Thread(target=serve, args=(app,), kwargs=options)
        server.start()
        url = f"http://127.0.0.1:{port}"
        try:
            assert ready.wait(20), "the server did not start"
            with httpx.Client(base_url=url, timeout=20) as client:
                cell = Cell(settings, log, clock, app, client.request, url)
                try:
                    yield cell
                finally:
                    cell.close()
        finally:
            stop.set()
            server.join(20)
            gc.unfreeze()
            assert not server.is_alive()
