"""Workers. Their state is the latest statement of their particulars."""

from __future__ import annotations

from domain.decide import checks
from domain.decide.base import Command, Decider, says_the_same
from domain.events import Event
from domain.events.worker import WorkerRegistered


class RegisterWorker(Command, frozen=True, kw_only=True):
    """Enter a worker, or restate one. None: as known, else empty; a new worker needs a name."""

    worker: str
    name: str | None = None
    surname: str | None = None
    title: str | None = None


Worker = WorkerRegistered | None


def worker_stream(worker: str) -> str:
    """The stream of a worker."""
    return f"worker/{worker}"


def decide(state: Worker, command: RegisterWorker) -> tuple[Event, ...]:
    """A restatement where something is new."""
    checks.key(command.worker, "worker")
    name = _or_known(command.name, state.name if state else "")
    surname = _or_known(command.surname, state.surname if state else "")
    title = _or_known(command.title, state.title if state else "")
    checks.text(name, "name", needed=True)
    checks.text(surname, "surname")
    checks.text(title, "title")
    registered = WorkerRegistered(
        recorded_at_ms=command.at_ms,
        by=command.by,
        worker=command.worker,
        name=name,
        surname=surname,
        title=title,
    )
    return () if state and says_the_same(registered, state) else (registered,)


def _or_known(said: str | None, known: str) -> str:
    return known if said is None else said


def evolve(state: Worker, event: Event) -> Worker:
    """The latest statement."""
    return event if isinstance(event, WorkerRegistered) else state


DECIDER: Decider[Worker, RegisterWorker] = Decider(
    stream=lambda command: worker_stream(command.worker), initial=None, decide=decide, evolve=evolve
)
