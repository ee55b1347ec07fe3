"""Every device, tag and beacon ever heard or spoken about, with its last message and how its clock runs: one row each.

Rows are as old as the last telling of the roll (projections/roll.py); they lie outside the settled digest, because when
something was received, and how often, depends on how it travelled.
"""

from __future__ import annotations

import msgspec

from domain.positions import NULL
from projections.roll import Heard
from projections.tables import Table, Writer
from projections.view import Quiet

DEVICES = Table(
    name="devices",
    columns={
        "device": "text",
        "known_at": "ms",
        "number": "int4",
        "first_recorded_at": "ms",
        "first_at": "ms",
        "last_recorded_at": "ms",
        "last_at": "ms",
        "messages": "int8",
        "kind": "text",
        "said": "text",
        "reader": "text",
        "battery_pct": "int4",
        "battery_at": "ms",
        "status": "text",
        "status_at": "ms",
        "ahead": "int8",
        "unset": "int8",
        "contradictions": "int8",
        "contradicts": "text",
        "contradicted_at": "ms",
        "lead_ms": "int8",
        "lead_by": "text",
        "lead_count": "int8",
        "lead_since": "ms",
        "bindings": "text",
        "settings": "text",
        "corrections": "text",
    },
    key=("device",),
)
"""`known_at`: when it first appeared in the log; `first_…`, `last_…`: of its messages, by receipt (`recorded_at`) and
by the instants that they are judged at; `said`: the key fields of the message with the latest instant, as JSON, for a
position `lat_e7`, `lon_e7`, `accuracy_dm`, `speed_cms`, `heading_cdeg`; `reader`: who scanned or heard it;
`ahead`, `unset`: messages whose time was too far ahead or none; `contradicts`: the other id that a payload named last;
`lead_…`: its clock is at least `lead_ms` ahead of receipt (negative: behind, or its messages travel late), by `sent` or
by `observed` times, of how many messages since when; `bindings`: the periods that stand, as JSON; `corrections`: as
they were said."""

_FIX = ("lat_e7", "lon_e7", "accuracy_dm", "speed_cms", "heading_cdeg")
_ENCODE = msgspec.json.Encoder(order="sorted").encode


class Devices(Quiet):
    """Each device as the roll has it."""

    tables = (DEVICES,)

    def on_device(self, device: str, heard: Heard, out: Writer) -> None:
        if out.muted:
            return
        spoke = heard.first_recorded_ms is not None
        lead_by, lead = ("sent", heard.sent) if heard.sent.count else ("observed", heard.claimed)
        lead_ms, lead_count, lead_since = lead.estimate() or (None, None, None)
        out.put(
            DEVICES,
            device=device,
            known_at=heard.known_ms,
            number=heard.number,
            first_recorded_at=heard.first_recorded_ms,
            first_at=heard.first_at_ms if spoke else None,
            last_recorded_at=heard.last_recorded_ms if spoke else None,
            last_at=heard.last_at_ms if spoke else None,
            messages=heard.messages,
            kind=heard.kind if spoke else None,
            said=_said(heard),
            reader=heard.reader,
            battery_pct=heard.battery_pct,
            battery_at=heard.battery_at_ms,
            status=heard.status,
            status_at=heard.status_at_ms,
            ahead=heard.ahead,
            unset=heard.unset,
            contradictions=heard.contradictions,
            contradicts=heard.contradicts,
            contradicted_at=heard.contradicted_ms,
            lead_ms=lead_ms,
            lead_by=None if lead_ms is None else lead_by,
            lead_count=lead_count,
            lead_since=lead_since,
            bindings=_text(heard.bindings.periods),
            settings=None if heard.settings is None else _text(heard.settings),
            corrections=_text(heard.corrections),
        )


def _said(heard: Heard) -> str | None:
    if heard.fix is None:
        return heard.said
    return _text({name: value for name, value in zip(_FIX, heard.fix, strict=True) if value != NULL})


def _text(value: object) -> str:
    return _ENCODE(value).decode()


VIEW = Devices()
