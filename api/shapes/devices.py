"""The registry in JSON: devices, tags and beacons, for whom they speak, and how they are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec
from pydantic import BaseModel, Field

from api.shapes.degrees import degrees
from api.shapes.requests import Ask
from api.times import At, Instant
from domain.bindings import Binding
from domain.clocks import ClockPeriods, evolve
from domain.crs import Crs
from domain.decide import Command, ConfigureDevice, CorrectDeviceClock
from domain.device_settings import DeviceSettings
from domain.events.device import DeviceClockCorrected
from domain.events.facts import POSITION, Fact
from domain.time import SECOND_MS, Ms
from projections.queries.devices import DeviceRow, SaidRow

Sort = Literal["device", "tag", "beacon", "bluetooth"]
Verdict = Literal["right", "ahead", "behind", "behind_or_late"]

_SORTS: dict[str, Sort] = {"tag:": "tag", "beacon:": "beacon", "ble:": "bluetooth"}
_UNTOLD = frozenset((*Fact.__struct_fields__, "code")) - {"worker", "extras"}
"""Said beside the body; and service codes, which are between customer and worker."""


class Holder(BaseModel, frozen=True):
    """Whom a device speaks for: a worker or a site. `name` null: not registered."""

    kind: Literal["worker", "site"]
    id: str
    name: str | None


class BindingShape(BaseModel, frozen=True):
    """A period in which a device speaks for somebody. `until` null: until bound otherwise."""

    holder: Holder
    from_ms: At = Field(serialization_alias="from")
    until_ms: At | None = Field(serialization_alias="until")


class LastMessage(BaseModel, frozen=True):
    """The message with the latest time. `said`: its key fields; of a position `lat`, `lon` (WGS-84), `accuracy_m`."""

    kind: str
    at: At
    said: dict[str, Any]


class Message(BaseModel, frozen=True):
    """One of the last messages: of the device, or of `device` about this tag or beacon. `received_at`: since when it is
    known."""

    fact: UUID
    device: str
    kind: str
    at: At
    received_at: At
    said: dict[str, Any]


class ClockEstimate(BaseModel, frozen=True):
    """How far the device's clock is ahead of receipt: at least `ahead_ms`, negative where it is behind.

    `by` `sent`: measured at the device's own time of sending. `observed`: at the times of what it saw, where a message
    that travelled late looks like a slow clock (`behind_or_late`). It is shown, never applied.
    """

    ahead_ms: int
    by: Literal["sent", "observed"]
    messages: int
    since: At
    verdict: Verdict


class CorrectionShape(BaseModel, frozen=True):
    """A correction as it was said: within [from, until) of the device's own clock everything was `offset_ms` later."""

    offset_ms: int
    from_ms: At = Field(serialization_alias="from")
    until_ms: At | None = Field(serialization_alias="until")
    reason: str
    by: str
    at: At


class Contradictions(BaseModel, frozen=True):
    """Messages whose payload named another device than their topic. The topic's counts."""

    count: int
    last_said: str | None
    at: At | None


class DeviceShape(BaseModel, frozen=True):
    """A device now. `heard_at`: when it was last received; `last`: null where it was never heard; `reader`: who scanned
    or heard a tag or beacon; `flagged_ahead`, `flagged_unset`: messages judged at receipt for their impossible time."""

    device: str
    sort: Sort
    holder: Holder | None
    since: At | None
    until: At | None
    known_at: At
    first_heard_at: At | None
    heard_at: At | None
    messages: int
    last: LastMessage | None
    reader: str | None
    battery_pct: int | None
    battery_at: At | None
    status: dict[str, Any] | None
    status_at: At | None
    dialect: str | None
    flagged_ahead: int
    flagged_unset: int
    contradictions: Contradictions
    clock: ClockEstimate | None


class DevicePage(BaseModel, frozen=True):
    """A page of devices, those that speak for nobody first. `unknown`, `bound`: how many there are in all.
    `next`: the cursor of the page after it."""

    items: list[DeviceShape]
    unknown: int
    bound: int
    next: str | None


