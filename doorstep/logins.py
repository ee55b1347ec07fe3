"""Logins of devices, from the registry to the embedded broker: one that is minted or revoked counts within seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import psycopg

from doorstep.brokers.accounts import Account, device_accounts
from doorstep.embedded.child import ChildFailed
from ingest import credentials

_REST = 5
"""Each reload makes the broker check every connected device's password: it may spend a sixth of its time on that."""


class Admits(Protocol):
    """A broker that is told who may connect."""

    def admit(self, devices: Sequence[Account]) -> None:
        """Raises ChildFailed."""


class LoginKeeper:
    """Tells a broker of the logins that stand whenever they change. `say` gets one line when it cannot."""

    def __init__(self, database_url: str, broker: Admits, *, poll_s: float, say: Callable[[str], None]) -> None:
        self._database_url = database_url
        self._broker = broker
        self._poll_s = poll_s
        self._say = say
        self._trouble = ""

    def once(self) -> None:
        """Tell the broker of what stands now, where that can be read."""
        try:
            with psycopg.connect(self._database_url) as conn:
                self._tell(conn)
        except (psycopg.Error, ChildFailed) as error:
            self._complain(error)

    def run(self, stop: threading.Event) -> None:
        """Look every `poll_s`, until told to stop; what fails is tried again."""
        conn: psycopg.Connection[Any] | None = None
        pause_s = self._poll_s
        while not stop.wait(pause_s):
            began = time.monotonic()
            try:
                if conn is None or conn.closed:
                    conn = psycopg.connect(self._database_url, autocommit=True)
                self._tell(conn)
                self._trouble = ""
            except (psycopg.Error, ChildFailed) as error:
                self._complain(error)
                if conn is not None:
                    conn.close()
            pause_s = max(self._poll_s, _REST * (time.monotonic() - began))
        if conn is not None:
            conn.close()

    def _tell(self, conn: psycopg.Connection[Any]) -> None:
        try:
            logins = credentials.listed(conn)
        except psycopg.errors.UndefinedTable:
            logins = []  # a cell that is not migrated yet has none
        self._broker.admit(device_accounts(logins))

    def _complain(self, error: Exception) -> None:
        """Once for each trouble, not once for each look."""
        trouble = str(error).splitlines()[0]
        if trouble != self._trouble:
            self._say(f"logins: {trouble}")
        self._trouble = trouble
