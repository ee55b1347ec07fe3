"""Dead letters in a real table: kept once, within limits, told before the limits, read again, and never lost."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from typer.testing import CliRunner

from domain.errors import NotFound
from domain.time import Ms
from doorstep import bootstrap
from doorstep.letters import app
from doorstep.settings import Settings
from eventlog.log import EventLog
from ingest import dead_letters
from ingest.dead_letters import Connection, Kept, State
from ingest.letter_keeper import LetterKeeper, Limits, fill_of, sweep
from ingest.schema import migrate
from tests.conftest import fresh_database
from tests.integration.doorstep.parents import eventually
from tests.integration.ingest.letters import READABLE, age, keep, letter

LARGE = b"x" * 400_000
EARLIER = """
CREATE SCHEMA ingest;
CREATE TABLE ingest.dead_letters (
    key bytea PRIMARY KEY, topic text COLLATE "C" NOT NULL, payload bytea NOT NULL,
    reason text COLLATE "C" NOT NULL, detail text NOT NULL, retained boolean NOT NULL,
    state text COLLATE "C" NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'resolved')),
    times int8 NOT NULL DEFAULT 1, first_seen timestamptz NOT NULL, last_seen timestamptz NOT NULL
);
INSERT INTO ingest.dead_letters (key, topic, payload, reason, detail, retained, state, first_seen, last_seen)
VALUES ('\\x01', 'a', 'junk', 'not_json', '', false, 'open', '2026-01-01Z', '2026-01-01Z'),
       ('\\x02', 'b', 'read', 'not_json', '', false, 'resolved', '2026-01-01Z', '2026-01-01Z');
"""


@pytest.fixture(scope="module")
def migrated(postgres_url: str) -> Iterator[str]:
    """The name of a database that holds an empty cell."""
    with fresh_database(postgres_url) as url:
        bootstrap.migrate(Settings(database_url=url))
        yield urlsplit(url).path.lstrip("/")


@pytest.fixture
def database(postgres_url: str, migrated: str) -> Iterator[str]:
    """An empty cell of this test's own."""
    with fresh_database(postgres_url, migrated) as url:
        yield url


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, database_url=database, mqtt_url="mqtt://127.0.0.1:1")


@pytest.fixture
def conn(settings: Settings) -> Iterator[Connection]:
    with psycopg.connect(settings.database_url or "", autocommit=True) as conn:
        yield conn


@pytest.fixture
def log(settings: Settings) -> Iterator[EventLog]:
    with bootstrap.event_log(settings) as log:
        yield log


def of(conn: Connection, state: State = "open") -> dict[str, Kept]:
    """Letters of a state by their topics."""
    return {each.topic: dead_letters.shown(conn, each.key) for each in dead_letters.listed(conn, state=state)}


def retried(settings: Settings, log: EventLog, conn: Connection) -> dict[str, list[str]]:
    """Every open letter read again: its topic, and the reasons why it still cannot be."""
    run = bootstrap.retry_of(settings, log, conn).run
    letters = dead_letters.each_to_retry(conn, dead_letters.keys_to_retry(conn))
    return {kept.topic: [fault.reason for fault in faults] for kept, faults in run(letters, threading.Event())}


# What is kept


def test_what_postgresql_cannot_hold_is_written_so_that_it_can(conn: Connection, database: str) -> None:
    odd = letter(1, topic="a\0b\ud800", detail="half \udfff and \0", payload=b"\0\xff")
    keep(database, odd, letter(2, detail="long " * 10_000))
    found = of(conn)
    assert found["a\\0b\\ud800"].detail == "half \\udfff and \\0"
    assert found["a\\0b\\ud800"].payload == b"\0\xff"
    assert len(found["doorstep/v1/p2/position"].detail) == 4_000


def test_a_letter_that_was_closed_and_comes_again_is_open_again(conn: Connection, database: str) -> None:
    keep(database, letter(1))
    (first,) = of(conn).values()
    assert dead_letters.drop(conn, why="noise", by="me", keys=[first.key]) == 1
    assert dead_letters.drop(conn, why="again", by="me", keys=[first.key]) == 0
    (dropped,) = of(conn, "dropped").values()
    assert (dropped.closed_why, dropped.closed_by, dropped.payload) == ("noise", "me", b"junk 1")
    keep(database, letter(1), at_s=60)
    (again,) = of(conn).values()
    assert (again.times, again.closed_at, again.closed_why) == (2, None, "")
    assert (again.last_seen - again.first_seen).total_seconds() == 60


