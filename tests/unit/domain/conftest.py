"""given(history) → when(command) → then(events): how the decisions' tests read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain.decide import Command, handle
from domain.errors import Rejected
from domain.events import Event


class Given:
    """A stream's history, waiting for a command."""

    def __init__(self, history: tuple[Event, ...]) -> None:
        self.history = history

    def when(self, command: Command) -> When:
        return When(self.history, command)


class When:
    """A command on a history, waiting for what it comes to."""

    def __init__(self, history: tuple[Event, ...], command: Command) -> None:
        self.history, self.command = history, command

    def then(self, *events: Event) -> None:
        """Exactly these events; and the same command once more adds nothing."""
        assert handle(self.history, self.command) == events
        assert handle((*self.history, *events), self.command) == ()

    def then_nothing(self) -> None:
        assert handle(self.history, self.command) == ()

    def then_refused(self, code: str, error: type[Rejected] = Rejected) -> None:
        with pytest.raises(Rejected) as refusal:
            handle(self.history, self.command)
        assert (type(refusal.value), refusal.value.code) == (error, code)


@pytest.fixture
def given() -> Callable[..., Given]:
    return lambda *history: Given(history)
