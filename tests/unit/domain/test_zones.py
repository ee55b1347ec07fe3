"""Zones come from the pinned database and from nowhere else."""

from __future__ import annotations

import zoneinfo
from datetime import timedelta

import pytest

from domain import zones
from domain.time import to_datetime


def test_a_listed_zone_tells_local_time():
    assert to_datetime(0).astimezone(zones.zone("Asia/Shanghai")).utcoffset() == timedelta(hours=8)


def test_every_listed_zone_can_be_read():
    for name in zones.names():
        assert zones.zone(name).key == name


def test_the_host_has_no_say(monkeypatch):
    zones.zone.cache_clear()
    monkeypatch.setattr(zoneinfo, "TZPATH", ())
    assert to_datetime(0).astimezone(zones.zone("America/New_York")).utcoffset() == timedelta(hours=-5)


@pytest.mark.parametrize("name", ["", "Asia/Peking", "asia/shanghai", "../tzdata", "Factory"])
def test_an_unlisted_name_is_no_zone(name):
    with pytest.raises(KeyError):
        zones.zone(name)
