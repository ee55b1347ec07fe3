"""How well a cell understood a day: its alerts and statuses against the truth.

An alert matches a true one of the same kind and visit (an SOS: worker) where their times overlap within `TOLERANCE_MS`;
each counts once, the closest in time first. Statuses are compared second by second, over the time that the truth names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import Any

import msgspec

from simulators.cell import instant_ms
from simulators.truth import KINDS, TrueAlert, TrueVisit, Truth
from simulators.wire import rfc3339

TOLERANCE_MS = 2 * 60_000
"""A phone reports every quarter of a minute, and presence asks for a minute and a half of it."""
_FAR_FUTURE_MS = 1 << 62
_WORST = 10

Json = dict[str, Any]


class Raised(msgspec.Struct, frozen=True):
    """An alert as the API tells it."""

    kind: str
    subject: str
    from_ms: int
    to_ms: int | None
    known_ms: int


class KindScore(msgspec.Struct, frozen=True):
    """One kind. `precision`: share of the raised that were true; `recall`: share of the true that were raised; null
    where there is nothing to take a share of. `delay_s_p50`: from the truth's instant to when it was known, in cell
    seconds. `missed`, `extra`: where to look."""

    precision: float | None
    recall: float | None
    delay_s_p50: float | None
    true: int
    raised: int
    missed: list[Json]
    extra: list[Json]


class StatusScore(msgspec.Struct, frozen=True):
    """`accuracy`: share of the time in which the concluded status was the true one. `confused_s`: seconds by
    `true/concluded`. `worst`: the visits that were wrong for longest."""

    accuracy: float | None
    seconds: int
    confused_s: dict[str, int]
    worst: list[Json]


class Score(msgspec.Struct, frozen=True):
    """A day's score."""

    alerts: dict[str, KindScore]
    statuses: StatusScore


def score(truth: Truth, alerts: Sequence[Json], timelines: Mapping[str, Sequence[Json]]) -> Score:
    """`alerts` as GET /v1/alerts tells them, `timelines` by visit as GET /v1/visits/{visit} does."""
    raised = list(_raised(truth, alerts))
    kinds = {kind: _kind(kind, truth.alerts, raised) for kind in KINDS}
    return Score(kinds, _statuses(truth.visits, timelines))


def lines(found: Score) -> list[str]:
    """For people."""
    told = [f"{'alert':<18} {'precision':>9} {'recall':>7} {'delay p50':>10} {'true':>5} {'raised':>6}"]
    for kind, k in found.alerts.items():
        shares = f"{_share(k.precision):>9} {_share(k.recall):>7}"
        delay = "-" if k.delay_s_p50 is None else f"{k.delay_s_p50:.0f} s"
        told.append(f"{kind:<18} {shares} {delay:>10} {k.true:>5} {k.raised:>6}")
        told += [f"    missed {_where(one)}" for one in k.missed]
        told += [f"    extra  {_where(one)}" for one in k.extra]
    told.append(f"statuses: right for {_share(found.statuses.accuracy)} of {found.statuses.seconds} s")
    return told


def _raised(truth: Truth, alerts: Sequence[Json]) -> Iterator[Raised]:
    """What stands and is about this day's visits and workers."""
    visits = {visit.visit for visit in truth.visits}
    workers = {visit.worker for visit in truth.visits}
    for alert in alerts:
        ours = alert["subject"] in (workers if alert["rule"] == "sos" else visits)
        started_ms = instant_ms(alert["started_at"])
        if alert["standing"] and ours and started_ms <= truth.end_ms and alert["rule"] in KINDS:
            yield Raised(
                alert["rule"],
                alert["subject"],
                started_ms,
                None if alert["ended_at"] is None else instant_ms(alert["ended_at"]),
                instant_ms(alert["raised_known_at"]),
            )


