"""How long what is in the log waits to be seen in the projections, measured from outside while a day is played.

A sample notes the log's last position, and waits until the projector has folded it: so long somebody who asks now for
all that is committed now would have to wait. The way there and back is in it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from simulators.cell import Cell
from simulators.errors import PlayError

_EVERY_S = 0.5
_AGAIN_S = 0.02


class Lags(msgspec.Struct, frozen=True):
    """Milliseconds of wall time over so many samples; `unanswered`: the cell could not say."""

    samples: int
    unanswered: int
    p50: float
    p99: float
    most: float


class Watch:
    """Samples until it is told to stop."""

    def __init__(self, cell: Cell) -> None:
        self._cell = cell
        self._stop = threading.Event()
        self._lags_s: list[float] = []
        self._unanswered = 0

    def run(self) -> None:
        """In a thread of its own."""
        with self._cell:
            while not self._stop.wait(_EVERY_S):
                try:
                    self._sample()
                except PlayError:
                    self._unanswered += 1

    def stop(self) -> None:
        """No further sample."""
        self._stop.set()

    def found(self) -> Lags:
        """All samples."""
        lags_ms = sorted(1000 * lag_s for lag_s in self._lags_s) or [0.0]
        p50, p99 = (lags_ms[min(int(len(lags_ms) * share), len(lags_ms) - 1)] for share in (0.5, 0.99))
        return Lags(len(self._lags_s), self._unanswered, round(p50, 1), round(p99, 1), round(lags_ms[-1], 1))

    def _sample(self) -> None:
        begin_s = time.monotonic()
        stands = self._cell.projector()
        if stands is None:
            self._unanswered += 1
            return
        head = stands.head
        while stands is None or stands.position < head:
            if self._stop.wait(_AGAIN_S):
                return
            stands = self._cell.projector()
        self._lags_s.append(time.monotonic() - begin_s)


@contextmanager
def watched(cell: Cell) -> Iterator[Watch]:
    """Sample while the block runs; `found` afterwards. The cell's connection is used by nothing else, and closed."""
    watch = Watch(cell)
    thread = threading.Thread(target=watch.run, name="lag", daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        watch.stop()
        thread.join()
