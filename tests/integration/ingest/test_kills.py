"""Everything is killed in mid-stream, and in the end each fact is in the log, once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from uuid import UUID

import pytest

from domain.events.facts import ButtonPressed
from doorstep.embedded.broker import EmbeddedBroker
from doorstep.embedded.postgres import SERVER_SETTINGS, EmbeddedPostgres
from eventlog.clock import wall_ms
from ingest.codecs import codec_of
from ingest.message import Message
from ingest.reading import Receipt
from tests.integration.ingest.cell import ACK_WAIT_S, LIMIT_S, Cell, Device, settings_of

MESSAGES = 20_000
NOW_S = wall_ms() // 1_000


def position(number: int) -> tuple[str, bytes]:
    """Every third is of another dialect, which has a session of its own."""
    if number % 3 == 0:
        said = b'{"_type":"location","tst":%d,"_id":"%d","lat":31.2304,"lon":121.4737,"vel":4}'
        return f"owntracks/phones/p{number % 50}", said % (NOW_S - 60 + number // 1_000, number)
    said = b'{"time":%d.%03d,"lat":31.2304167,"lon":121.4737012,"accuracy":8.5}'
    return f"doorstep/v1/phone-{number % 50}/position", said % (NOW_S - 60 + number // 1_000, number % 1_000)


def other(number: int) -> tuple[str, bytes]:
    """Every hundredth message is no position, and every second one of these has no time."""
    if number % 200 == 0:
        return "doorstep/v1/bell/button", b'{"press":"single","n":%d}' % number
    return f"doorstep/v1/phone-{number % 50}/checkin", b'{"time":%d,"id":%d}' % (NOW_S, number)


STREAM = [other(n) if n % 100 == 0 else position(n) for n in range(MESSAGES)]


def timed(messages: Sequence[tuple[str, bytes]]) -> set[UUID]:
    said = [codec_of(topic).decode(Message(topic, payload), Receipt(wall_ms())) for topic, payload in messages]
    facts = {fact.fact for decoded in said for fact in decoded.facts if fact.observed_at_ms is not None}
    return facts | {position.fact for decoded in said for position in decoded.positions}


def is_whole(cell: Cell) -> None:
    """Each message is in the log, once."""
    cell.until_rows(MESSAGES)
    assert cell.stop() == 0
    assert cell.is_acknowledged()
    facts = cell.facts()
    assert timed(STREAM) <= facts.keys()
    presses = [entry.event.extras["n"] for entry in cell.entries() if isinstance(entry.event, ButtonPressed)]
    assert sorted(presses) == list(range(0, MESSAGES, 200))
    assert (len(facts), sum(facts.values())) == (MESSAGES, MESSAGES)


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A database of this test's own: it is killed."""
    server = EmbeddedPostgres(tmp_path / "postgres", server_settings=SERVER_SETTINGS)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def cell(tmp_path: Path, postgres: EmbeddedPostgres, broker: EmbeddedBroker) -> Iterator[Cell]:
    cell = Cell(settings_of(tmp_path, postgres.url, broker.url, backoff_max_s=0.5, flush_rows=200))
    yield cell
    if not cell.has_ended:
        cell.stop()


class Stream:
    """The messages, published by another thread."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._thread = threading.Thread(target=self._publish, daemon=True)
        self.failure: BaseException | None = None

    def __enter__(self) -> Stream:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(LIMIT_S)
        assert not self._thread.is_alive()
        assert self.failure is None

    def _publish(self) -> None:
        try:
            with Device(self._url, "phones") as phones:
                for first in range(0, MESSAGES, 2_000):
                    phones.publish(STREAM[first : first + 2_000])
        except BaseException as error:
            self.failure = error


def in_mid_stream(cell: Cell, times: int, strike: Callable[[], None]) -> None:
    """Strike when so much of the stream is stored, evenly spread."""
    for strikes in range(1, times + 1):
        threshold = MESSAGES * strikes // (times + 2)
        cell.until_rows(threshold)
        strike()


@pytest.mark.slow
def test_kill_9_of_ingest_loses_and_doubles_nothing(cell: Cell, broker: EmbeddedBroker) -> None:
    def strike() -> None:
        cell.kill()
        cell.start()

    cell.start()
    with Stream(broker.url):
        in_mid_stream(cell, 5, strike)
    is_whole(cell)


@pytest.mark.slow
def test_kill_9_of_the_database_loses_and_doubles_nothing(
    cell: Cell, broker: EmbeddedBroker, postgres: EmbeddedPostgres
) -> None:
    def strike() -> None:
        assert postgres.child is not None
        os.kill(postgres.child.pid or 0, signal.SIGKILL)
        postgres.start()

    cell.start()
    with Stream(broker.url):
        in_mid_stream(cell, 3, strike)
    is_whole(cell)


@pytest.mark.slow
def test_a_database_that_is_away_for_longer_than_the_brokers_patience_is_waited_for(
    cell: Cell, broker: EmbeddedBroker, postgres: EmbeddedPostgres
) -> None:
    cell.start()
    with Stream(broker.url):
        cell.until_rows(2_000)
        postgres.stop()
        impatient = threading.Event()
        impatient.wait(6 * ACK_WAIT_S)
        postgres.start()
    is_whole(cell)


@pytest.mark.slow
def test_kill_9_of_the_broker_loses_and_doubles_nothing(cell: Cell, broker: EmbeddedBroker) -> None:
    def strike() -> None:
        assert broker.child is not None
        os.kill(broker.child.pid or 0, signal.SIGKILL)
        broker.start()

    cell.start()
    with Stream(broker.url):
        in_mid_stream(cell, 3, strike)
    cell.until_rows(MESSAGES)
    assert cell.stop() == 0
    facts, said = cell.facts(), timed(STREAM)
    assert {fact: facts[fact] for fact in said} == dict.fromkeys(said, 1)
