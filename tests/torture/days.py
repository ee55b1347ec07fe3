"""The real days of e-mission, told in several orders to logs of their own: one settled digest.

A recording is one phone's day; all of them are moved by whole days to the same one, each the phone of a worker whose
visits are the day's stays. Every second phone speaks OwnTracks, the others the native format.
"""

from __future__ import annotations

import random
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from domain.events import Event
from domain.events.device import DeviceBound
from domain.events.site import SiteRegistered
from domain.events.visit import VisitScheduled
from domain.geo import Circle
from domain.time import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Ms, from_datetime
from doorstep.embedded.postgres import EmbeddedPostgres
from eventlog.entry import Append
from eventlog.log import EventLog
from eventlog.schema import migrate
from ingest.cell_time import FollowedTime, Segment
from ingest.codecs import all_codecs
from ingest.committer import Committer, Pace
from ingest.counters import Counts
from ingest.inbox import Inbox
from ingest.message import Message
from ingest.prepare import Preparer
from ingest.schema import migrate as migrate_ingest
from ingest.window import Window
from projections.digest import Digests, digest
from projections.judge import tables
from projections.unit import Unit
from simulators import owntracks_wire as owntracks
from simulators.recordings import Fix, Recording, read_recording
from simulators.replay import replay
from simulators.wire import Position, encode
from tests.conftest import fresh_database
from tests.torture.told import Line, Told

THAT_DAY_MS = 17_000 * DAY_MS
LATE_MS = 38 * HOUR_MS
SHUFFLED_MS = 2 * HOUR_MS
DUPLICATES = 0.2
SETTLED_MS = 6 * DAY_MS
"""Every order is judged at the same instant so long after the day began."""


class RealFix(NamedTuple):
    """A fix of a phone as its message, with the instant that it states and the one at which the phone wrote it."""

    fix_ms: int
    write_ms: int
    topic: str
    payload: bytes


class RealDays(NamedTuple):
    """The plan as POST /v1/plan takes it, and every phone's fixes in the order of its file."""

    plan: dict[str, list[dict[str, Any]]]
    phones: list[list[RealFix]]
    from_ms: int
    until_ms: int


class Kept(NamedTuple):
    """What an order left behind."""

    digests: Digests
    told: int
    unsure: int


def real_days(data: Path) -> RealDays:
    """Every recording of the folder `traces/emission`. Raises FileNotFoundError where there is none."""
    folders = sorted(file.parent for file in (data / "traces/emission").glob("*/location.csv.gz"))
    if not folders:
        raise FileNotFoundError(f"no recordings at {data / 'traces/emission'}")
    plan: dict[str, list[dict[str, Any]]] = {}
    phones: list[list[RealFix]] = []
    for number, folder in enumerate(folders):
        recording = read_recording(folder, data)
        began_ms = round(min(fix.fix_s for fix in recording.track if fix.fix_s > 0) * SECOND_MS)
        moved_ms = THAT_DAY_MS - began_ms // DAY_MS * DAY_MS
        name = f"real-{number:02d}"
        device = f"{name}.phone" if number % 2 else name
        for kind, lines in replay(recording, worker=name, device=device, moved_ms=moved_ms).plan.items():
            plan.setdefault(kind, []).extend(lines)
        phones.append(_fixes(recording, name, moved_ms, owntracks_app=bool(number % 2)))
    return RealDays(plan, phones, THAT_DAY_MS, THAT_DAY_MS + SETTLED_MS)


def _fixes(recording: Recording, name: str, moved_ms: int, *, owntracks_app: bool) -> list[RealFix]:
    found, write_ms = [], 0
    for fix in recording.track:
        write_ms = max(write_ms, round(fix.write_s * SECOND_MS))  # in file order: nothing is sent into the past
        message = _owntracks(name, fix, moved_ms) if owntracks_app else _native(name, fix, moved_ms)
        fix_ms = round(fix.fix_s * SECOND_MS) if fix.fix_s > 0 else write_ms
        found.append(RealFix(fix_ms + moved_ms, write_ms + moved_ms, message.topic, message.payload))
    return found


def _native(name: str, fix: Fix, moved_ms: int) -> Any:
    said = Position(
        time=fix.fix_s + moved_ms / SECOND_MS if fix.fix_s > 0 else 0.0,
        sent=fix.write_s + moved_ms / SECOND_MS,
        lat=fix.lat,
        lon=fix.lon,
        accuracy=fix.accuracy_m,
        speed=fix.speed_mps,
        heading=fix.bearing_deg,
        altitude=fix.altitude_m,
    )
    return encode(name, said)