class SettingsShape(BaseModel, frozen=True):
    """How a device is read; null: as its topic and its payload say."""

    topic: str | None
    dialect: str | None
    zone: str | None
    crs: Crs | None
    model: str | None
    fields: dict[str, str]


class DeviceWhole(DeviceShape, frozen=True):
    """A device with its bindings (newest first), settings, corrections (newest first) and last messages.
    `first_observed_at`: the earliest time it spoke of; `clock_offset_ms`: the correction of its clock as it is now."""

    first_observed_at: At | None
    bindings: list[BindingShape]
    settings: SettingsShape
    clock_offset_ms: int
    corrections: list[CorrectionShape]
    recent: list[Message]


class ModelShape(BaseModel, frozen=True):
    """A tracker whose field map is known."""

    model: str
    title: str


class DialectsShape(BaseModel, frozen=True):
    """What a device's settings may name."""

    dialects: list[str]
    models: list[ModelShape]


class SettingsAsk(Ask):
    """All settings of the device; what is left out is as the topic and the payload say. `topic`: what it publishes at
    and below, if not the usual place of its `dialect`; `zone`: of times without one (IANA); `crs`: of its positions;
    `model`: a tracker whose field map is known; `fields`: a map of its own, our name to the path in the payload."""

    topic: str | None = None
    dialect: str | None = None
    zone: str | None = None
    crs: Crs | None = None
    model: str | None = None
    fields: dict[str, str] = {}

    def command(self, at_ms: Ms, by: str, device: str) -> Command:
        settings = DeviceSettings(
            topic=self.topic,
            dialect=self.dialect,
            zone=self.zone,
            crs=self.crs,
            model=self.model,
            fields=self.fields,
        )
        return ConfigureDevice(at_ms=at_ms, by=by, device=device, settings=settings)


class ClockCorrectionAsk(Ask):
    """What the device dates within [from, until) of its own clock happened `offset_ms` later than it says: negative
    where the clock ran ahead; 0 takes corrections of that period back. `until` none: from then on."""

    offset_ms: int
    from_ms: Instant = Field(alias="from")
    until_ms: Instant | None = Field(default=None, alias="until")
    reason: str

    def command(self, at_ms: Ms, by: str, device: str) -> Command:
        return CorrectDeviceClock(
            at_ms=at_ms,
            by=by,
            device=device,
            offset_ms=self.offset_ms,
            from_ms=Ms(self.from_ms),
            until_ms=None if self.until_ms is None else Ms(self.until_ms),
            reason=self.reason,
        )


def shape(row: DeviceRow, clock_off_s: float) -> DeviceShape:
    """One device of a list. `clock_off_s`: from how much on its clock is said to be wrong."""
    return DeviceShape(**_fields(row, clock_off_s))


def whole(
    row: DeviceRow,
    recent: Sequence[SaidRow],
    names: tuple[dict[str, str], dict[str, str]],
    now_ms: int,
    clock_off_s: float,
) -> DeviceWhole:
    """One device with all that is known of it."""
    settings, corrections = row.configured(), row.corrected()
    said = [CorrectionShape(**_correction(c)) for c in reversed(corrections)]
    standing = ClockPeriods()
    for c in corrections:
        told = DeviceClockCorrected(
            recorded_at_ms=Ms(c.recorded_ms),
            device=row.device,
            offset_ms=c.offset_ms,
            from_ms=Ms(c.from_ms),
            until_ms=None if c.until_ms is None else Ms(c.until_ms),
        )
        standing = evolve(standing, told)
    return DeviceWhole(
        **_fields(row, clock_off_s),
        first_observed_at=row.first_at_ms,
        bindings=[_binding(period, names) for period in reversed(row.periods())],
        settings=SettingsShape(**msgspec.structs.asdict(settings)),
        clock_offset_ms=standing.offset_ms(now_ms + (row.lead_ms or 0)),
        corrections=said,
        recent=[_message(each) for each in recent],
    )


