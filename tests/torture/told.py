"""A company's day with many more phones under way: every message in order, and as a rough network tells it.

Every message says when it was sent, as the apps do, so it does not matter which tick of a following cell it overtakes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, NamedTuple

from domain.time import HOUR_MS, MINUTE_MS
from ingest import codecs
from ingest.message import Message
from ingest.reading import Receipt
from simulators.company_day import company_day
from simulators.phone import Sending
from simulators.wire import rfc3339

START_MS = 1_795_128_300_000
AFTER_MS = 8 * HOUR_MS
"""Time goes on so long after the last message: then whatever silence means has been concluded."""

DUPLICATES, SHUFFLED, ARRAYS = 0.1, 0.1, 0.003
LATEST_MS = 20 * MINUTE_MS


class Line(NamedTuple):
    """A message and when it is told."""

    at_ms: int
    topic: str
    payload: bytes


class Told(NamedTuple):
    """What to play: the plan as POST /v1/plan takes it, and every message in order."""

    plan: list[dict[str, list[dict[str, Any]]]]
    lines: list[Line]
    start_ms: int
    end_ms: int


def day(seed: int, messages: int, *, workers: int, visits: int, hours: float) -> Told:
    """A day of about so many messages: what the company's phones and doors say, and colleagues under way all day."""
    made = company_day(seed, START_MS, workers=workers, visits=visits, owntracks=0.5, day_min=round(hours * 60))
    lines = [_stamped(sending) for sending in made.sendings if isinstance(sending, Sending)]
    last_ms = max(line.at_ms for line in lines)
    riders = max(messages - len(lines), 0)
    lines += _riders(Random(f"{seed}/riders"), riders, last_ms)
    lines.sort()
    return Told([*made.plan, _crew()], lines, START_MS, last_ms + AFTER_MS)


def rough(told: Sequence[Line], seed: int) -> list[Line]:
    """One in ten up to 20 min late, one in ten twice, and now and then a phone uploads once more, as an array."""
    rng = Random(f"{seed}/rough")
    lines: list[Line] = []
    before: dict[str, list[bytes]] = {}
    for line in told:
        at_ms = line.at_ms
        if rng.random() < SHUFFLED:
            at_ms += rng.randrange(LATEST_MS)
        lines.append(line._replace(at_ms=at_ms))
        if rng.random() < DUPLICATES:
            lines.append(line._replace(at_ms=at_ms + rng.randrange(LATEST_MS)))
        if line.topic.endswith("/position"):
            held = before.setdefault(line.topic, [])
            held.append(line.payload)
            del held[:-40]
            if rng.random() < ARRAYS:
                some = b"[" + b",".join(rng.sample(held, min(15, len(held)))) + b"]"
                lines.append(Line(at_ms, line.topic, some))
    lines.sort()
    return lines


def facts_of(told: Sequence[Line]) -> set[bytes]:
    """The identities of everything that is said with a time of its own: what must be in the log, once in each table."""
    found: set[bytes] = set()
    for line in told:
        said = codecs.read(Message(line.topic, line.payload), Receipt(line.at_ms))
        assert not said.unreadable, said.unreadable
        found.update(position.fact.bytes for position in said.positions)
        found.update(fact.fact.bytes for fact in said.facts if fact.observed_at_ms)
    return found


def _stamped(sending: Sending) -> Line:
    """The message with the instant of its sending, where its app has a word for that and did not say it."""
    said = json.loads(sending.message.payload)
    native = sending.message.topic.startswith("doorstep/")
    for each in said if isinstance(said, list) else [said]:
        if native:
            each.setdefault("sent", sending.at_ms / 1000)
        else:
            each.setdefault("created_at", sending.at_ms // 1000)
    return Line(sending.at_ms, sending.message.topic, json.dumps(said, ensure_ascii=False).encode())


_RIDERS = 300


def _riders(rng: Random, messages: int, until_ms: int) -> Iterator[Line]:
    """Phones that wander about the town from the day's first minute to its last, every second one with OwnTracks."""
    each = -(-messages // _RIDERS)
    for number in range(_RIDERS if messages else 0):
        lat, lon = 31.1 + rng.random() * 0.3, 121.3 + rng.random() * 0.3
        every_ms = (until_ms - START_MS) / each
        for turn in range(min(each, messages - number * each)):
            at_ms = START_MS + round((turn + rng.random()) * every_ms)
            lat, lon = lat + rng.uniform(-4e-4, 4e-4), lon + rng.uniform(-4e-4, 4e-4)
            accuracy = rng.randrange(4, 60)
            if number % 2:
                payload = (
                    f'{{"_type":"location","lat":{lat:.6f},"lon":{lon:.6f},"tst":{at_ms // 1000},"acc":{accuracy},'
                    f'"batt":{90 - turn * 60 // each},"tid":"{number:02d}","created_at":{at_ms // 1000 + 1}}}'
                )
                yield Line(at_ms, f"owntracks/{_rider(number)}/phone", payload.encode())
            else:
                payload = (
                    f'{{"time":{at_ms / 1000:.3f},"sent":{at_ms / 1000:.3f},"lat":{lat:.7f},"lon":{lon:.7f},'
                    f'"accuracy":{accuracy},"speed":{rng.random() * 10:.1f},"battery":{90 - turn * 60 // each}}}'
                )
                yield Line(at_ms, f"doorstep/v1/{_rider(number)}/position", payload.encode())


def _crew() -> dict[str, list[dict[str, Any]]]:
    since = rfc3339(START_MS - HOUR_MS)
    names = [_rider(number) for number in range(_RIDERS)]
    devices = [f"{name}.phone" if number % 2 else name for number, name in enumerate(names)]
    return {
        "workers": [{"worker": name, "name": name} for name in names],
        "bindings": [{"device": d, "worker": name, "from": since} for d, name in zip(devices, names, strict=True)],
    }


def _rider(number: int) -> str:
    return f"rider-{number:03d}"
