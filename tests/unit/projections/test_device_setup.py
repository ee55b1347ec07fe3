"""What a device is set to: one row for each part of its entry, beside how it is."""

from __future__ import annotations

from domain.events.device import DeviceStatusChanged
from domain.time import Ms
from projections.views.registry import DEVICE_SETUP, DEVICE_STATUS
from tests.unit.projections.memory import Cell

NOW_MS = Ms(1_795_222_930_000)


def told(about: str, **status: object) -> DeviceStatusChanged:
    return DeviceStatusChanged(recorded_at_ms=NOW_MS, device="jane.phone", about=about, status=status)


def test_regions_and_cards_stand_beside_each_other_and_leave_the_status_alone() -> None:
    cell = Cell()
    cell.say(told("", online=False))
    cell.say(told("card", name="李四"))
    cell.say(told("region:6da9cf", name="家"))
    cell.say(told("region:6da9cf", name="家", radius_m=50.0))
    assert [(row["about"], row["said"]) for row in cell.rows(DEVICE_SETUP)] == [
        ("card", '{"name":"李四"}'),
        ("region:6da9cf", '{"name":"家","radius_m":50.0}'),
    ]
    assert [row["status"] for row in cell.rows(DEVICE_STATUS)] == ['{"online":false}']
