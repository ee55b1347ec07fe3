"""The yardstick of ingest: a bare paho subscriber that writes raw payloads with the log's own array insert.

It decodes nothing, drops no repeats and packs nothing; it acknowledges after the commit, as ingest does. Run as a
process of its own: prints `ready`, works until its standard input closes and a second has been quiet, then prints
{"count", "seconds", "cpu_s"}.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
import uuid
from collections import deque

import paho.mqtt.client as mqtt
import psycopg
from paho.mqtt.enums import CallbackAPIVersion

_QUIET_S = 1.0
_FLUSH_S = 0.04
_FLUSH_ROWS = 2_000


def main() -> None:
    """Subscribe, write, count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--dsn", required=True)
    parser.add_argument("--topic", default="reference/#")
    options = parser.parse_args()
    waiting: deque[mqtt.MQTTMessage] = deque()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="reference", clean_session=True, manual_ack=True)
    client.on_message = lambda _client, _data, message: waiting.append(message)
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.connect(options.host, options.port)
    client.subscribe(options.topic, qos=1)
    client.loop_start()
    ending = threading.Event()

    def until_closed() -> None:
        sys.stdin.read()
        ending.set()

    threading.Thread(target=until_closed, daemon=True).start()
    with psycopg.connect(options.dsn) as conn:
        _write_all(conn, client, waiting, ending)
    client.disconnect()
    client.loop_stop()


def _write_all(
    conn: psycopg.Connection[tuple[object, ...]],
    client: mqtt.Client,
    waiting: deque[mqtt.MQTTMessage],
    ending: threading.Event,
) -> None:
    conn.execute("CREATE SCHEMA IF NOT EXISTS bench")
    conn.execute("DROP TABLE IF EXISTS bench.raw")
    conn.execute(
        "CREATE TABLE bench.raw (notification_id bigserial UNIQUE, originator_id uuid NOT NULL, "
        "originator_version int8 NOT NULL, topic text NOT NULL, state bytea NOT NULL, "
        "PRIMARY KEY (originator_id, originator_version))"
    )
    conn.commit()
    stream, count, began, last, began_cpu = uuid.uuid4(), 0, 0.0, time.monotonic(), 0.0
    while not (ending.is_set() and not waiting and time.monotonic() - last > _QUIET_S):
        time.sleep(_FLUSH_S if len(waiting) < _FLUSH_ROWS else 0)
        batch = [waiting.popleft() for _ in range(min(len(waiting), _FLUSH_ROWS))]
        if not batch:
            continue
        if not began:
            began, began_cpu = time.monotonic(), time.process_time()
        conn.execute(
            "INSERT INTO bench.raw (originator_id, originator_version, topic, state) "
            "SELECT * FROM unnest(%b::uuid[], %b::int8[], %b::text[], %b::bytea[])",
            (
                [stream] * len(batch),
                list(range(count, count + len(batch))),
                [message.topic for message in batch],
                [message.payload for message in batch],
            ),
        )
        conn.commit()
        for message in batch:
            client.ack(message.mid, message.qos)
        count += len(batch)
        last = time.monotonic()
    print(json.dumps({"count": count, "seconds": last - began, "cpu_s": time.process_time() - began_cpu}))


if __name__ == "__main__":
    main()
