"""Recorded days of real phones: the track as it was written, and the stops that are known of it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from simulators.errors import NoRecording
from simulators.recordings import emission, mobilitynet
from simulators.recordings.stops import Stop, stays_of
from simulators.recordings.track import Fix, read_track


class Recording(NamedTuple):
    """One phone's day, in the order in which the phone wrote it."""

    name: str
    track: list[Fix]
    stops: list[Stop]
    zone: str = "UTC"
    """IANA zone to tell its local times in."""


def read_recording(source: Path, data: Path | None = None) -> Recording:
    """A recording from its file, its day's folder, or the folder of a phone with all its repetitions.

    `data`: the folder that holds `traces` and `truth`, where it is not one of those that the source lies in. Without
    truth the stops are those that the track shows itself. Raises NoRecording.
    """
    repetitions = sorted(file for file in source.glob("rep*") if mobilitynet.is_one(file)) if source.is_dir() else []
    if repetitions:
        parts = [read_recording(file, data) for file in repetitions]
        track = [fix for part in parts for fix in part.track]
        stops = [stop for part in parts for stop in part.stops]
        return Recording(source.resolve().name, track, stops, parts[0].zone)
    file = source / emission.TRACK if source.is_dir() else source
    if not file.is_file():
        raise NoRecording(f"{source}: no recording is there")
    track = read_track(file)
    if not any(fix.fix_s > 0 for fix in track):
        raise NoRecording(f"{file} holds no fix with a time")
    root = next((folder for folder in file.resolve().parents if (folder / "truth").is_dir()), data)
    name, stops, zone = file.name.partition(".")[0], [], None
    if file.name == emission.TRACK:
        name, zone = file.resolve().parent.name, emission.ZONE
        stops = emission.stops_of(name, track, root) if root else []
    elif mobilitynet.is_one(file):
        name = f"{file.resolve().parent.name} {name.partition('_')[0]}"
        stops = mobilitynet.stops_of(file.resolve(), root) if root else []
        zone = mobilitynet.zone_of(file.resolve(), root) if root else None
    return Recording(name, track, stops or stays_of(track), zone or "UTC")


__all__ = ["Fix", "Recording", "Stop", "read_recording"]