def test_a_table_of_the_version_before_is_brought_up_with_its_letters(other_database: str) -> None:
    with psycopg.connect(other_database, autocommit=True) as conn:
        conn.execute(EARLIER)
        for _ in range(2):
            migrate(other_database)
        assert {topic: (kept.size, kept.payload) for topic, kept in of(conn).items()} == {"a": (4, b"junk")}
        (resolved,) = of(conn, "resolved").values()
        assert resolved.closed_at is not None  # else it would stand there for ever
        assert dead_letters.drop(conn, why="old", by="me", reason="not_json") == 1
        assert set(of(conn, "dropped")) == {"a"}


def test_migrating_again_does_not_wait_for_whoever_writes_letters(conn: Connection, database: str) -> None:
    with psycopg.connect(database) as ingest, ingest.cursor() as cursor:
        dead_letters.insert(cursor, [letter(1)], Ms(0))
        conn.execute("SET lock_timeout = '3s'")
        conn.execute(dead_letters.TABLE.encode())


def test_whoever_writes_letters_and_whoever_drops_them_do_not_deadlock(conn: Connection, database: str) -> None:
    many = [letter(n) for n in range(300)]
    keep(database, *many)
    failed: list[BaseException] = []

    def write(turn: int) -> None:
        try:
            for _ in range(8):
                keep(database, *(many if turn % 2 else many[::-1]))
        except psycopg.Error as error:
            failed.append(error)

    writers = [threading.Thread(target=write, args=(turn,)) for turn in range(2)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        dead_letters.drop(conn, why="noise", by="me", reason="not_json")
        sweep(conn, Limits(bytes_most=20_000))
    assert failed == []
    assert sum(kept.times for state in ("open", "dropped", "expired") for kept in _all(conn, state)) >= 300


def _all(conn: Connection, state: State) -> list[Kept]:
    return dead_letters.listed(conn, state=state, limit=1_000)


def test_a_list_leaves_the_payloads_where_they_are(conn: Connection, database: str) -> None:
    keep(database, letter(1, payload=LARGE))
    (listed,) = dead_letters.listed(conn)
    assert (listed.payload, listed.size) == (b"", len(LARGE))


# Limits


def test_beyond_the_size_the_oldest_are_given_up_and_say_so(conn: Connection, database: str) -> None:
    for number in range(4):
        keep(database, letter(number, payload=LARGE + b"%d" % number), at_s=number)
        age(database, 4 - number, f"doorstep/v1/p{number}/position")
    limits = Limits(bytes_most=1_000_000)
    assert fill_of(conn, limits).share > 1
    assert sweep(conn, limits) == 2
    assert sorted(of(conn)) == ["doorstep/v1/p2/position", "doorstep/v1/p3/position"]
    expired = of(conn, "expired")["doorstep/v1/p0/position"]
    assert (expired.payload, expired.size, expired.closed_by) == (b"", len(LARGE) + 1, "doorstep")
    assert expired.closed_why == "too many"
    assert sweep(conn, limits) == 0
    keep(database, letter(0, payload=LARGE + b"0"), at_s=9)
    assert of(conn)["doorstep/v1/p0/position"].payload == LARGE + b"0"  # it came again, with its bytes


def test_empty_messages_take_room_too(conn: Connection, database: str) -> None:
    keep(database, *(letter(number, payload=b"") for number in range(50)))
    assert fill_of(conn, Limits(bytes_most=10_000)).share > 1
    assert 0 < sweep(conn, Limits(bytes_most=10_000)) < 50


def test_beyond_the_age_they_are_given_up_and_closed_ones_are_forgotten(conn: Connection, database: str) -> None:
    keep(database, *(letter(number) for number in range(3)))
    found = of(conn)
    dead_letters.drop(conn, why="noise", by="me", keys=[found["doorstep/v1/p2/position"].key])
    limits = Limits(open_days=90, closed_days=30)
    age(database, 91, "doorstep/v1/p0/position")
    age(database, 29, "doorstep/v1/p2/position")
    assert sweep(conn, limits) == 1
    assert of(conn, "expired")["doorstep/v1/p0/position"].closed_why == "too old"
    assert set(of(conn, "dropped")) == {"doorstep/v1/p2/position"}
    age(database, 31, "doorstep/v1/p2/position")
    assert sweep(conn, limits) == 0
    assert (set(of(conn, "dropped")), set(of(conn))) == (set(), {"doorstep/v1/p1/position"})


def test_closed_ones_do_not_fill_the_disk_either(conn: Connection, database: str) -> None:
    keep(database, *(letter(number, payload=LARGE + b"%d" % number) for number in range(4)))
    dead_letters.drop(conn, why="noise", by="me", reason="not_json")
    age(database, 1, "doorstep/v1/p0/position")
    sweep(conn, Limits(bytes_most=1_300_000))
    assert sorted(of(conn, "dropped")) == [f"doorstep/v1/p{number}/position" for number in (1, 2, 3)]


def test_a_letter_that_somebody_is_at_waits_for_the_next_sweep(conn: Connection, database: str) -> None:
    keep(database, letter(1))
    with psycopg.connect(database) as ingest, ingest.cursor() as cursor:
        dead_letters.insert(cursor, [letter(1)], Ms(0))
        conn.execute("SET lock_timeout = '5s'")
        assert sweep(conn, Limits(bytes_most=1)) == 0
    assert sweep(conn, Limits(bytes_most=1)) == 1


def test_a_warning_stands_in_the_log_before_anything_is_given_up(
    conn: Connection, caplog: pytest.LogCaptureFixture, database: str
) -> None:
    keep(database, letter(1, payload=LARGE), letter(2, payload=LARGE))
    keeper, stop = LetterKeeper(database, Limits(bytes_most=900_000), every_s=0.01), threading.Event()
    with caplog.at_level(logging.WARNING, logger="ingest.letter_keeper"):
        watch = threading.Thread(target=keeper.run, args=(stop,))
        watch.start()
        try:
            eventually(lambda: keeper.fill.share > 0.8, "it is nearly full", 10)
            assert keeper.fill.letters == 2
            keep(database, letter(3, payload=LARGE))
            eventually(lambda: len(of(conn, "expired")) == 1, "one is given up", 10)
        finally:
            stop.set()
            watch.join()
    said = [record.getMessage() for record in caplog.records]
    assert [line.startswith("the dead letters are at 89 %") for line in said] == [True, False]
    assert said[1].startswith("1 dead letters were given up")


# Read again


def test_what_can_be_read_now_is_stored_and_what_cannot_says_why_now(
    settings: Settings, log: EventLog, conn: Connection, database: str
) -> None:
    keep(database, letter(1, payload=READABLE), letter(2, reason="unknown_topic", detail="nobody's"))
    assert retried(settings, log, conn) == {"doorstep/v1/p1/position": [], "doorstep/v1/p2/position": ["not_json"]}
    assert set(of(conn, "resolved")) == {"doorstep/v1/p1/position"}
    left = of(conn)["doorstep/v1/p2/position"]
    assert (left.reason, left.times) == ("not_json", 1)
    assert "nobody" not in left.detail
    assert [len(entry.batch) for entry in log.page(0, 100) if entry.batch is not None] == [1]


def test_what_can_be_read_of_an_array_is_stored_though_the_rest_cannot(
    settings: Settings, log: EventLog, conn: Connection, database: str
) -> None:
    keep(database, letter(1, payload=b"[" + READABLE + b',{"lat":1}]'))
    for _ in range(2):
        assert retried(settings, log, conn) == {"doorstep/v1/p1/position": ["missing_field"]}
    (left,) = of(conn).values()
    assert (left.times, left.reason, left.last_seen) == (1, "missing_field", left.first_seen)
    assert [len(entry.batch) for entry in log.page(0, 100) if entry.batch is not None] == [1]


def test_a_letter_that_came_again_while_it_was_read_stays_open(
    settings: Settings, log: EventLog, conn: Connection, database: str
) -> None:
    keep(database, letter(1, payload=READABLE), letter(2, payload=READABLE))

    def meanwhile() -> Iterator[Kept]:
        yield from dead_letters.each_to_retry(conn, dead_letters.keys_to_retry(conn))
        keep(database, letter(1, payload=READABLE), at_s=5)

    outcomes = {
        kept.topic: bool(faults)
        for kept, faults in bootstrap.retry_of(settings, log, conn).run(meanwhile(), threading.Event())
    }
    assert outcomes == {"doorstep/v1/p1/position": True, "doorstep/v1/p2/position": False}
    assert set(of(conn)) == {"doorstep/v1/p1/position"}
    assert retried(settings, log, conn) == {"doorstep/v1/p1/position": []}
    assert [len(entry.batch) for entry in log.page(0, 100) if entry.batch is not None] == [2]


def test_a_letter_that_decodes_and_cannot_be_stored_is_not_resolved(
    settings: Settings, log: EventLog, conn: Connection, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    keep(database, letter(1, payload=READABLE), letter(2, payload=READABLE))
    append = EventLog.append

    def refuse(self: EventLog, appends: Any, batch: Any = None, **options: Any) -> Any:
        if batch is not None and "p1" in set(batch.devices):
            raise ValueError("poison")
        return append(self, appends, batch=batch, **options)

    monkeypatch.setattr(EventLog, "append", refuse)
    assert retried(settings, log, conn) == {
        "doorstep/v1/p1/position": ["not_storable"],
        "doorstep/v1/p2/position": [],
    }
    assert of(conn)["doorstep/v1/p1/position"].reason == "not_storable"


def test_what_was_tried_lately_is_tried_last_and_told_to_stop_it_stops(
    settings: Settings, log: EventLog, conn: Connection, database: str
) -> None:
    keep(database, letter(1), letter(2), letter(3))
    first, second, third = dead_letters.keys_to_retry(conn)
    stop = threading.Event()
    run = bootstrap.retry_of(settings, log, conn).run(dead_letters.each_to_retry(conn, [first, second]), stop)
    next(run)
    stop.set()
    assert list(run) == []
    assert dead_letters.keys_to_retry(conn) == [second, third, first]


def test_letters_that_were_closed_or_forgotten_meanwhile_are_not_read(conn: Connection, database: str) -> None:
    keep(database, letter(1), letter(2), letter(3))
    keys = dead_letters.keys_to_retry(conn)
    letters = dead_letters.each_to_retry(conn, keys)
    assert next(letters).key == keys[0]
    conn.execute("DELETE FROM ingest.dead_letters WHERE key = decode(%s, 'hex')", (keys[1],))
    sweep(conn, Limits(bytes_most=1))
    assert list(letters) == []


# The command line


def cli(settings: Settings, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str]:
    """A command's exit code and what it wrote."""
    for name, value in settings.to_environ().items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(app, list(arguments))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def test_the_command_line_groups_drops_and_reads_again(
    settings: Settings, conn: Connection, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    keep(database, letter(1, payload=READABLE), letter(2), letter(3, reason="wrong_key", topic="a\x1b[2Jb"))
    code, said = cli(settings, monkeypatch, "groups", "--json")
    told = json.loads(said)
    assert {group["reason"]: group["letters"] for group in told["groups"]} == {"not_json": 2, "wrong_key": 1}
    assert told["fill"]["letters"] == 3
    assert "a\\x1b[2Jb" in cli(settings, monkeypatch, "list", "--reason", "wrong_key")[1]  # no terminal is moved
    assert cli(settings, monkeypatch, "drop", "--why", "test", "--reason", "wrong_key") == (0, "1 letters dropped\n")
    assert of(conn, "dropped")["a\x1b[2Jb"].closed_by == "command line"
    code, said = cli(settings, monkeypatch, "retry")
    assert (code, "stored" in said, "still unreadable: not_json" in said) == (1, True, True)
    for wrong in (("drop", "--why", "test"), ("drop", "--why", " ", "--reason", "x"), ("list", "--state", "lost")):
        assert cli(settings, monkeypatch, *wrong)[0] == 2
    with pytest.raises(NotFound, match="is no key"):
        cli(settings, monkeypatch, "show", "%")


def test_one_that_was_dropped_by_mistake_is_read_again_by_its_key(
    settings: Settings, conn: Connection, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    keep(database, letter(1, payload=READABLE))
    cli(settings, monkeypatch, "drop", "--why", "a mistake", "--reason", "not_json")
    (dropped,) = of(conn, "dropped").values()
    assert cli(settings, monkeypatch, "retry")[0] == 0
    assert set(of(conn, "dropped")) == {dropped.topic}
    assert cli(settings, monkeypatch, "retry", dropped.key[:10])[0] == 0
    assert set(of(conn, "resolved")) == {dropped.topic}
