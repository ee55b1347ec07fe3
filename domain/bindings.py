"""Who a device spoke for, and when: the fold of its bindings into periods that never overlap.

The last word wins for the period it covers, so a binding recorded late with a past date corrects that past. Tags and
beacons are bound like devices, under the ids that domain/tags.py gives them, though they say nothing by themselves.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

import msgspec

from domain.events import Event
from domain.events.device import DeviceBound, DeviceUnbound
from domain.events.facts import Fact, TagScanned, Witness
from domain.ids import REGISTERED
from domain.tags import tag_id

HEARD = ("beacon:", "ble:")
"""What is heard by Bluetooth: its whole id stands in the `tag` of a scan."""
THINGS = ("tag:", *HEARD)
"""What only others see or hear."""


def thing_of(fact: Fact) -> str | None:
    """The registry's id of the tag or beacon that a fact tells of, e.g. `tag:74103794`; None: it tells of none."""
    tag = fact.tag if isinstance(fact, TagScanned | Witness) else None
    if not tag:
        return None
    return tag if tag.startswith(HEARD) and REGISTERED.fullmatch(tag) else tag_id(tag)


class Binding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A device speaks for one worker or one site from `from_ms` until `until_ms` (exclusive; None: still open)."""

    from_ms: int
    until_ms: int | None = None
    worker: str | None = None
    site: str | None = None

    def covers(self, ms: int) -> bool:
        """Whether the binding holds at an instant."""
        return self.from_ms <= ms and (self.until_ms is None or ms < self.until_ms)


class Bindings(msgspec.Struct, frozen=True, omit_defaults=True):
    """All periods of one device that stand, by their start, none overlapping another."""

    periods: tuple[Binding, ...] = ()

    def at(self, ms: int) -> Binding | None:
        """The binding that holds for an observed time, or None."""
        place = bisect_right(self.periods, ms, key=_start)
        if place and self.periods[place - 1].covers(ms):
            return self.periods[place - 1]
        return None


def evolve(bindings: Bindings, event: Event) -> Bindings:
    """The bindings after an event of the device's stream; other events change nothing."""
    match event:
        case DeviceBound():
            new = Binding(from_ms=event.from_ms, until_ms=event.until_ms, worker=event.worker, site=event.site)
            kept = (piece for old in bindings.periods for piece in _beside(old, new))
            return Bindings(tuple(sorted((*kept, new), key=_start)))
        case DeviceUnbound():
            kept = (piece for old in bindings.periods for piece in _before(old, event.at_ms))
            return Bindings(tuple(kept))
        case _:
            return bindings


def _start(binding: Binding) -> int:
    return binding.from_ms


def _beside(old: Binding, new: Binding) -> Iterator[Binding]:
    """What is left of `old` around `new`. An open binding that `new` interrupts ends there and is not resumed:
    it said "until bound otherwise"."""
    yield from _before(old, new.from_ms)
    interrupted = old.until_ms is None and old.from_ms < new.from_ms
    if new.until_ms is not None and not interrupted and (old.until_ms is None or old.until_ms > new.until_ms):
        yield msgspec.structs.replace(old, from_ms=max(old.from_ms, new.until_ms))


def _before(old: Binding, ms: int) -> Iterator[Binding]:
    """The part of `old` before an instant, if any."""
    if old.until_ms is not None and old.until_ms <= ms:
        yield old
    elif old.from_ms < ms:
        yield msgspec.structs.replace(old, until_ms=ms)
