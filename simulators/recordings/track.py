"""What one phone recorded, row by row as it stands in the file: nothing is mended, nothing left out."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable
from pathlib import Path
from typing import IO, NamedTuple

from simulators.errors import NoRecording


class Fix(NamedTuple):
    """One row. Times in epoch seconds: of the fix, and when the phone wrote it down. None: the column is empty.

    Values are the recording's own, whatever they say: speed 0 or -1 is often "unknown", a time may be 0.
    """

    fix_s: float
    write_s: float
    lat: float
    lon: float
    accuracy_m: float | None = None
    speed_mps: float | None = None
    bearing_deg: float | None = None
    altitude_m: float | None = None


def read_track(file: Path) -> list[Fix]:
    """Fixes in file order from CSV, also gzipped. Needs columns `ts, lat, lon`; takes `write_ts` and what a Fix has."""
    with _open(file) as lines:
        return list(_fixes(file, lines))


def _fixes(file: Path, lines: Iterable[str]) -> Iterable[Fix]:
    rows = csv.DictReader(lines)
    missing = {"ts", "lat", "lon"} - set(rows.fieldnames or ())
    if missing:
        raise NoRecording(f"{file} has no column {', '.join(sorted(missing))}")
    for number, row in enumerate(rows, start=2):
        try:
            fix_s = float(row["ts"])
            yield Fix(
                fix_s,
                _number(row, "write_ts") or fix_s,
                float(row["lat"]),
                float(row["lon"]),
                _number(row, "accuracy_m"),
                _number(row, "speed_mps"),
                _number(row, "bearing"),
                _number(row, "altitude"),
            )
        except (ValueError, TypeError) as error:
            raise NoRecording(f"{file}, line {number}: {error}") from None


def _number(row: dict[str, str], column: str) -> float | None:
    text = row.get(column)
    return float(text) if text else None


def _open(file: Path) -> IO[str]:
    if file.suffix == ".gz":
        return gzip.open(file, "rt", encoding="utf-8", newline="")
    return file.open(encoding="utf-8", newline="")
