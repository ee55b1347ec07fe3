"""A persistent MQTT 3.1.1 session whose messages go to the inbox; acknowledged by the committer only.

The only paho outside the simulators. paho's own thread reads and reconnects; callbacks do nothing but enqueue.
"""

from __future__ import annotations

import logging
import random
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from domain.errors import Unavailable
from ingest.batch_client import BatchClient
from ingest.inbox import Inbox, Line
from ingest.message import Message
from ingest.topics import PROBE

logger = logging.getLogger(__name__)

AT_LEAST_ONCE = 1
_PORTS = {"mqtt": 1883, "mqtts": 8883}
_REFUSED = 0x80  # section 3.9.3


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach the broker. `url`: mqtt://user:password@host:port, or mqtts:// for TLS."""

    url: str
    client_id: str
    keepalive_s: int = 30
    backoff_first_s: float = 0.2
    backoff_max_s: float = 10.0
    ca_file: Path | None = None
    """Whom to trust as a broker; unset: the system's authorities."""
    cert_file: Path | None = None
    key_file: Path | None = None
    """Who we are, where the broker asks for a certificate."""


class Session:
    """One session, kept by the broker while we are away. `ready` is set once its subscriptions were granted: from then
    on nothing that a device publishes is missed, whoever is connected.

    Connection losses are outlived, for ever; a refused subscription is in `failure`, and asked for again with the next
    connection, should there be one. What another session hears `elsewhere`, by its topic, is only acknowledged.
    """

    def __init__(
        self,
        access: Access,
        inbox: Inbox,
        filters: Sequence[str],
        *,
        urgent: bool = False,
        elsewhere: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self.ready = threading.Event()
        self.connected = False
        self.failure: Unavailable | None = None
        self.refused = False
        self.heard = 0
        self._asked_at_s: float | None = None
        self.name = access.client_id
        self._access = access
        self._filters = list(filters)
        self._inbox = inbox
        self._client = self._make_client()
        self._line = Line(self._client.acknowledge, urgent=urgent, elsewhere=elsewhere)
        inbox.add_line(self._line)

    def start(self) -> None:
        """Begin to connect."""
        self._connect(self._client)

    def _connect(self, client: BatchClient) -> None:
        parts = urlsplit(self._access.url)
        client.connect_async(
            parts.hostname or "", parts.port or _PORTS[parts.scheme], keepalive=self._access.keepalive_s
        )
        client.loop_start()

    def stop(self) -> None:
        """Send the acknowledgements that wait, then leave. The broker keeps the session."""
        self._client.disconnect()
        self._client.loop_stop()

    def probe(self) -> None:
        """Ask the broker to store something that says nothing. It is asked again only once that was answered."""
        if self._asked_at_s is None and self.connected:
            self._asked_at_s = time.monotonic()
            self._client.publish(PROBE, b"", AT_LEAST_ONCE)

    @property
    def unanswered_s(self) -> float:
        """How long the broker has not stored what it was asked to; 0: it does, or its answer waits where the inbox is
        full and nothing is read."""
        asked_at_s = self._asked_at_s
        return 0.0 if asked_at_s is None or self._inbox.is_full else time.monotonic() - asked_at_s

    @property
    def holds(self) -> bool:
        """Whether something that was heard is not in the log yet."""
        return self._inbox.holds(self._line)

    def discard(self, within_s: float = 5.0) -> bool:
        """End the session itself, with what the broker keeps for it. False: it could not be told within the time."""
        self.stop()
        self._inbox.remove_line(self._line)
        ended = threading.Event()
        client = self._make_client(keep=False)

        def on_connect(_client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
            if not reason.is_failure:
                ended.set()

        client.on_connect = on_connect
        client.on_disconnect = client.on_connect_fail = client.on_subscribe = None
        self._connect(client)
        done = ended.wait(within_s)
        client.disconnect()
        client.loop_stop()
        return done

    def _make_client(self, *, keep: bool = True) -> BatchClient:
        access, parts = self._access, urlsplit(self._access.url)
        client = BatchClient(access.client_id, self._on_messages, keep=keep, died=self._on_death)
        self._pause(client)
        if parts.username:
            client.username_pw_set(unquote(parts.username), unquote(parts.password or ""))
        if parts.scheme == "mqtts":
            context = ssl.create_default_context(cafile=access.ca_file)
            if access.cert_file is not None:
                context.load_cert_chain(access.cert_file, access.key_file)
            client.tls_set_context(context)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        return client

    def _pause(self, client: BatchClient) -> None:
        """How long to wait before connecting again: with chance in it, so that all who lost a broker do not come back
        to it in one moment."""
        chance = random.uniform(0.5, 1.0)
        client.reconnect_delay_set(self._access.backoff_first_s * chance, self._access.backoff_max_s * chance)  # type: ignore[arg-type]

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            logger.warning("%s: the broker refused the connection: %s", self._access.client_id, reason)
            return
        self._inbox.reconnected(self._line)
        self._client.subscribe([(topic, AT_LEAST_ONCE) for topic in self._filters])

    def _on_connect_fail(self, _client: Any, _data: Any) -> None:
        parts = urlsplit(self._access.url)
        logger.warning(
            "%s: no connection to %s://%s:%s", self._access.client_id, parts.scheme, parts.hostname, parts.port
        )

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._inbox.reconnected(self._line)
        self.connected = False
        self._pause(self._client)
        if reason.is_failure:
            logger.warning("%s: the broker was lost: %s", self._access.client_id, reason)

    def _on_subscribe(self, _client: Any, _data: Any, _mid: Any, reasons: Any, _properties: Any) -> None:
        granted = [reason.value for reason in reasons]
        if any(qos != AT_LEAST_ONCE for qos in granted):
            self.failure = Unavailable(f"the broker refused a subscription: {self._filters} got {granted}")
            self.refused = True
            logger.error("%s: %s", self._access.client_id, self.failure)
            return
        if self.refused:
            self.refused, self.failure = False, None
        self.connected = True
        self.ready.set()

    def _on_publish(self, *_: Any) -> None:
        self._asked_at_s = None

    def _on_messages(self, messages: Sequence[tuple[Message, int]]) -> None:
        self._inbox.deliver(self._line, messages)
        self.heard += len(messages)

    def _on_death(self, error: Exception) -> None:
        """paho's thread would end without a word."""
        self.connected = False
        self.failure = Unavailable(f"{self.name}: nothing can be received: {type(error).__name__}: {error}")
