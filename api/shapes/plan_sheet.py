"""The report on a plan that came as a table."""

from __future__ import annotations

from pydantic import BaseModel

from api.commands import Outcome


class CellProblem(BaseModel, frozen=True):
    """What is wrong with a line. `field`: the column; null: the line as a whole. `code` is stable."""

    field: str | None
    code: str
    detail: str


class SheetLine(BaseModel, frozen=True):
    """What became of a line. `line`: its number in the file, from 1; a refused one changed nothing."""

    line: int
    visit: str | None
    outcome: Outcome
    problems: list[CellProblem]


class Counts(BaseModel, frozen=True):
    created: int
    unchanged: int
    refused: int


class SheetAnswer(BaseModel, frozen=True):
    """What became of each line, in the order of the file."""

    lines: list[SheetLine]
    counts: Counts
    position: int
