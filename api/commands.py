"""Commands become events: read the streams, decide, append in one transaction; start over if somebody was first.

Whether what a command names exists (a visit's site, a shift's worker) is looked up in the log as well, never in a
projection, which may be behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from api.answers import Answers, Key, Taken
from domain.decide import (
    BindDevice,
    Command,
    PlanShift,
    ReassignVisit,
    RegisterSite,
    ScheduleVisit,
    customer_stream,
    handle,
    site_stream,
    stream_of,
    worker_stream,
)
from domain.errors import ConcurrentAppend, Rejected
from domain.events import Event
from eventlog.entry import Append
from eventlog.log import EventLog

ATTEMPTS = 40
"""As many as the server has threads: of those who race for a stream one succeeds each time, so nobody loses more often
than there are others."""


class Done(NamedTuple):
    """What became of one command: whether it said anything new, or why it was refused; and its stream after it."""

    new: bool
    refusal: Rejected | None = None
    history: tuple[Event, ...] = ()


class Desk:
    """Carries commands out."""

    def __init__(self, log: EventLog, answers: Answers) -> None:
        self._log = log
        self._answers = answers

    def carry_out(
        self, commands: Sequence[Command], key: Key | None, answer: Callable[[list[Done]], str]
    ) -> tuple[str, int]:
        """The answer (JSON without its position) and the position. Refused commands do not stop the others.

        With a `key`, the answer is written in the same transaction, and given again to the same request.
        Raises IdempotencyKeyReused, ConcurrentAppend after `ATTEMPTS`, Unavailable.
        """
        attempt = 1
        while True:
            kept = None if key is None else self._answers.find(key)
            if kept is not None:
                return kept.answer, kept.position or self._log.head()
            done, appends = self._decide(commands)
            text = answer(done)
            try:
                position = self._log.append(appends, also=None if key is None else self._answers.keep(key, text))
            except Taken:
                continue  # the same request came twice at once: the other one's answer is ours
            except ConcurrentAppend:
                if attempt >= ATTEMPTS:
                    raise
                attempt += 1
                continue
            if key is not None:
                self._log.append([], also=self._answers.place(key, position))
            return text, position

    def _decide(self, commands: Sequence[Command]) -> tuple[list[Done], list[Append]]:
        streams = _Streams(self._log, [name for c in commands for name in (stream_of(c), *_named(c))])
        done, appends = [], []
        for command in commands:
            try:
                for name, what in _named(command).items():
                    if not streams.exists(name):
                        raise Rejected(f"there is no {name.replace('/', ' ', 1)}", code=f"unknown_{what}")
                stream = stream_of(command)
                events = handle(streams.history(stream), command)
            except Rejected as refusal:
                done.append(Done(False, refusal))
                continue
            if events:
                appends.append(Append(stream, events, streams.version(stream)))
                streams.add(stream, events)
            done.append(Done(bool(events), history=tuple(streams.history(stream))))
        return done, appends


class _Streams:
    """The streams that a call concerns, as they stand and as the call's earlier commands leave them."""

    def __init__(self, log: EventLog, names: Iterable[str]) -> None:
        self._log = log
        self._versions = log.versions(dict.fromkeys(names))
        self._histories: dict[str, list[Event]] = {}

    def exists(self, name: str) -> bool:
        return self._versions[name] > 0

    def version(self, name: str) -> int:
        return self._versions[name]

    def history(self, name: str) -> list[Event]:
        if name not in self._histories:
            entries = self._log.read(name) if self._versions[name] else []
            self._histories[name] = [entry.event for entry in entries]
            self._versions[name] = entries[-1].version if entries else 0
        return self._histories[name]

    def add(self, name: str, events: Sequence[Event]) -> None:
        self._histories[name] += events
        self._versions[name] += len(events)


def _named(command: Command) -> dict[str, str]:
    """The streams of what a command names besides its own subject, each with the kind of thing it is."""
    named: dict[str, str] = {}
    match command:
        case RegisterSite(customer=customer):
            named[customer_stream(customer)] = "customer"
        case BindDevice(worker=worker, site=site):
            if worker is not None:
                named[worker_stream(worker)] = "worker"
            if site is not None:
                named[site_stream(site)] = "site"
        case PlanShift(worker=worker):
            named[worker_stream(worker)] = "worker"
        case ScheduleVisit(site=site, customer=customer, worker=worker):
            named[site_stream(site)] = "site"
            named[customer_stream(customer)] = "customer"
            if worker is not None:
                named[worker_stream(worker)] = "worker"
        case ReassignVisit(worker=worker) if worker is not None:
            named[worker_stream(worker)] = "worker"
    return named
