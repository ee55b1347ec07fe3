"""What keeps the broker's logins current says once what is wrong, and goes on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence

import psycopg
import pytest

from doorstep import logins
from doorstep.brokers.accounts import Account
from doorstep.embedded.child import ChildFailed
from doorstep.logins import LoginKeeper
from ingest.credentials import Login
from tests.unit.doorstep.brokers.test_write import login

LIMIT_S = 10.0


class Broker:
    """Takes what it is told, but for the first `refusals` times."""

    def __init__(self, refusals: int = 0) -> None:
        self.told: queue.SimpleQueue[list[str]] = queue.SimpleQueue()
        self._refusals = refusals

    def admit(self, devices: Sequence[Account]) -> None:
        self._refusals -= 1
        if self._refusals >= 0:
            raise ChildFailed("the broker does not take it\nand this is its log")
        self.told.put([device.name for device in devices])


class Connection:
    """Of a database that need not be there."""

    closed = False

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None: ...

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[Login | Exception]:
    """What the database answers: these logins, or the error."""
    answers: list[Login | Exception] = []

    def listed(_conn: object) -> list[Login]:
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return [answer for answer in answers if isinstance(answer, Login)]

    monkeypatch.setattr(logins.credentials, "listed", listed)
    monkeypatch.setattr(logins.psycopg, "connect", lambda *_args, **_named: Connection())
    return answers


def told_while_running(broker: Broker, said: list[str]) -> list[str]:
    stop = threading.Event()
    keeper = LoginKeeper("", broker, poll_s=0.001, say=said.append)
    thread = threading.Thread(target=keeper.run, args=(stop,))
    thread.start()
    try:
        return broker.told.get(timeout=LIMIT_S)
    finally:
        stop.set()
        thread.join(LIMIT_S)


def test_the_broker_is_told_of_the_logins_that_stand(found: list[Login | Exception]) -> None:
    found += [login("anna-1", "a"), login("gone-1", "b", revoked=True)]
    said: list[str] = []
    assert told_while_running(Broker(), said) == ["anna-1"]
    assert said == []


def test_what_the_broker_refuses_is_tried_again_and_said_once(found: list[Login | Exception]) -> None:
    found += [login("anna-1", "a")]
    said: list[str] = []
    assert told_while_running(Broker(refusals=3), said) == ["anna-1"]
    assert said == ["logins: the broker does not take it"]


def test_a_cell_that_has_no_table_yet_has_no_logins(found: list[Login | Exception]) -> None:
    found += [psycopg.errors.UndefinedTable("there is none")]
    broker = Broker()
    LoginKeeper("", broker, poll_s=1.0, say=pytest.fail).once()
    assert broker.told.get_nowait() == []


def test_without_a_database_nothing_changes(found: list[Login | Exception]) -> None:
    found += [psycopg.OperationalError("no connection")]
    broker, said = Broker(), list[str]()
    LoginKeeper("", broker, poll_s=1.0, say=said.append).once()
    assert broker.told.empty()
    assert said == ["logins: no connection"]
