"""MQTT 3.1.1 connections of devices on raw sockets, any number of them in one thread, a few microseconds a message.

QoS 1. What was not acknowledged when a connection is lost goes out once more on the next one, as phones do: marked DUP
in a session that the broker keeps, as a new message in one that it does not (section 4.4).
"""

from __future__ import annotations

import contextlib
import random
import selectors
import socket
import struct
import time
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from simulators.errors import BrokerSilent

MOST_PACKET_IDS = 65_000
_CONNECT, _CONNACK, _PUBLISH, _PUBACK, _PINGREQ, _DISCONNECT = 0x10, 0x20, 0x32, 0x40, b"\xc0\x00", b"\xe0\x00"
_DUP = 0x08
_READ_BYTES = 65_536


class Link:
    """One device's connection. `clean`: the broker keeps nothing of it while it is away."""

    __slots__ = (
        "again_s",
        "clean",
        "client_id",
        "connected",
        "incoming",
        "last_sent_s",
        "next_id",
        "outgoing",
        "sock",
        "unacknowledged",
        "writable",
    )

    def __init__(self, client_id: str, *, clean: bool = True) -> None:
        self.client_id, self.clean = client_id, clean
        self.sock: socket.socket | None = None
        self.connected = False
        self.incoming, self.outgoing = bytearray(), bytearray()
        self.unacknowledged: dict[int, tuple[bytes, bytes]] = {}
        """Topic and payload by packet id, in the order sent."""
        self.next_id = 1
        self.last_sent_s = 0.0
        self.again_s = 0.0
        """When to connect next, or, while that is under way, when to give it up."""
        self.writable = True
        """The kernel's buffer has room."""


