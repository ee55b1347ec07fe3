"""The truth of a day: what was really the case at each visit when, and what should have alerted somebody.

Statuses, each from its instant until the next:

    scheduled     nobody has set out       arrived      at the door
    on_the_way    from setting out         in_service   from signing in, else from beginning
    nearby        within 800 m of the      stepped_out  off the site without a word, until back or for 30 min at most
                  fence                    finished     signed out, else off the site; or away for those 30 min
    at_compound   within the fence         no_access    nobody opened, and it was said
    missed        from 30 min after the window, until somebody comes after all

The alerts follow from what happened and `promise`, never from what was planned to go wrong: a visit that is late
because the one before was is late too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

import msgspec

from simulators.course import Course
from simulators.promise import (
    AWAY_MS,
    LATE_MS,
    NO_SHOW_MS,
    OVER_MS,
    SILENT_MOVING_MS,
    SILENT_RESTING_MS,
    WATCHED_MS,
)


class Step(msgspec.Struct, frozen=True):
    """True from `at_ms` on."""

    status: str
    at_ms: int


class TrueVisit(msgspec.Struct, frozen=True, kw_only=True):
    """A visit with all its steps; statuses count within [from, until)."""

    visit: str
    worker: str
    mishap: str | None
    window_from_ms: int
    window_to_ms: int
    planned_s: int
    from_ms: int
    until_ms: int
    steps: tuple[Step, ...]


class TrueAlert(msgspec.Struct, frozen=True, kw_only=True):
    """Something that somebody should hear of; an SOS is the worker's. `to_ms` None: it did not end that day."""

    kind: str
    visit: str
    worker: str
    from_ms: int
    to_ms: int | None


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """A whole day's truth, as it stands in the file."""

    seed: int
    start_ms: int
    end_ms: int
    visits: tuple[TrueVisit, ...]
    alerts: tuple[TrueAlert, ...]


KINDS = (*("late", "no_show", "at_risk", "left_site", "implausible_jump", "check_in_away", "silent_device", "sos"),)
_BEFORE_MS = 90 * 60_000
_AFTER_MS = 60 * 60_000


def true_visit(course: Course, start_ms: int) -> TrueVisit:
    """A visit's steps, from 90 min before its window until 60 min after its end."""
    visit, ended_ms = course.visit, course.ended_ms or course.visit.ends_ms
    return TrueVisit(
        visit=visit.key,
        worker=course.worker,
        mishap=None if course.mishap is None else course.mishap.value,
        window_from_ms=visit.opens_ms,
        window_to_ms=visit.closes_ms,
        planned_s=visit.planned_ms // 1000,
        from_ms=max(visit.opens_ms - _BEFORE_MS, start_ms),
        until_ms=ended_ms + _AFTER_MS,
        steps=tuple(_steps(course, start_ms)),
    )


def true_alerts(courses: list[Course], heard_ms: list[int]) -> Iterator[TrueAlert]:
    """What one worker's day should have alerted to; `heard_ms`: the instants of which anything was heard of them."""
    for number, course in enumerate(courses):
        before = courses[number - 1] if number else None
        stretches = [
            *(("late", *stretch) for stretch in _past(course, LATE_MS)),
            *(("no_show", *stretch) for stretch in _past(course, NO_SHOW_MS)),
            *(("at_risk", *stretch) for stretch in _at_risk(course)),
            *(("left_site", *stretch) for stretch in _left(course)),
            *(("implausible_jump", *jump) for jump in course.jumps),
            *(("check_in_away", at_ms, at_ms) for at_ms in course.signed_away_ms),
            *(("silent_device", *stretch) for stretch in _silent(course, before, heard_ms)),
            *(("sos", at_ms, None) for at_ms in course.sos_ms),
        ]
        for kind, from_ms, to_ms in stretches:
            yield TrueAlert(kind=kind, visit=course.visit.key, worker=course.worker, from_ms=from_ms, to_ms=to_ms)


def _steps(course: Course, start_ms: int) -> Iterator[Step]:
    """In order, none twice in a row."""
    said = sorted(_said(course, start_ms), key=lambda step: step.at_ms)
    for before, step in pairwise([Step("", 0), *said]):
        if step.status != before.status:
            yield step


def _said(course: Course, start_ms: int) -> Iterator[Step]:
    yield Step("scheduled", start_ms)
    missed_ms = course.visit.closes_ms + NO_SHOW_MS
    came_ms = course.compound_ms
    missed = came_ms is None or came_ms > missed_ms
    for status, at_ms in (("on_the_way", course.left_ms), ("nearby", course.near_ms)):
        if at_ms is not None and not (missed and at_ms >= missed_ms):
            yield Step(status, at_ms)
    if missed:
        yield Step("missed", missed_ms)
    if came_ms is None:
        return
    yield Step("at_compound", came_ms)
    for status, at_ms in (
        ("arrived", course.door_ms),
        ("in_service", course.service_ms),
        ("no_access", course.no_access_ms),
    ):
        if at_ms is not None:
            yield Step(status, at_ms)
    for left_ms, back_ms in course.away:
        yield Step("stepped_out", left_ms)
        yield Step("in_service", back_ms) if back_ms is not None else Step("finished", left_ms + OVER_MS)
    if course.ended_ms is not None and course.no_access_ms is None and not _gone(course):
        yield Step("finished", course.ended_ms)


def _gone(course: Course) -> bool:
    return any(back_ms is None for _, back_ms in course.away)


def _past(course: Course, grace_ms: int) -> Iterator[tuple[int, int | None]]:
    """From when until when nobody was there though the window and a grace were over."""
    from_ms = course.visit.closes_ms + grace_ms
    if course.compound_ms is None or course.compound_ms > from_ms:
        yield from_ms, course.compound_ms


def _at_risk(course: Course) -> Iterator[tuple[int, int]]:
    """Whoever is late was at risk of it, from when they could no longer be in time until they were late."""
    late_ms = course.visit.closes_ms + LATE_MS
    if course.risk_ms is not None and (course.compound_ms is None or course.compound_ms > late_ms):
        yield min(course.risk_ms, late_ms), late_ms


def _left(course: Course) -> Iterator[tuple[int, int]]:
    for left_ms, back_ms in course.away:
        until_ms = left_ms + OVER_MS if back_ms is None else min(back_ms, left_ms + OVER_MS)
        if until_ms - left_ms >= AWAY_MS:
            yield left_ms, until_ms


def _silent(course: Course, before: Course | None, heard_ms: Iterable[int]) -> Iterator[tuple[int, int | None]]:
    """Silences that were too long while somebody was awaited: before the arrival, not before the planned end of the
    visit before, and not much before the window."""
    visit = course.visit
    since_ms = visit.opens_ms - WATCHED_MS
    if before is not None:
        since_ms = max(since_ms, min(before.visit.ends_ms, visit.opens_ms))
    until_ms = visit.ends_ms if course.compound_ms is None else course.compound_ms
    last_ms = None
    for at_ms in [*(at for at in heard_ms if at < until_ms), None]:
        moving = course.left_ms is not None and last_ms is not None and last_ms >= max(course.left_ms, since_ms)
        limit_ms = SILENT_MOVING_MS if moving else SILENT_RESTING_MS
        from_ms = max(last_ms or since_ms, since_ms) + limit_ms
        if from_ms < (until_ms if at_ms is None else at_ms):
            yield from_ms, at_ms
        last_ms = at_ms
