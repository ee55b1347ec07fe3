"""The client that reads many packets at once: whatever pieces the bytes come in, and through paho's own machinery."""

from __future__ import annotations

import os
import resource
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import batch_client
from ingest.batch_client import BatchClient, Malformed
from ingest.message import Message
from tests.integration.doorstep.parents import eventually

CONNACK = b"\x20\x02\x00\x00"
SUBACK = b"\x90\x03\x00\x01\x01"
PINGRESP = b"\xd0\x00"


def publish(topic: bytes, payload: bytes, packet: int, *, qos: int = 1, flags: int = 0) -> bytes:
    body = len(topic).to_bytes(2, "big") + topic + (packet.to_bytes(2, "big") if qos else b"") + payload
    length, head = len(body), bytearray([0x30 | qos << 1 | flags])
    while True:
        length, digit = divmod(length, 128)
        head.append(digit | (0x80 if length else 0))
        if not length:
            return bytes(head) + body


class Broker:
    """One connection, of which the test says every byte."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.heard = b""

    def until_heard(self, end: bytes) -> None:
        while not self.heard.endswith(end):
            piece = self.sock.recv(4096)
            assert piece, self.heard
            self.heard += piece


@contextmanager
def connected() -> Iterator[tuple[BatchClient, Broker, list[tuple[Message, int]]]]:
    got: list[tuple[Message, int]] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        client = BatchClient("c-1", got.extend)
        client.connect_async("127.0.0.1", listener.getsockname()[1])
        client.loop_start()
        sock, _ = listener.accept()
        sock.settimeout(20)
        broker = Broker(sock)
        broker.until_heard(b"c-1")
        sock.sendall(CONNACK)
        try:
            yield client, broker, got
        finally:
            client.disconnect()
            client.loop_stop()
            sock.close()


def test_messages_come_with_all_that_a_publish_says() -> None:
    with connected() as (_, broker, got):
        broker.sock.sendall(
            publish(b"a/b", b"once", 7)
            + publish(b"a", b"", 65_535, flags=8)
            + PINGRESP
            + publish("门".encode(), b"kept", 0, qos=0, flags=1)
        )
        eventually(lambda: len(got) == 3, "all three arrive")
    assert got == [
        (Message("a/b", b"once", 1), 7),
        (Message("a", b"", 1, dup=True), 65_535),
        (Message("门", b"kept", 0, retained=True), 0),
    ]


def test_a_batch_is_acknowledged_in_one_write_in_the_order_given() -> None:
    with connected() as (client, broker, _):
        client.acknowledge([3, 1, 500])
        broker.until_heard(b"\x40\x02\x00\x03\x40\x02\x00\x01\x40\x02\x01\xf4")


def test_a_new_connection_begins_with_nothing_of_the_old_one() -> None:
    half = publish(b"a", b"never whole", 1)[:6]
    got: list[tuple[Message, int]] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        client = BatchClient("c-1", got.extend)
        client.reconnect_delay_set(0, 1)
        client.connect_async("127.0.0.1", listener.getsockname()[1])
        client.loop_start()
        for said in (half, publish(b"a", b"whole", 2)):
            sock, _ = listener.accept()
            sock.settimeout(20)
            Broker(sock).until_heard(b"c-1")
            sock.sendall(CONNACK + said)
            if said == half:
                sock.close()
        eventually(lambda: bool(got), "the message of the second connection arrives")
        client.disconnect()
        client.loop_stop()
        sock.close()
    assert [(message.payload, packet) for message, packet in got] == [(b"whole", 2)]


def test_what_is_no_mqtt_ends_the_connection() -> None:
    lost = threading.Event()
    with connected() as (client, broker, got):
        client.on_disconnect = lambda *_: lost.set()
        broker.sock.sendall(publish(b"a", b"good", 1) + b"\x32\xff\xff\xff\xff\xff")
        assert lost.wait(20)
    assert [message.payload for message, _ in got] == [b"good"], "what was whole before it is kept"


def test_a_connection_may_have_any_descriptor() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 1_200:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(2_000, hard), hard))
    taken = [os.open(os.devnull, os.O_RDONLY) for _ in range(1_030)]
    try:
        with connected() as (_, broker, got):
            broker.sock.sendall(publish(b"a", b"heard", 1))
            eventually(lambda: bool(got), "a message arrives past the 1024 that select knows")
    finally:
        for descriptor in taken:
            os.close(descriptor)


def test_whoever_looks_after_a_client_hears_that_its_thread_has_ended_and_may_still_acknowledge(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    died: list[Exception] = []
    reconnected: list[int] = []

    def deliver(_: object) -> None:
        raise RuntimeError("no more")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = BatchClient("c-1", deliver, died=died.append)
        client.on_disconnect = lambda *_: reconnected.append(1)
        client.connect_async("127.0.0.1", listener.getsockname()[1])
        client.loop_start()
        sock, _ = listener.accept()
        sock.settimeout(20)
        Broker(sock).until_heard(b"c-1")
        sock.sendall(CONNACK + publish(b"a", b"", 1))
        eventually(lambda: client._thread is None, "its thread has ended")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
    client.acknowledge([1])
    assert [str(error) for error in died] == ["no more"]
    assert not reconnected, "whoever acknowledges holds the inbox, and must not be called back"


def test_it_stops_though_it_was_just_connecting_and_the_broker_leaves_something_unanswered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    may_connect = threading.Event()
    client = BatchClient("c-1", lambda _: None)
    connect = client._create_socket_connection

    def slowly() -> socket.socket:
        assert may_connect.wait(20)
        return connect()

    monkeypatch.setattr(client, "_create_socket_connection", slowly)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client.connect_async("127.0.0.1", listener.getsockname()[1])
        client.loop_start()
        client.publish("probe", b"", 1)
        client.disconnect()
        stopping = threading.Thread(target=client.loop_stop)
        stopping.start()
        may_connect.set()
        sock, _ = listener.accept()
        with sock:
            Broker(sock).until_heard(b"c-1")
            sock.sendall(CONNACK)
            stopping.join(20)
    assert not stopping.is_alive()


def test_a_large_message_in_small_pieces_is_not_copied_at_each() -> None:
    client = BatchClient("c-1", lambda _: None)
    whole = publish(b"t", bytes(1 << 20), 1)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        client._sock = ours  # type: ignore[assignment]
        ours.setblocking(False)
        theirs.sendall(whole[:4_096])
        client.loop_read()
        unread = client._unread
        theirs.sendall(whole[4_096:8_192])
        client.loop_read()
        client._sock = None
    assert client._unread is unread
    assert len(unread) == 8_192


@given(
    payloads=st.lists(st.binary(max_size=300), min_size=1, max_size=8),
    cuts=st.lists(st.integers(1, 400), max_size=12),
)
@settings(max_examples=60)
def test_pieces_of_any_size_make_the_same_messages(payloads: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(publish(b"t/x", payload, i + 1) for i, payload in enumerate(payloads))
    got: list[tuple[Message, int]] = []
    client = BatchClient("c-1", got.extend)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        client._sock = ours  # type: ignore[assignment]
        ours.setblocking(False)
        for cut in [*cuts, len(stream)]:
            piece, stream = stream[:cut], stream[cut:]
            if piece:
                theirs.sendall(piece)
                client.loop_read()
        client._sock = None
    assert [(message.payload, packet) for message, packet in got] == [(p, i + 1) for i, p in enumerate(payloads)]


@pytest.mark.parametrize(
    "packet", [b"\x36\x05\x00\x01a\x00\x01", b"\x32\x03\x00\x09a", b"\x32\x02\x00\x01", b"\x30\x01\x00"]
)
def test_a_publish_that_is_none_is_malformed(packet: bytes) -> None:
    ends = batch_client._packet_ends(bytearray(packet), 0)
    assert ends is not None
    with pytest.raises(Malformed):
        batch_client._publish(bytearray(packet), 0, *ends)
