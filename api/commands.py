"""Commands become events: read the streams, decide, append in one transaction; start over if somebody was first.

Whether what a command names exists (a visit's site, a shift's worker) is looked up in the log as well, never in a
projection, which may be behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

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


Outcome = Literal["created", "unchanged", "refused"]
"""`created`: something was added to the log, which may be a restatement of what was known."""

Errand = Sequence[Command]
"""Commands that are carried out together: if one is refused, none of them was meant."""


class Done(NamedTuple):
    """What became of one errand: whether it said anything new, or why it was refused; its last stream after it."""

    new: bool
    refusal: Rejected | None = None
    history: tuple[Event, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """In one word."""
        return "refused" if self.refusal is not None else "created" if self.new else "unchanged"


class Desk:
    """Carries commands out."""

    def __init__(self, log: EventLog, answers: Answers) -> None:
        self._log = log
        self._answers = answers

    def carry_out(
        self,
        errands: Sequence[Errand],
        key: Key | None,
        answer: Callable[[list[Done]], str],
        *,
        rehearse: bool = False,
    ) -> tuple[str, int]:
        """The answer (JSON without its position) and the position. Refused errands do not stop the others.

        `rehearse`: only say what would become of them. With a `key`, the answer is written in the same transaction, and
        given again to the same request. Raises IdempotencyKeyReused, ConcurrentAppend after `ATTEMPTS`, Unavailable.
        """
        attempt = 1
        while True:
            kept = None if key is None else self._answers.find(key)
            if kept is not None:
                return kept.answer, kept.position or self._log.head()
            done, appends = self._decide(errands)
            text = answer(done)
            if rehearse:
                return text, self._log.head()
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

    def _decide(self, errands: Sequence[Errand]) -> tuple[list[Done], list[Append]]:
        streams = _Streams(
            self._log,
            subjects=[stream_of(command) for errand in errands for command in errand],
            named=[name for errand in errands for command in errand for name in _named(command)],
        )
        done: list[Done] = []
        appends: list[Append] = []
        for errand in errands:
            made: list[Append] = []
            try:
                for command in errand:
                    made += self._events(streams, command)
            except Rejected as refusal:
                for append in reversed(made):
                    streams.take_back(append.stream, len(append.events))
                done.append(Done(False, refusal))
                continue
            appends += made
            done.append(Done(bool(made), history=tuple(streams.history(stream_of(errand[-1])))))
        return done, appends

    @staticmethod
    def _events(streams: _Streams, command: Command) -> list[Append]:
        for name, what in _named(command).items():
            if not streams.exists(name):
                raise Rejected(f"there is no {name.replace('/', ' ', 1)}", code=f"unknown_{what}")
        stream = stream_of(command)
        events = handle(streams.history(stream), command)
        if not events:
            return []
        append = Append(stream, events, streams.version(stream))
        streams.add(stream, events)
        return [append]


class _Streams:
    """The streams that a call concerns, as they stand and as the call's earlier commands leave them."""

    def __init__(self, log: EventLog, *, subjects: Iterable[str], named: Iterable[str]) -> None:
        wanted = dict.fromkeys(subjects)
        self._versions = log.versions(dict.fromkeys([*wanted, *named]))
        read = log.read_many(name for name in wanted if self._versions[name])
        self._histories: dict[str, list[Event]] = {name: [] for name in wanted}
        for name, entries in read.items():
            self._histories[name] = [entry.event for entry in entries]
            self._versions[name] = len(entries)

    def exists(self, name: str) -> bool:
        return self._versions[name] > 0

    def version(self, name: str) -> int:
        return self._versions[name]

    def history(self, name: str) -> list[Event]:
        return self._histories[name]

    def add(self, name: str, events: Sequence[Event]) -> None:
        self._histories[name] += events
        self._versions[name] += len(events)

    def take_back(self, name: str, count: int) -> None:
        del self._histories[name][-count:]
        self._versions[name] -= count


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
