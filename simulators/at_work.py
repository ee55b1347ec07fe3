"""What a worker does at a site: in at the door, the service with what disturbs it, and out again."""

from __future__ import annotations

from random import Random
from typing import Any

from simulators.benches import errand
from simulators.company import Member, Visit
from simulators.course import Course
from simulators.mishaps import Mishap
from simulators.names import SERVICES
from simulators.phone import MINUTE_MS, Phone, Sending
from simulators.town import UTC_OFFSET_H, Point, distance_m
from simulators.travel import WALK_MPS, Mark, Place, first_ms, last_ms, shifted, trip
from simulators.wire import (
    CheckIn,
    ChecklistItem,
    CheckOut,
    Contact,
    Method,
    NoAccess,
    Outing,
    Report,
    Sos,
    encode,
    rfc3339,
)

_TO_THE_DOOR_S = (100.0, 260.0)
"""From the middle of the compound: the guard's book, which house, which stairs."""
_SETTLING_MIN = (3.0, 7.0)
"""From the door to the service, where nobody signs in."""
_STAYS = (0.97, 1.06)
"""Share of the planned time."""
_SIGNS_OUT = 0.85
_METHODS: tuple[tuple[Method | None, int], ...] = (("app", 35), ("nfc", 25), ("qr", 12), ("code", 16), (None, 12))
_WAITS_MIN = (12.0, 15.0)
"""Whoever stands at a closed door waits so long before saying so."""


