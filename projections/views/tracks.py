"""Every position as a row, for maps, for SQL and for folding a visit again."""

from __future__ import annotations

import msgspec

from domain.positions import NULL, QUALITY_MASK
from eventlog.entry import Entry
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
        n, flags = len(batch), batch.flags.tolist()
        optional = ("accuracy_dm", "speed_cms", "heading_cdeg", "altitude_dm", "battery_pct")
        columns = [[None if v == NULL else v for v in getattr(batch, name).tolist()] for name in optional]
        workers: list[str | None] = [None] * n
        extras: list[str | None] = [None] * n
        for row, raw in batch.extras.items():
            extras[row] = raw.decode()
            workers[row] = claimed_worker(raw)
        out.extend(
            TRACKS,
            [
                [batch.devices[d] for d in batch.device.tolist()],
                batch.observed_at_ms.tolist(),
                batch.facts(),
                batch.at_ms().tolist(),
                [batch.recorded_at_ms if flag & QUALITY_MASK else None for flag in flags],
                workers,
                batch.lat_e7.tolist(),
                batch.lon_e7.tolist(),
                *columns,
                flags,
                extras,
                [known_ms] * n,
                [entry.position] * n,
            ],
        )


VIEW = Tracks()
