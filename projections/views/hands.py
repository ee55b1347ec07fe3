"""In whose hands each shared phone is by the last act on it (domain/hands.py), so that a look at now reads one row."""

from __future__ import annotations

from projections.tables import Table
from projections.view import Quiet

HANDS = Table(
    name="hands",
    columns={"device": "text", "worker": "text", "since": "ms"},
    key=("device",),
    settled=("device", "worker", "since"),
)
"""`worker` null: they went off shift. It holds for `HELD_MS`. The judge writes it: a late act need not be the last."""


class Hands(Quiet):
    """One row for each device on which an act ever named a worker."""

    tables = (HANDS,)


VIEW = Hands()
