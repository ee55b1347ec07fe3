"""A crowd of phones, each with an MQTT connection, a client id and a keepalive of its own, each with one ping now and
then.

Run as a process of its own: `python -m simulators.crowd --help`. Prints a line of JSON when all are connected and one
at the end.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import time
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from simulators.errors import TooFewFiles
from simulators.links import Link, Links

_SPARE_FILES = 100
_STEP_S = 0.005
_LEAD_S = 1.0
"""From the last connection to the first ping."""


class Phone(NamedTuple):
    """A phone and where it is."""

    link: Link
    topic: bytes
    lat: float
    lon: float


class Crowd(NamedTuple):
    """`devices` phones for `seconds`, each with a ping every `every_s`, at a phase of its own."""

    url: str
    devices: int = 10_000
    seconds: float = 600.0
    every_s: float = 10.0
    keepalive_s: int = 60
    prefix: str = "crowd"
    seed: int = 1
    patience_s: float = 120.0


def allow_files(needed: int) -> int:
    """Raise the limit of open files to what is needed. Raises TooFewFiles where the machine does not let us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return soft
    if hard != resource.RLIM_INFINITY and hard < needed:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (needed, needed))
        except (ValueError, OSError):
            told = f"{needed} open files are needed and this machine allows {hard} (ulimit -Hn)"
            raise TooFewFiles(f"{told}: take fewer devices, or raise the limit") from None
        return needed
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    return needed


def run(crowd: Crowd) -> None:
    """Connect all, ping, wait until all is acknowledged. Raises BrokerSilent, TooFewFiles."""
    allow_files(crowd.devices + _SPARE_FILES)
    rng = random.Random(crowd.seed)
    with Links(crowd.url, keepalive_s=crowd.keepalive_s, patience_s=30.0, seed=crowd.seed) as links:
        phones = [_phone(links, crowd, rng, number) for number in range(crowd.devices)]
        began_s = time.monotonic()
        links.until(lambda: links.connected == crowd.devices, crowd.patience_s)
        took_s = time.monotonic() - began_s
        _say(connected=links.connected, connects_per_s=round(crowd.devices / took_s, 1), took_s=round(took_s, 1))
        latencies = _ping(crowd, phones, links, rng)
        links.until(lambda: links.unacknowledged == 0, crowd.patience_s)
        usage = resource.getrusage(resource.RUSAGE_SELF)
        _say(
            sent=links.sent,
            acknowledged=links.acknowledged,
            resent=links.resent,
            lost_connections=links.lost,
            connected=links.connected,
            late_p99_ms=round(1000 * latencies[int(len(latencies) * 0.99)], 1) if latencies else None,
            cpu_s=round(usage.ru_utime + usage.ru_stime, 1),
            rss_mb=round(usage.ru_maxrss / 1024, 1),
        )


def _ping(crowd: Crowd, phones: list[Phone], links: Links, rng: random.Random) -> list[float]:
    """Every phone in its turn until the time is over; how late each ping went out, in seconds, sorted."""
    phases = sorted((rng.random() * crowd.every_s, number) for number in range(len(phones)))
    due = deque(phases)
    begin_s = time.monotonic() + _LEAD_S
    late: list[float] = []
    places = {number: (phone.lat, phone.lon) for number, phone in enumerate(phones)}
    while due:
        now_s = time.monotonic() - begin_s
        while due and due[0][0] <= now_s:
            at_s, number = due.popleft()
            lat, lon = places[number]
            lat, lon = lat + rng.uniform(-1e-4, 1e-4), lon + rng.uniform(-1e-4, 1e-4)
            places[number] = lat, lon
            links.send(phones[number].link, phones[number].topic, _position(rng, lat, lon))
            late.append(now_s - at_s)
            if at_s + crowd.every_s < crowd.seconds:
                due.append((at_s + crowd.every_s, number))  # phases are in order, so the queue stays so
        links.turn(_STEP_S)
    return sorted(late)


def _phone(links: Links, crowd: Crowd, rng: random.Random, number: int) -> Phone:
    device = f"{crowd.prefix}-{number:05d}"
    lat, lon = 31.1 + rng.random() * 0.3, 121.3 + rng.random() * 0.3
    return Phone(links.add(device), f"doorstep/v1/{device}/position".encode(), lat, lon)


def _position(rng: random.Random, lat: float, lon: float) -> bytes:
    now_s = time.time()  # noqa: TID251 — a phone has a clock of its own
    return (
        f'{{"time":{now_s:.3f},"lat":{lat:.6f},"lon":{lon:.6f},"accuracy":{rng.randrange(4, 60)},'
        f'"speed":{rng.random() * 10:.1f},"heading":{rng.randrange(360)},"battery":{rng.randrange(20, 100)}}}'
    ).encode()


def _say(**figures: float | int | None) -> None:
    print(json.dumps(figures), flush=True)


def _options(arguments: list[str] | None = None) -> Iterator[tuple[str, object]]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--devices", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--every-s", type=float, default=10.0)
    parser.add_argument("--keepalive-s", type=int, default=60)
    parser.add_argument("--prefix", default="crowd")
    parser.add_argument("--seed", type=int, default=1)
    yield from vars(parser.parse_args(arguments)).items()


def main() -> None:
    """Run what the command line says."""
    try:
        run(Crowd(**dict(_options())))  # type: ignore[arg-type]
    except TooFewFiles as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
