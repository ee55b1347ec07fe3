"""A company's day: the same from the same seed everywhere, with all that goes wrong, and nothing on a knife's edge."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doorstep.settings import inherited_environ
from simulators.cell import instant_ms
from simulators.company import company, plans
from simulators.company_day import CompanyDay, company_day
from simulators.dialects import speaks_for
from simulators.mishaps import Mishap
from simulators.promise import LATE_MS, NO_SHOW_MS
from simulators.truth import KINDS
from simulators.wire import Lost, Message

START_MS = instant_ms("2026-11-23T06:45:00+08:00")
MINUTE_MS = 60_000


@pytest.fixture(scope="module", params=[1, 2])
def day(request: pytest.FixtureRequest) -> CompanyDay:
    return company_day(request.param, START_MS, workers=20, visits=100)


def messages(day: CompanyDay) -> list[tuple[int, Message]]:
    return [(at_ms, message) for at_ms, message in day.sendings if not isinstance(message, Lost)]


def reports(message: Message) -> list[dict[str, Any]]:
    said = msgspec.json.decode(message.payload)
    return said if isinstance(said, list) else [said]


def said_ms(report: dict[str, Any]) -> int | None:
    if "tst" in report:
        return int(report["tst"]) * 1000
    return instant_ms(report["time"]) if "time" in report else None


def of_one_seed() -> str:
    found = company_day(5, START_MS, workers=4, visits=12, day_min=360)
    return sha256(repr((found.plan, found.sendings, found.wills, found.truth)).encode()).hexdigest()


def test_the_same_seed_gives_the_same_messages_in_every_process() -> None:
    told = [
        subprocess.run(
            [sys.executable, "-c", f"from {__name__} import of_one_seed; print(of_one_seed())"],
            cwd=Path(__file__).parents[3],
            env={**inherited_environ(), "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for hash_seed in ("1", "2")
    ]
    assert told == [of_one_seed()] * 2


def test_another_seed_gives_another_day() -> None:
    assert company_day(5, START_MS, workers=2, visits=4) != company_day(6, START_MS, workers=2, visits=4)


def test_every_kind_of_alert_has_its_truths_and_every_mishap_comes(day: CompanyDay) -> None:
    kinds = Counter(alert.kind for alert in day.truth.alerts)
    assert set(kinds) == set(KINDS)
    assert min(kinds.values()) >= 3
    assert {visit.mishap for visit in day.truth.visits} >= set(Mishap)


def test_whoever_is_in_time_or_late_or_missed_is_so_by_minutes(day: CompanyDay) -> None:
    for visit in day.truth.visits:
        came = [step.at_ms for step in visit.steps if step.status == "at_compound"]
        after_ms = came[0] - visit.window_to_ms if came else None
        if after_ms is not None and visit.mishap not in ("slow_start", "breakdown", "signed_and_late"):
            assert after_ms <= -2 * MINUTE_MS or after_ms >= LATE_MS + 3 * MINUTE_MS
        if after_ms is not None:
            assert not -2 * MINUTE_MS < after_ms < LATE_MS + 3 * MINUTE_MS
            assert abs(after_ms - NO_SHOW_MS) >= 2 * MINUTE_MS


def test_nobody_comes_before_ten_minutes_to_the_window(day: CompanyDay) -> None:
    for visit in day.truth.visits:
        assert all(
            step.at_ms >= visit.window_from_ms - 10 * MINUTE_MS for step in visit.steps if step.status == "at_compound"
        )


def test_messages_are_in_order_and_nothing_is_said_before_it_happened(day: CompanyDay) -> None:
    times = [sending.at_ms for sending in day.sendings]
    assert times == sorted(times)
    assert times[0] >= day.start_ms
    assert times[-1] < day.end_ms
    for at_ms, message in messages(day):
        assert all(said is None or said <= at_ms for said in map(said_ms, reports(message)))


def test_a_third_of_the_workers_carry_owntracks_and_every_device_has_a_will(day: CompanyDay) -> None:
    phones = {speaks_for(m) for _, m in messages(day) if m.topic.startswith("owntracks/")}
    assert len(phones) == 7
    assert {speaks_for(message) for _, message in messages(day)} <= set(day.wills)
    assert all(day.wills[phone].payload.startswith(b'{"_type":"lwt"') for phone in phones)
    devices = {binding["device"] for part in day.plan for binding in part.get("bindings", [])}
    assert devices == set(day.devices)


def test_a_phone_that_is_off_says_nothing(day: CompanyDay) -> None:
    losses = [(at_ms, lost.connection) for at_ms, lost in day.sendings if isinstance(lost, Lost)]
    assert losses
    for lost_ms, connection in losses:
        after = [at_ms for at_ms, m in messages(day) if speaks_for(m) == connection and at_ms > lost_ms]
        assert not after or min(after) - lost_ms > 10 * MINUTE_MS


def test_a_day_on_which_nothing_goes_wrong_alerts_nobody() -> None:
    quiet = company_day(1, START_MS, workers=6, visits=30, anomalies=False)
    assert quiet.truth.alerts == ()
    assert {visit.steps[-1].status for visit in quiet.truth.visits} == {"finished"}


def test_a_plan_fits_into_what_one_call_takes() -> None:
    members = company(1, START_MS, workers=150, visits=1_100, owntracks=1 / 3)
    parts = plans(members, START_MS, {member.key: f"{member.key}-phone" for member in members})
    assert len(parts) == 3
    assert all(sum(map(len, part.values())) <= 5_000 for part in parts)
    assert sum(len(part.get("visits", ())) for part in parts) == 1_100


def test_more_visits_than_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        company_day(1, START_MS, workers=1, visits=12)


def test_no_true_arrival_lies_where_a_second_decides() -> None:
    """A big day has many workers who run late from visit to visit."""
    day = company_day(3, START_MS, workers=60, visits=450)
    for visit in day.truth.visits:
        came_ms = next((step.at_ms for step in visit.steps if step.status == "at_compound"), None)
        if came_ms is not None:
            after_min = (came_ms - visit.window_to_ms) / MINUTE_MS
            assert after_min <= -2 or after_min >= 10 + 3, (visit.visit, visit.mishap, after_min)