class Links:
    """All connections to the broker at `url` (`mqtt://[user:password@]host:port`); a context manager.

    `connecting_most`: connections that are made at the same time; `patience_s`: how long one may take; `again_s`: the
    pause before the next try, jittered. Whoever uses it calls `turn` all the time: nothing moves in between.
    """

    def __init__(
        self,
        url: str,
        *,
        keepalive_s: int = 60,
        connecting_most: int = 100,
        patience_s: float = 10.0,
        again_s: float = 0.3,
        seed: int = 0,
        on_acknowledged: Callable[[Link, int], None] | None = None,
    ) -> None:
        parts = urlsplit(url)
        self._address = parts.hostname or "127.0.0.1", parts.port or 1883
        self._user = unquote(parts.username or "").encode(), unquote(parts.password or "").encode()
        self._keepalive_s, self._connecting_most = keepalive_s, connecting_most
        self._patience_s, self._again_s = patience_s, again_s
        self._rng = random.Random(seed)
        self._on_acknowledged = on_acknowledged
        self._selector = selectors.DefaultSelector()
        self._away: list[Link] = []
        self._connecting: set[Link] = set()
        self._dirty: set[Link] = set()
        self._looked_s = 0.0
        self.all: list[Link] = []
        self.connected = self.connects = self.lost = 0
        self.sent = self.acknowledged = self.resent = 0

    def add(self, client_id: str, *, clean: bool = True) -> Link:
        """One more device; its connection is made in the next turns."""
        link = Link(client_id, clean=clean)
        self.all.append(link)
        self._away.append(link)
        return link

    @property
    def unacknowledged(self) -> int:
        """Messages over all connections that the broker has not acknowledged."""
        return self.sent - self.acknowledged

    def send(self, link: Link, topic: bytes, payload: bytes) -> None:
        """Send a message, at once or as soon as there is a connection."""
        packet = link.next_id
        while packet in link.unacknowledged:
            packet = packet % MOST_PACKET_IDS + 1
        link.next_id = packet % MOST_PACKET_IDS + 1
        link.unacknowledged[packet] = topic, payload
        self.sent += 1
        if link.connected:
            link.outgoing += _publish(topic, payload, packet, _PUBLISH)
            self._dirty.add(link)

    def turn(self, within_s: float) -> None:
        """Send what waits, read what came, connect who is away; wait at most so long for something to happen."""
        now_s = time.monotonic()
        if self._away or self._connecting:
            self._connect_some(now_s)
        for link in self._dirty:
            if link.writable:
                self._flush(link, now_s)
        self._dirty.clear()
        for key, events in self._selector.select(within_s):
            link = key.data
            if link.sock is not key.fileobj:
                continue  # lost in this very turn
            if events & selectors.EVENT_WRITE:
                self._on_writable(link)
            if events & selectors.EVENT_READ and link.sock is not None:
                self._on_readable(link)
        if now_s - self._looked_s >= 1.0:
            self._looked_s = now_s
            self._keep_alive(now_s)

    def until(self, done: Callable[[], bool], limit_s: float, within_s: float = 0.05) -> None:
        """Take turns until something is so. Raises BrokerSilent after `limit_s`."""
        end_s = time.monotonic() + limit_s
        while not done():
            if time.monotonic() > end_s:
                missing = f"{self.unacknowledged} messages unacknowledged"
                raise BrokerSilent(f"{missing}, {self.connected} of {len(self.all)} connected after {limit_s:g} s")
            self.turn(within_s)

    def __enter__(self) -> Links:
        return self

    def __exit__(self, *error: object) -> None:
        for link in self.all:
            if link.sock is not None:
                with contextlib.suppress(OSError):
                    link.sock.send(_DISCONNECT)
                link.sock.close()
        self._selector.close()

    def _connect_some(self, now_s: float) -> None:
        for link in [link for link in self._connecting if now_s > link.again_s]:
            self._lose(link)
        room = self._connecting_most - len(self._connecting)
        if room <= 0:
            return
        waiting, self._away = self._away, []
        for link in waiting:
            if room > 0 and link.again_s <= now_s:
                room -= 1
                self._connect(link, now_s)
            else:
                self._away.append(link)

    def _connect(self, link: Link, now_s: float) -> None:
        link.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        link.sock.setblocking(False)
        link.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link.again_s = now_s + self._patience_s
        link.incoming.clear()
        link.outgoing = bytearray(_connect_packet(link, self._user, self._keepalive_s))
        link.writable = False
        self._connecting.add(link)
        link.sock.connect_ex(self._address)  # what comes of it is seen when it can be written to
        self._selector.register(link.sock, selectors.EVENT_READ | selectors.EVENT_WRITE, link)

    def _on_writable(self, link: Link) -> None:
        assert link.sock is not None
        link.writable = True
        self._selector.modify(link.sock, selectors.EVENT_READ, link)
        self._flush(link, time.monotonic())

    def _flush(self, link: Link, now_s: float) -> None:
        if link.sock is None or not link.outgoing:
            return
        try:
            sent = link.sock.send(link.outgoing)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._lose(link)
            return
        del link.outgoing[:sent]
        link.last_sent_s = now_s
        if link.outgoing:
            link.writable = False
            self._selector.modify(link.sock, selectors.EVENT_READ | selectors.EVENT_WRITE, link)

    def _on_readable(self, link: Link) -> None:
        assert link.sock is not None
        try:
            data = link.sock.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lose(link)
            return
        link.incoming += data
        incoming, at = link.incoming, 0
        while len(incoming) - at >= 2 and len(incoming) - at >= 2 + incoming[at + 1]:
            kind = incoming[at]
            if kind == _PUBACK:
                packet = incoming[at + 2] << 8 | incoming[at + 3]
                if link.unacknowledged.pop(packet, None) is not None:
                    self.acknowledged += 1
                    if self._on_acknowledged is not None:
                        self._on_acknowledged(link, packet)
            elif kind == _CONNACK:
                if incoming[at + 3] != 0:
                    raise BrokerSilent(f"the broker refuses {link.client_id}: code {incoming[at + 3]}")
                self._on_connected(link)
            at += 2 + incoming[at + 1]
        del incoming[:at]

    def _on_connected(self, link: Link) -> None:
        link.connected = True
        self.connected += 1
        self.connects += 1
        self._connecting.discard(link)
        kind = _PUBLISH if link.clean else _PUBLISH | _DUP
        for packet, (topic, payload) in link.unacknowledged.items():
            link.outgoing += _publish(topic, payload, packet, kind)
            self.resent += 1
        self._dirty.add(link)

    def _lose(self, link: Link) -> None:
        if link.sock is not None:
            self._selector.unregister(link.sock)
            link.sock.close()
            link.sock = None
        if link.connected:
            self.connected -= 1
            self.lost += 1
        link.connected = False
        self._connecting.discard(link)
        link.outgoing.clear()
        link.again_s = time.monotonic() + self._again_s * self._rng.uniform(0.5, 1.5)
        self._away.append(link)

    def _keep_alive(self, now_s: float) -> None:
        """A silent connection is closed by the broker after one and a half keepalives (section 3.1.2.10)."""
        for link in self.all:
            if link.connected and now_s - link.last_sent_s > self._keepalive_s / 2:
                link.outgoing += _PINGREQ
                self._dirty.add(link)


def _connect_packet(link: Link, user: tuple[bytes, bytes], keepalive_s: int) -> bytes:
    name, password = user
    flags = (0x02 if link.clean else 0) | (0x80 if name else 0) | (0x40 if password else 0)
    body = b"\x00\x04MQTT\x04" + bytes([flags]) + struct.pack("!H", keepalive_s)
    body += b"".join(_field(field) for field in (link.client_id.encode(), name, password) if field)
    return bytes([_CONNECT]) + _length(len(body)) + body


def _publish(topic: bytes, payload: bytes, packet: int, kind: int) -> bytes:
    body = _field(topic) + struct.pack("!H", packet) + payload
    return bytes([kind]) + _length(len(body)) + body


def _field(said: bytes) -> bytes:
    return struct.pack("!H", len(said)) + said


def _length(count: int) -> bytes:
    """Remaining length (section 2.2.3)."""
    digits = bytearray()
    while True:
        count, digit = divmod(count, 128)
        digits.append(digit | (0x80 if count else 0))
        if not count:
            return bytes(digits)
