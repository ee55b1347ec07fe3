"""The yardstick of ingest: a paho subscriber that acknowledges by hand and does nothing else.

Run as a process of its own: prints `ready`, counts until its standard input closes and a second has been quiet, then
prints {"count", "seconds"} between the first and the last message.
"""

from __future__ import annotations

import argparse
import json
import sys
import time

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

_QUIET_S = 1.0


def main() -> None:
    """Count what the broker delivers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--topic", default="bare/#")
    options = parser.parse_args()
    times: list[float] = []

    def on_message(client: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        times.append(time.monotonic())
        client.ack(message.mid, message.qos)

    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="bare-subscriber", clean_session=False, manual_ack=True)
    client.on_message = on_message
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.connect(options.host, options.port)
    client.subscribe(options.topic, qos=1)
    client.loop_start()
    sys.stdin.read()  # until it is closed
    while times and time.monotonic() - times[-1] < _QUIET_S:
        time.sleep(0.05)
    client.loop_stop()
    client.disconnect()
    print(json.dumps({"count": len(times), "seconds": times[-1] - times[0] if len(times) > 1 else 0.0}))


if __name__ == "__main__":
    main()