def _owntracks(name: str, fix: Fix, moved_ms: int) -> Any:
    moved_s = moved_ms // SECOND_MS
    said = owntracks.Location(
        lat=fix.lat,
        lon=fix.lon,
        tst=int(fix.fix_s) + moved_s if fix.fix_s > 0 else 0,
        tid=name[-2:],
        acc=round(fix.accuracy_m or 0),
        created_at=int(fix.write_s) + moved_s,
        vel=-1 if fix.speed_mps is None or fix.speed_mps < 0 else round(fix.speed_mps * 3.6),
    )
    return owntracks.location(name, "phone", said)


# Orders


def as_sorted(days: RealDays) -> list[Line]:
    """Every fix at the instant that it states."""
    return sorted(Line(fix.fix_ms, fix.topic, fix.payload) for phone in days.phones for fix in phone)


def as_written(days: RealDays) -> list[Line]:
    """Every fix when its phone wrote it."""
    lines = [Line(fix.write_ms, fix.topic, fix.payload) for phone in days.phones for fix in phone]
    return sorted(lines, key=lambda line: line.at_ms)  # stable: one phone's in the order of its file


def in_disorder(days: RealDays, seed: int) -> list[Line]:
    """Shuffled within two hours; of each phone two hours come in 38 h late, and one hour alternates with the next one,
    as from two queues; one in five comes in twice."""
    rng = random.Random(f"{seed}/disorder")
    lines: list[Line] = []
    for phone in days.phones:
        late, mixed = _span(rng, phone, 2 * HOUR_MS), _span(rng, phone, HOUR_MS)
        held, second = _two_streams(phone, mixed)
        for number, fix in enumerate(phone):
            at_ms = fix.write_ms
            if number in held:
                at_ms = second[min(held[number], len(second) - 1)] + 1
            else:
                at_ms += rng.randrange(SHUFFLED_MS)
            if late <= fix.fix_ms < late + 2 * HOUR_MS:
                at_ms = fix.write_ms + LATE_MS + rng.randrange(MINUTE_MS)
            lines.append(Line(at_ms, fix.topic, fix.payload))
            if rng.random() < DUPLICATES:
                lines.append(Line(at_ms + rng.randrange(LATE_MS), fix.topic, fix.payload))
    return sorted(lines, key=lambda line: line.at_ms)


