"""Every position as a row, for maps, for SQL and for folding a visit again."""

from __future__ import annotations

import msgspec
import numpy as np

from domain.positions import NULL, QUALITY_MASK
from eventlog.entry import Entry
from projections.arrays import integers, repeated, texts, uuids
from projections.tables import Table, Writer
from projections.view import Quiet

TRACKS = Table(
    name="tracks",
    columns={
        "device": "text",
        "observed_at": "ms",
        "fact": "uuid",
        "at": "ms",
        "received_at": "ms",
        "worker": "text",
        "lat_e7": "int4",
        "lon_e7": "int4",
        "accuracy_dm": "int4",
        "speed_cms": "int4",
        "heading_cdeg": "int4",
        "altitude_dm": "int4",
        "battery_pct": "int4",
        "flags": "int4",
        "extras": "text",
        "known_at": "ms",
        "place": "int8",
    },
    key=("device", "observed_at", "fact"),
    settled=("device", "observed_at", "fact", "lat_e7", "lon_e7"),
    settled_where=f"flags & {QUALITY_MASK} = 0",
    places=("place",),
    indexes=(
        "(device, at) WHERE at <> observed_at",
        "(worker, at) WHERE worker IS NOT NULL",
    ),
    keep_first=True,
)
"""`observed_at` is the device's claim, `received_at` its receipt where that was not believed, `at` the instant it is
judged at (moved where the device's clock is corrected); `worker` who claimed a shared phone;
e7: 1e-7 degrees, dm: decimetres, cms: cm/s, cdeg: 0.01 degrees; `place`: the log position of the batch."""


_OPTIONAL = ("accuracy_dm", "speed_cms", "heading_cdeg", "altitude_dm", "battery_pct")


class _Claim(msgspec.Struct):
    worker: object = None


def claimed_worker(extras: bytes) -> str | None:
    """Whom a position's extras attribute it to; None: nobody, or nobody that can be."""
    worker = msgspec.json.decode(extras, type=_Claim).worker
    return worker if isinstance(worker, str) and worker and "\0" not in worker else None


class Tracks(Quiet):
    """Positions as they come, each fact once."""

    tables = (TRACKS,)

    def on_entry(self, entry: Entry, known_ms: int, out: Writer) -> None:
        batch = entry.batch
        if batch is None or out.muted:
            return
        n, flags = len(batch), batch.flags.astype(np.int32)
        workers: list[bytes | None] = [None] * n
        extras: list[bytes | None] = [None] * n
        for row, raw in batch.extras.items():
            extras[row] = raw
            if b'"worker"' in raw and (worker := claimed_worker(raw)) is not None:
                workers[row] = worker.encode()
        optional = (getattr(batch, name) for name in _OPTIONAL)
        out.extend(
            TRACKS,
            [
                repeated(batch.devices, batch.device),
                integers(batch.observed_at_ms, 8),
                uuids(batch.identities()),
                integers(batch.at_ms(), 8),
                integers(np.full(n, batch.recorded_at_ms), 8, absent=(flags & QUALITY_MASK) == 0),
                texts(workers),
                integers(batch.lat_e7, 4),
                integers(batch.lon_e7, 4),
                *(integers(column, 4, absent=column == NULL) for column in optional),
                integers(flags, 4),
                texts(extras),
                integers(np.full(n, known_ms), 8),
                integers(np.full(n, entry.position), 8),
            ],
        )


VIEW = Tracks()
