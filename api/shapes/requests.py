"""What staff ask for, each the JSON of one command of `domain.decide`."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.commands import Outcome
from api.problems import Problem
from api.shapes.fences import FenceShape, fence_of
from api.times import At, Instant
from domain.crs import Crs
from domain.decide import (
    AdoptPolicy,
    BindDevice,
    CancelShift,
    CancelVisit,
    Command,
    PlanShift,
    ReassignVisit,
    RegisterCustomer,
    RegisterSite,
    RegisterWorker,
    RescheduleVisit,
    ScheduleVisit,
    UnbindDevice,
)
from domain.time import Ms

Kind = Literal["customer", "site", "worker", "binding", "shift", "visit", "policy", "settings", "clock_correction"]


class Ask(BaseModel):
    """A request's body. Fields that we do not know are refused: a misspelt one would silently change nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CustomerAsk(Ask):
    customer: str
    name: str
    locale: str = "zh-CN"

    def command(self, at_ms: Ms, by: str) -> Command:
        return RegisterCustomer(at_ms=at_ms, by=by, customer=self.customer, name=self.name, locale=self.locale)


class SiteAsk(Ask):
    """`zone`: IANA; none: the cell's. `crs`: in which the fence is given."""

    site: str
    customer: str
    name: str
    address: str = ""
    zone: str | None = None
    fence: FenceShape
    crs: Crs = "wgs84"

    def command(self, at_ms: Ms, by: str, cell_zone: str) -> Command:
        return RegisterSite(
            at_ms=at_ms,
            by=by,
            site=self.site,
            customer=self.customer,
            name=self.name,
            address=self.address,
            zone=self.zone or cell_zone,
            fence=fence_of(self.fence, self.crs),
        )


class WorkerAsk(Ask):
    """`title`: what customers call them beside the surname, e.g. 阿姨."""

    worker: str
    name: str
    surname: str = ""
    title: str = ""

    def command(self, at_ms: Ms, by: str) -> Command:
        return RegisterWorker(
            at_ms=at_ms, by=by, worker=self.worker, name=self.name, surname=self.surname, title=self.title
        )


class BindAsk(Ask):
    """The device speaks for one worker or one site in [from, until); until none: until bound otherwise."""

    worker: str | None = None
    site: str | None = None
    from_ms: Instant = Field(alias="from")
    until_ms: Instant | None = Field(default=None, alias="until")

    def command(self, at_ms: Ms, by: str, device: str) -> Command:
        return BindDevice(
            at_ms=at_ms,
            by=by,
            device=device,
            worker=self.worker,
            site=self.site,
            from_ms=Ms(self.from_ms),
            until_ms=None if self.until_ms is None else Ms(self.until_ms),
        )


class BindingAsk(BindAsk):
    """A binding as a line of a plan."""

    device: str


class UnbindAsk(Ask):
    """From then on the device speaks for nobody."""

    from_ms: Instant = Field(alias="from")

    def command(self, at_ms: Ms, by: str, device: str) -> Command:
        return UnbindDevice(at_ms=at_ms, by=by, device=device, from_ms=Ms(self.from_ms))


class ShiftAsk(Ask):
    shift: str
    worker: str
    from_ms: Instant = Field(alias="from")
    until_ms: Instant = Field(alias="until")

    def command(self, at_ms: Ms, by: str) -> Command:
        return PlanShift(
            at_ms=at_ms,
            by=by,
            shift=self.shift,
            worker=self.worker,
            from_ms=Ms(self.from_ms),
            until_ms=Ms(self.until_ms),
        )


class CancelShiftAsk(Ask):
    """Nothing more is needed."""

    def command(self, at_ms: Ms, by: str, shift: str) -> Command:
        return CancelShift(at_ms=at_ms, by=by, shift=shift)


class PolicyAsk(Ask):
    """From then on (observed time) these thresholds hold: names and units as in `domain.policies.VisitPolicy`."""

    from_ms: Instant = Field(alias="from")
    values: dict[str, float]

    def command(self, at_ms: Ms, by: str) -> Command:
        return AdoptPolicy(at_ms=at_ms, by=by, from_ms=Ms(self.from_ms), values=self.values)


