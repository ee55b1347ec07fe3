"""The archive's file: the same rows give the same bytes, and no damage goes unnoticed."""

from __future__ import annotations

import gzip
import stat
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlog import archive_file
from eventlog.archive_file import DamagedArchive, Header, Row

NAMESPACE = UUID(int=7)
ROWS = [
    Row(UUID(int=1), 1, "doorstep.visit.scheduled", '{"name":"阿姨 \\"quoted\\"\\n"}', None),
    Row(UUID(int=2), 1, "doorstep.positions.recorded", "{}", bytes(range(256))),
    Row(UUID(int=1), 2, "doorstep.visit.cancelled", '{"nul":"\x00"}', None),
]


def header(events: int) -> Header:
    return Header("doorstep-log", 1, NAMESPACE, events)


def written(folder: Path, rows: list[Row] = ROWS) -> Path:
    file = folder / "day.log.gz"
    archive_file.write(file, header(len(rows)), rows)
    return file


def content(file: Path) -> tuple[Header, list[Row]]:
    with archive_file.read(file) as (found, rows):
        return found, list(rows)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    assert content(written(tmp_path)) == (header(3), ROWS)
    assert content(written(tmp_path, [])) == (header(0), [])


@given(st.lists(st.builds(Row, st.uuids(), st.integers(1, 2**63 - 1), st.text(), st.text(), st.none() | st.binary())))
def test_any_row_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, rows: list[Row]) -> None:
    assert content(written(tmp_path_factory.mktemp("archive"), rows))[1] == rows


def test_the_same_rows_give_the_same_bytes_under_any_name(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    archive_file.write(one, header(3), ROWS)
    archive_file.write(other, header(3), iter(ROWS))
    assert one.read_bytes() == other.read_bytes()


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    assert stat.S_IMODE(written(tmp_path).stat().st_mode) == 0o600


def test_a_failed_export_leaves_what_was_there(tmp_path: Path) -> None:
    def failing() -> Iterator[Row]:
        yield ROWS[0]
        raise RuntimeError("the server went away")

    file = written(tmp_path)
    before = file.read_bytes()
    with pytest.raises(RuntimeError):
        archive_file.write(file, header(3), failing())
    with pytest.raises(ValueError, match="promises 4"):
        archive_file.write(file, header(4), ROWS)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path)
    whole = file.read_bytes()
    for size in range(len(whole)):
        file.write_bytes(whole[:size])
        with pytest.raises(DamagedArchive):
            content(file)


def test_a_flipped_bit_is_refused_wherever_it_changes_what_is_read(tmp_path: Path) -> None:
    file = written(tmp_path)
    whole, accepted = file.read_bytes(), []
    for at in range(len(whole)):
        for bit in range(8):
            file.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
            try:
                assert content(file) == (header(3), ROWS)
            except DamagedArchive:
                continue
            accepted.append((at, bit))
    # The time and system in gzip's header, the fill of the last byte, another reference to the same repeated bytes.
    assert len(accepted) < 8 * len(whole) // 50


def test_damage_inside_a_sound_gzip_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path)
    text = gzip.decompress(file.read_bytes())
    lines = text.splitlines(keepends=True)
    damaged = {
        "cut at a line": b"".join(lines[:-1]),
        "cut in the closing": text[:-2],
        "a row less": b"".join([lines[0], *lines[2:]]),
        "rows swapped": b"".join([lines[0], lines[2], lines[1], *lines[3:]]),
        "a changed letter": text.replace(b"cancelled", b"cancelles"),
        "another namespace": text.replace(b"000000000007", b"000000000008", 1),
        "something after the end": text + b"{}\n",
        "a bit of another digest": text[:-6] + b"0" + text[-5:]
        if text[-6:-5] != b"0"
        else text[:-6] + b"1" + text[-5:],
        "no archive": b"hello\n",
        "nothing": b"",
        "not text": b"\xff\xfe\n",
        "a later version": text.replace(b'"version":1', b'"version":2', 1),
    }
    for what, damage in damaged.items():
        file.write_bytes(gzip.compress(damage))
        with pytest.raises(DamagedArchive):
            pytest.fail(f"{what} was accepted: {content(file)}")
    file.write_bytes(text)
    with pytest.raises(DamagedArchive):
        content(file)
