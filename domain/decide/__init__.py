"""Decisions: a command and the history of one stream in, new events out. Pure; appending them is eventlog's.

    events = handle(history_of(stream_of(command)), command)

Look up no other stream: whether a visit's site exists is shown to people, not enforced here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from domain.decide import alert, checks, customer, device, device_settings, policy, shift, site, visit, worker
from domain.decide.alert import AcknowledgeAlert, ResolveAlert, alert_stream
from domain.decide.base import Command, Decider
from domain.decide.customer import RegisterCustomer, customer_stream
from domain.decide.device import BindDevice, CorrectDeviceClock, UnbindDevice, device_stream
from domain.decide.device_settings import ConfigureDevice
from domain.decide.policy import AdoptPolicy, policy_stream
from domain.decide.shift import CancelShift, PlanShift, shift_stream
from domain.decide.site import RegisterSite, site_stream
from domain.decide.visit import CancelVisit, ReassignVisit, RescheduleVisit, ScheduleVisit, visit_stream
from domain.decide.worker import RegisterWorker, worker_stream
from domain.events import Event

DECIDERS: dict[type[Command], Decider[Any, Any]] = {
    RegisterCustomer: customer.DECIDER,
    RegisterSite: site.DECIDER,
    RegisterWorker: worker.DECIDER,
    BindDevice: device.DECIDER,
    UnbindDevice: device.DECIDER,
    CorrectDeviceClock: device.DECIDER,
    ConfigureDevice: device_settings.DECIDER,
    PlanShift: shift.DECIDER,
    CancelShift: shift.DECIDER,
    ScheduleVisit: visit.DECIDER,
    RescheduleVisit: visit.DECIDER,
    ReassignVisit: visit.DECIDER,
    CancelVisit: visit.DECIDER,
    AdoptPolicy: policy.DECIDER,
    AcknowledgeAlert: alert.DECIDER,
    ResolveAlert: alert.DECIDER,
}
"""Every command and who decides on it."""


def stream_of(command: Command) -> str:
    """The name of the stream that a command concerns, e.g. `visit/v-17`."""
    return DECIDERS[type(command)].stream(command)


def handle(history: Iterable[Event], command: Command) -> tuple[Event, ...]:
    """The events that a command adds to its stream; none where it says nothing new.

    Raises Rejected: `invalid_…` for what the command contains, else `not_found`, `conflict`, `visit_cancelled`,
    `shift_cancelled` or `alert_resolved` for the state of things.
    """
    decider = DECIDERS[type(command)]
    checks.instant(command.at_ms, "at_ms")
    checks.text(command.by, "by")
    events: tuple[Event, ...] = decider.decide(decider.fold(history), command)
    return events


__all__ = [
    "DECIDERS",
    "AcknowledgeAlert",
    "AdoptPolicy",
    "BindDevice",
    "CancelShift",
    "CancelVisit",
    "Command",
    "ConfigureDevice",
    "CorrectDeviceClock",
    "Decider",
    "PlanShift",
    "ReassignVisit",
    "RegisterCustomer",
    "RegisterSite",
    "RegisterWorker",
    "RescheduleVisit",
    "ResolveAlert",
    "ScheduleVisit",
    "UnbindDevice",
    "alert_stream",
    "customer_stream",
    "device_stream",
    "handle",
    "policy_stream",
    "shift_stream",
    "site_stream",
    "stream_of",
    "visit_stream",
    "worker_stream",
]
