"""Who may come in at the HTTP door: the logins as they stand, kept in memory, so that they count while the database is
away; and how often somebody may be wrong."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import NamedTuple

import psycopg

from domain.errors import DoorstepError, Unavailable
from ingest import credentials
from ingest.credentials import Login, opens

logger = logging.getLogger(__name__)

MINUTE_S = 60.0
ADDRESSES_MOST = 10_000
"""Addresses whose mistakes are counted; beyond it the oldest is forgiven."""

_WAIT_S = 0.5
_REREAD_S = 30.0
"""Logins are read again after this, told of a change or not."""


class Shown(NamedTuple):
    """What somebody shows at the door."""

    login: str
    password: str


class NotAdmitted(DoorstepError):
    """No login, or a wrong one; which of the two is nobody's business."""

    code = "unauthorized"


class TooOften(DoorstepError):
    """Wrong too often from one address within a minute."""

    code = "too_many_requests"


def basic(header: str) -> Shown | None:
    """What an `Authorization` header shows (RFC 7617); None where it is no such thing."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    login, colon, password = text.partition(":")
    return Shown(login, password) if colon else None


class Doorkeeper:
    """Knows the logins once `learn` was called, which `follow` does. `admit` is for one event loop."""

    def __init__(self, *, refusals_per_min: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._most = refusals_per_min
        self._monotonic = monotonic
        self._logins: dict[str, Login] | None = None
        self._known: dict[str, bytes] = {}
        self._refusals: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def learn(self, logins: Iterable[Login]) -> None:
        """These are all logins now."""
        fresh = {login.login: login for login in logins if login.revoked_at is None}
        self._logins = fresh
        self._known = {login: mark for login, mark in self._known.items() if login in fresh}

    async def admit(self, shown: Shown | None, address: str) -> Login:
        """The login that is shown. A password is hashed once; afterwards it is recognised, without counting anything,
        so that whoever guesses does not lock out those who know. Raises NotAdmitted, TooOften, Unavailable."""
        if self._logins is None:
            raise Unavailable("the logins have not been read yet")
        if shown is None:
            raise NotAdmitted("a login is needed")
        login = self._logins.get(shown.login)
        # With the hash of the login, so that a new one of the same name is not opened by the old password.
        mark = hashlib.sha256(
            b"\0".join(text.encode(errors="replace") for text in (login.bcrypt if login else "", shown.password))
        ).digest()
        if login is not None and hmac.compare_digest(self._known.get(login.login, b""), mark):
            return login
        if self._is_tiresome(address):
            raise TooOften("wrong too often; wait a minute")
        if not await asyncio.to_thread(opens, login, shown.password) or login is None:
            self._note(address)
            raise NotAdmitted("no such login")
        self._known[login.login] = mark
        return login

    def _is_tiresome(self, address: str) -> bool:
        since_s, count = self._refusals.get(address, (0.0, 0))
        return count >= self._most and self._monotonic() - since_s < MINUTE_S

    def _note(self, address: str) -> None:
        now_s = self._monotonic()
        since_s, count = self._refusals.pop(address, (now_s, 0))
        if now_s - since_s >= MINUTE_S:
            since_s, count = now_s, 0
        self._refusals[address] = (since_s, count + 1)
        if len(self._refusals) > ADDRESSES_MOST:
            self._refusals.popitem(last=False)


def follow(dsn: str, keeper: Doorkeeper, stop: threading.Event, *, pause_s: float) -> None:
    """Keep a doorkeeper's logins current until told to stop; while the database is away it keeps those it has."""
    while not stop.is_set():
        try:
            with psycopg.connect(dsn, autocommit=True) as conn:
                conn.execute(f"LISTEN {credentials.CHANGED}".encode())
                while not stop.is_set():
                    keeper.learn(credentials.listed(conn))
                    _until_told(conn, stop)
        except psycopg.Error as error:
            logger.warning("the logins cannot be read: %s; trying again in %.1f s", error, pause_s)
            stop.wait(pause_s)


def _until_told(conn: credentials.Connection, stop: threading.Event) -> None:
    until_s = time.monotonic() + _REREAD_S
    while not stop.is_set() and time.monotonic() < until_s:
        if list(conn.notifies(timeout=_WAIT_S, stop_after=1)):
            list(conn.notifies(timeout=0))  # many that come together are one change
            return
