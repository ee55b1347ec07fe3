"""One worker's day: the ways between visits, what is done there, and everything their phone says of it."""

from __future__ import annotations

from random import Random
from typing import Any

from simulators.dialects import Native
from simulators.names import SERVICES
from simulators.phone import MINUTE_MS, Phone, Sending
from simulators.script import SCRIPT, Truth, Visit
from simulators.town import UTC_OFFSET_H
from simulators.travel import E_BIKE_MPS, Mark, Place, shifted, trip
from simulators.ways import crossings_near, start_for
from simulators.wire import (
    CheckIn,
    ChecklistItem,
    CheckOut,
    Contact,
    Delay,
    Method,
    NoAccess,
    Report,
    Shift,
    Sos,
    encode,
    rfc3339,
)

_WAY_M = (3_000.0, 4_500.0)
_REST_M = (500.0, 900.0)
_WAIT_MS = 15 * MINUTE_MS
"""Whoever stands at a closed door waits so long before saying so."""
_LATE_MS = 20 * MINUTE_MS
"""Beyond the usual grace of ten minutes, and short of a no-show."""


class Itinerary:
    """One worker's day."""

    def __init__(
        self, rng: Random, worker: int, start_ms: int, visits: list[Visit], first_way: list[Mark] | None
    ) -> None:
        self._rng = rng
        self._start_ms = start_ms
        self._visits = visits
        self._first_way = first_way
        self._phone = Phone(rng, Native(f"phone-{worker + 1}"), start_ms)
        self._mps = E_BIKE_MPS * rng.uniform(0.92, 1.08)
        start = first_way[0].point if first_way else start_for(rng, visits[0].compound, rng.uniform(*_WAY_M))
        self._here = Place(start, start)
        self.truth: list[Truth] = []
        self._doors: list[Sending] = []

    @property
    def sendings(self) -> list[Sending]:
        return self._phone.sendings + self._doors

    def play(self) -> None:
        phone, free_ms = self._phone, self._start_ms + MINUTE_MS
        phone.says(self._start_ms, phone.dialect.online(self._start_ms, phone.battery_pct(self._start_ms)))
        if self._visits[0].call.event == "no_show":
            phone.stays(self._here.at, free_ms, free_ms + 20 * MINUTE_MS)
            self.truth = [Truth(visit.key) for visit in self._visits]
            return
        self._says(self._start_ms + 20_000, Shift(time=rfc3339(self._start_ms + 20_000, UTC_OFFSET_H), on=True))
        for number, visit in enumerate(self._visits):
            arrived_ms = self._travel(visit, free_ms, first=number == 0)
            free_ms = self._leave(self._serve(visit, arrived_ms))
        self._says(free_ms, Shift(time=rfc3339(free_ms, UTC_OFFSET_H), on=False))

    def _travel(self, visit: Visit, free_ms: int, *, first: bool) -> int:
        """Go there so as to arrive well within the window, or as soon as possible; when they are at the compound."""
        way = self._first_way if first and self._first_way else trip(self._rng, self._here, _place(visit), self._mps)
        took_ms = way[-1].at_ms
        late = visit.call.event == "late"
        wanted_ms = visit.closes_ms + _LATE_MS if late else visit.opens_ms + round(self._rng.uniform(1, 12) * MINUTE_MS)
        leaves_ms = free_ms if way is self._first_way else max(free_ms, wanted_ms - took_ms)
        if late:
            said_ms = visit.opens_ms + 5 * MINUTE_MS
            report = Delay(time=rfc3339(said_ms, UTC_OFFSET_H), visit=visit.key, reason="电动车故障，正在修理")
            self._says(said_ms, report)
        marks = shifted(way, leaves_ms)
        # Such as a long tunnel: the fixes of five minutes come as one array.
        offline = (leaves_ms + 3 * MINUTE_MS, leaves_ms + 8 * MINUTE_MS) if visit.call.event == "offline" else None
        if leaves_ms > free_ms:
            self._phone.stays(self._here.at, free_ms, leaves_ms)
        self._phone.moves(marks, offline)
        self._here = _place(visit)
        return marks[-1].at_ms

    def _leave(self, free_ms: int) -> int:
        """Nobody stays in a customer's home: off to a bench or a canteen some streets away, until the next way."""
        bench = self._rng.choice(crossings_near(self._here.at, *_REST_M))
        marks = shifted(trip(self._rng, self._here, Place(bench, bench), self._mps), free_ms)
        self._phone.moves(marks)
        self._here = Place(bench, bench)
        return marks[-1].at_ms

    def _serve(self, visit: Visit, arrived_ms: int) -> int:
        """What happens there; when it is over."""
        rng, phone = self._rng, self._phone
        door_ms = arrived_ms + round(rng.uniform(60, 150) * 1000)
        if visit.call.event == "no_access":
            left_ms = door_ms + _WAIT_MS
            phone.stays(self._here.at, arrived_ms, left_ms)
            said_ms = left_ms - 30_000
            report = NoAccess(time=rfc3339(said_ms, UTC_OFFSET_H), visit=visit.key, reason="敲门及电话均无人应答")
            self._says(said_ms, report)
            self.truth.append(Truth(visit.key, arrived_ms, None, left_ms))
            return left_ms
        minutes = visit.call.planned_min * rng.uniform(0.95, 1.05)
        left_ms = door_ms + round(minutes * MINUTE_MS)
        phone.stays(self._here.at, arrived_ms, left_ms)
        self._sign(visit, door_ms, left_ms)
        self._tick_off(visit, door_ms, left_ms)
        if visit.call.event == "sos":
            lat, lon = self._here.at.degrees
            at_ms = door_ms + round(35 * MINUTE_MS)
            report_sos = Sos(time=rfc3339(at_ms, UTC_OFFSET_H), lat=lat, lon=lon, note="老人摔倒，请求支援")
            self._says(at_ms, report_sos)
        self.truth.append(Truth(visit.key, arrived_ms, door_ms, left_ms))
        return left_ms + MINUTE_MS

    def _sign(self, visit: Visit, door_ms: int, left_ms: int) -> None:
        """签到, 签退: by one means or another, sometimes forgotten; the first customer's door has a contact."""
        rng = self._rng
        first = visit.call == SCRIPT[0]
        methods: tuple[Method | None, ...] = ("nfc", "app", "code", None)
        method = "nfc" if first else rng.choices(methods, weights=(35, 35, 15, 15))[0]
        lat, lon = self._here.at.degrees
        proofs: dict[Method | None, dict[str, Any]] = {
            "nfc": {"tag": f"04:A1:5C:{visit.site[-2:]}"},
            "app": {"lat": lat, "lon": lon, "accuracy": round(rng.uniform(8, 35), 1)},
            "code": {"code": f"{rng.randrange(10_000):04}"},
        }
        if method:
            time = rfc3339(door_ms, UTC_OFFSET_H)
            self._says(door_ms, CheckIn(time=time, method=method, visit=visit.key, **proofs[method]))
        if method and rng.random() < 0.8:
            time = rfc3339(left_ms, UTC_OFFSET_H)
            self._says(left_ms, CheckOut(time=time, method="app", visit=visit.key))
        if first:
            for open_ms in (door_ms + 20_000, left_ms + 20_000):
                for is_open, at_ms in ((True, open_ms), (False, open_ms + 8_000)):
                    contact = Contact(time=rfc3339(at_ms, UTC_OFFSET_H), open=is_open)
                    self._doors.append(Sending(at_ms + 400, encode("door-01", contact)))

    def _tick_off(self, visit: Visit, door_ms: int, left_ms: int) -> None:
        items = SERVICES[visit.service]
        for number, item in enumerate(items, start=1):
            at_ms = door_ms + (left_ms - door_ms) * number // (len(items) + 1)
            self._says(at_ms, ChecklistItem(time=rfc3339(at_ms, UTC_OFFSET_H), visit=visit.key, item=item, done=True))

    def _says(self, at_ms: int, report: Report) -> None:
        self._phone.says(at_ms, self._phone.dialect.report(report))


def _place(visit: Visit) -> Place:
    return Place(visit.compound.at, visit.compound.gate)
