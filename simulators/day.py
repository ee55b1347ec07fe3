"""One small day of a home-service company, played out of a seed: five workers, a dozen visits, something goes wrong.

    script (who, when, what happens) → itinerary of each worker → what their phone says → messages in order of sending

The same seed and start give the same bytes. The shown visit's worker sets out a minute after the start and is under
way for about forty.
"""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from simulators.itinerary import Itinerary
from simulators.names import SERVICES
from simulators.phone import MINUTE_MS, Sending
from simulators.script import SCRIPT, Truth, Visit
from simulators.streets import COMPOUNDS, Compound
from simulators.town import CUSTOMERS, UTC_OFFSET_H, WORKERS, ZONE, Point, distance_m
from simulators.travel import E_BIKE_MPS, Mark, Place, trip
from simulators.ways import start_for
from simulators.wire import rfc3339

_FIRST_WAY_M = 10_000.0
"""Forty minutes by e-bike: at sixty times real speed somebody who opens the link has time to see it move."""
_WITHIN_M = 4_500.0
"""The day's homes lie so near the middle: nobody has to cross the whole city between two of them."""
_KEPT_CLEAR_M = 550.0


class Day(NamedTuple):
    """A whole day: the plan as POST /v1/plan takes it, the messages in order of sending, the visit to look at."""

    start_ms: int
    plan: dict[str, list[dict[str, Any]]]
    sendings: list[Sending]
    truth: list[Truth]
    shown: str

    @property
    def end_ms(self) -> int:
        """When the last message goes out."""
        return self.sendings[-1].at_ms


def seeded_day(seed: int, start_ms: int) -> Day:
    """The day of a seed, beginning at an instant."""
    rng = Random(f"{seed}/plan")
    compounds, first_way = _compounds(rng)
    arrival_ms = start_ms + MINUTE_MS + first_way[-1].at_ms
    quarter_ms = 15 * MINUTE_MS
    opens_ms = arrival_ms // quarter_ms * quarter_ms
    customers = rng.sample(CUSTOMERS, len(SCRIPT))
    visits = [
        Visit(
            f"v-{number + 1:02}",
            call,
            f"site-{number + 1:02}",
            compounds[number],
            customers[number],
            rng.choice(list(SERVICES)),
            opens_ms + call.opens_min * MINUTE_MS,
        )
        for number, call in enumerate(SCRIPT)
    ]
    sendings: list[Sending] = []
    truth: list[Truth] = []
    for worker in range(len(WORKERS)):
        mine = [visit for visit in visits if visit.call.worker == worker]
        way = first_way if worker == 0 else None
        walk = Itinerary(Random(f"{seed}/{worker}"), worker, start_ms, mine, way)
        walk.play()
        sendings += walk.sendings
        truth += walk.truth
    return Day(start_ms, _plan(rng, visits, start_ms), sorted(sendings), truth, visits[0].key)


def _compounds(rng: Random) -> tuple[list[Compound], list[Mark]]:
    """Where the day happens, and the shown worker's way to the first of the homes: it keeps clear of the others."""
    inner = [compound for compound in COMPOUNDS if distance_m(compound.at, Point(0.0, 0.0)) < _WITHIN_M]
    while True:
        compounds = rng.sample(inner, len(SCRIPT))
        start = start_for(rng, compounds[0], _FIRST_WAY_M)
        end = Place(compounds[0].at, compounds[0].gate)
        way = trip(rng, Place(start, start), end, E_BIKE_MPS)
        others = [compound.at for compound in compounds[1:]]
        if min(distance_m(mark.point, other) for mark in way for other in others) > _KEPT_CLEAR_M:
            return compounds, way


def _plan(rng: Random, visits: list[Visit], start_ms: int) -> dict[str, list[dict[str, Any]]]:
    def say(at_ms: int) -> str:
        return rfc3339(at_ms, UTC_OFFSET_H)

    since, until = start_ms - 60 * MINUTE_MS, start_ms + 24 * 60 * MINUTE_MS
    workers = range(len(WORKERS))
    return {
        "customers": [
            {"customer": f"c-{visit.key[2:]}", "name": visit.customer, "locale": "zh-CN"} for visit in visits
        ],
        "sites": [
            {
                "site": visit.site,
                "customer": f"c-{visit.key[2:]}",
                "name": visit.compound.name,
                "address": f"{visit.compound.street}{visit.compound.number}弄{rng.randint(1, 40)}号",
                "zone": ZONE,
                "fence": _fence(rng, visit.compound.at),
            }
            for visit in visits
        ],
        "workers": [
            {
                "worker": f"worker-{i + 1}",
                "name": WORKERS[i].name,
                "surname": WORKERS[i].surname,
                "title": WORKERS[i].title,
            }
            for i in workers
        ],
        "bindings": [
            *({"device": f"phone-{i + 1}", "worker": f"worker-{i + 1}", "from": say(since)} for i in workers),
            {"device": "door-01", "site": visits[0].site, "from": say(since)},
        ],
        "shifts": [
            {"shift": f"shift-{i + 1}", "worker": f"worker-{i + 1}", "from": say(since), "until": say(until)}
            for i in workers
        ],
        "visits": [
            {
                "visit": visit.key,
                "site": visit.site,
                "customer": f"c-{visit.key[2:]}",
                "service": visit.service,
                "worker": f"worker-{visit.call.worker + 1}",
                "window_from": say(visit.opens_ms),
                "window_to": say(visit.closes_ms),
                "planned_s": visit.call.planned_min * 60,
                "checklist": list(SERVICES[visit.service]),
            }
            for visit in visits
        ],
    }


def _fence(rng: Random, at: Point) -> dict[str, Any]:
    """A circle, or now and then the compound's own outline."""
    lat, lon = at.degrees
    if rng.random() < 0.7:
        return {"shape": "circle", "lat": lat, "lon": lon, "radius_m": rng.choice((80, 100, 120))}
    half_x, half_y = rng.uniform(50, 90), rng.uniform(50, 90)
    corners = [(-half_x, -half_y), (half_x, -half_y), (half_x, half_y), (-half_x, half_y)]
    ring = [list(Point(at.x + x, at.y + y).degrees) for x, y in corners]
    return {"shape": "polygon", "ring": ring, "buffer_m": 30}
