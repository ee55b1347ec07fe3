"""Small numbers for devices: what packed batches hold instead of names. The log itself is the register.

Every reader resolves a number from the stream `device-numbers`, wherever in the log it starts to read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Lock

from domain.events import Event
from domain.events.device import DeviceNumbered
from domain.time import Ms
from eventlog.entry import Append

STREAM = "device-numbers"

Load = Callable[[int], Iterable[tuple[int, Event]]]
"""(version, event) of the stream after a version."""


class DeviceNumbers:
    """The register as far as it was read; reads on when asked for what it does not know. Safe between threads."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._lock = Lock()
        self.forget()

    def forget(self) -> None:
        """Read everything again at the next use."""
        self._version = 0
        self._names: dict[int, str] = {}
        self._numbers: dict[str, int] = {}

    def name(self, number: int) -> str:
        """The device of a number. Raises LookupError where the log has none."""
        found = self._names.get(number)
        if found is None:
            self.read_on()
            found = self._names[number]
        return found

    def read_on(self) -> None:
        """Learn what was appended since."""
        with self._lock:
            for version, event in self._load(self._version):
                assert isinstance(event, DeviceNumbered)
                self._names[event.number] = event.device
                self._numbers[event.device] = event.number
                self._version = version

    def draft(self) -> Draft:
        """Begin to number a batch."""
        if self._version == 0:
            self.read_on()
        return Draft(self._numbers, self._version)

    def adopt(self, draft: Draft) -> None:
        """The draft's numbers were committed."""
        with self._lock:
            if self._version == draft.version:
                self._names |= {number: device for device, number in draft.new.items()}
                self._numbers |= draft.new
                self._version += len(draft.new)


class Draft:
    """Numbers for one batch: known ones, and new ones that hold once they are committed at `version`."""

    def __init__(self, known: dict[str, int], version: int) -> None:
        self._known = known
        self.version = version
        self.new: dict[str, int] = {}

    def number(self, device: str) -> int:
        """The device's number; a device that has none gets the next, counted from 1 like the stream's versions."""
        known = self._known.get(device) or self.new.get(device)
        if known is None:
            known = self.new[device] = self.version + len(self.new) + 1
        return known

    def appends(self, at_ms: Ms) -> list[Append]:
        """The events that make the new numbers hold."""
        events = [DeviceNumbered(recorded_at_ms=at_ms, device=device, number=n) for device, n in self.new.items()]
        return [Append(STREAM, events, self.version)] if events else []
