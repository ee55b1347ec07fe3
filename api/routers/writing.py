"""One command by HTTP: carried out, and answered with what became of it."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from api.answers import Key
from api.commands import Done
from api.deps import Deps
from api.routers.answers import placed
from api.shapes.requests import Kind, WriteAnswer
from domain.decide import Command
from domain.time import Ms


def write(deps: Deps, key: Key | None, kind: Kind, id: str, command: Command) -> Response:
    """Carry out one command. Raises what refuses it."""

    def answer(done: Sequence[Done]) -> str:
        if done[0].refusal is not None:
            raise done[0].refusal
        said = WriteAnswer(kind=kind, id=id, outcome=done[0].outcome, position=0)
        return said.model_dump_json(exclude={"position"})

    return placed(*deps.desk.carry_out([[command]], key, answer))


def now(deps: Deps) -> Ms:
    """The cell's time, at which commands are given."""
    return Ms(deps.clock.now_ms())
