"""A publisher of devices' messages: QoS 1, a bounded number in flight, and nothing counts until it is acknowledged.

Through a broker that dies it goes on: paho connects again and sends what was not acknowledged once more.
"""

from __future__ import annotations

import ssl
import threading
import time
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from simulators.errors import BrokerSilent
from simulators.wire import Lost, Message, clock

_CONNECT_PAUSE_S = 0.2
_FULL_PAUSE_S = 0.01


class Publisher:
    """One connection to the broker at `url` (`mqtt[s]://[user:password@]host:port`); a context manager.

    `in_flight`: messages sent and not yet acknowledged; `publish` waits where there are so many. `patience_s`: how
    long the broker may be silent or away. Raises BrokerSilent after it.
    """

    def __init__(
        self,
        url: str,
        *,
        client_id: str,
        in_flight: int = 200,
        patience_s: float = 60.0,
        keepalive_s: int = 30,
    ) -> None:
        self._url = urlsplit(url)
        self._patience_s, self._keepalive_s = patience_s, keepalive_s
        self._in_flight = in_flight
        self._outstanding = 0
        self._changed = threading.Condition()
        self._connected = threading.Event()
        self._refusal: str | None = None
        self.acknowledged = 0
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv311)
        self._client.max_inflight_messages_set(in_flight)
        self._client.max_queued_messages_set(0)
        self._client.reconnect_delay_set(min_delay=1, max_delay=2)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish
        if self._url.username:
            self._client.username_pw_set(unquote(self._url.username), unquote(self._url.password or ""))
        if self._url.scheme == "mqtts":
            self._client.tls_set_context(ssl.create_default_context())

    def publish(self, message: Message | Lost) -> None:
        """Send; waits while too many are unacknowledged. All devices share this connection: none is lost on its own.

        Raises BrokerSilent.
        """
        if isinstance(message, Lost):
            return
        with self._changed:
            self._wait_until_at_most(self._in_flight - 1)
            self._outstanding += 1
        end = time.monotonic() + self._patience_s
        while True:
            sent = self._client.publish(message.topic, message.payload, qos=1)
            if sent.rc in (mqtt.MQTT_ERR_SUCCESS, mqtt.MQTT_ERR_NO_CONN):  # NO_CONN: queued, goes out on reconnection
                return
            if sent.rc != mqtt.MQTT_ERR_QUEUE_SIZE or time.monotonic() > end:
                self._settled()
                raise BrokerSilent(f"{message.topic}: {mqtt.error_string(sent.rc)}")
            time.sleep(_FULL_PAUSE_S)

    def drain(self) -> None:
        """Wait until the broker has acknowledged everything. Raises BrokerSilent."""
        with self._changed:
            self._wait_until_at_most(0)

    def tick(self, at_ms: int) -> None:
        """Tell the cell the time (clock mode `followed`): after every fact sent before it was acknowledged."""
        self.drain()
        self.publish(clock(at_ms))

    def __enter__(self) -> Publisher:
        self._connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.drain()
        finally:
            self._client.disconnect()
            self._client.loop_stop()

    def _connect(self) -> None:
        port = self._url.port or (8883 if self._url.scheme == "mqtts" else 1883)
        end = time.monotonic() + self._patience_s
        while True:
            try:
                self._client.connect(self._url.hostname or "127.0.0.1", port, self._keepalive_s)
                break
            except OSError as error:
                if time.monotonic() > end:
                    raise BrokerSilent(f"{self._url.hostname}:{port}: {error}") from error
                time.sleep(_CONNECT_PAUSE_S)
        self._client.loop_start()
        if not self._connected.wait(max(end - time.monotonic(), 0)):
            self._client.loop_stop()
            raise BrokerSilent(self._refusal or f"{self._url.hostname}:{port} accepts no connection")

    def _on_connect(self, client: mqtt.Client, data: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
        if reason.is_failure:
            self._refusal = f"the broker refuses the connection: {reason}"
        else:
            self._connected.set()

    def _on_disconnect(self, client: mqtt.Client, data: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
        self._connected.clear()

    def _on_publish(self, client: mqtt.Client, data: Any, mid: int, reason: ReasonCode, properties: Any) -> None:
        self.acknowledged += 1
        self._settled()

    def _wait_until_at_most(self, outstanding: int) -> None:
        if not self._changed.wait_for(lambda: self._outstanding <= outstanding, self._patience_s):
            raise BrokerSilent(f"{self._outstanding} messages unacknowledged for {self._patience_s:g} s")

    def _settled(self) -> None:
        with self._changed:
            self._outstanding -= 1
            self._changed.notify_all()
