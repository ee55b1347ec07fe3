"""What the registry says reaches ingest, also when the first try fails."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from typing import cast
from uuid import UUID

import pytest

from domain.device_settings import DeviceSettings
from domain.errors import Unavailable
from domain.events.device import DeviceConfigured
from domain.time import Ms
from eventlog.entry import Entry
from eventlog.log import EventLog
from ingest import registry as registry_module
from ingest.devices import Devices
from ingest.registry import Registry, Tell

CONFIGURED = DeviceConfigured(
    recorded_at_ms=Ms(1), by="boss", device="p1", settings=DeviceSettings(topic="porch", dialect="native")
)


class Log:
    """One stream of one event."""

    def read(self, _: str, after: int) -> list[Entry]:
        return [Entry(0, UUID(int=0), 0, CONFIGURED)][after:]


@pytest.fixture(autouse=True)
def _no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_module.psycopg, "connect", lambda *_, **__: nullcontext())
    monkeypatch.setattr(registry_module.credentials, "keys", lambda _: {})


def registry(tell: Tell) -> Registry:
    return Registry(cast("EventLog", Log()), "", tell, zone="UTC", every_s=0.0)


def test_what_could_not_be_told_is_told_at_the_next_look() -> None:
    told: list[tuple[str, ...]] = []

    def tell(devices: Devices) -> None:
        told.append(devices.own_topics)
        if len(told) == 1:
            raise Unavailable("the topics cannot be noted")

    following = registry(tell)
    with pytest.raises(Unavailable):
        following.look()
    following.look()
    following.look()
    assert told == [("porch",), ("porch",)], "told again, and then no more"


def test_an_error_that_nobody_thought_of_does_not_end_it() -> None:
    stop, tries = threading.Event(), []

    def tell(_: Devices) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise RuntimeError("unexpected")
        stop.set()

    registry(tell).run(stop)
    assert len(tries) == 2
