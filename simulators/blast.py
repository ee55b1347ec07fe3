"""A flood of phones on raw sockets whose messages are encoded before it begins; for `doorstep bench ingest`.

Each connection carries some hundred devices, one message of each in a block of bytes. To send a block again only its
digits are written anew (the time, the packet ids, the last digits of the place, so that no two messages say the same),
all at once by numpy: well under a microsecond a message. Half of the devices speak the native format, half OwnTracks.
Run as a process of its own: `python -m simulators.blast --help`; prints one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import selectors
import socket
import struct
import sys
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_PUBACK_BYTES = 4
_LAST_S = 60.0
"""How long acknowledgements may take after the last message."""
_ROUNDS = 10**4
"""Places that a device takes before it comes back to the first; its time is another one by then."""

Digits = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Blast:
    """`rate` messages/s (None: as fast as acknowledged) for `seconds`, or until `most` were sent, from `devices` phones
    on `connections`; of each connection at most `blocks` blocks of messages are unacknowledged."""

    host: str
    port: int
    seconds: float
    rate: float | None = None
    most: int | None = None
    devices: int = 2_000
    connections: int = 20
    blocks: int = 2
    user: str | None = None
    password: str | None = None
    root: str = ""
    """Before every topic."""
    turn: int = 0
    """Where the places begin: a blast right after another one must not say the same."""


@dataclass(frozen=True)
class Outcome:
    """Messages sent, acknowledged by the broker, distinct among those, seconds from first to last, and this process's
    CPU seconds meanwhile."""

    sent: int
    acknowledged: int
    seconds: float
    cpu_s: float


class Block:
    """One message of each device of a connection, as bytes that are sent again and again."""

    def __init__(self, devices: range, root: str = "") -> None:
        parts, self._id_at, self._ms_at, self._s_at, self._place_at = bytearray(), [], [], [], []
        for number in devices:
            topic, payload = _native(number) if number % 2 == 0 else _owntracks(number)
            packet = _publish(root.encode() + topic, payload)
            start = len(parts)
            parts += packet
            text = packet.decode("latin-1")
            self._id_at.append(start + len(packet) - len(payload) - 2)
            self._place_at.append(start + text.index("PPPP"))
            if number % 2 == 0:
                self._ms_at.append(start + text.index("1111111111.111"))
            else:
                self._s_at += [start + i for i in range(len(text)) if text.startswith("2222222222", i)]
        self._bytes: Digits = np.frombuffer(parts, np.uint8)
        self.messages = len(devices)

    def packed(self, now_s: float, first_id: int, turn: int) -> bytes:
        """The block's bytes for a time, packet ids from `first_id` on, and the `turn`-th place."""
        ids = np.arange(first_id, first_id + self.messages, dtype=">u2").view(np.uint8).reshape(-1, 2)
        self._write(self._id_at, ids)
        whole = int(now_s)
        self._write(self._ms_at, _digits(f"{whole:010d}.{int((now_s - whole) * 1000):03d}"))
        self._write(self._s_at, _digits(f"{whole:010d}"))
        self._write(self._place_at, _digits(f"{turn % _ROUNDS:04d}"))
        return self._bytes.tobytes()

    def _write(self, places: list[int], digits: Digits) -> None:
        if places:
            where = np.array(places)[:, None] + np.arange(digits.shape[-1])
            self._bytes[where] = digits


