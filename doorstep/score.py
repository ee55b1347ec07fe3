"""`doorstep score`: a cell's alerts and statuses against the truth that `doorstep simulate` wrote."""

from __future__ import annotations

from pathlib import Path

import msgspec

from domain.errors import Rejected
from doorstep.replay import Address
from simulators.cell import Cell
from simulators.scoring import Score, score
from simulators.truth import Truth


def score_file(address: Address, file: Path) -> Score:
    """The score of a day whose truth stands in a file. Raises Rejected, PlayError."""
    try:
        truth = msgspec.json.decode(file.read_bytes(), type=Truth)
    except (OSError, msgspec.DecodeError) as error:
        raise Rejected(f"{file} holds no truth: {error}") from error
    with Cell(address.api_url, address.token) as cell:
        return score_of(cell, truth)


def score_of(cell: Cell, truth: Truth) -> Score:
    """Ask the cell for all that it concluded of a day."""
    timelines = {visit.visit: cell.visit(visit.visit)["timeline"] for visit in truth.visits}
    return score(truth, cell.alerts(), timelines)
