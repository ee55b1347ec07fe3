"""How devices are to be read. All settings lie in one stream, which ingest follows (ingest/registry.py)."""

from __future__ import annotations

import re

from domain.decide import checks
from domain.decide.base import Command, Decider
from domain.device_settings import AS_IT_SAYS, DeviceSettings
from domain.events import Event
from domain.events.device import DeviceConfigured

STREAM = "device-settings"

MOST_FIELDS = 50
"""Fields of a map; twice the most that a tracker says."""

_NAME = re.compile(r"[a-z0-9_-]{1,64}")

Registry = dict[str, DeviceSettings]


class ConfigureDevice(Command, frozen=True, kw_only=True):
    """Read the device by these settings from now on; they replace all earlier ones."""

    device: str
    settings: DeviceSettings


def decide(state: Registry, command: ConfigureDevice) -> tuple[Event, ...]:
    """Settings that differ from those that stand. Raises Rejected, also where another device has the topic."""
    checks.device(command.device)
    _check(state, command.device, command.settings)
    if state.get(command.device, AS_IT_SAYS) == command.settings:
        return ()
    configured = DeviceConfigured(
        recorded_at_ms=command.at_ms, by=command.by, device=command.device, settings=command.settings
    )
    return (configured,)


def evolve(state: Registry, event: Event) -> Registry:
    """The settings of all devices after an event."""
    if not isinstance(event, DeviceConfigured):
        return state
    rest = {device: settings for device, settings in state.items() if device != event.device}
    return rest if event.settings == AS_IT_SAYS else rest | {event.device: event.settings}


DECIDER: Decider[Registry, ConfigureDevice] = Decider(
    stream=lambda command: STREAM, initial={}, decide=decide, evolve=evolve
)


def _check(state: Registry, device: str, settings: DeviceSettings) -> None:
    if settings.zone is not None:
        checks.zone(settings.zone)
    for what, name in (("dialect", settings.dialect), ("model", settings.model)):
        if name is not None and not _NAME.fullmatch(name):
            checks.invalid(what, f"{what} {name!r} is no name: small letters, digits, _ and -")
    if len(settings.fields) > MOST_FIELDS:
        checks.invalid("fields", f"a field map has at most {MOST_FIELDS} fields")
    for ours, path in settings.fields.items():
        checks.text(ours, "a field", needed=True)
        checks.text(path, f"the path of {ours}", needed=True)
    if settings.topic is None:
        return
    checks.text(settings.topic, "topic", needed=True)
    if settings.dialect is None:
        checks.invalid("topic", "a topic of its own needs a dialect to be read by")
    if any(char in settings.topic for char in "+# ") or settings.topic.startswith(("/", "$")):
        checks.invalid("topic", "a topic holds no wildcards or spaces, and begins neither with / nor with $")
    for other, theirs in state.items():
        if other != device and theirs.topic is not None and _overlap(theirs.topic, settings.topic):
            checks.invalid("topic", f"device {other} publishes at {theirs.topic!r}")


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")
