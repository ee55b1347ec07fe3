"""The file of an exported log: gzip of JSON lines, closed by a digest, so that a damaged file is known for one.

{"format":"doorstep-log","version":1,"namespace":…,"events":n}
[stream, version, topic, state, packed positions in base64 or null]          n times, in the log's order
{"sha256": of every byte before this line}
"""

from __future__ import annotations

import gzip
import hashlib
import io
import itertools
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeVar
from uuid import UUID

import msgspec

from domain.errors import Unreadable

T = TypeVar("T")

COMPRESSION = 6
BUFFER_BYTES = 1 << 18


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line. `events`: how many rows follow."""

    format: Literal["doorstep-log"]
    version: Literal[1]
    namespace: UUID
    events: int


class Row(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One stored event as it lies in the log; `packed`: the payload of a `PositionsRecorded`."""

    stream: UUID
    version: int
    topic: str
    state: str
    packed: bytes | None


class Closing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last line: the digest of all lines before it, hexadecimal."""

    sha256: str


class DamagedArchive(Unreadable):
    """A file that is no archive of a log, or no longer the one that was written."""

    code = "damaged_archive"


def write(file: Path, header: Header, rows: Iterable[Row]) -> None:
    """Write an archive, readable by its owner only. It appears under its name once it is complete and on the disk."""
    unfinished = file.with_name(file.name + ".part")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw:
            # No name and no time in the gzip header: the same log gives the same bytes.
            with (
                gzip.GzipFile("", "wb", COMPRESSION, raw, mtime=0) as packed,
                io.BufferedWriter(packed, BUFFER_BYTES) as lines,
            ):
                _write_lines(lines, header, rows)
            raw.flush()
            os.fsync(raw.fileno())
        unfinished.replace(file)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _write_lines(lines: io.BufferedIOBase, header: Header, rows: Iterable[Row]) -> None:
    encoder, digest, written = msgspec.json.Encoder(), hashlib.sha256(), -1
    for item in itertools.chain([header], rows):
        line = encoder.encode(item) + b"\n"
        digest.update(line)
        lines.write(line)
        written += 1
    if written != header.events:
        raise ValueError(f"the header promises {header.events} rows, but there were {written}")
    lines.write(encoder.encode(Closing(digest.hexdigest())) + b"\n")


@contextmanager
def read(file: Path) -> Iterator[tuple[Header, Iterator[Row]]]:
    """An archive's header and its rows, one by one.

    Raises DamagedArchive where damage shows, at the latest after the last row: nothing read before may count till then.
    """
    with file.open("rb") as raw, gzip.GzipFile(fileobj=raw) as packed:
        lines = _Lines(packed)
        header = lines.next(msgspec.json.Decoder(Header))
        yield header, _rows(lines, header)


def _rows(lines: _Lines, header: Header) -> Iterator[Row]:
    decoder = msgspec.json.Decoder(Row)
    for _ in range(header.events):
        yield lines.next(decoder)
    found = lines.digest.hexdigest()
    if lines.next(msgspec.json.Decoder(Closing)).sha256 != found:
        raise DamagedArchive("the archive contradicts its digest")
    lines.end()


class _Lines:
    """The lines of a compressed file and the digest of those taken so far."""

    def __init__(self, packed: gzip.GzipFile) -> None:
        self._packed = packed
        self.digest = hashlib.sha256()

    def next(self, decoder: msgspec.json.Decoder[T]) -> T:
        line = self._line()
        self.digest.update(line)
        try:
            return decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise DamagedArchive(f"the archive holds a line that cannot be read: {error}") from error

    def end(self) -> None:
        if self._line(last=True):
            raise DamagedArchive("the archive goes on after its end")

    def _line(self, *, last: bool = False) -> bytes:
        try:
            line = self._packed.readline()
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise DamagedArchive(f"the archive cannot be decompressed: {error}") from error
        if not last and not line.endswith(b"\n"):
            raise DamagedArchive("the archive ends early")
        return line
