"""A recording becomes a plan and messages: everything as the phone had it, in the order in which it had it."""

from __future__ import annotations

from typing import Any

import msgspec

from simulators.recordings import Fix, Recording, Stop
from simulators.replay import Replay, replay

FENCE = {"shape": "circle", "lat": 37.0, "lon": -122.0, "radius_m": 150.0}
STOP = Stop("place 1", 36_500.0, 36_500.0, 40_000.0, FENCE, "somebody")
TRACK = [
    Fix(36_000.25, 36_001.0, 37.0, -122.0, 12.5, 0.0, -1.0, 3.0),
    Fix(0.0, 36_050.0, 37.0, -122.0, 65.0, -1.0),
    Fix(35_990.0, 36_040.0, 37.0, -122.0),
    Fix(36_060.0, 36_100.0, 37.0, -122.0),
]


def played(*, stops: list[Stop] | None = None, moved_ms: int = 0) -> Replay:
    recording = Recording("ios-1 rep00", TRACK, [STOP] if stops is None else stops, "America/Los_Angeles")
    return replay(recording, worker="w-1", device="phone-1", moved_ms=moved_ms)


def payloads(what: Replay) -> list[dict[str, Any]]:
    return [msgspec.json.decode(sending.message.payload) for sending in what.sendings]


def test_values_are_sent_as_they_are() -> None:
    first, zero, bare, _ = payloads(played())
    assert first == {
        "time": 36_000.25,
        "sent": 36_001.0,
        "lat": 37.0,
        "lon": -122.0,
        "accuracy": 12.5,
        "speed": 0.0,
        "heading": -1.0,
        "altitude": 3.0,
    }
    assert (zero["time"], zero["speed"]) == (0.0, -1.0)
    assert "accuracy" not in bare


def test_messages_go_in_file_order_when_the_phone_wrote_them() -> None:
    assert [sending.at_ms for sending in played().sendings] == [36_001_000, 36_050_000, 36_050_000, 36_100_000]
    assert [payload["time"] for payload in payloads(played())] == [36_000.25, 0.0, 35_990.0, 36_060.0]
    assert {sending.message.topic for sending in played().sendings} == {"doorstep/v1/phone-1/position"}


def test_every_stop_is_a_visit_in_the_quarter_hour_of_its_arrival() -> None:
    what = played()
    (visit,) = what.plan["visits"]
    assert visit == {
        "visit": "ios-1-rep00-1",
        "site": "s-ios-1-rep00-1",
        "customer": "c-ios-1-rep00-1",
        "service": "回放",
        "worker": "w-1",
        "window_from": "1970-01-01T10:00:00.000Z",
        "window_to": "1970-01-01T10:30:00.000Z",
        "planned_s": 3_600,
    }
    assert what.plan["sites"][0]["fence"] == FENCE
    assert what.plan["sites"][0]["zone"] == "America/Los_Angeles"
    assert what.stops == {"ios-1-rep00-1": STOP}


def test_the_phone_is_bound_before_anything_happens() -> None:
    what = played()
    (binding,) = what.plan["bindings"]
    assert binding["device"] == "phone-1"
    assert binding["from"] == "1970-01-01T09:59:00.000Z"
    assert what.from_ms == 35_940_000


def test_time_goes_on_until_silence_has_been_judged() -> None:
    assert played().until_ms >= (36_000 + 1_800 + 3_600) * 1000 + 4 * 3_600_000


def test_a_stay_without_an_end_is_planned_for_an_hour() -> None:
    (visit,) = played(stops=[STOP._replace(left_s=None)]).plan["visits"]
    assert visit["planned_s"] == 3_600


def test_a_moved_day_keeps_delays_and_the_time_zero() -> None:
    there, here = played(moved_ms=86_400_000), played()
    assert [s.at_ms - 86_400_000 for s in there.sendings] == [s.at_ms for s in here.sendings]
    times = [(a["time"], a["sent"] - b["sent"]) for a, b in zip(payloads(there), payloads(here), strict=True)]
    assert times == [(122_400.25, 86_400), (0.0, 86_400), (122_390.0, 86_400), (122_460.0, 86_400)]
    assert there.plan["visits"][0]["window_from"] == "1970-01-02T10:00:00.000Z"
