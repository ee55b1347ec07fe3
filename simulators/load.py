"""A load of phones on raw sockets: MQTT 3.1.1 publishers that cost a few microseconds a message.

paho publishers cap near 4 000 messages/s a process whatever the broker does; this one measures the broker and what
stands behind it, not itself. Run as a process of its own: `python -m simulators.load --help`.
"""

from __future__ import annotations

import argparse
import json
import random
import selectors
import socket
import struct
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

_PUBACK_BYTES = 4


@dataclass(slots=True)
class _Link:
    """One MQTT connection with its unacknowledged messages."""

    sock: socket.socket
    in_flight: int = 0
    next_id: int = 1
    outgoing: bytearray = field(default_factory=bytearray)
    partial: int = 0


@dataclass(frozen=True, kw_only=True)
class Load:
    """What to publish: `rate` messages/s (None: as fast as acknowledged) for `seconds`, from `devices` phones.

    `window` bounds the unacknowledged messages of each of the `connections`. Positions wander about (lat, lon).
    """

    host: str
    port: int
    seconds: float
    rate: float | None = None
    connections: int = 20
    window: int = 100
    devices: int = 1_000
    root: str = "doorstep/v1"
    prefix: str = "load"
    lat: float = 31.23
    lon: float = 121.47
    seed: int = 1


@dataclass(frozen=True)
class Outcome:
    """What was sent and acknowledged by the broker, and in how many seconds from the first to the last PUBACK."""

    sent: int
    acknowledged: int
    seconds: float


def run(load: Load) -> Outcome:
    """Publish the load. Raises ConnectionError where the broker ends a connection."""
    links = [_connect(load, i) for i in range(load.connections)]
    selector = selectors.DefaultSelector()
    for link in links:
        selector.register(link.sock, selectors.EVENT_READ, link)
    messages = _messages(load)
    sent = acknowledged = 0
    began = time.monotonic()
    ending = began + load.seconds
    last = began
    while True:
        now = time.monotonic()
        due = load.window * load.connections if load.rate is None else int((now - began) * load.rate) - sent
        if now < ending:
            share = load.window if load.rate is None else -(-due // len(links))
            for link in links:
                for _ in range(max(0, min(load.window - link.in_flight, share, due))):
                    topic, payload = next(messages)
                    link.outgoing += _publish(topic, payload, link.next_id)
                    link.next_id = link.next_id % 65_000 + 1
                    link.in_flight += 1
                    sent += 1
                    due -= 1
                _send(link)
        elif acknowledged == sent or now > ending + 30:
            break
        for key, _ in selector.select(0.001):
            count = _receive(key.data)
            if count:
                acknowledged += count
                last = time.monotonic()
        for link in links:
            if link.outgoing:
                _send(link)
    for link in links:
        link.sock.setblocking(True)
        link.sock.sendall(b"\xe0\x00")
        link.sock.close()
    return Outcome(sent, acknowledged, last - began)


def _messages(load: Load) -> Iterator[tuple[bytes, bytes]]:
    rng = random.Random(load.seed)
    places = [(load.lat + rng.uniform(-0.1, 0.1), load.lon + rng.uniform(-0.1, 0.1)) for _ in range(load.devices)]
    topics = [f"{load.root}/{load.prefix}-{i:05d}/position".encode() for i in range(load.devices)]
    while True:
        for i, (lat, lon) in enumerate(places):
            lat, lon = lat + rng.uniform(-1e-4, 1e-4), lon + rng.uniform(-1e-4, 1e-4)
            places[i] = lat, lon
            now = time.time()  # noqa: TID251 — a phone has a clock of its own
            payload = (
                f'{{"time":{now:.3f},"lat":{lat:.6f},"lon":{lon:.6f},"accuracy":{rng.randrange(4, 60)},'
                f'"speed":{rng.random() * 10:.1f},"heading":{rng.randrange(360)},"battery":{rng.randrange(20, 100)}}}'
            )
            yield topics[i], payload.encode()


def _connect(load: Load, number: int) -> _Link:
    client = f"{load.prefix}-link-{number}".encode()
    sock = socket.create_connection((load.host, load.port), timeout=10)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    body = b"\x00\x04MQTT\x04\x02\x00\x3c" + struct.pack("!H", len(client)) + client
    sock.sendall(b"\x10" + _length(len(body)) + body)
    answer = sock.recv(4)
    if answer[:1] != b"\x20" or answer[3:4] != b"\x00":
        raise ConnectionError(f"the broker refused the connection: {answer.hex()}")
    sock.setblocking(False)
    return _Link(sock)


def _publish(topic: bytes, payload: bytes, packet_id: int) -> bytes:
    body = struct.pack("!H", len(topic)) + topic + struct.pack("!H", packet_id) + payload
    return b"\x32" + _length(len(body)) + body


def _length(n: int) -> bytes:
    """Remaining length (MQTT 3.1.1 §2.2.3)."""
    out = bytearray()
    while True:
        n, digit = divmod(n, 128)
        out.append(digit | (0x80 if n else 0))
        if not n:
            return bytes(out)


def _send(link: _Link) -> None:
    try:
        sent = link.sock.send(link.outgoing)
    except BlockingIOError:
        return
    del link.outgoing[:sent]


def _receive(link: _Link) -> int:
    """Count PUBACKs; nothing else comes to a publisher that never subscribes."""
    try:
        data = link.sock.recv(65_536)
    except BlockingIOError:
        return 0
    if not data:
        raise ConnectionError("the broker closed the connection")
    link.partial += len(data)
    count, link.partial = divmod(link.partial, _PUBACK_BYTES)
    link.in_flight -= count
    return count


def main() -> None:
    """Print the outcome as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--window", type=int, default=100)
    parser.add_argument("--devices", type=int, default=1_000)
    parser.add_argument("--root", default="doorstep/v1")
    parser.add_argument("--prefix", default="load")
    outcome = run(Load(**vars(parser.parse_args())))
    json.dump({"sent": outcome.sent, "acknowledged": outcome.acknowledged, "seconds": outcome.seconds}, sys.stdout)


if __name__ == "__main__":
    main()
