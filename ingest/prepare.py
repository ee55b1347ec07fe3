"""A batch of messages becomes what is to be written: decoded, repeats dropped, dead letters apart."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from itertools import count
from uuid import UUID

import msgspec
import numpy as np

from domain.errors import Unreadable
from domain.events.device import DeviceStatusChanged
from domain.events.facts import Fact, SosRaised, TimeQuality
from domain.ids import identity as identity_of
from domain.positions import Flag, Position, PositionBatch
from domain.time import MINUTE_MS, Ms
from ingest.codecs import Codec, read
from ingest.dead_letters import Letter
from ingest.devices import UNREGISTERED
from ingest.message import Decoded, Fault, Message
from ingest.quiet import Last, Spans, Subject, is_quiet, told
from ingest.reading import Receipt
from ingest.topics import is_sos
from ingest.window import Key, Window

logger = logging.getLogger(__name__)


_BY_THE_OTHER = b"2"
"""Marks the claim of the second session that a fact is delivered by again."""

TWINS_MS = MINUTE_MS
"""An SOS is delivered by two sessions. Without a time of its own, the second within this is the first one's twin."""


class Prepared(msgspec.Struct):
    """What one transaction writes. The window learns `ids`, `claims`, `untimed` and `lasts` once it stands. `quiet`:
    how many facts said nothing new."""

    recorded_at_ms: Ms
    positions: PositionBatch
    facts: list[Fact] = msgspec.field(default_factory=list)
    statuses: list[DeviceStatusChanged] = msgspec.field(default_factory=list)
    letters: list[Letter] = msgspec.field(default_factory=list)
    ids: set[bytes] = msgspec.field(default_factory=set)
    claims: set[bytes] = msgspec.field(default_factory=set)
    untimed: set[Key] = msgspec.field(default_factory=set)
    lasts: dict[Subject, Last] = msgspec.field(default_factory=dict)
    duplicates: int = 0
    quiet: int = 0
    unclaimed: dict[tuple[bytes, Ms], int] = msgspec.field(default_factory=dict)
    unused: dict[bytes, int] = msgspec.field(default_factory=dict)
    """Where to look on for a number: of what was said then, those below are claimed; of what is said now, used."""

    @classmethod
    def nothing(cls, recorded_at_ms: Ms) -> Prepared:
        """Nothing to write yet."""
        return cls(recorded_at_ms, PositionBatch.of(recorded_at_ms, ()))


