"""A simulated company's day in two dialects, told in order and told in disorder: the same settled digest, and a rebuild
finds the rows of the live run to the byte.

DOORSTEP_TEST_COMPANY sets workers, visits, hours and seed (the figures that we quote are for 20,100,12,1).
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import NamedTuple

import psycopg
import pytest

from doorstep.replay import fresh_cell
from doorstep.settings import Settings
from eventlog.log import EventLog
from projections.digest import digest
from projections.judge import tables
from projections.rebuild import rebuild
from simulators.cell import Cell
from simulators.company_day import CompanyDay, company_day
from simulators.phone import MINUTE_MS, Sending
from simulators.play import as_clock
from simulators.publisher import Publisher

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

WORKERS, VISITS, HOURS, SEED = map(int, os.environ.get("DOORSTEP_TEST_COMPANY", "4,8,3,5").split(","))  # noqa: TID251 — not a setting of the product
START_MS = 1_795_128_300_000
EVERY_MS = MINUTE_MS
LIMIT_S = 120.0


class Outcome(NamedTuple):
    """What a day left behind: digests and rows by projection, and the rebuilds that were not equal."""

    settled: dict[str, str]
    rows: dict[str, int]
    unequal: list[int | None]


def test_order_and_repeats_change_nothing_settled_and_a_rebuild_changes_nothing() -> None:
    day = company_day(SEED, START_MS, workers=WORKERS, visits=VISITS, owntracks=0.5, day_min=HOURS * 60)
    told = [sending for sending in day.sendings if isinstance(sending, Sending)]
    topics = {sending.message.topic.split("/")[0] for sending in told}
    assert topics == {"doorstep", "owntracks"}
    orderly, disorderly = play(day, told), play(day, in_disorder(told))
    print(f"\n{len(told)} messages, rows {orderly.rows}")
    assert orderly.rows["alerts"] > 0
    assert orderly.unequal == disorderly.unequal == []
    assert disorderly.settled == orderly.settled
    assert disorderly.rows["tracks"] == orderly.rows["tracks"]


def in_disorder(told: Sequence[Sending]) -> list[Sending]:
    """One message in five up to an hour late, one in ten twice."""
    rng = random.Random(SEED)
    late = [s._replace(at_ms=s.at_ms + rng.randrange(60 * MINUTE_MS)) if rng.random() < 0.2 else s for s in told]
    return sorted(late + [s._replace(at_ms=s.at_ms + rng.randrange(MINUTE_MS)) for s in late if rng.random() < 0.1])


def play(day: CompanyDay, told: Sequence[Sending]) -> Outcome:
    """Play to a cell of its own, and fold its log anew in several ways."""
    end_ms = day.end_ms + 90 * MINUTE_MS
    settings = Settings.read({"api_port": random.randrange(20_000, 30_000)})
    with fresh_cell(settings) as address, Cell(address.api_url, address.token) as cell:
        with Publisher(address.mqtt_url, client_id="the-day", patience_s=LIMIT_S) as phones:
            phones.tick(START_MS)
            cell.wait_until(START_MS, LIMIT_S)
            for part in day.plan:
                cell.plan(part)

            def abreast(at_ms: int) -> None:
                """A call for help overtakes: were more than a tick waiting in the broker, it could lie too far off."""
                cell.wait_until(at_ms - EVERY_MS, LIMIT_S, look_s=0.005)

            as_clock(told, phones, from_ms=START_MS, until_ms=end_ms, every_ms=EVERY_MS, passed=abreast)
        cell.wait_until(end_ms, LIMIT_S)
        cell.wait_until_judged(LIMIT_S)
        with psycopg.connect(address.database_url) as conn, conn.cursor() as cursor:
            found = digest(cursor, "judge", tables())
        with EventLog(address.database_url) as log:
            pages = (7, 1_000, None)
            unequal = [p for p in pages if not rebuild(address.database_url, log, page_rows=p, swap=False).equal]
    return Outcome(found.settled, found.rows, unequal)
