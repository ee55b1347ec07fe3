"""What an OwnTracks phone publishes, byte for byte as the project describes it."""

from __future__ import annotations

import msgspec

from simulators.dialects import Fix, OwnTracks, speaks_for
from simulators.owntracks_wire import Location, Status, Transition, location, status, transition, will
from simulators.wire import Shift

PHONE = OwnTracks("jane", "iphone", 1_497_000_000_000)


def fix(at_ms: int = 1_497_508_651_750, speed_mps: float | None = 16.9) -> Fix:
    return Fix(at_ms, 48.8583312345, 2.2951301, 5.2, speed_mps, 271, 41, "gps")


def test_a_location_is_in_whole_seconds_and_kilometres_an_hour() -> None:
    topic, payload = PHONE.fix(fix())
    said = msgspec.json.decode(payload)
    assert topic == "owntracks/jane/iphone"
    assert said == {
        "_type": "location",
        "lat": 48.858331,
        "lon": 2.29513,
        "tst": 1497508651,
        "tid": "ne",
        "acc": 5,
        "batt": 41,
        "bs": 1,
        "cog": 271,
        "conn": "m",
        "created_at": 1497508652,
        "vel": 61,
    }


def test_a_speed_that_is_not_known_is_minus_one() -> None:
    assert msgspec.json.decode(PHONE.fix(fix(speed_mps=None)).payload)["vel"] == -1


def test_what_was_kept_comes_one_by_one() -> None:
    kept = PHONE.backlog([fix(), fix(1_497_508_661_000)], 1_497_508_900_000)
    assert [msgspec.json.decode(m.payload)["tst"] for m in kept] == [1497508651, 1497508661]


def test_a_region_is_entered_below_the_phones_topic() -> None:
    crossing = PHONE.crossing(fix(), "Home", inside=True)
    assert crossing is not None
    assert crossing.topic == "owntracks/jane/iphone/event"
    said = msgspec.json.decode(crossing.payload)
    assert (said["_type"], said["event"], said["desc"], said["wtst"]) == ("transition", "enter", "Home", 1497000000)


def test_the_will_bears_the_time_of_the_first_connection() -> None:
    assert PHONE.will(1_497_508_651_750) == ("owntracks/jane/iphone", b'{"_type":"lwt","tst":1497508651}')


def test_it_has_no_word_for_shifts() -> None:
    assert PHONE.report(Shift(time=0.0, on=True)) is None


def test_absent_fields_are_left_out() -> None:
    assert location("u", "d", Location(lat=1, lon=2, tst=3, tid="AB")).payload == (
        b'{"_type":"location","lat":1,"lon":2,"tst":3,"tid":"AB"}'
    )
    body = Transition(lat=1, lon=2, tst=3, wtst=2, tid="AB", event="leave", desc="x")
    assert b'"event":"leave"' in transition("u", "d", body).payload
    assert status("u", "d", Status(android={"loc": 0})) == (
        "owntracks/u/d/status",
        b'{"_type":"status","android":{"loc":0}}',
    )
    assert speaks_for(will("u", "d", 1)) == "u-d"
