"""paho, reading many packets per system call and acknowledging many in one.

paho asks the kernel three or four times for each packet, waits in `select` before each, and sends each PUBACK by itself
behind a wake-up byte: more than half of what a message costs. Here a read takes what there is, PUBLISH packets are cut
out of it, and everything else (CONNACK, SUBACK, PINGRESP, reconnecting, keepalive, TLS) goes paho's own way through
its own functions. It leans on a few of paho's inner names; `tests/unit/ingest/test_batch_client.py` holds it to them.
"""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from ingest.message import Message

_READ_BYTES = 1 << 18
"""More than a TLS record holds (16 KB), so nothing that was read waits where poll cannot see it."""

_PUBLISH, _PUBACK = 0x30, b"\x40\x02"  # MQTT 3.1.1, table 2.1 and section 3.4.1
_LENGTH_MOST = 4  # bytes of a remaining length (section 2.2.3)

_AGAIN_S = 1.0

Deliver = Callable[[Sequence[tuple[Message, int]]], None]
"""Takes messages with their packet ids, 0 at QoS 0, in the order received."""


class Malformed(ValueError):
    """The broker sent what is no MQTT."""


class BatchClient(mqtt.Client):
    """An MQTT 3.1.1 client with a session that the broker is to `keep`, and manual acknowledgement. `deliver` is called
    on its thread with what one read brought; `died` when that thread ends by an error, after which nothing comes."""

    def __init__(
        self,
        client_id: str,
        deliver: Deliver,
        *,
        keep: bool = True,
        died: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        self._deliver, self._died = deliver, died
        self._unread = bytearray()
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=not keep,
            protocol=mqtt.MQTTv311,
            manual_ack=True,
        )

    def acknowledge(self, packets: Sequence[int]) -> None:
        """PUBACK for these packet ids, in this order, in one write of its thread; nothing where that has ended."""
        if self._thread is None:
            return  # paho would write here and now, and call back whoever holds the inbox, if the connection is lost
        answer = b"".join(_PUBACK + packet.to_bytes(2, "big") for packet in packets)
        self._packet_queue(0x40, answer, 0, 0)

    def loop_forever(self, timeout: float = 1.0, retry_first_connection: bool = False) -> MQTTErrorCode:
        """What paho's own thread runs."""
        try:
            return super().loop_forever(timeout, retry_first_connection)
        except Exception as error:
            self._died(error)
            raise

    def loop_stop(self) -> MQTTErrorCode:
        """End, once what is to be sent was. Overrides paho's, whose thread lives on where it was just connecting and
        the broker leaves something unanswered."""
        self._thread_terminate = True
        while (thread := self._thread) is not None and thread is not threading.current_thread():
            self.disconnect()
            thread.join(_AGAIN_S)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _loop(self, timeout: float = 1.0) -> MQTTErrorCode:
        """One turn. Overrides paho's, which waits in `select`: that knows no descriptor past 1023, and the HTTP door
        may hold more connections than that."""
        sock, woken = self._sock, self._sockpairR
        if sock is None:
            return MQTTErrorCode.MQTT_ERR_NO_CONN
        poll = select.poll()
        poll.register(sock, select.POLLIN | (select.POLLOUT if self.want_write() else 0))
        if woken is not None:
            poll.register(woken, select.POLLIN)
        ready = dict(poll.poll(timeout * 1_000))
        happened = ready.get(sock.fileno(), 0)
        if happened & ~select.POLLOUT:
            rc = self.loop_read()
            if rc or self._sock is None:
                return rc
        if woken is not None and woken.fileno() in ready:
            happened |= select.POLLOUT
            with suppress(BlockingIOError):
                woken.recv(_READ_BYTES)
        if happened & select.POLLOUT:
            rc = self.loop_write()
            if rc or self._sock is None:
                return rc
        return self.loop_misc()

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """What has arrived. Overrides paho's, which its own thread calls."""
        try:
            arrived = super()._sock_recv(_READ_BYTES)
        except BlockingIOError:
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        except OSError:
            arrived = b""
        if not arrived:
            return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)
        self._unread += arrived
        with self._msgtime_mutex:
            self._last_bytes_received = time.monotonic()
        try:
            return self._read_packets()
        except Malformed:
            return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_PROTOCOL)

    def _read_packets(self) -> MQTTErrorCode:
        unread, start = self._unread, 0
        self._unread = bytearray()
        messages: list[tuple[Message, int]] = []
        rc = MQTTErrorCode.MQTT_ERR_SUCCESS
        try:
            while rc == MQTTErrorCode.MQTT_ERR_SUCCESS and (ends := _packet_ends(unread, start)) is not None:
                body, end = ends
                if unread[start] & 0xF0 == _PUBLISH:
                    messages.append(_publish(unread, start, body, end))
                else:
                    self._unread = unread[start:end]
                    rc = self._packet_read()
                start = end
        finally:
            if messages:
                self._deliver(messages)
        if rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return self._loop_rc_handle(rc)
        if self._sock is None:
            return MQTTErrorCode.MQTT_ERR_NO_CONN
        del unread[:start]  # in place: a large message arrives in many pieces, and is not copied at each
        self._unread = unread
        return rc

    def _sock_recv(self, bufsize: int) -> bytes:
        """What paho reads is one packet that has arrived whole."""
        taken = bytes(self._unread[:bufsize])
        del self._unread[:bufsize]
        return taken

    def _create_socket(self) -> Any:
        """A new connection begins with nothing of the old one."""
        self._unread = bytearray()
        return super()._create_socket()


def _packet_ends(unread: bytearray, start: int) -> tuple[int, int] | None:
    """Where the body of the packet at `start` begins and ends; None until it has arrived whole. Raises Malformed."""
    length, at = 0, start + 1
    for shift in range(0, 7 * _LENGTH_MOST, 7):
        if at >= len(unread):
            return None
        byte = unread[at]
        at += 1
        length |= (byte & 127) << shift
        if byte < 128:
            return (at, at + length) if at + length <= len(unread) else None
    raise Malformed("a remaining length of more than four bytes")


def _publish(unread: bytearray, start: int, body: int, end: int) -> tuple[Message, int]:
    """A PUBLISH (section 3.3). Raises Malformed."""
    head = unread[start]
    qos = (head >> 1) & 3
    named = body + 2 + int.from_bytes(unread[body : body + 2], "big")
    payload = named + 2 if qos else named
    if qos == 3 or payload > end:
        raise Malformed("a PUBLISH that is none")
    try:
        topic = unread[body + 2 : named].decode()
    except UnicodeDecodeError:
        topic = unread[body + 2 : named].decode(errors="backslashreplace")
    message = Message(topic, bytes(unread[payload:end]), qos, head & 1 == 1, head & 8 == 8)
    return message, int.from_bytes(unread[named:payload], "big")
