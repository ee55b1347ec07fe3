"""The seeded day: the same from the same seed, and a day in which what the script says can be seen."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from math import cos, hypot, radians
from typing import Any

import msgspec
import pytest

from simulators.cell import instant_ms
from simulators.day import Day, seeded_day
from simulators.script import SCRIPT

START_MS = instant_ms("2026-11-21T07:45:00+08:00")
MINUTE_MS = 60_000
SEEDS = range(5)


@pytest.fixture(scope="module", params=SEEDS)
def day(request: pytest.FixtureRequest) -> Day:
    return seeded_day(request.param, START_MS)


def reports(day: Day, device: str, kind: str) -> list[dict[str, Any]]:
    """What a device said, in order of sending."""
    payloads = [s.message.payload for s in day.sendings if s.message.topic == f"doorstep/v1/{device}/{kind}"]
    decoded = [msgspec.json.decode(payload) for payload in payloads]
    return [report for said in decoded for report in (said if isinstance(said, list) else [said])]


def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    return 111_195 * hypot(a[0] - b[0], (a[1] - b[1]) * cos(radians(a[0])))


def test_the_same_seed_gives_the_same_messages() -> None:
    assert seeded_day(7, START_MS) == seeded_day(7, START_MS)


def test_another_seed_gives_another_day() -> None:
    assert seeded_day(7, START_MS).sendings != seeded_day(8, START_MS).sendings


def test_an_hour_later_is_the_same_day_an_hour_later() -> None:
    early, late = seeded_day(7, START_MS), seeded_day(7, START_MS + 60 * MINUTE_MS)
    assert [s.at_ms + 60 * MINUTE_MS for s in early.sendings] == [s.at_ms for s in late.sendings]


def test_five_workers_make_a_dozen_visits(day: Day) -> None:
    assert len(day.plan["workers"]) == 5
    assert len(day.plan["visits"]) == len(day.plan["sites"]) == len(day.plan["customers"]) == len(SCRIPT) == 12
    assert {visit["worker"] for visit in day.plan["visits"]} == {worker["worker"] for worker in day.plan["workers"]}


def test_messages_are_in_order_of_sending(day: Day) -> None:
    times = [sending.at_ms for sending in day.sendings]
    assert times == sorted(times)
    assert times[0] >= START_MS
    assert day.end_ms < START_MS + 12 * 60 * MINUTE_MS


def test_nothing_is_said_before_it_happened(day: Day) -> None:
    for sending in day.sendings:
        said = msgspec.json.decode(sending.message.payload)
        for report in said if isinstance(said, list) else [said]:
            assert instant_ms(report["time"]) <= sending.at_ms


def test_the_shown_worker_is_under_way_at_once_and_for_half_an_hour(day: Day) -> None:
    shown = next(site for site in day.plan["sites"] if site["site"] == day.plan["visits"][0]["site"])
    truth = next(truth for truth in day.truth if truth.visit == day.shown)
    assert truth.arrived_ms is not None
    first = reports(day, "phone-1", "position")[0]
    assert instant_ms(first["time"]) <= START_MS + 2 * MINUTE_MS
    assert 30 * MINUTE_MS <= truth.arrived_ms - START_MS <= 50 * MINUTE_MS
    fence = shown["fence"]
    site = (fence["lat"], fence["lon"]) if fence["shape"] == "circle" else tuple(fence["ring"][0])
    assert metres((first["lat"], first["lon"]), (site[0], site[1])) > 5_000
    window_from, window_to = (instant_ms(day.plan["visits"][0][name]) for name in ("window_from", "window_to"))
    assert window_from <= truth.arrived_ms <= window_to


def test_moving_phones_report_every_ten_to_fifteen_seconds(day: Day) -> None:
    times = [instant_ms(p["time"]) for p in reports(day, "phone-1", "position")]
    gaps = [b - a for a, b in pairwise(times) if b < START_MS + 30 * MINUTE_MS]
    assert len(gaps) > 100
    assert all(10_000 <= gap <= 15_000 for gap in gaps)


def test_phones_are_silent_indoors(day: Day) -> None:
    truth = next(truth for truth in day.truth if truth.visit == day.shown)
    assert truth.door_ms is not None
    assert truth.left_ms is not None
    inside = [
        at
        for p in reports(day, "phone-1", "position")
        if truth.door_ms + 3 * MINUTE_MS <= (at := instant_ms(p["time"])) < truth.left_ms
    ]
    assert len(inside) <= 5


def test_fixes_lie_near_the_truth_and_state_an_accuracy(day: Day) -> None:
    truth = {t.visit: t for t in day.truth}[day.shown]
    assert truth.arrived_ms is not None
    near = [p for p in reports(day, "phone-1", "position") if 0 <= instant_ms(p["time"]) - truth.arrived_ms < MINUTE_MS]
    site = next(site for site in day.plan["sites"] if site["site"] == "site-01")["fence"]
    at = (site["lat"], site["lon"]) if site["shape"] == "circle" else None
    for p in near:
        assert 3 < p["accuracy"] < 60
        if at:
            assert metres((p["lat"], p["lon"]), at) < 60


def test_the_script_can_be_seen(day: Day) -> None:
    kinds = Counter(sending.message.topic.rpartition("/")[2] for sending in day.sendings)
    assert kinds["sos"] == kinds["no_access"] == kinds["delay"] == 1
    assert 1_000 < kinds["position"] < 3_000
    assert kinds["checkin"] >= 3
    assert kinds["checkout"] >= 2
    assert kinds["contact"] == 4
    arrived = {t.visit: t for t in day.truth}
    closes = {visit["visit"]: instant_ms(visit["window_to"]) for visit in day.plan["visits"]}
    late = [v for v, t in arrived.items() if t.arrived_ms and t.arrived_ms > closes[v] + 10 * MINUTE_MS]
    nobody = [v for v, t in arrived.items() if t.arrived_ms is None]
    assert late == ["v-06"]
    assert nobody == ["v-12"]


def test_a_phone_that_was_offline_sends_an_array(day: Day) -> None:
    arrays = [s for s in day.sendings if s.message.payload.startswith(b"[")]
    assert len(arrays) == 1
    fixes = msgspec.json.decode(arrays[0].message.payload)
    assert len(fixes) > 10
    assert arrays[0].at_ms - instant_ms(fixes[0]["time"]) > 4 * MINUTE_MS


def test_the_shown_way_keeps_clear_of_other_customers(day: Day) -> None:
    others = [site["fence"] for site in day.plan["sites"][1:]]
    places = [(f["lat"], f["lon"]) if f["shape"] == "circle" else tuple(f["ring"][0]) for f in others]
    truth = {t.visit: t for t in day.truth}[day.shown]
    assert truth.arrived_ms is not None
    for p in reports(day, "phone-1", "position"):
        if instant_ms(p["time"]) < truth.arrived_ms:
            assert min(metres((p["lat"], p["lon"]), (at[0], at[1])) for at in places) > 500
