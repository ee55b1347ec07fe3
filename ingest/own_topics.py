"""MQTT sessions for devices that publish elsewhere than their dialect usually does, as the registry says.

A session that nobody takes back makes the broker keep messages for it for ever, so each is noted before it is begun,
and ended with its messages once no device has its topic any more, even if ingest was away when that was said.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

import psycopg
from paho.mqtt.client import topic_matches_sub

from domain.errors import Unavailable
from ingest.broker import Session
from ingest.codecs import all_codecs

logger = logging.getLogger(__name__)

TABLE = """
CREATE TABLE IF NOT EXISTS ingest.own_topics (
    topic text COLLATE "C" PRIMARY KEY
);
"""

EVERY_S = 1.0
"""How often it is seen whether a session may be ended, and how long nothing must have come from it."""

Open = Callable[[str, Sequence[str]], Session]
"""Makes a session, not yet begun, from the end of its client id and its filters."""


class OwnTopics:
    """One more source of messages (`ingest.role.Source`): a session for each topic that is wanted.

    A session that nobody wants any more is ended once what its broker kept for it is in the log: the devices were told
    that it had arrived.
    """

    name = "topics of devices' own"

    def __init__(self, dsn: str, open_session: Open, *, every_s: float = EVERY_S) -> None:
        self.ready = threading.Event()
        self.ready.set()  # whoever is given a topic is told to publish there later
        self._dsn, self._open, self._every_s = dsn, open_session, every_s
        self._sessions: dict[str, Session] = {}
        self._leaving: dict[str, Session] = {}
        self._heard: dict[str, int] = {}
        self._changing = threading.RLock()  # held while a session ends, which takes seconds
        self._begun = False
        self._stopped = threading.Event()
        self._ending = threading.Thread(target=self._run, name="own topics", daemon=True)

    @property
    def failure(self) -> Unavailable | None:
        """Nothing can come from one of them. Where the broker refuses a topic, the others are heard all the same."""
        sessions = [*self._sessions.copy().values(), *self._leaving.copy().values()]
        return next((each.failure for each in sessions if each.failure is not None and not each.refused), None)

    @property
    def connected(self) -> bool:
        """Whether all are."""
        return all(session.connected for session in self._sessions.copy().values())

    def want(self, topics: Iterable[str]) -> None:
        """These and no others, from now on. Raises Unavailable where they cannot be noted."""
        wanted = {topic for topic in topics if not is_heard_anyway(topic)}
        with self._changing:
            try:
                noted = self._note(wanted)
            except psycopg.Error as error:
                raise Unavailable(f"the topics of devices cannot be noted: {error}") from error
            for topic in wanted - self._sessions.keys():
                left = self._leaving.pop(topic, None)
                self._sessions[topic] = left or self._begin(topic)
            for topic in noted - wanted - self._leaving.keys():
                self._heard.pop(topic, None)
                stood = self._sessions.pop(topic, None)
                self._leaving[topic] = stood or self._begin(topic)

    def start(self) -> None:
        """Begin."""
        with self._changing:
            self._begun = True
            for session in (*self._sessions.values(), *self._leaving.values()):
                session.start()
        self._ending.start()

    def stop(self) -> None:
        """End; the broker keeps the sessions."""
        self._stopped.set()
        if self._ending.is_alive():
            self._ending.join()
        with self._changing:
            for session in (*self._sessions.values(), *self._leaving.values()):
                session.stop()

    def _begin(self, topic: str) -> Session:
        session = self._open(_suffix(topic), [f"{topic}/#"])
        if self._begun:
            session.start()
        return session

    def _run(self) -> None:
        while not self._stopped.wait(self._every_s):
            self._look()

    def _look(self) -> None:
        """End the sessions that nobody wants, where nothing has come since the last look."""
        with self._changing:
            for topic, session in list(self._leaving.items()):
                before, self._heard[topic] = self._heard.get(topic), session.heard
                reached = session.connected or session.refused
                if reached and before == session.heard and not session.holds and not self._stopped.is_set():
                    self._end(topic, session)

    def _end(self, topic: str, session: Session) -> None:
        """The session and the note of it; where that cannot be, it is tried again."""
        try:
            if session.discard():
                with psycopg.connect(self._dsn, autocommit=True) as conn:
                    conn.execute("DELETE FROM ingest.own_topics WHERE topic = %s", (topic,))
                del self._leaving[topic], self._heard[topic]
                return
        except psycopg.Error as error:
            logger.warning("the topic %s could not be forgotten, and is tried again: %s", topic, error)
        else:
            logger.warning("the session of %s could not be ended, and is tried again", topic)
        self._leaving[topic] = self._begin(topic)
        del self._heard[topic]

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


@lru_cache(maxsize=4_096)
def is_heard_elsewhere(topic: str) -> bool:
    """Whether some dialect's session hears what is published on this very topic: `+/events/rpc` hears a Shelly that was
    given `porch`, and so would the session of `porch`."""
    return any(topic_matches_sub(each, topic) for codec in all_codecs() for each in codec.filters)


def _suffix(topic: str) -> str:
    return "-at-" + hashlib.blake2b(topic.encode(), digest_size=6).hexdigest()
