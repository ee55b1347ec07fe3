"""A fact counts once, also one whose time was not believed and which therefore has another instant at each telling."""

from __future__ import annotations

from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.events.facts import TimeQuality
from domain.positions import Flag
from projections.views.facts import FACTS
from projections.views.tracks import TRACKS
from tests.unit.projections.day import Day, fact, fix, ms
from tests.unit.projections.days import Told, days, disorderly, unsure

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True)


def test_a_fact_that_is_told_twice_is_one_fact() -> None:
    day = Day().visit("v", "10:00", "10:15").phone("p").says("p", "checkin", "10:03").ping("p", "10:04").tick("10:04")
    before = day.cell.fold("v")
    day.says("p", "checkin", "10:03").ping("p", "10:04").ping("p", "10:04")
    assert day.cell.fold("v") == before
    assert (len(day.cell.rows(FACTS)), len(day.cell.rows(TRACKS))) == (1, 1)


def test_a_position_judged_at_its_receipt_is_no_second_one_when_it_is_told_again() -> None:
    """Else one fix told twice, two minutes apart, would be somebody standing still inside."""
    day = Day().visit("v", "10:00", "10:15").phone("p")
    ahead = fix("p", ms("15:00"), 0.0, 10.0, flags=int(Flag.TIME_AHEAD))
    for receipt in ("10:00", "10:02"):
        day.cell.positions([ahead], ms(receipt))
    assert day.tick("10:02").steps("v") == []
    assert len(day.cell.rows(TRACKS)) == 1


def test_a_position_that_was_ahead_at_first_stays_where_it_was_judged_when_its_time_has_come() -> None:
    day = Day().visit("v", "10:00", "10:15").phone("p")
    day.cell.positions([fix("p", ms("10:03"), 0.0, 10.0, flags=int(Flag.TIME_AHEAD))], ms("10:00"))
    day.tick("10:03").ping("p", "10:03")
    assert day.steps("v") == []
    assert day.tick("10:05").steps("v") == ["at_compound 10:00", "arrived 10:05"]


def test_a_check_out_judged_at_its_receipt_counts_at_its_first() -> None:
    day = Day().visit("v", "10:00", "10:15").phone("p").says("p", "checkin", "10:03")
    out = msgspec.structs.replace(fact("checkout", "p", 0), quality=TimeQuality.UNSET)
    for receipt in ("10:20", "10:30"):
        day.cell.say(msgspec.structs.replace(out, recorded_at_ms=ms(receipt)))
    assert day.tick("10:30").steps("v")[-1] == "finished 10:20"


def test_a_clock_that_once_said_2100_makes_nothing_doubtful() -> None:
    day = Day().visit("v", "10:00", "10:15").phone("p")
    day.cell.positions([fix("p", 4_102_444_800_000, 0.0, 10.0, flags=int(Flag.TIME_AHEAD))], ms("09:59"))
    assert day.cell.judge.state.world.ahead_ms == {}


@EXAMPLES
@given(days(), st.integers(0, 1000))
def test_facts_judged_at_their_receipt_are_folded_like_the_others_once_each(told: Told, seed: int) -> None:
    rng = Random(seed)
    cell = disorderly(unsure(told, rng), rng)
    for visit in cell.judge.state.judged:
        assert cell.fold(visit) == cell.folded_purely(visit)
