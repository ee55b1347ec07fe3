"""A day over MQTT while ingest, projector, broker and PostgreSQL are killed again and again, and what is left of it.

`python -m tests.torture crashes --kills 200` prints the whole matrix; tests/e2e/test_days.py plays a short form.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import httpx
import psycopg

from domain.events.facts import Fact
from domain.time import MINUTE_MS
from doorstep.bootstrap import Running
from doorstep.settings import Settings
from doorstep.supervisor import Supervisor
from eventlog.log import EventLog
from projections.digest import digest
from projections.judge import tables
from simulators.links import Links
from simulators.wire import clock
from tests.torture.told import Line, Told

VICTIMS = ("ingest", "project", "broker", "postgres")
SYNC_INTERVAL = "100ms"
"""Of the broker: kill -9 takes nothing from the disk's cache, and at `always` the disk decides how fast it may go."""
LINKS = 40
WINDOW = 100
"""Unacknowledged messages of one connection."""
LEAST_TICK_MS, IDLE_TICK_MS = MINUTE_MS, 30 * MINUTE_MS
TICK_MESSAGES = 1_000
"""About so many between two ticks: a tick is a commit of its own."""
LIMIT_S = 120.0
"""Longest wait for anything to move."""
SAY_EVERY_S = 5.0


class Rough(NamedTuple):
    """How the day is made hard. `kills` in all, at random moments `every_s` apart on average; `rate`: messages/s as
    soon as everybody listens (None: as fast as acknowledged)."""

    kills: int = 0
    every_s: float = 2.0
    seed: int = 0
    rate: float | None = None
    ack_wait_s: float | None = None
    """Of the broker; None: the default."""


QUIET = Rough()


class Outcome(NamedTuple):
    """What a day left behind."""

    settled: dict[str, str]
    rows: dict[str, int]
    kills: dict[str, int]
    kills_under_load: int
    """While messages were told; the others came after the last of them."""
    sent: int
    acknowledged: int
    resent: int
    """After a lost connection, as DUP or as new messages."""
    in_log: int
    distinct: int
    lost: int
    """Facts of acknowledged messages that are not in the log, or not in the tables."""
    doubled: int
    """Facts that a table counts twice."""
    unexpected: int
    unsure: int
    """Facts whose own time was not believed: the cell's clock fell behind the day."""
    dead_letters: int
    told_s: float
    settled_s: float


def play(
    home: Path,
    day: Told,
    lines: Sequence[Line],
    expected: set[bytes],
    rough: Rough = QUIET,
    say: Callable[[str], None] = lambda line: None,
) -> Outcome:
    """A day under the followed clock to a cell of its own. Raises AssertionError where something never comes true."""
    began_s = time.monotonic()

    def stamped(line: str) -> None:
        say(f"{time.monotonic() - began_s:7.1f} {line}")

    settings = Settings.read(
        {
            "home": home,
            "clock_mode": "followed",
            "ack_wait_s": rough.ack_wait_s,
            "backoff_max_s": 1.0,
            "api_port": random.randrange(20_000, 30_000),
            "sync_interval": SYNC_INTERVAL,
        }
    )
    with Supervisor(settings, say=stamped) as running:
        killer = Killer(settings, rough, stamped)
        with Links(running.mqtt_url, keepalive_s=30, seed=rough.seed) as links:
            phones = Phones(links, rough, killer, stamped)
            phones.tick(day.start_ms)
            _plan(running, (home / "staff-token").read_text().strip(), day)
            listening_s = time.monotonic()
            killer.begin()
            phones.tell(lines)
            told_s, under_load = time.monotonic() - listening_s, killer.killed.total()
            stamped(f"all told: {links.sent} messages, {links.lost} connections were lost")
            phones.until(killer.is_done)
            phones.go_on(lines[-1].at_ms, day.end_ms)
            sent, acknowledged, resent = links.sent, links.acknowledged, links.resent
        dsn = running.database_url
        _until_still(lambda: _progress(dsn), lambda: _all_here(dsn, day.end_ms, len(expected)), stamped)
        settled_s = time.monotonic() - listening_s
        return _look(dsn, expected, dict(killer.killed), under_load, sent, acknowledged, resent, told_s, settled_s)