class VisitAsk(Ask):
    """Somebody arrives within [window_from, window_to] and stays for `planned_s` seconds."""

    visit: str
    site: str
    customer: str
    service: str
    worker: str | None = None
    window_from: Instant
    window_to: Instant
    planned_s: int
    checklist: tuple[str, ...] = ()

    def command(self, at_ms: Ms, by: str) -> Command:
        return ScheduleVisit(
            at_ms=at_ms,
            by=by,
            visit=self.visit,
            site=self.site,
            customer=self.customer,
            service=self.service,
            worker=self.worker,
            window_from_ms=Ms(self.window_from),
            window_to_ms=Ms(self.window_to),
            planned_s=self.planned_s,
            checklist=self.checklist,
        )


class RescheduleAsk(Ask):
    """Move the promise. `planned_s` none: as long as before; `asked_by`, `channel`, `agreed_at`: whose wish it was."""

    window_from: Instant
    window_to: Instant
    planned_s: int | None = None
    asked_by: str = ""
    channel: str = ""
    agreed_at: Instant | None = None
    reason: str = ""

    def command(self, at_ms: Ms, by: str, visit: str) -> Command:
        return RescheduleVisit(
            at_ms=at_ms,
            by=by,
            visit=visit,
            window_from_ms=Ms(self.window_from),
            window_to_ms=Ms(self.window_to),
            planned_s=self.planned_s,
            asked_by=self.asked_by,
            channel=self.channel,
            agreed_at_ms=None if self.agreed_at is None else Ms(self.agreed_at),
            reason=self.reason,
        )


class ReassignAsk(Ask):
    """`worker` null: nobody yet."""

    worker: str | None
    reason: str = ""

    def command(self, at_ms: Ms, by: str, visit: str) -> Command:
        return ReassignVisit(at_ms=at_ms, by=by, visit=visit, worker=self.worker, reason=self.reason)


class CancelVisitAsk(Ask):
    reason: str = ""

    def command(self, at_ms: Ms, by: str, visit: str) -> Command:
        return CancelVisit(at_ms=at_ms, by=by, visit=visit, reason=self.reason)


class PlanAsk(Ask):
    """Many lines at once, carried out in this order; each may rest on those before it."""

    customers: tuple[CustomerAsk, ...] = ()
    sites: tuple[SiteAsk, ...] = ()
    workers: tuple[WorkerAsk, ...] = ()
    bindings: tuple[BindingAsk, ...] = ()
    shifts: tuple[ShiftAsk, ...] = ()
    visits: tuple[VisitAsk, ...] = ()

    def lines(self, at_ms: Ms, by: str, cell_zone: str) -> list[tuple[Kind, str, Command]]:
        """(kind, id, command) of every line."""
        found: list[tuple[Kind, str, Command]] = []
        found += [("customer", line.customer, line.command(at_ms, by)) for line in self.customers]
        found += [("site", line.site, line.command(at_ms, by, cell_zone)) for line in self.sites]
        found += [("worker", line.worker, line.command(at_ms, by)) for line in self.workers]
        found += [("binding", line.device, line.command(at_ms, by, line.device)) for line in self.bindings]
        found += [("shift", line.shift, line.command(at_ms, by)) for line in self.shifts]
        found += [("visit", line.visit, line.command(at_ms, by)) for line in self.visits]
        return found


class LineAnswer(BaseModel, frozen=True):
    """What became of one line; `problem` only where it was refused."""

    kind: Kind
    id: str
    outcome: Outcome
    problem: Problem | None = None


class WriteAnswer(BaseModel, frozen=True):
    """What became of a write. A read with `min_position` set to `position` sees it."""

    kind: Kind
    id: str
    outcome: Outcome
    position: int


class PlanAnswer(BaseModel, frozen=True):
    """What became of each line, in the order in which they were carried out."""

    lines: list[LineAnswer]
    position: int


class LinkAnswer(BaseModel, frozen=True):
    """A customer's link to one visit. Whoever has it sees what the customer sees, until it expires."""

    url: str
    token: str
    expires_at: At
