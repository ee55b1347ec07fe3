"""紧急求助: it needs no visit, no worker and no tick; each press stands once."""

from __future__ import annotations

import msgspec

from domain.events.facts import TimeQuality
from domain.time import Ms
from tests.unit.projections.day import Day, fact, ms


def test_sos_from_a_device_that_nobody_knows_stands_at_once() -> None:
    day = Day().says("p", "sos", "10:00", note="help")
    assert day.alerts("sos") == ["sos p 10:00"]
    assert (day.alert("sos")["subject_kind"], day.alert("sos")["worker"]) == ("device", None)


def test_sos_from_a_device_that_is_bound_later_is_the_workers() -> None:
    day = Day().says("p", "sos", "10:00").phone("p", since="09:00")
    assert day.alerts("sos") == ["sos w 10:00"]
    assert (day.alert("sos")["subject_kind"], day.alert("sos")["worker"]) == ("worker", "w")
    assert day.alert_changes("sos") == ["raised", "amended"]


def test_sos_names_the_worker_who_held_the_shared_phone() -> None:
    day = Day().phone("p").says("p", "sos", "10:00", worker="x")
    assert day.alerts("sos") == ["sos x 10:00"]
    assert day.phone("p", worker="y", since="09:00").alerts("sos") == ["sos x 10:00"]


def test_every_press_is_an_alert_of_its_own() -> None:
    assert Day().says("p", "sos", "10:00").says("p", "sos", "10:01").alert_changes("sos") == ["raised", "raised"]


def test_sos_that_is_told_again_changes_nothing_even_without_a_time_of_its_own() -> None:
    day = Day()
    pressed = msgspec.structs.replace(fact("sos", "p", 0), quality=TimeQuality.UNSET)
    for at in ("10:00", "10:05"):
        day.cell.say(msgspec.structs.replace(pressed, recorded_at_ms=Ms(ms(at))))
    assert day.alerts("sos") == ["sos p 10:00"]
    assert day.phone("p").alerts("sos") == ["sos w 10:00"]
    assert day.alert_changes("sos") == ["raised", "amended"]