class Work:
    """What one worker does at their sites. `gone`: they have just left one for good, in the middle of the service."""

    def __init__(self, rng: Random, member: Member, phone: Phone) -> None:
        self._rng, self._member, self._phone = rng, member, phone
        self.doors: list[Sending] = []
        self.read_ms: list[int] = []
        self.gone = False

    def serves(self, course: Course, in_ms: int) -> int:
        """All that happens from the middle of the compound on; when they leave it. Fills in the course."""
        rng, visit = self._rng, course.visit
        door_ms = course.door_ms = in_ms + round(rng.uniform(*_TO_THE_DOOR_S) * 1000)
        self.gone = course.mishap is Mishap.GONE
        self._door(visit, door_ms)
        if course.mishap is Mishap.NO_ACCESS:
            return self._waits(course, in_ms, door_ms)
        method = self._method(course)
        service_ms = course.service_ms = door_ms if method else door_ms + self._minutes(*_SETTLING_MIN)
        if method:
            self._signs(visit, door_ms, method, out=False)
        ends_ms = service_ms + round(visit.planned_ms * rng.uniform(*_STAYS))
        if self.gone:
            ends_ms = service_ms + round(visit.planned_ms * rng.uniform(0.35, 0.5))
        inside_ms = self._is_out(course, in_ms, service_ms)
        self._phone.stays(visit.place.at, inside_ms, ends_ms)
        if self._member.app == "native":
            self._ticks_off(visit, service_ms, ends_ms)
        if course.mishap is Mishap.SOS:
            self._calls_for_help(course, service_ms + round((ends_ms - service_ms) * 0.4))
        signs_out = method is not None and not self.gone and rng.random() < _SIGNS_OUT
        if method and signs_out:
            self._signs(visit, ends_ms, method, out=True)
        self._door(visit, ends_ms - 15_000)
        leaves_ms = ends_ms + 5_000
        out_ms = leaves_ms + round(_to_fence_m(visit) / WALK_MPS * 1000)
        course.ended_ms = ends_ms if signs_out else out_ms
        if self.gone:
            course.away.append((out_ms, None))
        self._phone.crosses(out_ms, visit.place.gate, visit.site, inside=False)
        return leaves_ms

    def _waits(self, course: Course, in_ms: int, door_ms: int) -> int:
        """Nobody opens."""
        left_ms = door_ms + self._minutes(*_WAITS_MIN)
        self._phone.stays(course.visit.place.at, in_ms, left_ms)
        said_ms = course.no_access_ms = left_ms - 30_000
        reason = "敲门及电话均无人应答"
        self._says(said_ms, NoAccess(time=rfc3339(said_ms, UTC_OFFSET_H), visit=course.visit.key, reason=reason))
        course.ended_ms = left_ms
        return left_ms

    def _is_out(self, course: Course, in_ms: int, service_ms: int) -> int:
        """Out in the middle of the service, for whatever reason; when they are in again, or have always been."""
        rng, visit, mishap = self._rng, course.visit, course.mishap
        out_ms = service_ms + round(visit.planned_ms * rng.uniform(0.25, 0.4))
        if mishap is Mishap.SHORT_WALK:
            at, gate = visit.place
            outward = Point(at.x + (gate.x - at.x) * 1.5, at.y + (gate.y - at.y) * 1.5)
            to, halt_ms = Place(outward, outward), self._minutes(0.5, 0.8)
            go = _straight(at, outward)
            back = _straight(outward, at)
        elif mishap in (Mishap.WALKED_OFF, Mishap.OUTING):
            to = errand(rng, visit, *((720.0, 1_000.0) if mishap is Mishap.WALKED_OFF else (350.0, 800.0)))
            go = trip(rng, visit.place, to, self._member.mps)
            back = trip(rng, to, visit.place, self._member.mps)
            away_ms = self._minutes(*((13, 21) if mishap is Mishap.WALKED_OFF else (16, 24)))
            halt_ms = max(away_ms - go[-1].at_ms - back[-1].at_ms, MINUTE_MS)
        else:
            return in_ms
        self._phone.stays(visit.place.at, in_ms, out_ms)
        if mishap is Mishap.OUTING:
            self._says(out_ms - 40_000, Outing(time=rfc3339(out_ms - 40_000, UTC_OFFSET_H), visit=visit.key, on=True))
        go = shifted(go, out_ms)
        back = shifted(back, go[-1].at_ms + halt_ms)
        self._phone.moves([*go, Mark(back[0].at_ms, to.at), *back])
        if mishap is Mishap.OUTING:
            on_ms = back[-1].at_ms + 20_000
            self._says(on_ms, Outing(time=rfc3339(on_ms, UTC_OFFSET_H), visit=visit.key, on=False))
        else:
            left_ms = first_ms(go, lambda at: visit.fence.outside_m(at) > 0)
            back_ms = last_ms(back, lambda at: visit.fence.outside_m(at) > 0)
            if left_ms is not None and back_ms is not None:
                course.away.append((left_ms, back_ms))
        return back[-1].at_ms

    def _method(self, course: Course) -> Method | None:
        """By what they sign in. Whoever did so too early by the app takes the code at the door."""
        if course.signed_away_ms:
            return "code"
        if self._member.app == "native":
            return self._rng.choices([m for m, _ in _METHODS], weights=[weight for _, weight in _METHODS])[0]
        return None if course.visit.reader is None else self._rng.choice(("nfc", "code"))

    def _signs(self, visit: Visit, at_ms: int, method: Method, *, out: bool) -> None:
        """签到, 签退."""
        rng, shape = self._rng, CheckOut if out else CheckIn
        lat, lon = Point(visit.place.at.x + rng.gauss(0, 8), visit.place.at.y + rng.gauss(0, 8)).degrees
        proofs: dict[Method, dict[str, Any]] = {
            "app": {"lat": lat, "lon": lon, "accuracy": round(rng.uniform(8, 35), 1)},
            "nfc": {"tag": f"04:A1:{visit.key[-4:-2]}:{visit.key[-2:]}"},
            "qr": {"code": visit.site},
            "code": {"code": f"{rng.randrange(10_000):04}"},
        }
        time, proof = rfc3339(at_ms, UTC_OFFSET_H), proofs[method]
        if self._member.app == "native":
            self._says(at_ms, shape(time=time, method=method, visit=visit.key, **proof))
        elif visit.reader is not None:
            report = shape(time=time, method=method, visit=visit.key, worker=self._member.key, **proof)
            self._tells(visit.reader, at_ms, report)
            self.read_ms.append(at_ms)

    def _ticks_off(self, visit: Visit, service_ms: int, ends_ms: int) -> None:
        items = SERVICES[visit.service]
        for number, item in enumerate(items, start=1):
            at_ms = service_ms + (ends_ms - service_ms) * number // (len(items) + 1)
            self._says(at_ms, ChecklistItem(time=rfc3339(at_ms, UTC_OFFSET_H), visit=visit.key, item=item, done=True))

    def _calls_for_help(self, course: Course, at_ms: int) -> None:
        lat, lon = course.visit.place.at.degrees
        course.sos_ms.append(at_ms)
        self._says(at_ms, Sos(time=rfc3339(at_ms, UTC_OFFSET_H), lat=lat, lon=lon, note="老人摔倒，请求支援"))

    def _door(self, visit: Visit, at_ms: int) -> None:
        """The door opens and closes, where something notices."""
        if visit.contact is not None:
            for is_open, open_ms in ((True, at_ms), (False, at_ms + 9_000)):
                self._tells(visit.contact, open_ms, Contact(time=rfc3339(open_ms, UTC_OFFSET_H), open=is_open))

    def _tells(self, device: str, at_ms: int, report: Report) -> None:
        self.doors.append(Sending(at_ms + 400, encode(device, report)))

    def _says(self, at_ms: int, report: Report) -> None:
        self._phone.says(at_ms, self._phone.dialect.report(report))

    def _minutes(self, least: float, most: float) -> int:
        return round(self._rng.uniform(least, most) * MINUTE_MS)


def _straight(a: Point, b: Point) -> list[Mark]:
    return [Mark(0, a), Mark(round(distance_m(a, b) / WALK_MPS * 1000), b)]


def _to_fence_m(visit: Visit) -> float:
    """On foot from the door until outside the fence, or to the gate where that is nearer."""
    at, gate = visit.place
    return min(max(-visit.fence.outside_m(at), 0.0), distance_m(at, gate))
