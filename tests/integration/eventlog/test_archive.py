"""Export and import of a real log, between real databases."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from domain.errors import CorruptLog, Rejected, Unavailable, Unreadable
from domain.events.clock import TimeAdvanced
from domain.events.facts import SosRaised
from domain.events.worker import WorkerRegistered
from domain.ids import fact_id
from domain.positions import Position, PositionBatch
from domain.time import DAY_MS, Ms
from eventlog.archive import export_log, import_log
from eventlog.entry import Append, Entry
from eventlog.log import EventLog
from eventlog.schema import migrate

NOW_MS = Ms(1_780_000_000_000)


@pytest.fixture
def cell(database: str) -> str:
    """A cell with a small history: decisions, facts, ticks, and positions of two days and two writers."""
    migrate(database)
    log = EventLog(database)
    for day in range(2):
        at_ms = Ms(NOW_MS + day * DAY_MS)
        sos = SosRaised(recorded_at_ms=at_ms, fact=fact_id("p", "sos", day, b""), device="p", note="求助\0\n\"'\\")
        log.append(
            [
                Append(f"worker/w-{day}", [WorkerRegistered(recorded_at_ms=at_ms, worker=f"w-{day}", name="王")], 0),
                Append("facts/p", [sos], day),
            ]
        )
        for writer in ("main", "other"):
            for flush in range(3):
                log.append([], batch=batch(at_ms + flush), writer=writer)
        log.append([Append("clock", [TimeAdvanced(recorded_at_ms=at_ms, wall_ms=at_ms)], day)])
    log.close()
    return database


@pytest.fixture
def empty(database: str) -> Iterator[str]:
    """Another, empty cell on the same server."""
    name = urlsplit(database).path[1:] + "_empty"
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE template0'.encode())
        try:
            yield urlsplit(database)._replace(path=f"/{name}").geturl()
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def batch(at_ms: int) -> PositionBatch:
    extras = b'{"id":"7"}'
    return PositionBatch.of(
        at_ms,
        [
            Position(device=f"p-{i}", observed_at_ms=at_ms - i, lat_e7=i, lon_e7=-i, extras=extras if i == 2 else b"")
            for i in range(5)
        ],
    )


def entries(dsn: str) -> list[Entry]:
    log = EventLog(dsn)
    try:
        return log.page(0, 10_000)
    finally:
        log.close()


def count(dsn: str) -> int:
    with psycopg.connect(dsn) as conn:
        row = conn.execute(
            "SELECT (SELECT count(*) FROM eventlog.log_events) + (SELECT count(*) FROM eventlog.position_payloads)"
        ).fetchone()
        assert row is not None
        return int(row[0])


@pytest.mark.parametrize("page_rows", [1, 7, 500])
def test_export_import_export_gives_identical_bytes(cell: str, empty: str, tmp_path: Path, page_rows: int) -> None:
    first, second = tmp_path / "first.gz", tmp_path / "second.gz"
    events = export_log(cell, first)
    assert events == 2 * (2 + 6 + 1) + 5  # five devices were numbered once
    assert import_log(empty, first, page_rows=page_rows) == events
    assert export_log(empty, second, page_rows=page_rows) == events
    assert first.read_bytes() == second.read_bytes()


def test_an_imported_cell_reads_and_goes_on_like_the_first(cell: str, empty: str, tmp_path: Path) -> None:
    export_log(cell, tmp_path / "log.gz")
    import_log(empty, tmp_path / "log.gz")
    theirs, ours = entries(cell), entries(empty)
    assert [(e.stream, e.version, e.event) for e in ours] == [(e.stream, e.version, e.event) for e in theirs]
    assert [e.batch and e.batch.facts() for e in ours] == [e.batch and e.batch.facts() for e in theirs]
    log = EventLog(empty)
    try:
        with EventLog(cell) as first:
            assert log.namespace == first.namespace
        assert log.version("clock") == 2
        position = log.append([], batch=batch(NOW_MS + 2 * DAY_MS))
        (newest,) = log.page(position - 1, 10)
        assert newest.batch is not None
        assert set(newest.batch.facts()) == set(batch(NOW_MS + 2 * DAY_MS).facts())
    finally:
        log.close()


def test_gaps_in_the_positions_do_not_show(cell: str, empty: str, tmp_path: Path) -> None:
    with psycopg.connect(cell) as conn:
        conn.execute("SELECT nextval(pg_get_serial_sequence('eventlog.log_events', 'notification_id'))")
    with EventLog(cell) as log:
        log.append([Append("clock", [TimeAdvanced(recorded_at_ms=Ms(NOW_MS + 5), wall_ms=NOW_MS)], 2)])
    first, second = tmp_path / "first.gz", tmp_path / "second.gz"
    export_log(cell, first)
    import_log(empty, first)
    export_log(empty, second)
    assert entries(cell)[-1].position != entries(empty)[-1].position
    assert first.read_bytes() == second.read_bytes()


def test_a_cell_with_events_is_refused_and_stays_as_it_was(cell: str, tmp_path: Path) -> None:
    file = tmp_path / "log.gz"
    export_log(cell, file)
    before = entries(cell)
    with pytest.raises(Rejected, match="empty cell only") as caught:
        import_log(cell, file)
    assert caught.value.code == "cell_in_use"
    assert [e.event for e in entries(cell)] == [e.event for e in before]


def test_a_damaged_archive_leaves_the_cell_empty_and_ready(cell: str, empty: str, tmp_path: Path) -> None:
    sound, damaged = tmp_path / "sound.gz", tmp_path / "damaged.gz"
    export_log(cell, sound)
    whole = sound.read_bytes()
    text = gzip.decompress(whole)
    variants = [
        whole[: len(whole) // 2],
        whole[:-1],
        whole[:200] + bytes([whole[200] ^ 0x10]) + whole[201:],
        whole[:-6] + bytes([whole[-6] ^ 1]) + whole[-5:],
        gzip.compress(text.replace(b"w-1", b"w-2", 1)),
        gzip.compress(text.replace(b'",1,"doorstep.worker', b'",9223372036854775808,"doorstep.worker', 1)),
        gzip.compress(text.replace(b"doorstep.worker.registered", b"doorstep\\u0000worker", 1)),
        gzip.compress(text.replace(b'"day\\":\\"2026', b'"day\\":\\"9026', 1)),
        gzip.compress(text.replace(b'"day\\":\\"2026', b'"day\\":\\"20x6', 1)),
        gzip.compress(text.replace(b'"sha256\\":\\"', b'"sha256\\":\\"x', 1)),
        b"",
    ]
    migrate(empty)
    with EventLog(empty) as log:
        namespace = log.namespace
    for variant in variants:
        assert variant not in (whole, gzip.compress(text))
        damaged.write_bytes(variant)
        with pytest.raises(Unreadable) as caught:
            import_log(empty, damaged, page_rows=3)
        assert caught.value.code == "damaged_archive"
        assert count(empty) == 0
    with EventLog(empty) as log:
        assert log.namespace == namespace
    import_log(empty, sound)
    assert count(empty) == count(cell)


def test_an_export_sees_one_instant_while_others_append(
    cell: str, empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from eventlog import archive

    stored = archive._stored
    with EventLog(cell) as log:

        def disturbed(*args: object) -> Iterator[object]:
            for n, row in enumerate(stored(*args)):  # type: ignore[arg-type]
                log.append([Append("clock", [TimeAdvanced(recorded_at_ms=Ms(NOW_MS + n), wall_ms=NOW_MS)], 2 + n)])
                yield row

        monkeypatch.setattr(archive, "_stored", disturbed)
        events = export_log(cell, tmp_path / "log.gz", page_rows=2)
        assert log.version("clock") == 2 + events
    assert import_log(empty, tmp_path / "log.gz") == events


def test_a_missing_payload_is_found_by_the_export(cell: str, tmp_path: Path) -> None:
    with psycopg.connect(cell) as conn:
        conn.execute("DELETE FROM eventlog.position_payloads WHERE version = 2")
    with pytest.raises(CorruptLog, match="missing"):
        export_log(cell, tmp_path / "log.gz")
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_away_is_unavailable(tmp_path: Path) -> None:
    away = f"postgresql://nobody@127.0.0.1:1/x?connect_timeout=2&application_name={os.getpid()}"
    with pytest.raises(Unavailable):
        export_log(away, tmp_path / "log.gz")
