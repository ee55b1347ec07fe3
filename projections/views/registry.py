"""The plan as tables: who, where, what was promised. For lists and pages; the judge has its own (`world`)."""

from __future__ import annotations

import msgspec

from domain.events.customer import CustomerRegistered
from domain.events.device import DeviceBound, DeviceStatusChanged, DeviceUnbound
from domain.events.policy import PolicyAdopted
from domain.events.shift import ShiftCancelled, ShiftPlanned
from domain.events.site import SiteRegistered
from domain.events.worker import WorkerRegistered
from domain.geo import centre
from eventlog.entry import Entry
from projections.tables import Table, Writer
from projections.view import Case, Quiet

CUSTOMERS = Table(
    name="customers",
    columns={"customer": "text", "name": "text", "locale": "text"},
    key=("customer",),
    settled=("customer", "name", "locale"),
)
SITES = Table(
    name="sites",
    columns={
        "site": "text",
        "customer": "text",
        "name": "text",
        "address": "text",
        "zone": "text",
        "lat_e7": "int4",
        "lon_e7": "int4",
        "fence": "text",
    },
    key=("site",),
    settled=("site", "customer", "name", "address", "zone", "fence"),
    indexes=("(lat_e7)",),
)
WORKERS = Table(
    name="workers",
    columns={"worker": "text", "name": "text", "surname": "text", "title": "text"},
    key=("worker",),
    settled=("worker", "name", "surname", "title"),
)
DEVICE_STATUS = Table(
    name="device_status",
    columns={"device": "text", "status": "text", "status_at": "ms", "known_at": "ms"},
    key=("device",),
)
DEVICE_SETUP = Table(
    name="device_setup",
    columns={"device": "text", "about": "text", "said": "text", "known_at": "ms"},
    key=("device", "about"),
)
BINDINGS = Table(
    name="bindings",
    columns={
        "device": "text",
        "recorded": "int4",
        "from_at": "ms",
        "until_at": "ms",
        "worker": "text",
        "site": "text",
    },
    key=("device", "recorded"),
    settled=("device", "recorded", "from_at", "until_at", "worker", "site"),
)
SHIFTS = Table(
    name="shifts",
    columns={"shift": "text", "worker": "text", "from_at": "ms", "until_at": "ms", "cancelled": "bool"},
    key=("shift",),
    settled=("shift", "worker", "from_at", "until_at", "cancelled"),
)
POLICIES = Table(
    name="policies",
    columns={"version": "int8", "from_at": "ms", "changes": "text"},
    key=("version",),
    settled=("version", "from_at", "changes"),
)
VISITS = Table(
    name="visits",
    columns={
        "visit": "text",
        "site": "text",
        "customer": "text",
        "service": "text",
        "worker": "text",
        "window_from": "ms",
        "window_to": "ms",
        "planned_s": "int4",
        "checklist": "text",
        "revision": "int4",
        "first_from": "ms",
        "first_to": "ms",
        "cancelled": "bool",
    },
    key=("visit",),
    settled=(
        "visit",
        "site",
        "customer",
        "service",
        "worker",
        "window_from",
        "window_to",
        "planned_s",
        "checklist",
        "revision",
        "first_from",
        "first_to",
        "cancelled",
    ),
    indexes=("(window_from)", "(worker, window_from)"),
)


def _json(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


class Registry(Quiet):
    """Rows of the plan. Bindings are kept as they were said (`recorded` counts the stream); the last word wins."""

    tables = (CUSTOMERS, SITES, WORKERS, DEVICE_STATUS, DEVICE_SETUP, BINDINGS, SHIFTS, POLICIES, VISITS)

    def on_entry(self, entry: Entry, known_ms: int, out: Writer) -> None:
        match entry.event:
            case CustomerRegistered() as e:
                out.put(CUSTOMERS, customer=e.customer, name=e.name, locale=e.locale)
            case SiteRegistered() as e:
                lat, lon = centre(e.fence)
                out.put(
                    SITES,
                    site=e.site,
                    customer=e.customer,
                    name=e.name,
                    address=e.address,
                    zone=e.zone,
                    lat_e7=round(lat * 1e7),
                    lon_e7=round(lon * 1e7),
                    fence=_json(e.fence),
                )
            case WorkerRegistered() as e:
                out.put(WORKERS, worker=e.worker, name=e.name, surname=e.surname, title=e.title)
            case DeviceStatusChanged() as e if e.about:
                out.put(DEVICE_SETUP, device=e.device, about=e.about, said=_json(e.status), known_at=known_ms)
            case DeviceStatusChanged() as e:
                out.put(
                    DEVICE_STATUS,
                    device=e.device,
                    status=_json(e.status),
                    status_at=e.observed_at_ms,
                    known_at=known_ms,
                )
            case DeviceBound() as e:
                self._bound(entry.version, e.device, e.from_ms, e.until_ms, e.worker, e.site, out)
            case DeviceUnbound() as e:
                self._bound(entry.version, e.device, e.at_ms, None, None, None, out)
            case ShiftPlanned() as e:
                out.put(SHIFTS, shift=e.shift, worker=e.worker, from_at=e.from_ms, until_at=e.until_ms, cancelled=False)
            case ShiftCancelled() as e:
                out.put(SHIFTS, shift=e.shift, worker=e.worker, from_at=None, until_at=None, cancelled=True)
            case PolicyAdopted() as e:
                out.put(POLICIES, version=entry.version, from_at=e.from_ms, changes=_json(e.values))
            case _:
                pass

    def on_visit(self, case: Case, out: Writer) -> None:
        if not case.planned:
            return
        p = case.promise
        out.put(
            VISITS,
            visit=p.visit,
            site=p.site,
            customer=p.customer,
            service=p.service,
            worker=p.worker,
            window_from=p.window_from_ms,
            window_to=p.window_to_ms,
            planned_s=p.planned_s,
            checklist=_json(p.checklist),
            revision=p.revision,
            first_from=p.first_from_ms,
            first_to=p.first_to_ms,
            cancelled=p.cancelled_ms is not None,
        )

    @staticmethod
    def _bound(
        version: int, device: str, from_ms: int, until_ms: int | None, worker: str | None, site: str | None, out: Writer
    ) -> None:
        out.put(BINDINGS, device=device, recorded=version, from_at=from_ms, until_at=until_ms, worker=worker, site=site)


VIEW = Registry()
