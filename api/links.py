"""Customers' links: signed, for one visit, until an instant of the wall clock. The link is all that a customer has."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from typing import Any

import msgspec
from itsdangerous import BadSignature, URLSafeSerializer
from psycopg import Cursor

from api.database import Database
from domain.errors import NotFound, Rejected
from domain.time import HOUR_MS, SECOND_MS
from eventlog.clock import wall_ms

_SALT = "doorstep.link.1"
"""Separates these signatures from any other use of the secret."""


class LinkExpired(Rejected):
    """The link was good once."""

    code = "link_expired"


class Link(msgspec.Struct, frozen=True):
    """What a link opens, and until when (epoch ms of the wall clock)."""

    visit: str
    expires_ms: int


class Links:
    """Makes and reads links. `read_secret` is asked once."""

    def __init__(self, read_secret: Callable[[], bytes], *, valid_h: int, wall: Callable[[], int] = wall_ms) -> None:
        self._read_secret = read_secret
        self._valid_ms = valid_h * HOUR_MS
        self._wall = wall
        self._lock = threading.Lock()
        self._signer: URLSafeSerializer | None = None

    def make(self, visit: str) -> tuple[str, Link]:
        """A fresh link to a visit, with its token."""
        link = Link(visit, (self._wall() + self._valid_ms) // SECOND_MS * SECOND_MS)
        return self._serializer().dumps([link.visit, link.expires_ms // SECOND_MS]), link

    def open(self, token: str) -> Link:
        """What a token opens. Raises NotFound for one that we never made, LinkExpired, and Unavailable."""
        try:
            said: Any = self._serializer().loads(token)
        except BadSignature:
            raise NotFound("there is no such link") from None
        link = Link(said[0], said[1] * SECOND_MS)
        if self.left_s(link) <= 0:
            raise LinkExpired("the link has expired")
        return link

    def left_s(self, link: Link) -> float:
        """How long a link still works."""
        return (link.expires_ms - self._wall()) / SECOND_MS

    def _serializer(self) -> URLSafeSerializer:
        with self._lock:
            if self._signer is None:
                digest = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}
                self._signer = URLSafeSerializer(self._read_secret(), salt=_SALT, signer_kwargs=digest)
            return self._signer


def secret_of(database: Database) -> bytes:
    """The cell's secret."""

    def query(cursor: Cursor[Any]) -> bytes:
        row = cursor.execute("SELECT secret FROM api.secret").fetchone()
        assert row is not None
        return bytes(row[0])

    return database.read(query)
