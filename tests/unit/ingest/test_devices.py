"""The registry as codecs see it: a device may have a topic and a dialect of its own."""

from __future__ import annotations

import pytest

from domain.device_settings import DeviceSettings
from domain.errors import Unreadable
from domain.positions import Flag
from domain.time import Ms
from ingest.codecs import read
from ingest.devices import Address, Devices
from ingest.message import Message
from ingest.reading import Receipt

NOW_MS = Ms(1_795_222_923_456)
FIX = b'{"time":1795222900,"lat":31.2304,"lon":121.4737}'


def receipt(zone: str = "UTC", **devices: DeviceSettings) -> Receipt:
    return Receipt(NOW_MS, devices=Devices(devices, zone=zone))


def test_an_own_topic_is_found_at_and_below_it() -> None:
    devices = Devices({"p1": DeviceSettings(topic="gate/tag", dialect="native")})
    assert devices.at("gate/tag") == Address("p1", "native", "")
    assert devices.at("gate/tag/a/b") == Address("p1", "native", "/a/b")
    assert devices.at("gate/tags") is devices.at("gate") is devices.at("x/gate/tag") is None


def test_a_topic_of_very_many_levels_costs_no_more_than_another() -> None:
    class Counted(str):
        looked = 0

        def __getitem__(self, part: object) -> str:
            Counted.looked += 1
            return super().__getitem__(part)  # type: ignore[index]

    devices = Devices({"p1": DeviceSettings(topic="gate/tag", dialect="native")})
    assert devices.at(Counted("/" * 60_000)) is None
    assert Counted.looked < 5


def test_a_device_with_a_topic_of_its_own_is_read_in_its_dialect() -> None:
    own = receipt(p1=DeviceSettings(topic="lab/thing", dialect="native"))
    (position,) = read(Message("lab/thing/position", FIX), own).positions
    assert position.device == "p1"


def test_an_own_topic_with_an_unknown_dialect_is_a_letter_that_says_so() -> None:
    own = receipt(p1=DeviceSettings(topic="lab/thing", dialect="klingon"))
    with pytest.raises(Unreadable) as unreadable:
        read(Message("lab/thing/position", FIX), own)
    assert unreadable.value.code == "unknown_dialect"


def test_positions_of_a_device_on_a_chinese_map_become_wgs84() -> None:
    (shifted,) = read(Message("doorstep/v1/p1/position", FIX), receipt(p1=DeviceSettings(crs="gcj02"))).positions
    (plain,) = read(Message("doorstep/v1/p2/position", FIX), receipt(p1=DeviceSettings(crs="gcj02"))).positions
    assert shifted.flags & Flag.GCJ02
    assert shifted.lat_e7 != plain.lat_e7 == 312_304_000


def test_the_zone_of_a_device_goes_before_that_of_the_cell() -> None:
    devices = Devices({"p1": DeviceSettings(zone="Asia/Urumqi")}, zone="Asia/Shanghai")
    assert (devices.zone_of("p1"), devices.zone_of("p2")) == ("Asia/Urumqi", "Asia/Shanghai")
