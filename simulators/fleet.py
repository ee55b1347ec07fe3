"""Every device with an MQTT connection and a will of its own, all driven by one thread.

QoS 1, a bounded number in flight over all of them, each device's messages in their order. Through a broker that dies
they go on: paho sends what was not acknowledged once more. A connection is made when its device first speaks.
"""

from __future__ import annotations

import selectors
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from simulators.dialects import speaks_for
from simulators.errors import BrokerSilent
from simulators.wire import CLOCK_TOPIC, Lost, Message, clock

_LOOK_S = 0.25
"""Between two looks at keepalives and at who must connect again."""
_AGAIN_S = 0.3
CLOCK = "clock"
"""The connection that tells a following cell the time."""


_GOES_OUT = (mqtt.MQTT_ERR_SUCCESS, mqtt.MQTT_ERR_NO_CONN, mqtt.MQTT_ERR_CONN_LOST)
"""At once, or on reconnection: paho keeps what it could not write."""


class Fleet:
    """All devices of a day, at the broker at `url` (`mqtt[s]://[user:password@]host:port`); a context manager.

    `wills` by connection; `in_flight`: messages sent and not yet acknowledged over all of them; `patience_s`: how long
    the broker may be silent or away. Raises BrokerSilent after it.
    """

    def __init__(
        self,
        url: str,
        wills: Mapping[str, Message],
        *,
        prefix: str = "sim",
        in_flight: int = 400,
        patience_s: float = 60.0,
        keepalive_s: int = 60,
    ) -> None:
        self._url, self._wills, self._prefix = urlsplit(url), wills, prefix
        self._in_flight, self._patience_s, self._keepalive_s = in_flight, patience_s, keepalive_s
        self._changed = threading.Condition()
        self._outstanding = 0
        self._error: BrokerSilent | None = None
        self._tasks: deque[Callable[[], None]] = deque()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._clients: dict[str, mqtt.Client] = {}
        self._sockets: dict[str, socket.socket] = {}
        self._lost_s: dict[str, float] = {}
        self._connected: set[str] = set()
        self._waiting: dict[str, deque[Message]] = {}
        """For a connection: whoever has to send again does that first."""
        self._ending = False
        self._thread = threading.Thread(target=self._drive, name="fleet", daemon=True)
        self.sent = 0
        self.acknowledged = 0

    def publish(self, message: Message | Lost) -> None:
        """Send by the connection that the topic belongs to; waits while too many are unacknowledged."""
        if isinstance(message, Lost):
            return self._lose(message)
        name = CLOCK if message.topic == CLOCK_TOPIC else speaks_for(message)
        with self._changed:
            self._wait_until_at_most(self._in_flight - 1)
            self._outstanding += 1
            self.sent += 1
        return self._do(lambda: self._send(name, message))

    def drain(self) -> None:
        """Wait until the broker has acknowledged everything."""
        with self._changed:
            self._wait_until_at_most(0)

    def tick(self, at_ms: int) -> None:
        """Tell the cell the time (clock mode `followed`): after every fact sent before was acknowledged."""
        self.drain()
        self.publish(clock(at_ms))

    def __enter__(self) -> Fleet:
        self._selector.register(self._wake_reader, selectors.EVENT_READ, None)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.drain()
        finally:
            self._do(self._end)
            self._thread.join()
            self._selector.close()
            self._wake_reader.close()
            self._wake_writer.close()

    # The caller's thread

    def _lose(self, lost: Lost) -> None:
        """What the device had sent is acknowledged before; then the broker says its will."""
        self.drain()
        self._do(lambda: self._cut(lost.connection))

    def _do(self, task: Callable[[], None]) -> None:
        self._tasks.append(task)
        self._wake_writer.send(b"!")

    def _wait_until_at_most(self, outstanding: int) -> None:
        end_s, before = time.monotonic() + self._patience_s, self.acknowledged
        while self._outstanding > outstanding and self._error is None:
            if self.acknowledged > before:
                end_s, before = time.monotonic() + self._patience_s, self.acknowledged
            if not self._changed.wait(max(end_s - time.monotonic(), 0)) and time.monotonic() >= end_s:
                raise BrokerSilent(f"{self._outstanding} messages unacknowledged for {self._patience_s:g} s")
        if self._error is not None:
            raise self._error

    # The fleet's thread: nothing else touches a client

    def _drive(self) -> None:
        looked_s = 0.0
        while not self._ending:
            for key, _ in self._selector.select(_LOOK_S):
                if key.data is None:
                    self._wake_reader.recv(4096)
                else:
                    self._clients[key.data].loop_read()
            while self._tasks:
                self._tasks.popleft()()
            for name in list(self._connected):
                self._send_waiting(name)
            for name in [name for name in self._sockets if self._clients[name].want_write()]:
                self._clients[name].loop_write()
            if time.monotonic() - looked_s >= _LOOK_S:
                looked_s = time.monotonic()
                self._look_after()

    def _look_after(self) -> None:
        for name, client in list(self._clients.items()):
            if name in self._sockets:
                client.loop_misc()
            elif time.monotonic() - self._lost_s.get(name, 0.0) >= _AGAIN_S:
                self._connect(name, client)

    def _send(self, name: str, message: Message) -> None:
        client = self._clients.get(name)
        if client is None:
            client = self._clients[name] = self._made(name)
            self._connect(name, client)
        self._waiting.setdefault(name, deque()).append(message)

    def _send_waiting(self, name: str) -> None:
        waiting = self._waiting.get(name)
        while waiting:
            message = waiting.popleft()
            sent = self._clients[name].publish(message.topic, message.payload, qos=1)
            if sent.rc not in _GOES_OUT:
                self._fail(f"{message.topic}: {mqtt.error_string(sent.rc)}")

    def _made(self, name: str) -> mqtt.Client:
        client_id = f"{self._prefix}-{name}"
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv311, userdata=name)
        client.max_queued_messages_set(0)
        client.on_connect, client.on_publish = self._on_connect, self._on_publish
        client.on_socket_open, client.on_socket_close = self._on_open, self._on_close
        will = self._wills.get(name)
        if will is not None:
            client.will_set(will.topic, will.payload, qos=1, retain=not will.topic.startswith("owntracks/"))
        if self._url.username:
            client.username_pw_set(unquote(self._url.username), unquote(self._url.password or ""))
        if self._url.scheme == "mqtts":
            client.tls_set_context(ssl.create_default_context())
        return client

    def _connect(self, name: str, client: mqtt.Client) -> None:
        port = self._url.port or (8883 if self._url.scheme == "mqtts" else 1883)
        self._lost_s[name] = time.monotonic()
        try:
            client.connect(self._url.hostname or "127.0.0.1", port, self._keepalive_s)
        except OSError:
            self._forget(name)  # tried again, until the patience of who waits ends

    def _cut(self, name: str) -> None:
        """End the connection as a flat battery does. The device connects anew when it next speaks."""
        client, sock = self._clients.pop(name, None), self._sockets.get(name)
        if client is None:
            return
        client.on_socket_close = None
        self._forget(name)
        if sock is not None:
            sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def _end(self) -> None:
        for name, client in self._clients.items():
            if name in self._sockets:
                client.disconnect()
        self._ending = True

    def _fail(self, what: str) -> None:
        with self._changed:
            self._error = self._error or BrokerSilent(what)
            self._changed.notify_all()

    def _forget(self, name: str) -> None:
        self._connected.discard(name)
        sock = self._sockets.pop(name, None)
        if sock is not None:
            self._selector.unregister(sock)

    def _on_open(self, client: mqtt.Client, name: str, sock: Any) -> None:
        self._forget(name)
        self._sockets[name] = sock
        self._selector.register(sock, selectors.EVENT_READ, name)

    def _on_close(self, client: mqtt.Client, name: str, sock: Any) -> None:
        self._lost_s[name] = time.monotonic()
        if self._sockets.get(name) is sock:
            self._forget(name)

    def _on_connect(self, client: mqtt.Client, name: str, flags: Any, reason: ReasonCode, properties: Any) -> None:
        if reason.is_failure:
            self._fail(f"the broker refuses the connection: {reason}")
        else:
            self._connected.add(name)

    def _on_publish(self, client: mqtt.Client, name: str, mid: int, reason: ReasonCode, properties: Any) -> None:
        with self._changed:
            self.acknowledged += 1
            self._outstanding -= 1
            self._changed.notify_all()