class _Link:
    """One connection; `unacknowledged` counts what remains of each block that was sent."""

    def __init__(self, sock: socket.socket, block: Block, turn: int) -> None:
        self.sock, self.block = sock, block
        self.outgoing = memoryview(b"")
        self.unacknowledged: deque[int] = deque()
        self.turn = turn
        self.partial = 0

    def fill(self, now_s: float) -> None:
        """Another block to send."""
        first_id = 1 + (self.turn % (60_000 // self.block.messages)) * self.block.messages
        self.outgoing = memoryview(self.block.packed(now_s, first_id, self.turn))
        self.turn += 1
        self.unacknowledged.append(self.block.messages)

    def send(self) -> None:
        """As much as the socket takes."""
        with suppress(BlockingIOError):
            self.outgoing = self.outgoing[self.sock.send(self.outgoing) :]

    def receive(self) -> int:
        """Count PUBACKs; nothing else comes to a publisher that never subscribes."""
        try:
            data = self.sock.recv(65_536)
        except BlockingIOError:
            return 0
        if not data:
            raise ConnectionError("the broker closed the connection")
        count, self.partial = divmod(self.partial + len(data), _PUBACK_BYTES)
        left = count
        while left and self.unacknowledged:
            taken = min(left, self.unacknowledged[0])
            left -= taken
            self.unacknowledged[0] -= taken
            if not self.unacknowledged[0]:
                self.unacknowledged.popleft()
        return count


def run(blast: Blast) -> Outcome:
    """Publish. Raises ConnectionError where the broker refuses or ends a connection."""
    shares = [range(i, blast.devices, blast.connections) for i in range(blast.connections)]
    links = [_Link(_connect(blast, i), Block(share, blast.root), blast.turn) for i, share in enumerate(shares)]
    selector = selectors.DefaultSelector()
    for link in links:
        selector.register(link.sock, selectors.EVENT_READ, link)
    sent = acknowledged = 0
    began_cpu, began = time.process_time(), time.monotonic()
    ending, last, turn = began + blast.seconds, began, 0
    most = blast.most or sys.maxsize
    while True:
        now = time.monotonic()
        if now < ending and sent < most:
            for _ in links:
                link = links[turn % len(links)]
                due = blast.rate is None or sent <= (now - began) * blast.rate
                if not due or sent >= most:
                    break
                if len(link.unacknowledged) >= blast.blocks or link.outgoing:
                    if blast.rate is not None:
                        break
                    turn += 1
                    continue
                link.fill(time.time())  # noqa: TID251 - a phone has a clock of its own
                link.send()
                sent += link.block.messages
                turn += 1
        elif acknowledged >= sent or now > ending + _LAST_S:
            break
        waiting = [link for link in links if link.outgoing]
        for key, _ in selector.select(0.0 if waiting else 0.002):
            count = key.data.receive()
            if count:
                acknowledged += count
                last = time.monotonic()
        for link in waiting:
            link.send()
    cpu_s = time.process_time() - began_cpu
    for link in links:
        link.sock.setblocking(True)
        link.sock.sendall(b"\xe0\x00")
        link.sock.close()
    return Outcome(sent, acknowledged, last - began, cpu_s)


def _native(number: int) -> tuple[bytes, bytes]:
    payload = (
        f'{{"time":1111111111.111,"lat":31.{200 + number % 100}PPPP,"lon":121.{400 + number % 97}313,'
        f'"accuracy":{4 + number % 50},"speed":{number % 9}.3,"heading":{number % 360},"battery":{20 + number % 80}}}'
    )
    return f"doorstep/v1/blast-{number:05d}/position".encode(), payload.encode()


def _owntracks(number: int) -> tuple[bytes, bytes]:
    payload = (
        f'{{"_type":"location","acc":{4 + number % 50},"alt":12,"batt":{20 + number % 80},"bs":1,'
        f'"cog":{number % 360},"conn":"m","created_at":2222222222,"lat":31.{200 + number % 100}PPPP,'
        f'"lon":121.{400 + number % 97}313,"m":1,"t":"u","tid":"{number % 97:02d}","tst":2222222222,"vac":3,'
        f'"vel":{number % 60}}}'
    )
    return f"owntracks/blast/p{number:05d}".encode(), payload.encode()


def _digits(text: str) -> Digits:
    return np.frombuffer(text.encode(), np.uint8)


def _connect(blast: Blast, number: int) -> socket.socket:
    sock = socket.create_connection((blast.host, blast.port), timeout=10)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    flags = 0x02 | (0xC0 if blast.user is not None else 0)
    texts = [f"blast-{os.getpid()}-{number}", *((blast.user, blast.password or "") if blast.user is not None else ())]
    body = b"\x00\x04MQTT\x04" + bytes([flags]) + b"\x00\x3c"
    body += b"".join(struct.pack("!H", len(text)) + text.encode() for text in texts)
    sock.sendall(b"\x10" + _length(len(body)) + body)
    answer = sock.recv(4)
    if answer[:1] != b"\x20" or answer[3:4] != b"\x00":
        raise ConnectionError(f"the broker refused the connection: {answer.hex()}")
    sock.setblocking(False)
    return sock


def _publish(topic: bytes, payload: bytes) -> bytes:
    """MQTT 3.1.1, section 3.3, at QoS 1."""
    body = struct.pack("!H", len(topic)) + topic + b"\0\0" + payload
    return b"\x32" + _length(len(body)) + body


def _length(n: int) -> bytes:
    """Remaining length (MQTT 3.1.1, section 2.2.3)."""
    out = bytearray()
    while True:
        n, digit = divmod(n, 128)
        out.append(digit | (0x80 if n else 0))
        if not n:
            return bytes(out)


def main() -> None:
    """Print the outcome as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--most", type=int)
    parser.add_argument("--devices", type=int, default=2_000)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--blocks", type=int, default=2)
    parser.add_argument("--root", default="")
    parser.add_argument("--turn", type=int, default=0)
    parser.add_argument("--user")
    parser.add_argument("--password")
    outcome = run(Blast(**vars(parser.parse_args())))
    json.dump(vars(outcome), sys.stdout)


if __name__ == "__main__":
    main()
