"""MQTT sessions for devices that publish elsewhere than their dialect usually does, as the registry says.

A session that nobody takes back makes the broker keep messages for it for ever, so each is noted before it is begun,
and ended with its messages once no device has its topic any more, even if ingest was away when that was said.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Sequence

import psycopg

from domain.errors import Unavailable
from ingest.broker import Session
from ingest.codecs import all_codecs

logger = logging.getLogger(__name__)

TABLE = """
CREATE TABLE IF NOT EXISTS ingest.own_topics (
    topic text COLLATE "C" PRIMARY KEY
);
"""

Open = Callable[[str, Sequence[str]], Session]
"""Makes a session, not yet begun, from the end of its client id and its filters."""


class OwnTopics:
    """One more source of messages (`ingest.role.Source`): a session for each topic that is wanted."""

    def __init__(self, dsn: str, open_session: Open) -> None:
        self.ready = threading.Event()
        self.ready.set()  # whoever is given a topic is told to publish there later
        self._dsn, self._open = dsn, open_session
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()
        self._begun = False

    name = "topics of devices' own"

    @property
    def failure(self) -> Unavailable | None:
        """The broker refuses one of them."""
        return next((session.failure for session in self._running() if session.failure is not None), None)

    @property
    def connected(self) -> bool:
        """Whether all are."""
        return all(session.connected for session in self._running())

    def want(self, topics: Iterable[str]) -> None:
        """These and no others, from now on. Raises Unavailable where they cannot be noted."""
        wanted = {topic for topic in topics if not is_heard_anyway(topic)}
        with self._lock:
            try:
                noted = self._note(wanted)
            except psycopg.OperationalError as error:
                raise Unavailable(f"the topics of devices cannot be noted: {error}") from error
            for topic in wanted - self._sessions.keys():
                self._sessions[topic] = session = self._open(_suffix(topic), [f"{topic}/#"])
                if self._begun:
                    session.start()
            for topic in noted - wanted:
                old = self._sessions.pop(topic, None) or self._open(_suffix(topic), [])
                if not old.discard():
                    logger.warning("the session of %s could not be ended; it is tried again at the next change", topic)
                    continue
                with psycopg.connect(self._dsn, autocommit=True) as conn:
                    conn.execute("DELETE FROM ingest.own_topics WHERE topic = %s", (topic,))

    def start(self) -> None:
        """Begin."""
        with self._lock:
            self._begun = True
            for session in self._sessions.values():
                session.start()

    def stop(self) -> None:
        """End; the broker keeps the sessions."""
        for session in self._running():
            session.stop()

    def _running(self) -> list[Session]:
        with self._lock:
            return list(self._sessions.values())

    def _note(self, wanted: set[str]) -> set[str]:
        """Every topic that may have a session at the broker, those wanted now among them."""
        with psycopg.connect(self._dsn, autocommit=True) as conn:
            conn.execute(
                "INSERT INTO ingest.own_topics SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING", (sorted(wanted),)
            )
            return {topic for (topic,) in conn.execute("SELECT topic FROM ingest.own_topics").fetchall()}


def is_heard_anyway(topic: str) -> bool:
    """Whether some dialect's session hears everything at and below a topic already."""
    return any(
        each.endswith("/#") and f"{topic}/".startswith(each.removesuffix("#"))
        for codec in all_codecs()
        for each in codec.filters
    )


def _suffix(topic: str) -> str:
    return "-at-" + hashlib.blake2b(topic.encode(), digest_size=6).hexdigest()