class Preparer:
    """Decodes messages and drops what the window knows. `devices` is what the registry says at the moment; whoever
    follows it replaces it whole."""

    def __init__(
        self,
        codecs: Sequence[Codec],
        window: Window,
        *,
        tolerance_ms: int,
        followed: bool = False,
        spans: Spans | None = None,
    ) -> None:
        self._spans = spans or Spans()
        self._codecs = tuple(codecs)
        self._window = window
        self._tolerance_ms = tolerance_ms
        self.devices = UNREGISTERED
        self._followed = followed

    def prepare(self, messages: Iterable[Message], recorded_at_ms: Ms, lost: Collection[Ms] = ()) -> Prepared:
        """Never raises for what a message says. `lost`: when these messages were recorded before, if those appends
        stand, which is not known."""
        prepared = Prepared.nothing(recorded_at_ms)
        receipt = self.receipt(recorded_at_ms)
        positions: list[Position] = []
        for message in messages:
            decoded = self.decode(message, receipt)
            if self._followed:
                decoded = self._as_sent(decoded)
            if decoded.unreadable:
                prepared.letters.append(Letter.of(message, decoded.unreadable))
            if decoded.status is not None:
                prepared.statuses.append(decoded.status)
            positions.extend(decoded.positions)
            for fact in decoded.facts:
                if _holds_nul(fact):
                    fault = Fault("out_of_range", "a NUL in a named field, which no database column of text can hold")
                    prepared.letters.append(Letter.of(message, (fault,)))
                    continue
                if not fact.observed_at_ms:
                    if not message.dup and self._is_quiet(fact, prepared):
                        continue
                    recorded = self._may_be_recorded(message, fact, prepared.recorded_at_ms)
                    at = {**dict.fromkeys(lost), **dict.fromkeys(recorded)}
                    again = at if message.dup else lost
                    is_news = self._add_untimed(fact, at, prepared, twice=again if is_sos(message.topic) else ())
                    if message.dup and is_news and (repeats := told(fact, self._spans)) is not None:
                        subject, said, _ = repeats
                        prepared.lasts[subject] = Last(said, recorded_at_ms)
                elif self._is_new(fact.fact.bytes, prepared):
                    prepared.facts.append(fact)
        if positions:
            self._add_positions(PositionBatch.of(recorded_at_ms, positions), prepared)
        return prepared

    def receipt(self, received_ms: Ms) -> Receipt:
        """What codecs are told beside a message received then."""
        return Receipt(received_ms, self._tolerance_ms, self.devices)

    def decode(self, message: Message, receipt: Receipt) -> Decoded:
        """What a message says; what cannot be read at all is one fault."""
        try:
            decoded = read(message, receipt, self._codecs)
            if decoded.tick_ms is None:
                return decoded
            fault = Fault("clock_not_followed", "this cell does not take its time from the wire")
        except Unreadable as error:
            fault = Fault(error.code, str(error))
        except Exception as error:
            logger.exception("a codec failed on %s", message.topic)
            fault = Fault("codec_failed", f"{type(error).__name__}: {error}")
        return Decoded(unreadable=(fault,))

    def _as_sent(self, decoded: Decoded) -> Decoded:
        """Where the wire tells the time, a message can overtake its tick: after a crash the tick is redelivered late,
        and SOS has a session of its own. A fact is ahead then only if it is ahead of its own sending too."""

        def plausible(observed_at_ms: int | None, sent_ms: int | None) -> bool:
            return observed_at_ms is not None and observed_at_ms <= (sent_ms or 0) + self._tolerance_ms

        positions = tuple(
            msgspec.structs.replace(position, flags=position.flags & ~Flag.TIME_AHEAD)
            if position.flags & Flag.TIME_AHEAD and plausible(position.observed_at_ms, position.sent_ms)
            else position
            for position in decoded.positions
        )
        facts = tuple(
            msgspec.structs.replace(fact, quality=TimeQuality.DEVICE)
            if fact.quality is TimeQuality.AHEAD and plausible(fact.observed_at_ms, fact.sent_ms)
            else fact
            for fact in decoded.facts
        )
        return msgspec.structs.replace(decoded, positions=positions, facts=facts)

    def _is_quiet(self, fact: Fact, prepared: Prepared) -> bool:
        """Whether this only repeats what was stored a moment ago (ingest/quiet.py)."""
        repeats = told(fact, self._spans)
        if repeats is None:
            return False
        subject, said, span_ms = repeats
        at_ms = prepared.recorded_at_ms
        if is_quiet(said, at_ms, span_ms, prepared.lasts.get(subject) or self._window.last(subject)):
            prepared.quiet += 1
            return True
        prepared.lasts[subject] = Last(said, at_ms)
        return False

    def _may_be_recorded(self, message: Message, fact: Fact, now_ms: Ms) -> list[Ms]:
        """When a fact without a time of its own may have been recorded already."""
        key = (fact.device, fact.KIND)
        if message.dup:
            return self._window.unsure(key)
        if isinstance(fact, SosRaised):
            return [now_ms, *self._window.latest(key, now_ms - TWINS_MS)]
        return []

    def _add_positions(self, batch: PositionBatch, prepared: Prepared) -> None:
        new = [self._is_new(identity, prepared) for identity in batch.identities()]
        if all(new):
            prepared.positions = batch
        elif any(new):
            prepared.positions = batch.take(np.array(new))

    def _is_new(self, fact: bytes, prepared: Prepared) -> bool:
        if fact in prepared.ids or fact in self._window:
            prepared.duplicates += 1
            return False
        prepared.ids.add(fact)
        return True

    def _add_untimed(self, fact: Fact, recorded: Iterable[Ms], prepared: Prepared, *, twice: Collection[Ms]) -> bool:
        """Add a fact without a time of its own, unless it is the redelivery of one that was `recorded` then. Whether it
        was added.

        0 is no time of its own. Two presses of a button say the same and are two facts, so the identity is that of the
        content, dated at its receipt and numbered. A redelivery looks for its number; each number answers for one, or,
        of what was recorded then, for two where two sessions may deliver it again: `twice`.
        """
        window, said = self._window, fact.fact.bytes
        for at_ms in recorded:
            for number in count(prepared.unclaimed.get((said, at_ms), 0)):
                was = _dated(fact, at_ms, number)
                if was not in window and was not in prepared.ids:
                    break
                for claim in (was, was + _BY_THE_OTHER) if at_ms in twice else (was,):
                    if claim not in prepared.claims and not window.is_claimed(claim):
                        prepared.claims.add(claim)
                        prepared.duplicates += 1
                        return False
                prepared.unclaimed[said, at_ms] = number + 1
        for number in count(prepared.unused.get(said, 0)):
            identity = _dated(fact, prepared.recorded_at_ms, number)
            if identity not in prepared.ids and identity not in window:
                break
        prepared.unused[said] = number + 1
        prepared.ids.add(identity)
        prepared.untimed.add((fact.device, fact.KIND))
        prepared.facts.append(msgspec.structs.replace(fact, fact=UUID(bytes=identity)))
        return True


def _holds_nul(fact: Fact) -> bool:
    """Whether a named field could not be written to the tables: it would stop the projector, whichever codec let it
    through. Unknown fields are stored as JSON, which holds anything."""
    return any("\0" in value for name in fact.__struct_fields__ if isinstance(value := getattr(fact, name), str))


def _dated(fact: Fact, recorded_at_ms: Ms, number: int) -> bytes:
    return identity_of(fact.device, fact.KIND, recorded_at_ms, fact.fact.bytes + number.to_bytes(4, "little"))
