"""The roll of devices: what each said last and how its clock runs, told where every size of pages agrees."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from domain.device_settings import DeviceSettings
from domain.events.device import DeviceClockCorrected, DeviceConfigured, DeviceStatusChanged
from domain.events.facts import CLASSES, TimeQuality
from domain.ids import fact_id
from domain.positions import Flag
from domain.time import HOUR_MS, MINUTE_MS, SECOND_MS, Ms
from projections import roll
from projections.roll import LONGEST_SAID
from projections.views.devices import DEVICES
from tests.unit.projections.day import Day, fix, ms
from tests.unit.projections.memory import Cell, Row, differences


@pytest.fixture
def day() -> Day:
    day = Day()
    day.tick("10:00")
    return day


def row(day: Day, device: str) -> Row:
    """What stands of a device."""
    return {each["device"]: each for each in day.cell.rows(DEVICES)}[device]


def ping(day: Day, device: str, at_ms: int, recorded_ms: int, **more: Any) -> None:
    """One fix, received at another time than it was made."""
    day.cell.positions([fix(device, at_ms, 0.0, 10.0, **more)], recorded_ms)


def says(day: Day, device: str, kind: str, at_ms: int | None, recorded_ms: int, **fields: Any) -> None:
    identity = fact_id(device, kind, at_ms or 0, repr(fields).encode())
    observed = None if at_ms is None else Ms(at_ms)
    known: dict[str, Any] = {"recorded_at_ms": Ms(recorded_ms), "fact": identity, "device": device}
    day.cell.say(CLASSES[kind](**known, observed_at_ms=observed, **fields))


def lead(day: Day, device: str = "p") -> tuple[int | None, str | None, int | None]:
    """The estimate of a clock after the next telling."""
    day.tick("23:59")
    told = row(day, device)
    return told["lead_ms"], told["lead_by"], told["lead_count"]


def test_the_first_message_is_told_at_once_and_further_ones_at_the_next_tick(day: Day) -> None:
    ping(day, "p", ms("10:00:01"), ms("10:00:02"), battery_pct=80)
    first = row(day, "p")
    assert (first["messages"], first["battery_pct"], first["first_recorded_at"]) == (1, 80, ms("10:00:02"))
    assert msgspec.json.decode(first["said"]) == {"lat_e7": 312000000, "lon_e7": 1214000000, "accuracy_dm": 100}
    for n in range(3):
        ping(day, "p", ms("10:00:06") + n, ms("10:00:07"))
    assert row(day, "p") == first, "no row for a ping"
    day.tick("10:00:10")
    assert (row(day, "p")["messages"], row(day, "p")["last_at"]) == (4, ms("10:00:06") + 2)


def test_a_tick_tells_so_many_at_the_most_and_those_that_wait_longest_first(
    day: Day, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roll, "TOLD_PER_TICK", 2)
    for minute in range(3):
        for n in range(5):
            ping(day, f"p{(n + minute) % 5}", ms("10:01") + minute, ms("10:01"))
    told: list[list[str]] = []
    for second in (10, 15, 20, 25):
        before = {each["device"]: each["messages"] for each in day.cell.rows(DEVICES)}
        day.tick(f"10:01:{second}")
        told.append([each["device"] for each in day.cell.rows(DEVICES) if each["messages"] != before[each["device"]]])
    assert told == [["p1", "p2"], ["p3", "p4"], ["p0"], []]


@pytest.mark.parametrize("page", [0, 2, 7])
def test_pages_and_restarts_of_any_size_leave_the_same_rows(day: Day, page: int) -> None:
    for n in range(40):
        ping(day, f"p{n % 3}", ms("10:00") + n * 3_000, ms("10:00") + n * 3_100, battery_pct=n)
        if n % 4 == 0:
            day.cell.tick(ms("10:00") + n * 3_100)
    again = Cell(page)
    for entry in day.cell.log[:50]:
        again.take(entry)
    again = again.restarted(again.judge.snapshot(), 50)
    for entry in day.cell.log[50:]:
        again.take(entry)
    assert len(again.rows(DEVICES)) == 3
    assert not differences(again.exact(), day.cell.exact())
    assert again.judge.state.roll == day.cell.judge.state.roll


def test_a_late_upload_is_received_now_and_does_not_hide_what_was_said_since(day: Day) -> None:
    ping(day, "p", ms("10:00"), ms("10:00"), battery_pct=70)
    says(day, "p", "contact", ms("08:00"), ms("10:05"), open=True)
    ping(day, "p", ms("07:00"), ms("10:06"), battery_pct=99)
    day.tick("10:10")
    told = row(day, "p")
    assert (told["kind"], told["last_at"], told["battery_pct"]) == ("position", ms("10:00"), 70)
    assert (told["first_at"], told["last_recorded_at"], told["messages"]) == (ms("07:00"), ms("10:06"), 3)


def test_a_clock_is_at_least_as_far_ahead_as_the_freshest_message_says(day: Day) -> None:
    for late_s in (30, 2, 900):
        ping(day, "p", ms("10:00") + HOUR_MS - late_s * SECOND_MS, ms("10:00"), flags=int(Flag.TIME_AHEAD))
    assert lead(day) == (HOUR_MS - 2 * SECOND_MS, "observed", 3)
    assert row(day, "p")["ahead"] == 3


def test_the_time_of_sending_tells_late_uploads_from_a_slow_clock(day: Day) -> None:
    ping(day, "p", ms("08:00"), ms("10:00"))
    assert lead(day) == (-2 * HOUR_MS, "observed", 1), "one cannot know"
    ping(day, "q", ms("08:00"), ms("10:00"), sent_ms=ms("10:00") - 300)
    assert lead(day, "q") == (-300, "sent", 1)


def test_a_clock_that_was_set_right_is_seen_to_be_in_the_second_hour(day: Day) -> None:
    ping(day, "p", ms("11:00"), ms("10:00"), flags=int(Flag.TIME_AHEAD))
    ping(day, "p", ms("11:00"), ms("11:00:01"))
    assert lead(day)[0] == HOUR_MS
    ping(day, "p", ms("12:00"), ms("12:00:01"))
    day.cell.tick(ms("24:30"))
    assert row(day, "p")["lead_ms"] == -SECOND_MS
    assert row(day, "p")["lead_since"] == ms("11:00")


def test_a_device_without_a_clock_has_no_estimate(day: Day) -> None:
    ping(day, "p", 0, ms("10:00"), flags=int(Flag.TIME_UNSET))
    says(day, "b", "button", None, ms("10:00"), press="single", quality=TimeQuality.ABSENT)
    assert (lead(day), row(day, "p")["unset"]) == ((None, None, None), 1)
    assert (row(day, "b")["lead_ms"], row(day, "b")["unset"]) == (None, 0)


def test_a_tag_that_nobody_owns_is_told_with_the_reader_that_saw_it_last(day: Day) -> None:
    says(day, "reader-1", "scan", ms("10:00"), ms("10:00"), tag="74-10-37-94")
    says(day, "phone", "checkin", ms("10:05"), ms("10:05"), tag="74103794", visit="v")
    says(day, "reader-2", "scan", ms("09:00"), ms("10:06"), tag="74103794")
    says(day, "gateway", "scan", ms("10:00"), ms("10:00"), tag="beacon:1de4b189115e45f6b44e509352269977:0:7")
    day.tick("10:10")
    tag = row(day, "tag:74103794")
    assert (tag["reader"], tag["kind"], tag["messages"], tag["lead_ms"]) == ("phone", "checkin", 3, None)
    assert row(day, "beacon:1de4b189115e45f6b44e509352269977:0:7")["reader"] == "gateway"
    assert row(day, "reader-1")["reader"] is None


def test_payloads_that_name_another_device_are_counted_with_the_last_name(day: Day) -> None:
    day.cell.positions(
        [
            fix("p", ms("10:00"), 0.0, 10.0, extras=b'{"contradicts":"q"}'),
            fix("p", ms("10:01"), 0.0, 10.0, extras=b'{"note":"contradicts"}'),
        ],
        ms("10:01"),
    )
    says(day, "p", "contact", ms("10:02"), ms("10:02"), open=True, extras={"contradicts": "r"})
    day.tick("10:10")
    told = row(day, "p")
    assert (told["contradictions"], told["contradicts"], told["contradicted_at"]) == (2, "r", ms("10:02"))


def test_decisions_about_a_device_are_told_at_once_also_of_one_never_heard(day: Day) -> None:
    day.phone("p", since="08:00", until="09:00")
    day.cell.say(DeviceConfigured(recorded_at_ms=Ms(ms("10:00")), device="p", settings=DeviceSettings(crs="gcj02")))
    day.cell.say(
        DeviceClockCorrected(
            recorded_at_ms=Ms(ms("10:01")), device="p", offset_ms=-5, from_ms=Ms(ms("08:00")), reason="so", by="a"
        )
    )
    told = row(day, "p")
    assert (told["kind"], told["first_at"], told["messages"]) == (None, None, 0)
    assert msgspec.json.decode(told["bindings"]) == [{"from_ms": ms("08:00"), "until_ms": ms("09:00"), "worker": "w"}]
    assert msgspec.json.decode(told["settings"]) == {"crs": "gcj02"}
    assert msgspec.json.decode(told["corrections"]) == [[-5, ms("08:00"), None, "so", "a", ms("10:01")]]


def test_what_a_corrected_clock_dates_is_shown_where_it_is_judged(day: Day) -> None:
    day.cell.say(
        DeviceClockCorrected(
            recorded_at_ms=Ms(ms("10:00")), device="p", offset_ms=HOUR_MS, from_ms=Ms(ms("08:00")), reason="so"
        )
    )
    says(day, "p", "contact", ms("09:00"), ms("10:00"), open=True)
    assert (row(day, "p")["last_at"], lead(day)[0]) == (ms("10:00"), -HOUR_MS), "its claim is what the clock says"
    ping(day, "p", ms("09:30"), ms("10:30"))
    day.tick("24:00")
    assert (row(day, "p")["kind"], row(day, "p")["last_at"]) == ("position", ms("10:30"))


def test_the_newest_status_stands_whether_it_was_retained_or_not(day: Day) -> None:
    retained = DeviceStatusChanged(
        recorded_at_ms=Ms(ms("10:00")), device="p", status={"online": True, "battery_pct": 55}
    )
    day.cell.say(retained)
    assert (row(day, "p")["battery_pct"], row(day, "p")["status_at"]) == (55, ms("10:00"))
    says(day, "p", "status", ms("10:05"), ms("10:05"), online=False, battery_pct=40)
    says(day, "p", "status", ms("09:05"), ms("10:06"), online=True, battery_pct=90)
    day.tick("10:10")
    assert (row(day, "p")["status"], row(day, "p")["battery_pct"]) == ('{"battery_pct":40,"online":false}', 40)


def test_service_codes_are_not_told_and_long_notes_are_cut(day: Day) -> None:
    says(day, "p", "checkin", ms("10:00"), ms("10:00"), code="493817", visit="v")
    says(day, "q", "sos", ms("10:00"), ms("10:00"), note="x" * (LONGEST_SAID + MINUTE_MS))
    assert row(day, "p")["said"] == '{"visit":"v"}'
    assert len(msgspec.json.decode(row(day, "q")["said"])["note"]) == LONGEST_SAID