def _fields(row: DeviceRow, clock_off_s: float) -> dict[str, Any]:
    return {
        "device": row.device,
        "sort": next((sort for begin, sort in _SORTS.items() if row.device.startswith(begin)), "device"),
        "holder": _holder(row.worker, row.site, row.worker_name, row.site_name),
        "since": row.since_ms,
        "until": row.until_ms,
        "known_at": row.known_ms,
        "first_heard_at": row.first_recorded_ms,
        "heard_at": row.last_recorded_ms,
        "messages": row.messages,
        "last": _last(row),
        "reader": row.reader,
        "battery_pct": row.battery_pct,
        "battery_at": row.battery_at_ms,
        "status": None if row.status is None else msgspec.json.decode(row.status),
        "status_at": row.status_at_ms,
        "dialect": row.configured().dialect,
        "flagged_ahead": row.ahead,
        "flagged_unset": row.unset,
        "contradictions": Contradictions(count=row.contradictions, last_said=row.contradicts, at=row.contradicted_ms),
        "clock": _clock(row, clock_off_s),
    }


def _holder(worker: str | None, site: str | None, worker_name: str | None, site_name: str | None) -> Holder | None:
    if worker is not None:
        return Holder(kind="worker", id=worker, name=worker_name)
    return None if site is None else Holder(kind="site", id=site, name=site_name)


def _binding(period: Binding, names: tuple[dict[str, str], dict[str, str]]) -> BindingShape:
    workers, sites = names
    holder = _holder(period.worker, period.site, workers.get(period.worker or ""), sites.get(period.site or ""))
    assert holder is not None
    return BindingShape(holder=holder, from_ms=period.from_ms, until_ms=period.until_ms)


def _last(row: DeviceRow) -> LastMessage | None:
    if row.kind is None or row.last_at_ms is None:
        return None
    return LastMessage(kind=row.kind, at=row.last_at_ms, said=_said(row.kind, row.said or "{}"))


def _message(row: SaidRow) -> Message:
    return Message(
        fact=row.fact,
        device=row.device,
        kind=row.kind,
        at=row.at_ms,
        received_at=row.known_ms,
        said=_said(row.kind, row.body),
    )


def _said(kind: str, body: str) -> dict[str, Any]:
    said: dict[str, Any] = msgspec.json.decode(body)
    if kind != POSITION:
        return {name: value for name, value in said.items() if name not in _UNTOLD}
    shown = {"lat": degrees(said["lat_e7"]), "lon": degrees(said["lon_e7"])}
    tenths = {"accuracy_m": ("accuracy_dm", 10), "speed_mps": ("speed_cms", 100), "heading_deg": ("heading_cdeg", 100)}
    shown |= {name: said[stored] / unit for name, (stored, unit) in tenths.items() if stored in said}
    if "battery_pct" in said:
        shown["battery_pct"] = said["battery_pct"]
    return shown | ({"extras": msgspec.json.decode(said["extras"])} if "extras" in said else {})


def _clock(row: DeviceRow, clock_off_s: float) -> ClockEstimate | None:
    if row.lead_ms is None or row.lead_count is None or row.lead_since_ms is None:
        return None
    by: Literal["sent", "observed"] = "sent" if row.lead_by == "sent" else "observed"
    return ClockEstimate(
        ahead_ms=row.lead_ms,
        by=by,
        messages=row.lead_count,
        since=row.lead_since_ms,
        verdict=_verdict(row.lead_ms, by, clock_off_s),
    )


def _verdict(lead_ms: int, by: Literal["sent", "observed"], off_s: float) -> Verdict:
    if abs(lead_ms) < off_s * SECOND_MS:
        return "right"
    if lead_ms > 0:
        return "ahead"
    return "behind" if by == "sent" else "behind_or_late"


def _correction(said: Any) -> dict[str, Any]:
    return {
        "offset_ms": said.offset_ms,
        "from_ms": said.from_ms,
        "until_ms": said.until_ms,
        "reason": said.reason,
        "by": said.by,
        "at": said.recorded_ms,
    }
