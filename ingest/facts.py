"""What a dialect has read, as a position or a fact: with its identity, the quality of its time, and stored units.

For dialects whose payloads are simple. `content` in the identity is what is kept, so a repeat is the same fact
(SEMANTICS, Identity); when it was received or sent is no part of it.
"""

from __future__ import annotations

from typing import Any

from domain.crs import Crs, to_wgs84
from domain.errors import Unreadable
from domain.events.facts import CLASSES, Fact
from domain.ids import fact_id
from domain.positions import CRS_FLAGS, QUALITIES, Position
from domain.time import Ms
from ingest import times
from ingest.canonical import canonical
from ingest.reading import Receipt, whole

_QUALITY = {quality: int(flag) for quality, flag in QUALITIES.items()}


def fact_of(
    kind: str,
    device: str,
    observed_at_ms: Ms | None,
    receipt: Receipt,
    *,
    sent_ms: Ms | None = None,
    extras: dict[str, Any] | None = None,
    beside: dict[str, Any] | None = None,
    **content: Any,
) -> Fact:
    """A fact of `kind` (domain.events.facts) with the fields of its event; None is left out. `observed_at_ms` None: the
    device has no clock. `extras`: fields without a name here, kept as they came; `beside`: those of them that say how
    it was heard (signal strength), not what was said, and are no part of its identity."""
    said = {name: value for name, value in content.items() if value is not None}
    kept = extras or {}
    return CLASSES[kind](
        recorded_at_ms=receipt.at_ms,
        fact=fact_id(device, kind, observed_at_ms or 0, canonical(kept | said)),
        device=device,
        observed_at_ms=observed_at_ms,
        quality=times.quality(observed_at_ms, receipt.at_ms, receipt.tolerance_ms),
        sent_ms=sent_ms,
        extras=kept | (beside or {}),
        **said,
    )


def position_of(
    device: str,
    observed_at_ms: Ms,
    lat: float,
    lon: float,
    receipt: Receipt,
    *,
    accuracy_m: float | None = None,
    speed_mps: float | None = None,
    heading_deg: float | None = None,
    altitude_m: float | None = None,
    battery_pct: float | None = None,
    crs: Crs | None = None,
    sent_ms: Ms | None = None,
    flags: int = 0,
    extras: dict[str, Any] | None = None,
) -> Position:
    """A position, from degrees in `crs` (None: as the registry says of the device, else WGS-84); negative accuracies,
    speeds, headings and batteries are unknown. Raises Unreadable (`out_of_range`) where the place is none on Earth, or
    a quantity none that the columns hold."""
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise Unreadable(f"{lat}, {lon} is no place on Earth", code="out_of_range")
    for what, quantity, most in (
        ("accuracy", accuracy_m, 1e8),
        ("speed", speed_mps, 1e6),
        ("heading", heading_deg, 1e8),
        ("altitude", altitude_m, 1e8),
        ("battery", battery_pct, 1e8),
    ):
        if quantity is not None and not -most <= quantity <= most:
            raise Unreadable(f"{what} {quantity} is none that could be stored", code="out_of_range")
    named = crs or receipt.devices.of(device).crs
    if named is not None:
        lat, lon = to_wgs84(named, lat, lon)
        flags |= CRS_FLAGS[named]
    heading_cdeg = whole(heading_deg, 100)
    return Position(
        device=device,
        observed_at_ms=observed_at_ms,
        lat_e7=round(lat * 1e7),
        lon_e7=round(lon * 1e7),
        accuracy_dm=whole(accuracy_m, 10),
        speed_cms=whole(speed_mps, 100),
        heading_cdeg=None if heading_cdeg is None else heading_cdeg % 36_000,
        altitude_dm=None if altitude_m is None else round(altitude_m * 10),
        battery_pct=whole(battery_pct, 1),
        flags=flags | _QUALITY[times.quality(observed_at_ms, receipt.at_ms, receipt.tolerance_ms)],
        sent_ms=sent_ms,
        extras=canonical(extras or {}),
    )
