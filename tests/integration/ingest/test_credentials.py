"""Logins and keys in their tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from domain.errors import NotFound, Rejected
from ingest import credentials
from ingest.schema import migrate

Connection = psycopg.Connection[Any]


@pytest.fixture
def conn(database: str) -> Iterator[Connection]:
    migrate(database)
    with psycopg.connect(database, autocommit=True) as conn:
        yield conn


def test_a_minted_login_opens_with_its_password_only(conn: Connection) -> None:
    minted = credentials.mint(conn, "li.phone", ["owntracks/li/phone"])
    found = credentials.verify(conn, minted.login, minted.password)
    assert found is not None
    assert (found.login, found.device, found.topics) == (minted.login, "li.phone", ("owntracks/li/phone",))
    assert credentials.verify(conn, minted.login, "wrong") is None
    assert credentials.verify(conn, "nobody", minted.password) is None


def test_the_password_stands_nowhere_in_the_table(conn: Connection) -> None:
    minted = credentials.mint(conn, "p-1", [])
    (row,) = conn.execute("SELECT c::text FROM ingest.credentials c").fetchone() or ("",)
    assert minted.login in row
    assert minted.password not in row


def test_a_device_has_several_logins_and_a_revoked_one_stays_listed(conn: Connection) -> None:
    first, second = credentials.mint(conn, "p-1", []), credentials.mint(conn, "p-1", [])
    credentials.mint(conn, "p-2", [])
    credentials.revoke(conn, first.login)
    credentials.revoke(conn, first.login)
    assert credentials.verify(conn, first.login, first.password) is None
    assert credentials.verify(conn, second.login, second.password) is not None
    listed = credentials.listed(conn, "p-1")
    assert [(login.login, login.revoked_at is None) for login in listed] == [(first.login, False), (second.login, True)]
    assert len(credentials.listed(conn)) == 3


def test_a_login_of_ones_own_name_is_taken_once(conn: Connection) -> None:
    assert credentials.mint(conn, "p-1", [], "li").login == "li"
    with pytest.raises(Rejected):
        credentials.mint(conn, "p-2", [], "li")
    with pytest.raises(Rejected):
        credentials.mint(conn, "p-2", [], "l i")


def test_a_login_that_is_not_there_cannot_be_revoked(conn: Connection) -> None:
    with pytest.raises(NotFound):
        credentials.revoke(conn, "nobody")


def test_the_last_key_of_a_device_counts_until_it_is_dropped(conn: Connection) -> None:
    credentials.set_key(conn, "li.phone", b"first")
    credentials.set_key(conn, "li.phone", b"second")
    assert credentials.keys(conn) == {"li.phone": b"second"}
    credentials.drop_key(conn, "li.phone")
    assert credentials.keys(conn) == {}
    for odd in (b"", b"x" * 33):
        with pytest.raises(Rejected):
            credentials.set_key(conn, "li.phone", odd)
