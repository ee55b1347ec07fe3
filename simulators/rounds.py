"""One worker's day: from home to each visit and home again, with what goes wrong, and all that their phone says of it.

Whoever is in time is in time by minutes, and whoever is late is late by minutes: no arrival lies where a second would
decide.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from simulators.at_work import Work
from simulators.benches import bench
from simulators.company import Member, Visit
from simulators.course import Course
from simulators.dialects import Dialect, Native, OwnTracks
from simulators.mishaps import ABSENT, LATE, Mishap
from simulators.phone import MINUTE_MS, Habits, Phone, Sending, Thrown
from simulators.promise import LATE_MS, NO_SHOW_MS
from simulators.town import UTC_OFFSET_H, Point
from simulators.travel import Mark, Place, first_ms, last_ms, paused, place_at, shifted, trip
from simulators.wire import CheckIn, Delay, Report, Shift, rfc3339

HABITS = Habits(vague_moving=0.012, vague_indoors=0.06, canyons=0.25)
_ARRIVES_MIN = (-8.0, 22.0)
"""Of the window, where nothing hinders."""
_REST_MS = 8 * MINUTE_MS
"""Whoever has less time than this does not sit down between two visits."""
_EARLIEST_MS = 9 * MINUTE_MS
_CLEAR_OF_LATE_MS = 3 * MINUTE_MS
_CLEAR_OF_BOTH = (3.5, 16.5)
"""Minutes after it became late: clear of being in time, and of being a no-show."""
_CLEAR_OF_NO_SHOW_MS = 3 * MINUTE_MS
_LAST_IN_TIME_MS = 4 * MINUTE_MS
"""Before the end of the window."""
_SEEMING_MPS = 2.2
"""A straight metre on a bad stretch: whoever could seem late by this is not in time by a comfortable margin."""
_NEAR_M, _CLEAR_OF_NEAR_M = 800.0, 100.0
_STEP_MS = 10_000
_FOR_EVER_MS = 10**15


class Round:
    """One worker's day; `play` makes it happen once."""

    def __init__(self, rng: Random, member: Member, start_ms: int, mishap_of: Callable[[str], Mishap | None]) -> None:
        self._rng, self._member, self._start_ms = rng, member, start_ms
        self._mishap_of = mishap_of
        self.phone = Phone(rng, dialect_of(member, start_ms), start_ms, HABITS)
        self._work = Work(rng, member, self.phone)
        self._here = Place(member.home.at, member.home.gate)
        self._site: Visit | None = None
        """Whose home they are in."""
        self._free_ms = start_ms + MINUTE_MS
        self.courses: list[Course] = []

    @property
    def doors(self) -> list[Sending]:
        """What devices at the sites said."""
        return self._work.doors

    @property
    def heard_ms(self) -> list[int]:
        """The instants of which anything was heard from this worker."""
        return sorted(self.phone.heard_ms + self._work.read_ms)

    def play(self) -> None:
        """The whole day."""
        visits = self._member.visits
        if not visits or self._mishap_of(visits[0].key) is not Mishap.DEAD_AT_FIRST:
            self._switches_on(self._start_ms)
        for turn, visit in enumerate(visits):
            course = Course(visit, self._member.key, self._mishap_of(visit.key))
            self.courses.append(course)
            before = visits[turn - 1] if turn else None
            if course.mishap in ABSENT:
                self._stays_away(course)
            else:
                self._travels(course, before)
                self._free_ms = self._work.serves(course, self._free_ms)
        home = Place(self._member.home.at, self._member.home.gate)
        if self._here != home:
            self._free_ms = self._moves(trip(self._rng, self._here, home, self._member.mps), self._free_ms)[-1].at_ms
        self.phone.stays(home.at, self._free_ms, self._free_ms + 20 * MINUTE_MS)
        self._says(self._free_ms, Shift(time=rfc3339(self._free_ms, UTC_OFFSET_H), on=False))

    def _stays_away(self, course: Course) -> None:
        """Does not go, at home or on a bench, until everybody has noticed."""
        visit = course.visit
        self._rests(visit, course.mishap)
        if course.mishap is Mishap.VANISHED:
            self.phone.goes_off(self._free_ms + 4 * MINUTE_MS, _FOR_EVER_MS)
        marks = trip(self._rng, self._here, visit.place, self._member.mps)
        course.risk_ms = visit.closes_ms + LATE_MS - _entry_ms(marks, visit)
        course.ended_ms = visit.ends_ms
        until_ms = max(self._free_ms, visit.closes_ms + NO_SHOW_MS) + MINUTE_MS
        self.phone.stays(self._here.at, self._free_ms, until_ms)
        self._free_ms = until_ms

    def _travels(self, course: Course, before: Visit | None) -> None:
        """Go there: when, in how long, and what happens on the way."""
        visit, mishap = course.visit, course.mishap
        earliest_ms = self._free_ms
        if mishap in (Mishap.JUMP, Mishap.DEAD_ON_THE_WAY, Mishap.SIGNED_EARLY) and before is not None:
            earliest_ms = max(earliest_ms, before.ends_ms + MINUTE_MS)
        halt_ms = self._minutes(16, 25) if mishap is Mishap.DEAD_ON_THE_WAY else 0
        way = trip(self._rng, self._here, visit.place, self._member.mps)
        leaves_ms = self._leaving_ms(course, way, earliest_ms, halt_ms)
        soonest_ms = max(earliest_ms, visit.opens_ms - _EARLIEST_MS - _entry_ms(way, visit))
        at_once = leaves_ms - self._free_ms < _REST_MS and soonest_ms - self._free_ms < MINUTE_MS
        at_once = at_once and _is_clear(shifted(way, self._free_ms), visit, halt_ms)
        if self._site is not None and at_once and mishap not in LATE and not self._work.gone:
            leaves_ms = self._free_ms
        if self._site is not None and leaves_ms > self._free_ms:
            self._rests(visit, mishap)
            way = trip(self._rng, self._here, visit.place, self._member.mps)
            leaves_ms = self._leaving_ms(course, way, max(earliest_ms, self._free_ms), halt_ms)
        marks = shifted(way, leaves_ms)
        entry_ms = _entry_ms(way, visit)
        if mishap is Mishap.SIGNED_AND_LATE:
            self._signs_in(course, max(visit.opens_ms, self._free_ms) + self._minutes(2, 10), self._here.at)
        if mishap is Mishap.SLOW_START and self._rng.random() < 0.5:
            said_ms = visit.opens_ms + self._minutes(5, 15)
            self._says(said_ms, Delay(time=rfc3339(said_ms, UTC_OFFSET_H), visit=visit.key, reason="上一单延误"))
        if mishap is Mishap.BREAKDOWN:
            marks = self._breaks_down(course, way, entry_ms)
        elif mishap is Mishap.DEAD_ON_THE_WAY:
            stands_ms = _far_from(visit, way, round(entry_ms * self._rng.uniform(0.5, 0.7)))
            marks = self._dies(way, leaves_ms, stands_ms, halt_ms)
        elif mishap is Mishap.DEAD_AT_FIRST:
            self._wakes(visit, leaves_ms, entry_ms)
        if marks[0].at_ms > self._free_ms:
            self.phone.stays(self._here.at, self._free_ms, marks[0].at_ms)
        self._rides(course, marks)
        course.left_ms = marks[0].at_ms
        course.near_ms = first_ms(marks, lambda at: visit.fence.outside_m(at) <= _NEAR_M)
        course.compound_ms = _entry_ms(marks, visit)
        if course.risk_ms is None and course.compound_ms > visit.closes_ms + LATE_MS:
            course.risk_ms = visit.closes_ms + LATE_MS - entry_ms
        self.phone.crosses(course.compound_ms, place_at(marks, course.compound_ms).point, visit.site, inside=True)
        self._here, self._free_ms, self._site = visit.place, marks[-1].at_ms, visit

    def _leaving_ms(self, course: Course, way: list[Mark], earliest_ms: int, halt_ms: int) -> int:
        """When to set out on a way with a halt: for an arrival well in time, or well too late."""
        visit, rng = course.visit, self._rng
        entry_ms = _entry_ms(way, visit)
        if course.mishap in LATE:
            arrives_ms = visit.closes_ms + LATE_MS + self._minutes(*_CLEAR_OF_BOTH)
            return max(arrives_ms - entry_ms, earliest_ms)
        window = (8.0, 16.0) if course.mishap is Mishap.DEAD_AT_FIRST else _ARRIVES_MIN
        arrives_ms = min(visit.opens_ms + self._minutes(*window), visit.closes_ms - _LAST_IN_TIME_MS)
        leaves_ms = max(arrives_ms - entry_ms - halt_ms, earliest_ms)
        while leaves_ms > earliest_ms and _seems_late(shifted(way, leaves_ms), visit, halt_ms):
            leaves_ms = max(leaves_ms - MINUTE_MS, earliest_ms)
        if not _seems_late(shifted(way, leaves_ms), visit, halt_ms):
            return leaves_ms
        late_ms = visit.closes_ms + LATE_MS + _CLEAR_OF_LATE_MS + round(rng.uniform(0.5, 4.0) * MINUTE_MS)
        arrives_ms = max(late_ms, leaves_ms + entry_ms + halt_ms)
        if abs(arrives_ms - visit.closes_ms - NO_SHOW_MS) < _CLEAR_OF_NO_SHOW_MS:
            arrives_ms = visit.closes_ms + NO_SHOW_MS + _CLEAR_OF_NO_SHOW_MS + self._minutes(0.2, 2.0)
        return arrives_ms - entry_ms - halt_ms

    def _rides(self, course: Course, marks: list[Mark]) -> None:
        """The way as the phone tells it."""
        visit, took_ms = course.visit, marks[-1].at_ms - marks[0].at_ms
        offline, thrown = None, None
        if course.mishap is Mishap.TUNNEL:
            from_ms = marks[0].at_ms + round(took_ms * 0.2)
            offline = from_ms, from_ms + min(self._minutes(5, 8), round(took_ms * 0.6))
        if course.mishap is Mishap.JUMP:
            at_ms = marks[0].at_ms + round(took_ms * self._rng.uniform(0.35, 0.6))
            away_m = self._rng.uniform(3_000.0, 30_000.0)
            thrown = Thrown(at_ms, self._rng.randint(1, 3), away_m, self._rng.random() < 0.5)
            course.jumps.append((at_ms, at_ms + MINUTE_MS))
        if course.mishap is Mishap.SIGNED_EARLY:
            far_m = visit.fence.outside_m(marks[0].point)
            at_ms = first_ms(marks, lambda at: visit.fence.outside_m(at) <= min(0.85 * far_m, 2_800.0)) or 0
            self._signs_in(course, at_ms, place_at(marks, at_ms).point)
        self.phone.moves(marks, offline, thrown)

    def _breaks_down(self, course: Course, way: list[Mark], entry_ms: int) -> list[Mark]:
        """Sets out in good time, and stands still on the way until the arrival is as late as it was drawn."""
        visit = course.visit
        halt_ms = _far_from(visit, way, round(entry_ms * self._rng.uniform(0.3, 0.6)))
        late_ms = visit.closes_ms + LATE_MS + self._minutes(*_CLEAR_OF_BOTH)
        leaves_ms = max(self._free_ms, visit.opens_ms + self._minutes(0, 8) - entry_ms)
        stands_ms = max(late_ms - leaves_ms - entry_ms, MINUTE_MS)
        course.risk_ms = visit.closes_ms + LATE_MS - (entry_ms - halt_ms)
        return shifted(paused(way, halt_ms, stands_ms), leaves_ms)

    def _dies(self, way: list[Mark], leaves_ms: int, stands_ms: int, halt_ms: int) -> list[Mark]:
        """The phone dies on the way; its owner has a bowl of noodles while it is charged."""
        off_ms = leaves_ms + stands_ms + 5_000
        self.phone.goes_off(off_ms, off_ms + halt_ms - 20_000)
        return shifted(paused(way, stands_ms, halt_ms), leaves_ms)

    def _wakes(self, visit: Visit, leaves_ms: int, entry_ms: int) -> None:
        """The phone is switched on only on the way."""
        on_ms = min(leaves_ms + round(entry_ms * 0.35), visit.opens_ms + 5 * MINUTE_MS)
        self.phone.goes_off(self._start_ms - MINUTE_MS, on_ms)
        self._switches_on(on_ms + 1_000)

    def _rests(self, visit: Visit, mishap: Mishap | None) -> None:
        """Nobody stays in a customer's home: off to a bench some streets away, and not towards the next visit."""
        if self._site is None:
            return
        there = bench(self._rng, self._site, visit, far=mishap is Mishap.SIGNED_AND_LATE or self._work.gone)
        marks = self._moves(trip(self._rng, self._here, there, self._member.mps), self._free_ms)
        self._here, self._free_ms, self._site = there, marks[-1].at_ms + 30_000, None

    def _moves(self, way: list[Mark], leaves_ms: int) -> list[Mark]:
        marks = shifted(way, leaves_ms)
        self.phone.moves(marks)
        return marks

    def _signs_in(self, course: Course, at_ms: int, at: Point) -> None:
        """By the app, from wherever they are."""
        course.signed_away_ms.append(at_ms)
        lat, lon = Point(at.x + self._rng.gauss(0, 6), at.y + self._rng.gauss(0, 6)).degrees
        accuracy = round(self._rng.uniform(8, 30), 1)
        time = rfc3339(at_ms, UTC_OFFSET_H)
        self._says(at_ms, CheckIn(time=time, method="app", visit=course.visit.key, lat=lat, lon=lon, accuracy=accuracy))

    def _switches_on(self, at_ms: int) -> None:
        self.phone.says(at_ms, self.phone.dialect.online(at_ms, self.phone.battery_pct(at_ms)))
        self._says(at_ms + 20_000, Shift(time=rfc3339(at_ms + 20_000, UTC_OFFSET_H), on=True))

    def _says(self, at_ms: int, report: Report) -> None:
        self.phone.says(at_ms, self.phone.dialect.report(report))

    def _minutes(self, least: float, most: float) -> int:
        return round(self._rng.uniform(least, most) * MINUTE_MS)