class Killer:
    """kill -9 of one process after the other: each as often as the others, in a random order, at random moments.

    One that is just being started again is waited for: the next moment counts from then.
    """

    def __init__(self, settings: Settings, rough: Rough, say: Callable[[str], None]) -> None:
        self._settings, self._rough, self._say = settings, rough, say
        self._rng = random.Random(f"{rough.seed}/kills")
        rounds = -(-rough.kills // len(VICTIMS))
        self._left = [v for _ in range(rounds) for v in self._rng.sample(VICTIMS, len(VICTIMS))][: rough.kills]
        self._last_pid: dict[str, int] = {}
        self._due_s = float("inf")
        self.killed: Counter[str] = Counter()

    def begin(self) -> None:
        """From now on."""
        self._due_s = time.monotonic() + self._pause_s()

    def look(self) -> None:
        """Kill the next one if it is its time, and it lives."""
        if not self._left or time.monotonic() < self._due_s:
            return
        name = self._left[0]
        pid = self._pid_of(name)
        if pid in (0, self._last_pid.get(name)):
            return
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self._last_pid[name] = pid
        self.killed[name] += 1
        self._say(f"kill {sum(self.killed.values())}: {name}")
        del self._left[0]
        self._due_s = time.monotonic() + self._pause_s()

    def is_done(self) -> bool:
        """Whether all are killed, and live again."""
        self.look()
        return not self._left and all(self._pid_of(name) != pid for name, pid in self._last_pid.items())

    def _pause_s(self) -> float:
        return self._rough.every_s * self._rng.uniform(0.4, 1.6)

    def _pid_of(self, name: str) -> int:
        running = json.loads((self._settings.home / "run.json").read_text())
        return int(running["processes"].get(name, 0))


class Phones:
    """Every device over some connections: its messages keep to one, every second of which is a session that is kept."""

    def __init__(self, links: Links, rough: Rough, killer: Killer, say: Callable[[str], None]) -> None:
        self._links, self._rough, self._killer, self._say = links, rough, killer, say
        self._by_number = [links.add(f"phones-{number}", clean=number % 2 == 0) for number in range(LINKS)]
        self._clock = links.add("clock")
        self._now_ms = 0

    def tell(self, lines: Sequence[Line]) -> None:
        """Each in its turn, and among them the time: a tick goes out only after all before it was acknowledged."""
        began_s = time.monotonic()
        every_ms = max(LEAST_TICK_MS, (lines[-1].at_ms - lines[0].at_ms) * TICK_MESSAGES // len(lines))
        for number, line in enumerate(lines):
            while self._now_ms + every_ms <= line.at_ms:
                self.tick(self._now_ms + every_ms)
            link = self._by_number[crc32(line.topic.rpartition("/")[0].encode()) % LINKS]
            while len(link.unacknowledged) >= WINDOW:
                self._turn(0.01)
            rate = self._rough.rate
            while rate is not None and number > (time.monotonic() - began_s) * rate:
                self._turn(0.002)
            self._links.send(link, line.topic.encode(), line.payload)
            if number % 100_000 == 0:
                self._say(f"{number} of {len(lines)} messages told in {time.monotonic() - began_s:.0f} s")
            if number % 20 == 0:
                self._turn(0.0)

    def tick(self, at_ms: int) -> None:
        """Tell the time."""
        self.until(self._is_quiet)
        message = clock(at_ms)
        self._links.send(self._clock, message.topic.encode(), message.payload)
        self.until(self._is_quiet)
        self._now_ms = at_ms

    def go_on(self, from_ms: int, until_ms: int) -> None:
        """Time without a message."""
        while self._now_ms < until_ms:
            self.tick(min(max(self._now_ms, from_ms) + IDLE_TICK_MS, until_ms))

    def until(self, is_so: Callable[[], bool]) -> None:
        """Take turns until something is so."""
        before, end_s = -1, 0.0
        while not is_so():
            if self._links.acknowledged + sum(self._killer.killed.values()) != before:
                before, end_s = self._links.acknowledged + sum(self._killer.killed.values()), time.monotonic() + LIMIT_S
            assert time.monotonic() < end_s, f"{self._links.unacknowledged} messages are never acknowledged"
            self._turn(0.02)

    def _is_quiet(self) -> bool:
        return self._links.unacknowledged == 0

    def _turn(self, within_s: float) -> None:
        self._killer.look()
        self._links.turn(within_s)


def _plan(running: Running, staff: str, day: Told) -> None:
    with httpx.Client(base_url=running.api_url, headers={"Authorization": f"Bearer {staff}"}, timeout=120) as client:
        for part in day.plan:
            answer = client.post("/v1/plan", json=part).raise_for_status()
            assert "refused" not in answer.text, answer.text[:500]


def _until_still(progress: Callable[[], Any], is_so: Callable[[], bool], say: Callable[[str], None]) -> None:
    """Wait for something as long as there is progress."""
    before, end_s, said_s = None, 0.0, 0.0
    while True:
        try:
            now = progress()
            if is_so():
                return
        except psycopg.OperationalError:
            now = before
        if now != before or not end_s:
            before, end_s = now, time.monotonic() + LIMIT_S
        assert time.monotonic() < end_s, f"it stands still at {now}"
        if time.monotonic() - said_s > SAY_EVERY_S:
            said_s = time.monotonic()
            say(f"judged until, at, of, queued, delivered: {now}")
        time.sleep(0.2)


def _progress(dsn: str) -> Any:
    with psycopg.connect(dsn) as conn:
        return conn.execute(
            "SELECT now_ms, position, (SELECT max(notification_id) FROM eventlog.log_events),"
            " (SELECT value FROM ingest.counters WHERE name = 'queue_depth'),"
            " (SELECT value FROM ingest.counters WHERE name = 'messages'), error "
            "FROM projector.units WHERE schema = 'judge'"
        ).fetchone()


def _all_here(dsn: str, end_ms: int, facts: int) -> bool:
    """Whether everything that is in the log has been folded, the last tick too, and as many facts as were told."""
    now_ms, position, head, *_ = _progress(dsn)
    if now_ms < end_ms or position != head:
        return False
    with psycopg.connect(dsn) as conn:
        row = conn.execute(
            "SELECT (SELECT count(*) FROM judge.tracks) + (SELECT count(*) FROM judge.facts WHERE quality <> 'absent')"
        ).fetchone()
    return row is not None and row[0] >= facts


def _look(
    dsn: str,
    expected: set[bytes],
    kills: dict[str, int],
    kills_under_load: int,
    sent: int,
    acknowledged: int,
    resent: int,
    told_s: float,
    settled_s: float,
) -> Outcome:
    logged: Counter[bytes] = Counter()
    with EventLog(dsn) as log:
        at = 0
        while entries := log.page(at, 5_000):
            at = entries[-1].position
            for entry in entries:
                if entry.batch is not None:
                    logged.update(fact.bytes for fact in entry.batch.facts())
                elif isinstance(entry.event, Fact) and entry.event.observed_at_ms:
                    logged[entry.event.fact.bytes] += 1
    with psycopg.connect(dsn) as conn, conn.cursor(binary=True) as cursor:
        found = digest(cursor, "judge", tables())
        kept: Counter[bytes] = Counter()
        for table in ("tracks", "facts WHERE quality <> 'absent'"):
            for (fact,) in cursor.execute(f"SELECT fact FROM judge.{table}"):  # type: ignore[arg-type]
                kept[fact.bytes] += 1
        unsure = cursor.execute(
            "SELECT (SELECT count(*) FROM judge.tracks WHERE flags & 192 <> 0)"
            " + (SELECT count(*) FROM judge.facts WHERE quality NOT IN ('device', 'absent'))"
        ).fetchone()
        letters = cursor.execute("SELECT count(*) FROM ingest.dead_letters").fetchone()
    assert unsure is not None
    assert letters is not None
    return Outcome(
        settled=found.settled,
        rows=found.rows,
        kills=kills,
        kills_under_load=kills_under_load,
        sent=sent,
        acknowledged=acknowledged,
        resent=resent,
        in_log=logged.total(),
        distinct=len(logged),
        lost=len(expected - logged.keys()) + len(expected - kept.keys()),
        doubled=sum(count > 1 for count in kept.values()),
        unexpected=len((logged.keys() | kept.keys()) - expected),
        unsure=unsure[0],
        dead_letters=letters[0],
        told_s=told_s,
        settled_s=settled_s,
    )


def differences(quiet: Outcome, rough: Outcome) -> list[str]:
    """What is wrong, in sentences; empty where nothing is."""
    wrong = []
    for name, outcome in (("quiet", quiet), ("rough", rough)):
        for what in ("lost", "doubled", "unexpected", "unsure", "dead_letters"):
            if count := getattr(outcome, what):
                wrong.append(f"{name}: {count} {what.replace('_', ' ')}")
        if outcome.sent != outcome.acknowledged:
            wrong.append(f"{name}: {outcome.sent - outcome.acknowledged} were never acknowledged")
    wrong += [f"the settled digest of {t} differs" for t in quiet.settled if quiet.settled[t] != rough.settled.get(t)]
    return wrong


def summary(quiet: Outcome, rough: Outcome) -> list[str]:
    """For people."""
    killed = ", ".join(f"{name} {count}" for name, count in sorted(rough.kills.items()))
    lines = [
        f"kills: {sum(rough.kills.values())} ({killed}), {rough.kills_under_load} of them while messages were told"
    ]
    for name, o in (("quiet", quiet), ("rough", rough)):
        lines.append(
            f"{name}: {o.sent} messages sent, {o.resent} of them again after a lost connection, {o.acknowledged} "
            f"acknowledged in {o.told_s:.0f} s ({o.sent / o.told_s:.0f}/s), settled after {o.settled_s:.0f} s"
        )
        lines.append(
            f"{name}: {o.in_log} facts in the log, {o.distinct} distinct; lost {o.lost}, doubled {o.doubled}, "
            f"time not believed {o.unsure}, dead letters {o.dead_letters}"
        )
    lines.append(f"rows: {', '.join(f'{table} {rough.rows[table]}' for table in quiet.settled)}")
    equal = sum(quiet.settled[table] == rough.settled[table] for table in quiet.settled)
    lines.append(f"settled digests: {equal} of {len(quiet.settled)} equal")
    return lines + differences(quiet, rough)


__all__ = ["Outcome", "Rough", "differences", "play", "summary"]