def _kind(kind: str, truths: Sequence[TrueAlert], alerts: Sequence[Raised]) -> KindScore:
    true = [one for one in truths if one.kind == kind]
    raised = [one for one in alerts if one.kind == kind]
    near = sorted(
        (abs(was.from_ms - said.from_ms), t, r)
        for t, was in enumerate(true)
        for r, said in enumerate(raised)
        if said.subject == _subject(was) and _meet(was, said)
    )
    found: dict[int, int] = {}
    for _, t, r in near:
        if t not in found and r not in found.values():
            found[t] = r
    delays_s = [(raised[r].known_ms - true[t].from_ms) / 1000 for t, r in found.items()]
    used = set(found.values())
    return KindScore(
        len(found) / len(raised) if raised else None,
        len(found) / len(true) if true else None,
        median(delays_s) if delays_s else None,
        len(true),
        len(raised),
        [_place(_subject(one), one.from_ms, one.to_ms) for t, one in enumerate(true) if t not in found],
        [_place(one.subject, one.from_ms, one.to_ms) for r, one in enumerate(raised) if r not in used],
    )


def _statuses(visits: Sequence[TrueVisit], timelines: Mapping[str, Sequence[Json]]) -> StatusScore:
    right_ms, confused = 0, Counter[str]()
    wrong: list[tuple[int, str, Json]] = []
    for visit in visits:
        here = Counter[str]()
        for status, said, from_ms, to_ms in _compared(visit, timelines[visit.visit]):
            if status == said:
                right_ms += to_ms - from_ms
            else:
                here[f"{status}/{said}"] += to_ms - from_ms
        confused += here
        if here:
            seconds = {pair: round(ms / 1000) for pair, ms in here.most_common()}
            wrong.append((sum(here.values()), visit.visit, {"visit": visit.visit, "wrong_s": seconds}))
    all_ms = right_ms + sum(confused.values())
    return StatusScore(
        right_ms / all_ms if all_ms else None,
        round(all_ms / 1000),
        {pair: round(ms / 1000) for pair, ms in confused.most_common()},
        [place for _, _, place in sorted(wrong, key=lambda one: (-one[0], one[1]))[:_WORST]],
    )


def _compared(visit: TrueVisit, timeline: Sequence[Json]) -> Iterator[tuple[str, str, int, int]]:
    """(true, concluded, from, to) of stretches in which neither changes."""
    stands = [step for step in timeline if step["known_to"] is None]
    said = [(instant_ms(step["at"]), step["status"]) for step in sorted(stands, key=lambda step: step["step"])]
    true = [(step.at_ms, step.status) for step in visit.steps]
    cuts = {visit.from_ms, visit.until_ms, *(at for at, _ in true), *(at for at, _ in said)}
    for from_ms, to_ms in pairwise(sorted(at for at in cuts if visit.from_ms <= at <= visit.until_ms)):
        yield _at(true, from_ms), _at(said, from_ms), from_ms, to_ms


def _at(steps: Sequence[tuple[int, str]], at_ms: int) -> str:
    return next((status for since_ms, status in reversed(steps) if since_ms <= at_ms), "scheduled")


def _meet(true: TrueAlert, raised: Raised) -> bool:
    ends = (_FAR_FUTURE_MS if to_ms is None else to_ms + TOLERANCE_MS for to_ms in (true.to_ms, raised.to_ms))
    true_end, raised_end = ends
    return true.from_ms - TOLERANCE_MS <= raised_end and raised.from_ms - TOLERANCE_MS <= true_end


def _subject(alert: TrueAlert) -> str:
    return alert.worker if alert.kind == "sos" else alert.visit


def _place(subject: str, from_ms: int, to_ms: int | None) -> Json:
    return {"subject": subject, "from": rfc3339(from_ms), "to": None if to_ms is None else rfc3339(to_ms)}


def _where(place: Json) -> str:
    return f"{place['subject']} {place['from']} – {place['to'] or ''}"


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.4f}"
