"""A company's whole day out of a seed: the plan, every message in order of sending, when phones are off, the truth.

The same seed, start and sizes give the same bytes.
"""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from simulators.company import DAY_MIN, company, plans
from simulators.dialects import native_will
from simulators.mishaps import draw
from simulators.phone import MINUTE_MS, Losing, Sending
from simulators.rounds import Round, dialect_of
from simulators.truth import TrueAlert, TrueVisit, Truth, true_alerts, true_visit
from simulators.wire import Message

_AFTER_MS = 5 * MINUTE_MS
"""Time goes on so long after the last instant that is scored."""


class CompanyDay(NamedTuple):
    """What to play. `plan` in parts as POST /v1/plan takes them; `wills` by connection; `devices`: all that speak."""

    start_ms: int
    end_ms: int
    plan: list[dict[str, list[dict[str, Any]]]]
    sendings: list[Sending | Losing]
    wills: dict[str, Message]
    devices: tuple[str, ...]
    truth: Truth


def company_day(
    seed: int,
    start_ms: int,
    *,
    workers: int,
    visits: int,
    owntracks: float = 1 / 3,
    anomalies: bool = True,
    day_min: int = DAY_MIN,
) -> CompanyDay:
    """The day of a seed, beginning at an instant. Raises ValueError where the visits do not fit into it."""
    members = company(seed, start_ms, workers=workers, visits=visits, owntracks=owntracks, day_min=day_min)
    drawn = draw(seed, members) if anomalies else {}
    sendings: list[Sending | Losing] = []
    phones = {member.key: dialect_of(member, start_ms).device for member in members}
    devices = list(phones.values())
    wills: dict[str, Message] = {}
    true_visits: list[TrueVisit] = []
    alerts: list[TrueAlert] = []
    for number, member in enumerate(members):
        walk = Round(Random(f"{seed}/round {number}"), member, start_ms, drawn.get)
        walk.play()
        sendings += [*walk.phone.sendings, *walk.doors, *walk.phone.losses]
        wills[walk.phone.dialect.connection] = walk.phone.dialect.will(start_ms)
        for visit in member.visits:
            at_site = [device for device in (visit.reader, visit.contact) if device is not None]
            wills |= {device: native_will(device) for device in at_site}
            devices += at_site
        true_visits += [true_visit(course, start_ms) for course in walk.courses]
        alerts += true_alerts(walk.courses, walk.heard_ms)
    sendings.sort()
    end_ms = max([visit.until_ms for visit in true_visits] + [sending.at_ms for sending in sendings]) + _AFTER_MS
    truth = Truth(seed=seed, start_ms=start_ms, end_ms=end_ms, visits=tuple(true_visits), alerts=tuple(alerts))
    return CompanyDay(start_ms, end_ms, plans(members, start_ms, phones), sendings, wills, tuple(devices), truth)
