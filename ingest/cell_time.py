"""What time a batch is recorded at; and where the cell follows the wire's time, the ticks among its messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from domain.errors import Unreadable
from domain.time import Ms
from eventlog.clock import CellClock, wall_ms
from eventlog.entry import Append
from eventlog.log import EventLog
from eventlog.metronome import followed_tick, newest_tick
from ingest import codecs, topics
from ingest.codecs.native import CODEC
from ingest.inbox import Delivery
from ingest.message import Message
from ingest.reading import Receipt


class Segment(NamedTuple):
    """Deliveries that are recorded, and acknowledged, together. `messages` are those to be prepared; before them the
    cell's time reached `tick_ms`."""

    deliveries: list[Delivery]
    messages: list[Message]
    tick_ms: Ms | None = None


class CellTime(Protocol):
    """One cell's time, as the committer needs it."""

    def segments(self, deliveries: list[Delivery]) -> list[Segment]:
        """A batch in parts of one recorded time each."""

    def begin(self, segment: Segment) -> tuple[Ms, list[Append]]:
        """When a segment is recorded, and what is appended before it. Raises Transient."""


class ToldTime:
    """Modes `wall` and `scaled`: the cell's clock tells the time."""

    def __init__(self, clock: CellClock) -> None:
        self._clock = clock

    def segments(self, deliveries: list[Delivery]) -> list[Segment]:
        """All at once."""
        return [Segment(deliveries, [delivery.message for delivery in deliveries if not delivery.stored])]

    def begin(self, segment: Segment) -> tuple[Ms, list[Append]]:
        """See CellTime."""
        return self._clock.now_ms(), []


class FollowedTime:
    """Mode `followed`: time stands still until a tick arrives, and what comes before a tick is recorded before it.

    Ticks with nothing between them are one. Before the first tick of all, facts are recorded at the latest time that
    any of them states and the wall clock has reached, so that none of them looks as if it came from the future; where
    none states any, at no time at all (0).
    """

    def __init__(self, log: EventLog, *, wall: Callable[[], Ms] = wall_ms) -> None:
        self._log = log
        self._wall = wall

    def segments(self, deliveries: list[Delivery]) -> list[Segment]:
        """A new one at each tick that follows something else."""
        segments = [Segment([], [])]
        for delivery in deliveries:
            tick_ms = _tick(delivery.message)
            if delivery.stored:
                pass
            elif tick_ms is None:
                segments[-1].messages.append(delivery.message)
            elif segments[-1].messages or segments[-1].tick_ms is None:
                segments.append(Segment([], [], tick_ms))
            else:
                segments[-1] = segments[-1]._replace(tick_ms=max(tick_ms, segments[-1].tick_ms))
            segments[-1].deliveries.append(delivery)
        return [segment for segment in segments if segment.deliveries]

    def begin(self, segment: Segment) -> tuple[Ms, list[Append]]:
        """See CellTime."""
        tick = None if segment.tick_ms is None else followed_tick(self._log, segment.tick_ms)
        if tick is not None:
            return tick.events[-1].recorded_at_ms, [tick]
        newest = newest_tick(self._log)
        return newest.cell_ms if newest else self._latest_stated(segment.messages), []

    def _latest_stated(self, messages: Sequence[Message]) -> Ms:
        now_ms = self._wall()
        stated: list[int] = []
        for message in messages:
            try:
                said = codecs.read(message, Receipt(now_ms))
            except Exception:  # the dead letters will say why
                continue
            stated += [position.observed_at_ms for position in said.positions]
            stated += [fact.observed_at_ms for fact in said.facts if fact.observed_at_ms is not None]
        return Ms(max((at_ms for at_ms in stated if at_ms <= now_ms), default=0))


def _tick(message: Message) -> Ms | None:
    """The time that a message sets; None for all others, and for a tick that cannot be read: it becomes a letter."""
    if message.topic != topics.CLOCK:
        return None
    try:
        return CODEC.decode(message, Receipt(Ms(0))).tick_ms
    except Unreadable:
        return None
