"""One day over MQTT, three times: quietly; with kill -9 of every process; in another order with repeats and arrays.
Nothing acknowledged is missing, nothing is double, and what stands in the end is what stands after the quiet day.

DOORSTEP_TEST_KILLS sets how often each process is killed (default 1; the figure that we quote is for 10).
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

import httpx
import psycopg
import pytest

from domain.events.device import DeviceBound
from domain.events.facts import CheckedIn, CheckedOut
from domain.events.site import SiteRegistered
from domain.events.visit import VisitScheduled
from domain.geo import Circle
from domain.positions import Position
from domain.time import HOUR_MS, isoformat
from doorstep.bootstrap import Running
from doorstep.settings import Settings
from doorstep.supervisor import Supervisor
from projections.digest import digest
from projections.judge import tables
from simulators.publisher import Publisher
from simulators.wire import Message
from tests.integration.projections import day

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

KILLS = int(os.environ.get("DOORSTEP_TEST_KILLS", "1"))  # noqa: TID251 — not a setting of the product
VICTIMS = ("ingest", "project", "postgres", "broker")
TICK_MS = 60_000
LIMIT_S = 90.0
SEED = 21


class Outcome(NamedTuple):
    """What a day left behind."""

    settled: dict[str, str]
    sent: int
    in_log: int
    distinct: int
    unsure: int
    """Positions whose own time was not believed."""
    killed: int


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """The day as it should be."""
    return play(tmp_path_factory.mktemp("quiet"), orderly())


def test_another_order_with_repeats_and_other_batches_changes_nothing(quiet: Outcome, tmp_path: Path) -> None:
    messy = play(tmp_path, disorderly())
    assert messy.distinct == messy.sent == quiet.sent
    assert messy.settled == quiet.settled


def test_kills_in_the_middle_of_the_day_change_nothing(quiet: Outcome, tmp_path: Path) -> None:
    rough = play(tmp_path, orderly(), kills=KILLS)
    print(f"\nquiet {quiet}\nrough {rough}")
    assert rough.killed == KILLS * len(VICTIMS)
    assert quiet.distinct == quiet.sent
    assert rough.distinct == rough.sent, "acknowledged facts are missing"
    assert rough.unsure == quiet.unsure == 0, "the cell's clock fell behind the day"
    assert rough.settled == quiet.settled


def play(home: Path, messages: list[tuple[int, Message]], *, kills: int = 0) -> Outcome:
    """A day over MQTT under the followed clock, each message at its instant, `kills` of each victim spread over it."""
    changes = {"home": home, "clock_mode": "followed", "ack_wait_s": 2.0, "backoff_max_s": 1.0}
    settings = Settings.read({**changes, "api_port": random.randrange(20_000, 30_000)})
    supervisor = Supervisor(settings, say=lambda line: None)
    with supervisor as running:
        plan(running, (home / "staff-token").read_text().strip())
        sent = len(list(messages_of_the_day()))
        end_ms = max(at for at, _ in messages_of_the_day()) + 8 * HOUR_MS
        turns = iter(islice(cycle(VICTIMS), kills * len(VICTIMS)))
        every = len(messages) // (kills * len(VICTIMS) + 1) if kills else len(messages) + 1
        killed, victim, last_pid = 0, None, 0
        with Publisher(running.mqtt_url, client_id="the-day", patience_s=LIMIT_S) as phone:
            tick = day.START_MS
            phone.tick(tick)
            for i, (at, message) in enumerate(messages):
                while tick + TICK_MS <= at:
                    tick += TICK_MS
                    phone.tick(tick)
                phone.publish(message)
                if i % every == every - 1 and (name := next(turns, None)) is not None:
                    if victim is not None:
                        eventually(lambda v=victim, p=last_pid: pid_of(settings, v) not in (0, p))  # type: ignore[misc]
                    victim, last_pid = name, pid_of(settings, name)
                    os.kill(last_pid, signal.SIGKILL)
                    killed += 1
            while tick < end_ms:
                tick = min(tick + 30 * TICK_MS, end_ms)
                phone.tick(tick)
        eventually(lambda: projected(running.database_url, end_ms))
        eventually(lambda: in_log(running.database_url)[1] >= sent)
        return look(running.database_url, sent, killed)


def messages_of_the_day() -> Iterator[tuple[int, Message]]:
    """(observed instant, message) of the seeded day, as a phone would say it."""
    for fact in day.facts(SEED, every_s=10):
        at = fact.observed_at_ms
        assert at is not None
        if isinstance(fact, Position):
            assert fact.accuracy_dm is not None
            kind = "position"
            said = {"lat": fact.lat_e7 / 1e7, "lon": fact.lon_e7 / 1e7, "accuracy": fact.accuracy_dm / 10}
        else:
            kind = {CheckedIn: "checkin", CheckedOut: "checkout"}.get(type(fact), "sos")  # type: ignore[arg-type]
            said = {}
        payload = json.dumps({"time": at / 1000, "sent": at / 1000, **said}).encode()
        yield at, Message(f"doorstep/v1/{fact.device}/{kind}", payload)


def orderly() -> list[tuple[int, Message]]:
    """Every message when it was observed."""
    return list(messages_of_the_day())


def disorderly() -> list[tuple[int, Message]]:
    """One message in three up to three hours late, one in ten twice, and what waited on a phone goes out in arrays."""
    rng = random.Random(SEED)
    told: list[tuple[int, Message]] = []
    waiting: dict[str, list[bytes]] = {}
    for at, message in messages_of_the_day():
        told += [(at, message)] * (2 if rng.random() < 0.1 else 1)
        if rng.random() < 0.33:
            told[-1] = (at + rng.randrange(3 * HOUR_MS), message)
        if message.topic.endswith("/position"):
            held = waiting.setdefault(message.topic, [])
            held.append(message.payload)
            if len(held) == 40:
                told.append((at, Message(message.topic, b"[" + b",".join(rng.sample(held, 15)) + b"]")))
                held.clear()
    return sorted(told, key=lambda pair: pair[0])


def plan(running: Running, staff: str) -> None:
    """The seeded plan through the API."""
    said = [event for _, event in day.plan(SEED)]
    sites = [e for e in said if isinstance(e, SiteRegistered)]
    visits = [e for e in said if isinstance(e, VisitScheduled)]
    workers = sorted({str(e.worker) for e in visits})
    lines = {
        "customers": [{"customer": e.customer, "name": e.customer} for e in sites],
        "sites": [
            {"site": e.site, "customer": e.customer, "name": e.name, "zone": e.zone, "fence": circle(e)} for e in sites
        ],
        "workers": [{"worker": worker, "name": worker} for worker in workers],
        "bindings": [
            {"device": e.device, "worker": e.worker, "from": isoformat(e.from_ms)}
            for e in said
            if isinstance(e, DeviceBound)
        ],
        "visits": [
            {
                "visit": e.visit,
                "site": e.site,
                "customer": e.customer,
                "service": e.service,
                "worker": e.worker,
                "window_from": isoformat(e.window_from_ms),
                "window_to": isoformat(e.window_to_ms),
                "planned_s": e.planned_s,
            }
            for e in visits
        ],
    }
    answer = httpx.post(
        f"{running.api_url}/v1/plan", json=lines, headers={"Authorization": f"Bearer {staff}"}, timeout=60
    ).raise_for_status()
    assert "refused" not in answer.text, answer.text[:500]


def circle(site: SiteRegistered) -> dict[str, object]:
    fence = site.fence
    assert isinstance(fence, Circle)
    return {"shape": "circle", "lat": fence.lat, "lon": fence.lon, "radius_m": fence.radius_m}


def pid_of(settings: Settings, name: str) -> int:
    """The present process of a unit, as run.json says; 0 while there is none."""
    running = json.loads((settings.home / "run.json").read_text())
    return int(running["processes"].get(name, 0))


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while True:
        try:
            if condition():
                return
        except psycopg.OperationalError:
            pass
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


def projected(dsn: str, tick_ms: int) -> bool:
    """Whether the last tick has been folded, and with it everything before it in the log."""
    with psycopg.connect(dsn) as conn:
        row = conn.execute(
            "SELECT now_ms, position = (SELECT max(notification_id) FROM eventlog.log_events) "
            "FROM projector.units WHERE schema = 'judge'"
        ).fetchone()
    return row is not None and row[0] >= tick_ms and bool(row[1])


def in_log(dsn: str) -> tuple[int, int]:
    """Facts in the log by the projection's rows: (all, distinct)."""
    with psycopg.connect(dsn) as conn:
        row = conn.execute(
            "SELECT count(*), count(DISTINCT fact) FROM (SELECT fact FROM judge.tracks UNION ALL "
            "SELECT fact FROM judge.facts) AS f"
        ).fetchone()
    assert row is not None
    return row[0], row[1]


def look(dsn: str, sent: int, killed: int) -> Outcome:
    with psycopg.connect(dsn) as conn, conn.cursor() as cursor:
        settled = digest(cursor, "judge", tables()).settled
        row = cursor.execute("SELECT count(*) FROM judge.tracks WHERE flags & 192 <> 0").fetchone()
        assert row is not None
    total, distinct = in_log(dsn)
    assert total == distinct, "a fact is counted twice"
    return Outcome(settled, sent, total, distinct, row[0], killed)
