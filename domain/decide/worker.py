"""Workers. Their state is the latest statement of their particulars."""

from __future__ import annotations

from domain.decide import checks
from domain.decide.base import Command, Decider, says_the_same
from domain.events import Event
from domain.events.worker import WorkerRegistered


class RegisterWorker(Command, frozen=True, kw_only=True):
    """Enter a worker, or restate one."""

    worker: str
    name: str
    surname: str = ""
    title: str = ""


Worker = WorkerRegistered | None


def worker_stream(worker: str) -> str:
    """The stream of a worker."""
    return f"worker/{worker}"


def decide(state: Worker, command: RegisterWorker) -> tuple[Event, ...]:
    """A restatement where something is new."""
    checks.key(command.worker, "worker")
    checks.text(command.name, "name", needed=True)
    checks.text(command.surname, "surname")
    checks.text(command.title, "title")
    registered = WorkerRegistered(
        recorded_at_ms=command.at_ms,
        by=command.by,
        worker=command.worker,
        name=command.name,
        surname=command.surname,
        title=command.title,
    )
    return () if state and says_the_same(registered, state) else (registered,)


def evolve(state: Worker, event: Event) -> Worker:
    """The latest statement."""
    return event if isinstance(event, WorkerRegistered) else state


DECIDER: Decider[Worker, RegisterWorker] = Decider(
    stream=lambda command: worker_stream(command.worker), initial=None, decide=decide, evolve=evolve
)