def dialect_of(member: Member, start_ms: int) -> Dialect:
    """How the phone of a worker speaks."""
    return OwnTracks(member.key, "phone", start_ms) if member.app == "owntracks" else Native(f"{member.key}-phone")


def _entry_ms(marks: list[Mark], visit: Visit) -> int:
    """When the fence was entered to stay."""
    outside_ms = last_ms(marks, lambda at: visit.fence.outside_m(at) > 0)
    return marks[0].at_ms if outside_ms is None else outside_ms + 1_000


def _far_from(visit: Visit, way: list[Mark], at_ms: int) -> int:
    """A time on a way not after this one, at which the site is clearly not near yet."""
    while at_ms > _STEP_MS and visit.fence.outside_m(place_at(way, at_ms).point) < _NEAR_M + _CLEAR_OF_NEAR_M:
        at_ms -= _STEP_MS
    return at_ms


def _is_clear(marks: list[Mark], visit: Visit, halt_ms: int) -> bool:
    """Whether an arrival is well in time, or well too late."""
    late_ms = _entry_ms(marks, visit) + halt_ms - visit.closes_ms - LATE_MS
    too_late = late_ms > _CLEAR_OF_LATE_MS and abs(late_ms - NO_SHOW_MS + LATE_MS) > _CLEAR_OF_NO_SHOW_MS
    return too_late or not _seems_late(marks, visit, halt_ms)


def _seems_late(marks: list[Mark], visit: Visit, halt_ms: int) -> bool:
    """Whether somebody who watched could have come to fear for the promise, or it was indeed nearly broken."""
    deadline_ms = visit.closes_ms + LATE_MS
    if _entry_ms(marks, visit) + halt_ms > visit.closes_ms - _LAST_IN_TIME_MS // 2:
        return True
    ahead = [(mark.at_ms, visit.fence.outside_m(mark.point)) for mark in marks]
    return any(at_ms + halt_ms + m / _SEEMING_MPS * 1000 > deadline_ms for at_ms, m in ahead if m > 0)