def at_once(days: RealDays, seed: int) -> list[Line]:
    """All phones were in a drawer for two days, and everything comes in within a minute, in any order."""
    rng = random.Random(f"{seed}/at once")
    began_ms = max(fix.write_ms for phone in days.phones for fix in phone) + 2 * DAY_MS
    lines = [Line(0, fix.topic, fix.payload) for phone in days.phones for fix in phone]
    rng.shuffle(lines)
    return [line._replace(at_ms=began_ms + number * MINUTE_MS // len(lines)) for number, line in enumerate(lines)]


def _span(rng: random.Random, phone: Sequence[RealFix], width_ms: int) -> int:
    """When a span of the phone's day begins that holds something."""
    return rng.choice(phone[: max(len(phone) * 2 // 3, 1)]).fix_ms - width_ms // 2


def _two_streams(phone: Sequence[RealFix], from_ms: int) -> tuple[dict[int, int], list[int]]:
    """The fixes of an hour by their turn, and when those of the next hour come in, with which they alternate."""
    hour = [number for number, fix in enumerate(phone) if from_ms <= fix.fix_ms < from_ms + HOUR_MS]
    second = [fix.write_ms for fix in phone if from_ms + HOUR_MS <= fix.fix_ms < from_ms + 2 * HOUR_MS]
    return ({number: turn for turn, number in enumerate(hour)}, second) if second else ({}, [])


# A log


def keep(database: str, days: RealDays, lines: Sequence[Line], *, every_ms: int = 5 * MINUTE_MS) -> Kept:
    """Bring the lines into an empty database through codec, preparer and committer, in batches between ticks, fold them
    a page at a time, and look."""
    migrate(database)
    migrate_ingest(database)
    stop = threading.Event()
    with EventLog(database) as log:
        committer = _committer(log)
        committer.commit(Segment([], [], Ms(days.from_ms)), stop)
        versions: dict[str, int] = {}
        for stream, event in plan_events(days):
            log.append([Append(stream, [event], versions.get(stream, 0))])
            versions[stream] = versions.get(stream, 0) + 1
        for from_ms, messages in _batches(days, lines, every_ms):
            committer.commit(Segment([], messages, Ms(from_ms)), stop)
        with closing(Unit.open(database, log)) as unit:
            while entries := log.page(unit.place.position, 1_000):
                unit.fold(entries)
            with unit.connection.cursor() as cursor:
                found = digest(cursor, "judge", tables())
                row = cursor.execute("SELECT count(*) FROM judge.tracks WHERE flags & 192 <> 0").fetchone()
    assert row is not None
    return Kept(found, len(lines), row[0])


def plan_events(days: RealDays) -> list[tuple[str, Event]]:
    """(stream, event) of the plan."""
    recorded_ms = Ms(days.from_ms)
    said: list[tuple[str, Event]] = []
    for site in days.plan["sites"]:
        fence = Circle(site["fence"]["lat"], site["fence"]["lon"], site["fence"]["radius_m"])
        about = {name: site[name] for name in ("site", "customer", "name", "zone")}
        said.append((f"site/{site['site']}", SiteRegistered(recorded_at_ms=recorded_ms, fence=fence, **about)))
    for bound in days.plan["bindings"]:
        event = DeviceBound(
            recorded_at_ms=recorded_ms, device=bound["device"], worker=bound["worker"], from_ms=_ms(bound["from"])
        )
        said.append((f"device/{bound['device']}", event))
    for visit in days.plan["visits"]:
        about = {name: visit[name] for name in ("visit", "site", "customer", "service", "worker", "planned_s")}
        window = {f"window_{end}_ms": _ms(visit[f"window_{end}"]) for end in ("from", "to")}
        said.append((f"visit/{visit['visit']}", VisitScheduled(recorded_at_ms=recorded_ms, **about, **window)))
    return said


def for_a_cell(days: RealDays, lines: Sequence[Line]) -> tuple[Told, list[Line]]:
    """The same for `crashes.play`: to real processes over MQTT."""
    return Told([days.plan], list(lines), days.from_ms, days.until_ms), list(lines)


def orders(seed: int) -> dict[str, Callable[[RealDays], list[Line]]]:
    """Every order but the sorted one, by name."""
    return {
        "as written": as_written,
        "in disorder": lambda days: in_disorder(days, seed),
        "at once": lambda days: at_once(days, seed),
    }


def compare(days: RealDays, seeds: Sequence[int], say: Callable[[str], None]) -> list[str]:
    """Every order with every seed against the days sorted; what differs, in sentences."""
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="doorstep-days-") as folder, EmbeddedPostgres(Path(folder)) as server:

        def kept(lines: Sequence[Line], every_ms: int) -> Kept:
            with fresh_database(server) as database:
                return keep(database, days, lines, every_ms=every_ms)

        in_order = kept(as_sorted(days), 5 * MINUTE_MS)
        say(f"{len(days.phones)} real days: {in_order.told} fixes, rows {in_order.digests.rows}")
        for seed in seeds:
            for name, order in orders(seed).items():
                if name == "as written" and seed != seeds[0]:
                    continue  # it has no seed
                found = kept(order(days), random.Random(seed).randrange(1, 30) * MINUTE_MS)
                differ = [t for t, was in in_order.digests.settled.items() if found.digests.settled[t] != was]
                changes = found.digests.rows["alert_history"]
                told = f"{found.told} messages, {changes} changes of alerts"
                say(f"{name}, seed {seed}: {told}, digests that differ: {differ or 'none'}")
                wrong += [f"{name}, seed {seed}: the settled digest of {table} differs" for table in differ]
    return wrong


def _committer(log: EventLog) -> Committer:
    window = Window(200_000, 3_600.0, 20_000)
    preparer = Preparer(all_codecs(), window, tolerance_ms=120_000, followed=True)
    return Committer(log, Inbox(), preparer, window, FollowedTime(log), Counts(), pace=Pace())


def _batches(days: RealDays, lines: Sequence[Line], every_ms: int) -> list[tuple[int, list[Message]]]:
    """What comes in after each tick: small steps where something does, long ones otherwise. Nothing after the last."""
    found: list[tuple[int, list[Message]]] = []
    at_ms, next_one = days.from_ms, 0
    while at_ms < days.until_ms:
        idle_ms = lines[next_one].at_ms - at_ms if next_one < len(lines) else days.until_ms - at_ms
        until_ms = min(at_ms + max(every_ms, min(idle_ms, 30 * MINUTE_MS)), days.until_ms)
        messages = []
        while next_one < len(lines) and lines[next_one].at_ms < until_ms:
            messages.append(Message(lines[next_one].topic, lines[next_one].payload))
            next_one += 1
        found.append((at_ms, messages))
        at_ms = until_ms
    assert next_one == len(lines), "something is told after the end"
    return [*found, (days.until_ms, [])]


def _ms(text: str) -> Ms:
    return from_datetime(datetime.fromisoformat(text))
