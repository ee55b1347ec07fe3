"""How devices are to be read: one stream for all, so that no two can claim one topic."""

from __future__ import annotations

from typing import Any

import pytest

from domain.decide import ConfigureDevice, handle, stream_of
from domain.device_settings import DeviceSettings
from domain.errors import Rejected
from domain.events import Event
from domain.events.device import DeviceConfigured
from domain.time import Ms

AT_MS = Ms(1_780_000_000_000)


def configure(device: str = "reader-1", **settings: Any) -> ConfigureDevice:
    return ConfigureDevice(at_ms=AT_MS, by="boss", device=device, settings=DeviceSettings(**settings))


def said(*commands: ConfigureDevice) -> list[Event]:
    history: list[Event] = []
    for command in commands:
        history += handle(history, command)
    return history


def test_all_settings_lie_in_one_stream() -> None:
    assert stream_of(configure("a")) == stream_of(configure("b"))


def test_settings_are_news_once_and_replace_the_earlier_ones() -> None:
    history = said(configure(zone="UTC"), configure(zone="UTC"), configure(crs="gcj02"))
    assert [event.settings for event in history if isinstance(event, DeviceConfigured)] == [
        DeviceSettings(zone="UTC"),
        DeviceSettings(crs="gcj02"),
    ]


def test_no_settings_for_a_device_that_has_none_are_no_news() -> None:
    assert said(configure()) == []
    assert len(said(configure(zone="UTC"), configure())) == 2


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"zone": "Mars/North"}, "invalid_zone"),
        ({"dialect": "ESP Home"}, "invalid_dialect"),
        ({"model": "../secrets"}, "invalid_model"),
        ({"topic": "gate"}, "invalid_topic"),
        ({"topic": "gate/#", "dialect": "esphome"}, "invalid_topic"),
        ({"topic": "$SYS/x", "dialect": "esphome"}, "invalid_topic"),
        ({"topic": "a b", "dialect": "esphome"}, "invalid_topic"),
        ({"fields": {"": "x"}}, "invalid_text"),
        ({"fields": {f"f{i}": "x" for i in range(51)}}, "invalid_fields"),
    ],
)
def test_what_cannot_be_followed_is_refused(settings: dict[str, Any], code: str) -> None:
    with pytest.raises(Rejected) as refused:
        handle([], configure(**settings))
    assert refused.value.code == code


@pytest.mark.parametrize("other", ["gate", "gate/tag", "gate/tag/2"])
def test_two_devices_cannot_publish_at_one_topic(other: str) -> None:
    history = said(configure(topic="gate/tag", dialect="esphome"))
    with pytest.raises(Rejected, match="reader-1"):
        handle(history, configure("reader-2", topic=other, dialect="esphome"))
    assert handle(history, configure("reader-2", topic="gate2", dialect="esphome"))
