"""A paho client that speaks TLS and says how it was received."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Sequence
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tests.contracts.brokers import LIMIT_S, Broker, Phone
from tests.integration.doorstep.parents import eventually

AT_LEAST_ONCE = 1


class Client:
    """Connected, or refused: `reason` says which. `got` is what it was sent, with the DUP flag."""

    def __init__(
        self,
        broker: Broker,
        user: str,
        password: str,
        name: str,
        *,
        port: int | None = None,
        clean: bool = True,
        certificate: str | None = "client",
        acknowledge: bool = True,
    ) -> None:
        self.got: list[tuple[str, bytes, bool]] = []
        self.granted: list[int] = []
        self.reason: str | None = None
        self.lost = 0
        self._left = 0
        self._published = threading.Event()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=name, clean_session=clean, manual_ack=not acknowledge
        )
        context = ssl.create_default_context(cafile=str(broker.certificates.path("ca.pem")))
        if broker.demands_certificates and certificate is not None:
            files = [str(broker.certificates.path(f"{certificate}.{kind}")) for kind in ("pem", "key")]
            context.load_cert_chain(*files)
        self._client.tls_set_context(context)
        self._client.username_pw_set(user, password)
        self._client.max_inflight_messages_set(1_000)
        self._client.reconnect_delay_set(0.05, 0.2)  # type: ignore[arg-type]
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish
        self._client.on_subscribe = lambda _c, _d, _m, codes, _p: self.granted.extend(code.value for code in codes)
        self._client.on_message = lambda _c, _d, message: self.got.append(
            (message.topic, bytes(message.payload), message.dup)
        )
        try:
            self._client.connect("127.0.0.1", port or broker.port)
        except (OSError, ValueError) as error:
            self.reason = f"{type(error).__name__}: {error}"
            return
        self._client.loop_start()
        eventually(lambda: self.reason is not None, "the broker answers", LIMIT_S)

    @property
    def is_connected(self) -> bool:
        return self.reason == "Success"

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def subscribe(self, topic: str) -> bool:
        """Whether the broker grants it."""
        self.granted.clear()
        self._client.subscribe(topic, AT_LEAST_ONCE)
        eventually(lambda: bool(self.granted), "the subscription was answered", LIMIT_S)
        return self.granted == [AT_LEAST_ONCE]

    def publish(self, messages: Sequence[tuple[str, bytes]], *, retain: bool = False) -> None:
        """Publish, and wait until the broker has acknowledged all of them."""
        self._published.clear()
        self._left += len(messages)
        for topic, payload in messages:
            sent = self._client.publish(topic, payload, AT_LEAST_ONCE, retain=retain)
            assert sent.rc != mqtt.MQTT_ERR_QUEUE_SIZE
        assert self._published.wait(LIMIT_S)

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self.reason = str(reason)

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self.reason = self.reason or f"disconnected: {reason}"
        self.lost += 1

    def _on_publish(self, *_: Any) -> None:
        self._left -= 1
        if self._left == 0:
            self._published.set()


def device(broker: Broker, phone: Phone, *, name: str | None = None, **options: Any) -> Client:
    """A device that signs in with its own login."""
    return Client(broker, phone.login.login, phone.password, name or f"of-{phone.login.login}", **options)
