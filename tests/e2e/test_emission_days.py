"""Real phones' days as they wrote them, and in much worse order: the settled digest is that of the days sorted.

Every recording of `traces/emission` (DOORSTEP_DATA) at once; `make torture` plays more orders, and over MQTT.
"""

from __future__ import annotations

import pytest

from domain.time import MINUTE_MS
from doorstep.settings import Settings
from tests.conftest import fresh_database
from tests.torture import days
from tests.torture.days import Kept, RealDays

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SEED = 38


@pytest.fixture(scope="module")
def real() -> RealDays:
    folder = Settings.read().data
    if not (folder / "traces/emission").is_dir():
        pytest.skip(f"no recordings at {folder}: set DOORSTEP_DATA")
    return days.real_days(folder)


@pytest.fixture(scope="module")
def in_order(real: RealDays, postgres_url: str) -> Kept:
    with fresh_database(postgres_url) as database:
        return days.keep(database, real, days.as_sorted(real))


@pytest.mark.parametrize("order", ["as written", "in disorder", "at once"])
def test_the_order_in_which_real_days_come_in_changes_nothing_settled(
    order: str, real: RealDays, in_order: Kept, database: str
) -> None:
    kept = days.keep(database, real, days.orders(SEED)[order](real), every_ms=20 * MINUTE_MS)
    assert kept.digests.settled == in_order.digests.settled
    assert kept.digests.rows["tracks"] == in_order.digests.rows["tracks"]
    assert kept.digests.exact != in_order.digests.exact, "it should have been known differently"
    assert kept.digests.rows["transitions"] > 50
    assert kept.digests.rows["alerts"] > 0
