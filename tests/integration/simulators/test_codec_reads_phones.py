"""Two people's reading of one wire format: what the simulated phones write, ingest reads, value for value."""

from __future__ import annotations

import msgspec
import pytest

from domain.events.facts import KINDS, TimeQuality
from domain.time import Ms
from ingest.codecs.native import CODEC
from ingest.message import Message as Received
from ingest.reading import Receipt
from simulators.cell import instant_ms
from simulators.day import Day, seeded_day
from simulators.recordings import Fix, Recording
from simulators.replay import replay
from simulators.wire import clock

START_MS = instant_ms("2026-11-21T07:45:00+08:00")


@pytest.fixture(scope="module")
def day() -> Day:
    return seeded_day(1, START_MS)


def received(topic: str, payload: bytes) -> Received:
    return Received(topic=topic, payload=payload)


def test_every_message_of_the_simulated_day_is_read_without_a_fault(day: Day) -> None:
    heard = set()
    for at_ms, (topic, payload) in day.sendings:
        decoded = CODEC.decode(received(topic, payload), Receipt(Ms(at_ms)))
        assert not decoded.unreadable
        said = msgspec.json.decode(payload)
        count = len(said) if isinstance(said, list) else 1
        assert len(decoded.positions) + len(decoded.facts) == count
        heard.add(topic.rpartition("/")[2])
        for fact in decoded.facts:
            assert fact.quality is TimeQuality.DEVICE
            assert fact.extras == {}
            assert fact.KIND in KINDS
        for position in decoded.positions:
            assert position.flags & 0xC0 == 0
            assert not position.extras
    assert heard == {
        "position",
        "status",
        "shift",
        "checkin",
        "checkout",
        "checklist",
        "contact",
        "no_access",
        "delay",
        "sos",
    }


def test_a_fix_means_the_same_to_both(day: Day) -> None:
    at_ms, (topic, payload) = next(s for s in day.sendings if s.message.topic.endswith("phone-1/position"))
    said = msgspec.json.decode(payload)
    (read,) = CODEC.decode(received(topic, payload), Receipt(Ms(at_ms))).positions
    assert read.device == "phone-1"
    assert read.observed_at_ms == instant_ms(said["time"])
    assert (read.lat_e7, read.lon_e7) == (round(said["lat"] * 1e7), round(said["lon"] * 1e7))
    assert read.accuracy_dm == round(said["accuracy"] * 10)
    assert read.speed_cms == round(said["speed"] * 100)
    assert read.battery_pct == said["battery"]


def test_a_recorded_fix_keeps_its_time_and_a_time_of_zero_is_seen() -> None:
    track = [Fix(36_000.25, 36_001.0, 37.0, -122.0, 12.5, -1.0, -1.0), Fix(0.0, 36_002.0, 37.0, -122.0)]
    sendings = replay(Recording("r", track, []), worker="w", device="d").sendings
    read = [CODEC.decode(received(*message), Receipt(Ms(at_ms))).positions[0] for at_ms, message in sendings]
    assert read[0].observed_at_ms == 36_000_250
    assert read[0].sent_ms == 36_001_000
    assert read[0].speed_cms is None  # -1 is how a phone says that it does not know
    assert read[0].heading_cdeg is None
    assert read[1].flags & 0xC0 == 0x80


def test_the_time_that_a_replay_tells_is_the_time_that_is_followed() -> None:
    assert CODEC.decode(received(*clock(START_MS)), Receipt(Ms(0))).tick_ms == START_MS
